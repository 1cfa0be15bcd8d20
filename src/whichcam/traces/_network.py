"""All that the camera-model network looks at in one crop."""

from __future__ import annotations

import numpy as np

from whichcam._typing import FloatArray, PixelArray
from whichcam.signal import GRID
from whichcam.traces._cooccurrence import (
    COOCCURRENCE_SIZE,
    COOCCURRENCE_VERSION,
    cooccurrence_traces,
)
from whichcam.traces._processing import (
    PROCESSING_LAYOUT,
    PROCESSING_VERSION,
    processing_traces,
)

TRACE_VERSION = 100 * PROCESSING_VERSION + COOCCURRENCE_VERSION
"""Changes with the meaning of any trace: models store it and refuse another."""
TRACE_LAYOUT = (*PROCESSING_LAYOUT, ("cooccurrence", COOCCURRENCE_SIZE))
"""Names and lengths of the groups of traces, in order."""
TRACE_SIZE = sum(length for _, length in TRACE_LAYOUT)
"""Length of the vector that `network_traces` returns."""


def network_traces(crop: PixelArray) -> FloatArray:
    """Return the traces of in-camera processing and the co-occurrences of one crop.

    Parameters
    ----------
    crop : ndarray of shape (H, W, 3), uint8
        RGB at native resolution, at least 64x64 px; it should start on the 8x8 JPEG
        grid. Rows and columns beyond the last whole block are left out.

    Returns
    -------
    ndarray of shape (TRACE_SIZE,), float32
        Groups in the order of `TRACE_LAYOUT`: what `processing_traces` and
        `cooccurrence_traces` return, one after the other.

    Raises
    ------
    ImageTooSmallError
        If the crop has fewer than 64 rows or columns.
    """
    height, width = (side // GRID * GRID for side in crop.shape[:2])
    whole = crop[:height, :width]
    return np.concatenate([processing_traces(whole), cooccurrence_traces(whole)])
