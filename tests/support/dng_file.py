"""The smallest DNG files: a mosaic, and what a developer must know of it."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

IDENTITY = (1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1)


def dng(mosaic: np.ndarray[Any, Any], orientation: int = 1) -> bytes:
    """Return a file of an RGGB mosaic of 12 bits."""
    import tifffile

    tags = [
        (271, 2, 0, "Maker", True),
        (272, 2, 0, "Model", True),
        (274, 3, 1, orientation, True),
        (33421, 3, 2, (2, 2), True),  # CFARepeatPatternDim
        (33422, 1, 4, bytes([0, 1, 1, 2]), True),  # RGGB
        (50706, 1, 4, bytes([1, 4, 0, 0]), True),  # DNGVersion
        (50708, 2, 0, "Maker Model", True),
        (50714, 3, 1, (0,), True),  # BlackLevel
        (50717, 3, 1, (4095,), True),  # WhiteLevel
        (50721, 10, 9, IDENTITY, True),  # ColorMatrix1
        (50728, 5, 3, (1, 1, 1, 1, 1, 1), True),  # AsShotNeutral
        (50778, 3, 1, 21, True),
    ]
    file = io.BytesIO()
    tifffile.imwrite(
        file, mosaic, photometric=32803, metadata=None, software="t", extratags=tags
    )
    return file.getvalue()
