"""One level of a wavelet transform in the plane, and details shrunk to their noise.

Daubechies' wavelet of four vanishing moments (eight taps), half-point symmetric
extension at the borders. The forward kernel filters rows, keeps the last eight, filters
columns, keeps the last nine rows of details, and shrinks the middle one: each level
reads its input once and writes each coefficient once.

The loops are short functions over one-dimensional arrays, with few arrays each: the
compiler must prove that none overlaps what is written, or it does not vectorise.
"""

from __future__ import annotations

import numba
import numpy as np

from whichcam._typing import FloatArray, IntArray, PixelArray

# I. Daubechies, "Orthonormal bases of compactly supported wavelets", Communications on
# Pure and Applied Mathematics 41(7), 1988, table 1, N = 4.
SCALING_FILTER = (
    *(0.23037781330885523, 0.7148465705525415, 0.6308807679295904),
    *(-0.02798376941698385, -0.18703481171888114, 0.030841381835986965),
    *(0.032883011666982945, -0.010597401784997278),
)
"""The synthesis low-pass filter; the three others are its mirrors."""

_LOW = np.array(SCALING_FILTER, np.float32)
_HIGH = (_LOW[::-1] * np.array([1, -1] * 4)).astype(np.float32)


def n_coefficients(length: int) -> int:
    """Return how many coefficients one level makes of ``length`` samples."""
    return (length + 7) // 2


@numba.njit(cache=True, nogil=True)
def _mirrored(index: int, length: int) -> int:
    """Return which sample stands at a place before the first or after the last."""
    index %= 2 * length
    return index if index < length else 2 * length - 1 - index


@numba.njit(cache=True, nogil=True)
def _split(here: FloatArray | PixelArray, even: FloatArray, odd: FloatArray) -> None:
    """Write samples -6, -4, ... to ``even`` and -5, -3, ... to ``odd``."""
    width, n = len(here), len(even)
    inner = width // 2
    even_inner, odd_inner = even[3 : 3 + inner], odd[3 : 3 + inner]
    for i in range(inner):
        even_inner[i] = here[2 * i]
    for i in range(inner):
        odd_inner[i] = here[2 * i + 1]
    for i in range(3):
        even[i] = here[_mirrored(2 * i - 6, width)]
        odd[i] = here[_mirrored(2 * i - 5, width)]
    for i in range(3 + inner, n):
        even[i] = here[_mirrored(2 * i - 6, width)]
        odd[i] = here[_mirrored(2 * i - 5, width)]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _filter_row(
    even: FloatArray, odd: FloatArray, taps: FloatArray, out: FloatArray
) -> None:
    """Write one half of a row, low or high: every other sample of a convolution."""
    n = len(out)
    e0, e1, e2, e3 = even[3 : n + 3], even[2 : n + 2], even[1 : n + 1], even[:n]
    o0, o1, o2, o3 = odd[3 : n + 3], odd[2 : n + 2], odd[1 : n + 1], odd[:n]
    t0, t1, t2, t3 = taps[0], taps[1], taps[2], taps[3]
    t4, t5, t6, t7 = taps[4], taps[5], taps[6], taps[7]
    for j in range(n):
        first = t6 * e0[j] + t4 * e1[j] + t2 * e2[j] + t0 * e3[j]
        out[j] = first + (t7 * o0[j] + t5 * o1[j] + t3 * o2[j] + t1 * o3[j])


@numba.njit(cache=True, nogil=True, fastmath=True)
def _filter_columns(
    rows: FloatArray, slots: IntArray, taps: FloatArray, out: FloatArray
) -> None:
    """Write the sum of eight rows, the earliest first, each times its tap."""
    r0, r1, r2, r3 = rows[slots[0]], rows[slots[1]], rows[slots[2]], rows[slots[3]]
    r4, r5, r6, r7 = rows[slots[4]], rows[slots[5]], rows[slots[6]], rows[slots[7]]
    t0, t1, t2, t3 = taps[0], taps[1], taps[2], taps[3]
    t4, t5, t6, t7 = taps[4], taps[5], taps[6], taps[7]
    for j in range(len(out)):
        first = t0 * r0[j] + t1 * r1[j] + t2 * r2[j] + t3 * r3[j]
        out[j] = first + (t4 * r4[j] + t5 * r5[j] + t6 * r6[j] + t7 * r7[j])


