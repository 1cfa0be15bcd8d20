"""Colour planes as JPEG defines them."""

from __future__ import annotations

import numba
import numpy as np

from whichcam._typing import FloatArray, PixelArray


@numba.njit(cache=True, nogil=True)
def _planes(pixels: PixelArray, out: FloatArray) -> None:
    height, width = pixels.shape[:2]
    for row in range(height):
        for col in range(width):
            red = np.float32(pixels[row, col, 0])
            green = np.float32(pixels[row, col, 1])
            blue = np.float32(pixels[row, col, 2])
            luma = (
                np.float32(0.299) * red
                + np.float32(0.587) * green
                + np.float32(0.114) * blue
            )
            out[0, row, col] = red
            out[1, row, col] = green
            out[2, row, col] = blue
            out[3, row, col] = luma
            out[4, row, col] = (blue - luma) * np.float32(0.564)
            out[5, row, col] = (red - luma) * np.float32(0.713)


def ycbcr_planes(pixels: PixelArray) -> FloatArray:
    """Return the planes R, G, B, Y, Cb and Cr of a picture.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        RGB, 0 to 255.

    Returns
    -------
    ndarray of shape (6, H, W), float32
        R, G, B and Y in [0, 255]; Cb and Cr in [-128, 128], without the offset of
        128 that files add.

    References
    ----------
    ITU-T T.871 (JFIF), section 7.
    """
    out = np.empty((6, *pixels.shape[:2]), np.float32)
    _planes(pixels, out)
    return out
