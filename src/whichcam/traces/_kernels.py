"""Compiled sums over residuals, by texture class of the 8x8 block they lie in.

All kernels walk block rows: eight rows of products are added into one row (long,
contiguous, vectorised), which is then added to the sums of the blocks' classes. Blocks
in the outermost ring are left out, so that every lag of up to 8 px stays inside the
array.
"""

from __future__ import annotations

import numba
import numpy as np

from whichcam._typing import FloatArray, IntArray, PixelArray

N_CLASSES = 3


@numba.njit(cache=True, nogil=True, fastmath=True)
def clip_by_class(x: FloatArray, labels: IntArray, limits: FloatArray) -> None:
    """Clip ``x`` in place to ± the limit of each block's class; label -1 gives 0."""
    for by in range(labels.shape[0]):
        for bx in range(labels.shape[1]):
            label = labels[by, bx]
            top = limits[label] if label >= 0 else np.float32(0)
            for i in range(by * 8, by * 8 + 8):
                for j in range(bx * 8, bx * 8 + 8):
                    x[i, j] = min(max(x[i, j], -top), top)


@numba.njit(cache=True, nogil=True, fastmath=True)
def _add_products(
    a: FloatArray,
    b: FloatArray,
    top: int,
    dy: int,
    dx: int,
    masks: FloatArray,
    sums: FloatArray,
) -> None:
    """Add the products of one row of blocks at one lag, each to its block's class."""
    end = masks.shape[1] + 8
    k = top + dy
    # one-dimensional slices: indices start at 0 and strides are known to be one,
    # without which the loop below is not vectorised
    a0, b0 = a[top, 8:end], b[k, 8 + dx : end + dx]
    a1, b1 = a[top + 1, 8:end], b[k + 1, 8 + dx : end + dx]
    a2, b2 = a[top + 2, 8:end], b[k + 2, 8 + dx : end + dx]
    a3, b3 = a[top + 3, 8:end], b[k + 3, 8 + dx : end + dx]
    a4, b4 = a[top + 4, 8:end], b[k + 4, 8 + dx : end + dx]
    a5, b5 = a[top + 5, 8:end], b[k + 5, 8 + dx : end + dx]
    a6, b6 = a[top + 6, 8:end], b[k + 6, 8 + dx : end + dx]
    a7, b7 = a[top + 7, 8:end], b[k + 7, 8 + dx : end + dx]
    smooth, middle, textured = masks[0], masks[1], masks[2]
    x = y = z = np.float32(0)
    for j in range(end - 8):
        upper = (a0[j] * b0[j] + a1[j] * b1[j]) + (a2[j] * b2[j] + a3[j] * b3[j])
        lower = (a4[j] * b4[j] + a5[j] * b5[j]) + (a6[j] * b6[j] + a7[j] * b7[j])
        column = upper + lower
        x += column * smooth[j]
        y += column * middle[j]
        z += column * textured[j]
    sums[0] += x
    sums[1] += y
    sums[2] += z


@numba.njit(cache=True, nogil=True, fastmath=True)
def lagged_sums(
    a: FloatArray, b: FloatArray, labels: IntArray, lags: IntArray
) -> FloatArray:
    """Return, per lag and class, the sum of ``a[p] * b[p + lag]`` over its blocks."""
    n_y, n_x = labels.shape
    sums = np.zeros((len(lags), 3), np.float32)
    masks = np.empty((3, max(n_x * 8 - 16, 0)), np.float32)
    for by in range(1, n_y - 1):
        for label in range(3):
            for bx in range(1, n_x - 1):
                inside = np.float32(labels[by, bx] == label)
                masks[label, bx * 8 - 8 : bx * 8] = inside
        for k in range(len(lags)):  # inside: the rows stay in the nearest cache
            _add_products(a, b, by * 8, lags[k, 0], lags[k, 1], masks, sums[k])
    return sums


@numba.njit(cache=True, nogil=True, fastmath=True)
def moment_sums(
    x: FloatArray, labels: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return, per class, the sums of |x| and x^4, and of x^2 per 2x2 phase."""
    absolute = np.zeros(3, np.float32)
    fourth = np.zeros(3, np.float32)
    phases = np.zeros((3, 4), np.float32)
    n_y, n_x = labels.shape
    width = n_x * 8
    parts = np.empty((4, width), np.float32)  # |x|, x^4, x^2 of even and of odd rows
    for by in range(1, n_y - 1):
        parts[:] = 0
        for i in range(by * 8, by * 8 + 8, 2):
            even, odd = x[i], x[i + 1]
            for j in range(8, width - 8):
                even2, odd2 = even[j] * even[j], odd[j] * odd[j]
                parts[0, j] += abs(even[j]) + abs(odd[j])
                parts[1, j] += even2 * even2 + odd2 * odd2
                parts[2, j] += even2
                parts[3, j] += odd2
        for bx in range(1, n_x - 1):
            label = labels[by, bx]
            if label < 0:
                continue
            for j in range(bx * 8, bx * 8 + 8):
                absolute[label] += parts[0, j]
                fourth[label] += parts[1, j]
                phases[label, j % 2] += parts[2, j]
                phases[label, 2 + j % 2] += parts[3, j]
    return absolute, fourth, phases


@numba.njit(cache=True, nogil=True, fastmath=True)
def block_energy(crop: PixelArray, luma: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return each 8x8 block's mean of luma^2 and its share of lost pixels.

    A pixel is lost where any channel is above 249 or below 5: clipping hides traces.
    """
    rows, cols = luma.shape[0] // 8, luma.shape[1] // 8
    energy = np.zeros((rows, cols), np.float32)
    lost = np.zeros((rows, cols), np.float32)
    for i in range(rows * 8):
        for j in range(cols * 8):
            energy[i // 8, j // 8] += luma[i, j] * luma[i, j]
            high = max(crop[i, j, 0], crop[i, j, 1], crop[i, j, 2])
            low = min(crop[i, j, 0], crop[i, j, 1], crop[i, j, 2])
            if high >= 250 or low <= 4:
                lost[i // 8, j // 8] += np.float32(1 / 64)
    return energy * np.float32(1 / 64), lost


@numba.njit(cache=True, nogil=True, fastmath=True)
def grid_phase_sums(x: FloatArray, limit: np.float32) -> tuple[FloatArray, FloatArray]:
    """Return the sums of min(x^2, limit) by row and by column modulo 8."""
    height, width = x.shape
    rows = np.zeros(8, np.float32)
    cols = np.zeros(8, np.float32)
    by_column = np.zeros(width, np.float32)
    for i in range(8, height - 8):
        row, total = x[i], np.float32(0)
        for j in range(8, width - 8):
            energy = min(row[j] * row[j], limit)
            by_column[j] += energy
            total += energy
        rows[i % 8] += total
    for j in range(8, width - 8):
        cols[j % 8] += by_column[j]
    return rows, cols
