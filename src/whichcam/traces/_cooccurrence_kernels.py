"""Compiled residuals, their quantisation and the counting of neighbours."""

from __future__ import annotations

from typing import TypeAlias

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import IntArray

Int16Array: TypeAlias = npt.NDArray[np.int16]
CodeArray: TypeAlias = npt.NDArray[np.uint8]
CountArray: TypeAlias = npt.NDArray[np.uint32]

_BINS = 5**4  # codes 0 to 4: residuals truncated at -2 and 2
_COLOUR_BINS = 7**3


@numba.njit(cache=True, nogil=True)
def filtered(plane: Int16Array, taps: IntArray) -> Int16Array:
    """Return the sum of ``weight * plane[i + dy, j + dx]`` over rows of ``taps``.

    ``taps`` holds (dy, dx, weight); a margin of 2 px is left out on all sides.
    """
    height, width = plane.shape[0] - 4, plane.shape[1] - 4
    out = np.zeros((height, width), np.int16)
    for i in range(height):
        line = out[i]
        for k in range(taps.shape[0]):
            dx = taps[k, 1]
            # a slice of its own, without which the loop below is not vectorised
            here = plane[i + 2 + taps[k, 0], 2 + dx : 2 + dx + width]
            weight = np.int16(taps[k, 2])
            for j in range(width):
                line[j] += weight * here[j]
    return out


@numba.njit(cache=True, nogil=True)
def coded(residual: Int16Array, limits: Int16Array) -> CodeArray:
    """Return how many steps each residual lies above the lowest, 0 to 2 * len(limits).

    ``limits`` are the least positive residuals that reach level 1, 2, ...; negative
    residuals mirror them.
    """
    out = np.zeros(residual.shape, np.uint8)
    for i in range(residual.shape[0]):
        x, line = residual[i], out[i]
        for k in range(len(limits)):
            top = limits[k]
            for j in range(residual.shape[1]):
                line[j] += np.uint8(x[j] >= top) + np.uint8(x[j] > -top)
    return out


@numba.njit(cache=True, nogil=True)
def count_rows(codes: CodeArray) -> CountArray:
    """Count the quadruples of neighbours along rows."""
    # four tallies in turn: in flat parts the same bin is hit again and again, and the
    # processor would wait for its own last write
    tallies = np.zeros((4, _BINS), np.uint32)
    width = codes.shape[1] - 3
    places = np.empty(max(width, 0), np.uint16)
    for i in range(codes.shape[0]):
        line = codes[i]
        a, b, c, d = line[:width], line[1:], line[2:], line[3:]
        for j in range(width):
            places[j] = (
                np.uint16(a[j]) * np.uint16(125)
                + np.uint16(b[j]) * np.uint16(25)
                + np.uint16(c[j]) * np.uint16(5)
                + np.uint16(d[j])
            )
        for j in range(width):
            tallies[j & 3, places[j]] += np.uint32(1)
    counts: CountArray = tallies.sum(0).astype(np.uint32)
    return counts


@numba.njit(cache=True, nogil=True)
def count_columns(codes: CodeArray) -> CountArray:
    """Count the quadruples of neighbours along columns."""
    tallies = np.zeros((4, _BINS), np.uint32)
    height, width = codes.shape
    places = np.empty(width, np.uint16)
    for i in range(height - 3):
        a, b, c, d = codes[i], codes[i + 1], codes[i + 2], codes[i + 3]
        for j in range(width):
            places[j] = (
                np.uint16(a[j]) * np.uint16(125)
                + np.uint16(b[j]) * np.uint16(25)
                + np.uint16(c[j]) * np.uint16(5)
                + np.uint16(d[j])
            )
        for j in range(width):
            tallies[j & 3, places[j]] += np.uint32(1)
    counts: CountArray = tallies.sum(0).astype(np.uint32)
    return counts


@numba.njit(cache=True, nogil=True)
def count_colours(red: CodeArray, green: CodeArray, blue: CodeArray) -> CountArray:
    """Count the triples of codes (0 to 6) that the colours have at the same place."""
    tallies = np.zeros((4, _COLOUR_BINS), np.uint32)
    for i in range(red.shape[0]):
        a, b, c = red[i], green[i], blue[i]
        for j in range(red.shape[1]):
            place = (np.uint32(a[j]) * 7 + b[j]) * 7 + c[j]
            tallies[j & 3, place] += np.uint32(1)
    counts: CountArray = tallies.sum(0).astype(np.uint32)
    return counts
