"""The middle of a picture's luma, which is all that the slow analysers look at."""

from __future__ import annotations

import numpy as np

from whichcam._typing import FloatArray, PixelArray
from whichcam.signal import ycbcr_planes


def middle_luma(pixels: PixelArray, largest_px: int) -> FloatArray:
    """Return luma, 0 to 255, of at most `largest_px` squared about the middle.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        RGB.
    largest_px : int
        A multiple of 16.

    Returns
    -------
    ndarray of shape (h, w), float32
        Its first pixel starts a block, of chroma too.
    """
    height, width = pixels.shape[:2]
    top = max(0, height - largest_px) // 2 // 16 * 16
    left = max(0, width - largest_px) // 2 // 16 * 16
    part = pixels[top : top + largest_px, left : left + largest_px]
    luma: FloatArray = ycbcr_planes(np.ascontiguousarray(part))[3]
    return luma
