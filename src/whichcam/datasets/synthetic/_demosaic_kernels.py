"""Compiled demosaicing loops.

The mosaic comes with a margin, whose pixels are read and not written. ``red_row``
and ``red_column`` are the parities of the red sites; blue stands diagonally.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from whichcam._typing import FloatArray

_kernel = njit(cache=True, nogil=True)
MARGIN = 4
"""Margin of the padded mosaic in px: even, so that it keeps the CFA's phase."""


@_kernel
def green_mean(mosaic: FloatArray, red_row: int, red_column: int) -> FloatArray:
    """Return green as the mean of the four neighbours at red and blue sites."""
    height, width = mosaic.shape
    out = mosaic.copy()
    quarter = np.float32(0.25)
    phase = (red_row + red_column) & 1
    for y in range(1, height - 1):
        for x in range(2 - ((y + phase) & 1), width - 1, 2):
            out[y, x] = quarter * (
                mosaic[y - 1, x]
                + mosaic[y + 1, x]
                + mosaic[y, x - 1]
                + mosaic[y, x + 1]
            )
    return out


@_kernel
def green_directed(mosaic: FloatArray, red_row: int, red_column: int) -> FloatArray:
    """Return green interpolated along the smaller gradient, corrected by the site."""
    height, width = mosaic.shape
    out = mosaic.copy()
    quarter, half = np.float32(0.25), np.float32(0.5)
    phase = (red_row + red_column) & 1
    for y in range(2, height - 2):
        for x in range(2 + ((y + phase) & 1), width - 2, 2):
            twice = mosaic[y, x] + mosaic[y, x]
            left, right = mosaic[y, x - 1], mosaic[y, x + 1]
            above, below = mosaic[y - 1, x], mosaic[y + 1, x]
            bend_x = twice - mosaic[y, x - 2] - mosaic[y, x + 2]
            bend_y = twice - mosaic[y - 2, x] - mosaic[y + 2, x]
            along_x = half * (left + right) + quarter * bend_x
            along_y = half * (above + below) + quarter * bend_y
            slope_x = abs(left - right) + abs(bend_x)
            slope_y = abs(above - below) + abs(bend_y)
            if slope_x < slope_y:
                out[y, x] = along_x
            elif slope_y < slope_x:
                out[y, x] = along_y
            else:
                out[y, x] = half * (along_x + along_y)
    return out


@_kernel
def red_blue_mean(
    mosaic: FloatArray, red_row: int, red_column: int
) -> tuple[FloatArray, FloatArray]:
    """Return red and blue as the mean of the two or four nearest samples."""
    height, width = mosaic.shape
    red = np.zeros_like(mosaic)
    blue = np.zeros_like(mosaic)
    quarter, half = np.float32(0.25), np.float32(0.5)
    for y in range(1, height - 1):
        in_red_row = ((y ^ red_row) & 1) == 0
        for x in range(1, width - 1):
            in_red_column = ((x ^ red_column) & 1) == 0
            if in_red_row == in_red_column:
                diagonal = quarter * (
                    mosaic[y - 1, x - 1]
                    + mosaic[y - 1, x + 1]
                    + mosaic[y + 1, x - 1]
                    + mosaic[y + 1, x + 1]
                )
                red[y, x] = mosaic[y, x] if in_red_row else diagonal
                blue[y, x] = diagonal if in_red_row else mosaic[y, x]
            else:
                beside = half * (mosaic[y, x - 1] + mosaic[y, x + 1])
                across = half * (mosaic[y - 1, x] + mosaic[y + 1, x])
                red[y, x] = beside if in_red_row else across
                blue[y, x] = across if in_red_row else beside
    return red, blue


@_kernel
def malvar(mosaic: FloatArray, red_row: int, red_column: int) -> FloatArray:
    """Return (3, H, W) by the linear 5 x 5 filters of Malvar, He and Cutler 2004."""
    height, width = mosaic.shape
    out = np.zeros((3, height, width), dtype=np.float32)
    eighth, half = np.float32(0.125), np.float32(0.5)
    two, four = np.float32(2), np.float32(4)
    five, six, three_halves = np.float32(5), np.float32(6), np.float32(1.5)
    for y in range(2, height - 2):
        in_red_row = ((y ^ red_row) & 1) == 0
        for x in range(2, width - 2):
            in_red_column = ((x ^ red_column) & 1) == 0
            here = mosaic[y, x]
            near_x = mosaic[y, x - 1] + mosaic[y, x + 1]
            near_y = mosaic[y - 1, x] + mosaic[y + 1, x]
            far_x = mosaic[y, x - 2] + mosaic[y, x + 2]
            far_y = mosaic[y - 2, x] + mosaic[y + 2, x]
            diagonal = (
                mosaic[y - 1, x - 1]
                + mosaic[y - 1, x + 1]
                + mosaic[y + 1, x - 1]
                + mosaic[y + 1, x + 1]
            )
            if in_red_row == in_red_column:
                green = four * here + two * (near_x + near_y) - far_x - far_y
                other = six * here + two * diagonal - three_halves * (far_x + far_y)
                out[1, y, x] = eighth * green
                out[0 if in_red_row else 2, y, x] = here
                out[2 if in_red_row else 0, y, x] = eighth * other
            else:
                base = five * here - diagonal
                beside = base + four * near_x - far_x + half * far_y
                across = base + four * near_y - far_y + half * far_x
                out[1, y, x] = here
                out[0, y, x] = eighth * (beside if in_red_row else across)
                out[2, y, x] = eighth * (across if in_red_row else beside)
    return out
