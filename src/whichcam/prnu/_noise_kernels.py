"""Compiled passes over a picture and its noise: what each pixel is worth."""

from __future__ import annotations

from typing import TypeAlias

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, IntArray, PixelArray

DoubleArray: TypeAlias = npt.NDArray[np.float64]

REACH = 7  # px either side: the sums below are of 15 = 8 + 8 - 1 samples
_FULL = 255


@numba.njit(cache=True, nogil=True, fastmath=True)
def _weigh_row(
    colours: FloatArray, darkest: np.float32, counts: IntArray, line: FloatArray
) -> np.float32:
    """Write level / 255, or 0 where it says nothing; return the sum of levels.

    All is single precision, counts too, so that vectors are of one width.
    """
    zero, one = np.float32(0), np.float32(1)
    total, n_saturated, n_dark = zero, zero, zero
    for j in range(len(line)):
        red, green, blue = colours[3 * j], colours[3 * j + 1], colours[3 * j + 2]
        level = (
            np.float32(0.299) * red
            + np.float32(0.587) * green
            + np.float32(0.114) * blue
        )
        is_saturated = one if max(red, max(green, blue)) >= _FULL else zero
        is_dark = one if level < darkest else zero
        total += level
        n_saturated += is_saturated
        n_dark += is_dark
        line[j] = (
            level * np.float32(1 / 255) if is_saturated + is_dark == zero else zero
        )
    counts[0] += np.int64(n_saturated)
    counts[1] += np.int64(n_dark)
    return total


@numba.njit(cache=True, nogil=True, fastmath=True)
def _as_float(samples: PixelArray, out: FloatArray) -> None:
    for j in range(len(out)):
        out[j] = samples[j]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _raise_tops(samples: PixelArray, tops: PixelArray) -> None:
    for j in range(len(tops)):
        tops[j] = max(tops[j], samples[j])


@numba.njit(cache=True, nogil=True, fastmath=True)
def weigh(
    pixels: PixelArray,
    darkest: np.float32,
    out: FloatArray,
    counts: IntArray,
    tops: IntArray,
) -> float:
    """Write what share of full scale each pixel has; return the mean grey level.

    0 where a colour is at full scale or grey is below ``darkest``; ``counts`` gets
    the numbers of these, ``tops`` the highest value of each colour.
    """
    height, width = out.shape
    colours = np.empty(3 * width, np.float32)
    highest = np.zeros(3 * width, np.uint8)  # by place in the row: contiguous
    total = np.float64(0)
    for i in range(height):
        samples = pixels[i].reshape(-1)
        _as_float(samples, colours)
        total += _weigh_row(colours, darkest, counts, out[i])
        _raise_tops(samples, highest)
    for j in range(3 * width):
        tops[j % 3] = max(tops[j % 3], highest[j])
    return float(total / (height * width))


@numba.njit(cache=True, nogil=True)
def drop_flat_tops(
    pixels: PixelArray, tops: IntArray, lowest: int, weights: FloatArray
) -> int:
    """Set 0 where a colour stands at its top with a neighbour; return how many.

    Cameras may clip below full scale: then the burnt parts are flat at the highest
    value there is, if that is above ``lowest``.
    """
    height, width = weights.shape
    n_dropped = 0
    for i in range(height):
        for j in range(width):
            if weights[i, j] == 0:
                continue
            for colour in range(3):
                top = tops[colour]
                if not lowest < top < _FULL or pixels[i, j, colour] != top:
                    continue
                if (
                    (i > 0 and pixels[i - 1, j, colour] == top)
                    or (i < height - 1 and pixels[i + 1, j, colour] == top)
                    or (j > 0 and pixels[i, j - 1, colour] == top)
                    or (j < width - 1 and pixels[i, j + 1, colour] == top)
                ):
                    weights[i, j] = 0
                    n_dropped += 1
                    break
    return n_dropped


@numba.njit(cache=True, nogil=True, fastmath=True)
def _renew(
    row: FloatArray, squares: FloatArray, column: DoubleArray, is_inside: bool
) -> None:
    """Put a row's squares in the place of the oldest, in the ring and in the sums."""
    if is_inside:
        for j in range(len(row)):
            new = row[j] * row[j]
            column[j] += np.float64(new) - np.float64(squares[j])
            squares[j] = new
    else:
        for j in range(len(row)):
            column[j] -= np.float64(squares[j])
            squares[j] = 0


@numba.njit(cache=True, nogil=True, fastmath=True)
def _sum_of_15(
    x: FloatArray, two: FloatArray, four: FloatArray, out: FloatArray
) -> None:
    """Write the sum of each sample and the 14 after it, by doubling."""
    n = len(x)
    for j in range(n - 1):
        two[j] = x[j] + x[j + 1]
    for j in range(n - 3):
        four[j] = two[j] + two[j + 2]
    for j in range(n - 7):
        two[j] = four[j] + four[j + 4]
    for j in range(n - 14):
        out[j] = two[j] + two[j + 7] - x[j + 7]


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _divide(
    sums: FloatArray,
    shares: FloatArray,
    share: np.float32,
    floor: np.float32,
    residual: FloatArray,
    weights: FloatArray,
) -> None:
    for j in range(len(sums)):
        mean = max(sums[j] * (share * shares[j]), np.float32(0))
        inverse = np.float32(1) / np.sqrt(mean + floor * floor)
        residual[j] *= inverse
        weights[j] *= floor * inverse


@numba.njit(cache=True, nogil=True, fastmath=True)
def standardize(residual: FloatArray, weights: FloatArray, floor: np.float32) -> None:
    """Divide both, in place, by the local strength of the residual.

    That is the root of the mean square in a square of 15 px, as much of it as lies
    inside, and of ``floor`` squared; weights are multiplied by ``floor`` as well.
    """
    height, width = residual.shape
    squares = np.zeros((2 * REACH + 1, width), np.float32)
    column = np.zeros(width, np.float64)  # running sums: single precision would drift
    padded = np.zeros(width + 2 * REACH, np.float32)
    two, four = np.empty_like(padded), np.empty_like(padded)
    sums, shares = np.empty(width, np.float32), np.empty(width, np.float32)
    for j in range(width):
        n_cols = min(j + REACH, width - 1) - max(j - REACH, 0) + 1
        shares[j] = np.float32(1) / np.float32(n_cols)
    for i in range(-REACH, height):
        newest = i + REACH
        is_inside = newest < height
        source = residual[newest if is_inside else 0]
        _renew(source, squares[newest % (2 * REACH + 1)], column, is_inside)
        if i < 0:
            continue
        inner = padded[REACH : width + REACH]
        for j in range(width):
            inner[j] = column[j]
        _sum_of_15(padded, two, four, sums)
        n_rows = min(newest, height - 1) - max(i - REACH, 0) + 1
        share = np.float32(1) / np.float32(n_rows)
        _divide(sums, shares, share, floor, residual[i], weights[i])