@numba.njit(cache=True, nogil=True, fastmath=True)
def _add_squares(
    inner: FloatArray, above: FloatArray, below: FloatArray, out: FloatArray
) -> None:
    for j in range(len(out)):
        out[j] = inner[j] + (above[j] * above[j] + below[j] * below[j])


@numba.njit(cache=True, nogil=True, fastmath=True)
def _square(row: FloatArray, out: FloatArray) -> None:
    for j in range(len(out)):
        out[j] = row[j] * row[j]


@numba.njit(cache=True, nogil=True, fastmath=True)
def least_mean(
    s3: FloatArray, s5: FloatArray, s7: FloatArray, s9: FloatArray, out: FloatArray
) -> None:
    """Write the least mean over four windows, from their columns' sums.

    The sums are of 3, 5, 7 and 9 rows and reach four columns beyond either end.
    """
    n = len(out)
    c3, c5 = np.float32(1 / 9), np.float32(1 / 25)
    c7, c9 = np.float32(1 / 49), np.float32(1 / 81)
    for j in range(n):
        mean3 = c3 * (s3[j + 3] + s3[j + 4] + s3[j + 5])
        near5 = s5[j + 2] + s5[j + 3] + s5[j + 4] + s5[j + 5] + s5[j + 6]
        near7 = s7[j + 1] + s7[j + 2] + s7[j + 3] + s7[j + 4]
        far7 = s7[j + 5] + s7[j + 6] + s7[j + 7]
        near9 = s9[j] + s9[j + 1] + s9[j + 2] + s9[j + 3] + s9[j + 4]
        far9 = s9[j + 5] + s9[j + 6] + s9[j + 7] + s9[j + 8]
        of_small = min(mean3, c5 * near5)
        of_large = min(c7 * (near7 + far7), c9 * (near9 + far9))
        out[j] = min(of_small, of_large)


@numba.njit(cache=True, nogil=True, fastmath=True)
def window_means(
    recent: FloatArray, newest: int, sums: FloatArray, out: FloatArray
) -> None:
    """Write the least mean square over windows around the middle of nine rows."""
    _square(recent[(newest + 5) % 9], sums[4])
    _add_squares(sums[4], recent[(newest + 4) % 9], recent[(newest + 6) % 9], sums[0])
    _add_squares(sums[0], recent[(newest + 3) % 9], recent[(newest + 7) % 9], sums[1])
    _add_squares(sums[1], recent[(newest + 2) % 9], recent[(newest + 8) % 9], sums[2])
    _add_squares(sums[2], recent[(newest + 1) % 9], recent[newest % 9], sums[3])
    least_mean(sums[0], sums[1], sums[2], sums[3], out)


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _shrink(
    row: FloatArray,
    means: FloatArray,
    variance: np.float32,
    weight: np.float32,
    out: FloatArray,
) -> None:
    """Add the weighted noise of a row of details.

    The published estimate takes the variance from each window's mean, cuts at 0, and
    takes the least; the least mean, cut at the variance, gives the same.
    """
    scale = variance * weight
    for j in range(len(out)):
        out[j] += row[j] * (scale / max(means[j], variance))


