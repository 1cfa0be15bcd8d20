"""Sums over a photo's noise and a pattern, in one pass over the pixels."""

from __future__ import annotations

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray

# Sums may be reordered; NaN must stay NaN, or bad input would pass for good.
_FAST: Final = {"reassoc", "contract", "nsz", "arcp"}


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def usable_sums(
    residual: FloatArray, intensity: FloatArray
) -> tuple[float, float, float]:
    """Return how many pixels are usable, the sum of their residual and of its square.

    A pixel is usable where its intensity is above 0.
    """
    n, total, squares = 0.0, 0.0, 0.0
    for y in range(residual.shape[0]):
        w, i = residual[y], intensity[y]
        count, s, ss = np.float32(0), np.float32(0), np.float32(0)
        for x in range(residual.shape[1]):
            use = np.float32(1) if i[x] > 0 else np.float32(0)
            count += use
            s += use * w[x]
            ss += use * w[x] * w[x]
        n += float(count)
        total += float(s)
        squares += float(ss)
    return n, total, squares


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def sums_at(
    residual: FloatArray, intensity: FloatArray, pattern: FloatArray, is_turned: bool
) -> npt.NDArray[np.float64]:
    """Return sums over the usable pixels of a photo laid on a pattern.

    With w the residual, i the intensity, k the pattern (turned by 180 degrees if
    asked): how many, w, w^2, ik, (ik)^2, wik, w^2 i^2, w i^2, i^2, k^2.
    """
    height, width = residual.shape
    sums = np.zeros(10, np.float64)
    line = np.empty(width, np.float32)
    for y in range(height):
        w, i = residual[y], intensity[y]
        if is_turned:
            source = pattern[height - 1 - y]
            for x in range(width):
                line[x] = source[width - 1 - x]
        else:
            line[:] = pattern[y]
        zero = np.float32(0)
        n, s_w, s_ww, s_p, s_pp = zero, zero, zero, zero, zero
        s_wp, s_xx, s_wii, s_ii, s_kk = zero, zero, zero, zero, zero
        for x in range(width):
            use = np.float32(1) if i[x] > 0 else np.float32(0)
            value, level, k = use * w[x], use * i[x], use * line[x]
            p, weighted = level * k, value * level
            n += use
            s_w += value
            s_ww += value * value
            s_p += p
            s_pp += p * p
            s_wp += value * p
            s_xx += weighted * weighted
            s_wii += weighted * level
            s_ii += level * level
            s_kk += k * k
        sums[0] += n
        sums[1] += s_w
        sums[2] += s_ww
        sums[3] += s_p
        sums[4] += s_pp
        sums[5] += s_wp
        sums[6] += s_xx
        sums[7] += s_wii
        sums[8] += s_ii
        sums[9] += s_kk
    return sums


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def weighted_residual(
    residual: FloatArray, intensity: FloatArray, mean: np.float32, out: FloatArray
) -> float:
    """Write (residual - mean) * intensity, 0 where unusable; return its energy."""
    energy = 0.0
    for y in range(residual.shape[0]):
        w, i, x = residual[y], intensity[y], out[y]
        row = np.float32(0)
        for j in range(residual.shape[1]):
            value = (w[j] - mean) * i[j] if i[j] > 0 else np.float32(0)
            x[j] = value
            row += value * value
        energy += float(row)
    return energy


@numba.njit(cache=True, nogil=True)
def greatest(
    surface: FloatArray,
    factors: FloatArray,
    classes: npt.NDArray[np.uint8],
    n_rows: int,
    n_cols: int,
) -> tuple[int, int]:
    """Return where the surface times its factor (by class of row, column) is greatest.

    Only the first rows and columns are looked at.
    """
    best, best_y = -np.inf, 0
    for y in range(n_rows):
        line, factor = surface[y], factors[classes[y]]
        top = line[0] * factor[0]
        for x in range(n_cols):
            value = line[x] * factor[x]
            top = value if value > top else top
        if top > best:
            best, best_y = top, y
    line, factor = surface[best_y], factors[classes[best_y]]
    best_x = 0
    for x in range(n_cols):
        if line[x] * factor[x] > line[best_x] * factor[best_x]:
            best_x = x
    return best_y, best_x


def box_energies(pattern: FloatArray, height: int, width: int) -> FloatArray:
    """Return the sum of squares in every box of a size that lies inside a pattern."""
    rows, cols = pattern.shape[0] - height + 1, pattern.shape[1] - width + 1
    found = np.empty((rows, cols), np.float32)
    columns = np.square(pattern[:height], dtype=np.float64).sum(axis=0)
    ends = np.zeros(pattern.shape[1] + 1)
    for y in range(rows):
        if y:
            columns += np.square(pattern[y + height - 1], dtype=np.float64)
            columns -= np.square(pattern[y - 1], dtype=np.float64)
        np.cumsum(columns, out=ends[1:])
        found[y] = ends[width:] - ends[:cols]
    return found
