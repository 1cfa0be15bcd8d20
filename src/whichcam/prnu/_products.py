"""Sums over a photo's noise and a pattern, in one pass over the pixels."""

from __future__ import annotations

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray

# Sums may be reordered; NaN must stay NaN, or bad input would pass for good.
_FAST: Final = {"reassoc", "contract", "nsz", "arcp"}
_NEARLY: Final = np.float32(1 - 1e-6)  # quotients are rounded


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def usable_sums(residual: FloatArray, intensity: FloatArray) -> npt.NDArray[np.float64]:
    """Return sums over the usable pixels of a photo, those of intensity above 0.

    With w the residual and i the intensity: how many, w, w^2, w^2 i^2, w i^2, i^2.
    """
    sums = np.zeros(6, np.float64)
    for y in range(residual.shape[0]):
        w, i = residual[y], intensity[y]
        zero = np.float32(0)
        n, s_w, s_ww, s_xx, s_wii, s_ii = zero, zero, zero, zero, zero, zero
        for x in range(residual.shape[1]):
            use = np.float32(1) if i[x] > 0 else zero
            value, level = use * w[x], use * i[x]
            weighted = value * level
            n += use
            s_w += value
            s_ww += value * value
            s_xx += weighted * weighted
            s_wii += weighted * level
            s_ii += level * level
        sums[0] += n
        sums[1] += s_w
        sums[2] += s_ww
        sums[3] += s_xx
        sums[4] += s_wii
        sums[5] += s_ii
    return sums


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _add_sums(
    w: FloatArray, i: FloatArray, k: FloatArray, sums: npt.NDArray[np.float64]
) -> None:
    """Add the sums of one row to those of `sums_at`."""
    zero = np.float32(0)
    n, s_w, s_ww, s_p, s_pp = zero, zero, zero, zero, zero
    s_wp, s_xx, s_wii, s_ii, s_kk = zero, zero, zero, zero, zero
    for x in range(len(w)):
        use = np.float32(1) if i[x] > 0 else zero
        value, level, factor = use * w[x], use * i[x], use * k[x]
        p, weighted = level * factor, value * level
        n += use
        s_w += value
        s_ww += value * value
        s_p += p
        s_pp += p * p
        s_wp += value * p
        s_xx += weighted * weighted
        s_wii += weighted * level
        s_ii += level * level
        s_kk += factor * factor
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


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def sums_at(
    residual: FloatArray,
    intensity: FloatArray,
    pattern: FloatArray,
    shift: tuple[int, int],
    is_turned: bool,
) -> npt.NDArray[np.float64]:
    """Return sums over the usable pixels of a photo that lie on a pattern.

    ``shift`` is the row and column on which the photo's first pixel lies, once it is
    turned by 180 degrees if asked. With w the residual, i the intensity and k the
    pattern under it: how many, w, w^2, ik, (ik)^2, wik, w^2 i^2, w i^2, i^2, k^2.
    """
    (height, width), (dy, dx) = residual.shape, shift
    top, bottom = max(dy, 0), min(dy + height, pattern.shape[0])
    left, right = max(dx, 0), min(dx + width, pattern.shape[1])
    n = max(right - left, 0)
    sums = np.zeros(10, np.float64)
    line = np.empty(n, np.float32)
    for y in range(top, bottom):
        k, at, start = pattern[y, left : left + n], y - dy, left - dx
        if is_turned:
            # A photo upside down on the pattern is the pattern upside down on it.
            for x in range(n):
                line[n - 1 - x] = k[x]
            k, at, start = line, height - 1 - at, width - start - n
        _add_sums(
            residual[at, start : start + n], intensity[at, start : start + n], k, sums
        )
    return sums


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def weighted_residual(
    residual: FloatArray,
    intensity: FloatArray,
    place: tuple[int, int],
    mean: np.float32,
    out: FloatArray,
) -> None:
    """Write the part of (residual - mean) * intensity at a place, 0 where unusable."""
    height, width = out.shape
    top, left = place
    for y in range(height):
        w, x = residual[top + y, left : left + width], out[y]
        i = intensity[top + y, left : left + width]
        for j in range(width):
            x[j] = (w[j] - mean) * i[j] if i[j] > 0 else np.float32(0)


@numba.njit(cache=True, nogil=True)
def greatest(
    surface: FloatArray,
    factors: FloatArray,
    classes: npt.NDArray[np.uint8],
    n_rows: int,
    n_cols: int,
) -> tuple[int, int]:
    """Return where the surface times its factor (by class of row, column) is greatest.

    Only the first rows and columns are looked at, and closely those rows alone that
    hold a value which the greatest factor of their class would make greater.
    """
    most = np.empty(len(factors), np.float32)
    for k in range(len(factors)):
        most[k] = factors[k, :n_cols].max()
    best, y_best, x_best = np.float32(-np.inf), 0, 0
    for y in range(n_rows):
        line, factor = surface[y, :n_cols], factors[classes[y], :n_cols]
        if best > 0:
            least, is_near = _NEARLY * best / most[classes[y]], False
            for x in range(n_cols):
                is_near |= line[x] >= least
            if not is_near:
                continue
        for x in range(n_cols):
            if line[x] * factor[x] > best:
                best, y_best, x_best = line[x] * factor[x], y, x
    return y_best, x_best


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
