"""What happens to pictures after the camera: named, seeded, recorded changes.

A manipulation is asked for by name, alone or in a chain joined by ``+``::

    manipulate(pixels, "resize_0.8+jpeg_90", seed=7)

``MANIPULATIONS`` lists the names used in tables and in training; any other
parameter within range may be written the same way (``"jpeg_83"``).
"""

from __future__ import annotations

from whichcam.datasets.manipulations._apply import manipulate
from whichcam.datasets.manipulations._names import (
    MANIPULATIONS,
    SP_CUP,
    Manipulation,
    parse_chain,
    parse_manipulation,
)

__all__ = [
    "MANIPULATIONS",
    "SP_CUP",
    "Manipulation",
    "manipulate",
    "parse_chain",
    "parse_manipulation",
]