@numba.njit(cache=True, nogil=True, fastmath=True)
def analyse(
    x: FloatArray | PixelArray,
    variance: np.float32,
    weight: np.float32,
    approximation: FloatArray,
    details: FloatArray,
) -> None:
    """Transform ``x`` by one level; add the noise of the details to ``details``.

    The transform is linear: the noise of several planes, each times its weight, can
    be summed in the (3, rows, columns) details and transformed back once.
    """
    height = x.shape[0]
    rows, cols = approximation.shape
    even, odd = np.empty(cols + 3, np.float32), np.empty(cols + 3, np.float32)
    low, high = np.empty((8, cols), np.float32), np.empty((8, cols), np.float32)
    recent = np.zeros((3, 9, cols + 8), np.float32)  # a margin of 4 zeros either side
    sums = np.empty((5, cols + 8), np.float32)
    means = np.empty(cols, np.float32)
    slots = np.empty(8, np.int64)
    n_read = 0
    for k in range(rows + 4):
        if k < rows:
            while n_read < min(max(2 * k + 2, 6), height):
                _split(x[n_read], even, odd)
                _filter_row(even, odd, _LOW, low[n_read % 8])
                _filter_row(even, odd, _HIGH, high[n_read % 8])
                n_read += 1
            for i in range(8):
                slots[i] = _mirrored(2 * k - 6 + i, height) % 8
            _filter_columns(low, slots, _LOW, approximation[k])
            _filter_columns(low, slots, _HIGH, recent[0, k % 9, 4 : cols + 4])
            _filter_columns(high, slots, _LOW, recent[1, k % 9, 4 : cols + 4])
            _filter_columns(high, slots, _HIGH, recent[2, k % 9, 4 : cols + 4])
        else:
            recent[:, k % 9] = 0
        if k >= 4:
            for band in range(3):
                window_means(recent[band], k, sums, means)
                row = recent[band, (k + 5) % 9, 4 : cols + 4]
                _shrink(row, means, variance, weight, details[band, k - 4])


@numba.njit(cache=True, nogil=True, fastmath=True)
def _join_columns(
    low: FloatArray, high: FloatArray, first: int, is_odd: int, out: FloatArray
) -> None:
    """Write one row from four rows of each half."""
    a0, a1, a2, a3 = low[first], low[first + 1], low[first + 2], low[first + 3]
    d0, d1, d2, d3 = high[first], high[first + 1], high[first + 2], high[first + 3]
    t0, t2, t4, t6 = _LOW[is_odd], _LOW[2 + is_odd], _LOW[4 + is_odd], _LOW[6 + is_odd]
    u0, u2 = _HIGH[is_odd], _HIGH[2 + is_odd]
    u4, u6 = _HIGH[4 + is_odd], _HIGH[6 + is_odd]
    for j in range(len(out)):
        total = t6 * a0[j] + t4 * a1[j] + t2 * a2[j] + t0 * a3[j]
        out[j] = total + (u6 * d0[j] + u4 * d1[j] + u2 * d2[j] + u0 * d3[j])


@numba.njit(cache=True, nogil=True, fastmath=True)
def _join_row(low: FloatArray, high: FloatArray, out: FloatArray) -> None:
    """Write a row from its halves; two samples of each place, both at once."""
    n = len(out) // 2
    t0, t1, t2, t3 = _LOW[0], _LOW[1], _LOW[2], _LOW[3]
    t4, t5, t6, t7 = _LOW[4], _LOW[5], _LOW[6], _LOW[7]
    u0, u1, u2, u3 = _HIGH[0], _HIGH[1], _HIGH[2], _HIGH[3]
    u4, u5, u6, u7 = _HIGH[4], _HIGH[5], _HIGH[6], _HIGH[7]
    for j in range(n):
        a0, a1, a2, a3 = low[j], low[j + 1], low[j + 2], low[j + 3]
        d0, d1, d2, d3 = high[j], high[j + 1], high[j + 2], high[j + 3]
        even = t6 * a0 + t4 * a1 + t2 * a2 + t0 * a3
        odd = t7 * a0 + t5 * a1 + t3 * a2 + t1 * a3
        out[2 * j] = even + (u6 * d0 + u4 * d1 + u2 * d2 + u0 * d3)
        out[2 * j + 1] = odd + (u7 * d0 + u5 * d1 + u3 * d2 + u1 * d3)


@numba.njit(cache=True, nogil=True, fastmath=True)
def synthesise(approximation: FloatArray, details: FloatArray, out: FloatArray) -> None:
    """Undo one level: write the plane of ``approximation`` and ``details``.

    The approximation may have a row or a column more than the details, made by
    the level below where their count was odd.
    """
    height, width = out.shape
    cols = details.shape[2]
    low, high = np.empty(cols, np.float32), np.empty(cols, np.float32)
    line = np.empty(2 * cols - 6, np.float32)
    above = approximation[:, :cols]
    for i in range(height):
        _join_columns(above, details[0], i // 2, i % 2, low)
        _join_columns(details[1], details[2], i // 2, i % 2, high)
        _join_row(low, high, line)
        out[i] = line[:width]
