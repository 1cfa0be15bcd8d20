"""Means of rows and of columns by phase, and noise without them."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.errors import InputError

_FOLD = 64  # at least so many samples side by side, so that sums are vectorised


def zero_mean_by_phase(
    x: npt.NDArray[np.floating], period: int = 2, *, out: FloatArray | None = None
) -> FloatArray:
    """Take off the means of rows and of columns within each phase of a period.

    Parameters
    ----------
    x : ndarray of shape (H, W), floating
        Noise of a picture, or a pattern.
    period : int, default 2
        Side of the repeated cell: 2 for the colour filter array, 8 for JPEG blocks.
    out : ndarray of shape (H, W), float32, optional
        Written into and returned, to spare the allocation; may be ``x``.

    Returns
    -------
    ndarray of shape (H, W), float32
        Every row and every column of each of the ``period**2`` phases has mean 0, to
        rounding. The same function of the result changes nothing more.

    Raises
    ------
    InputError
        If ``x`` is not two-dimensional, or the period exceeds a side or is below 1.

    Notes
    -----
    Demosaicing and readout add to every picture of a camera model what depends on row,
    column and phase alone; it would make two cameras of a model look related [1]_.

    References
    ----------
    .. [1] M. Chen, J. Fridrich, M. Goljan, J. Lukas, "Determining image origin and
       integrity using sensor noise", IEEE TIFS 3(1), 2008, section V.
       doi:10.1109/TIFS.2007.916285
    """
    check_plane(x)
    if not 1 <= period <= min(x.shape):
        raise InputError(
            f"period is {period}; expected 1 to the shorter side, {min(x.shape)}"
        )
    values = np.ascontiguousarray(x, dtype=np.float32)
    result = np.empty_like(values) if out is None else out
    _centre(values, period, result)
    return result


@numba.njit(cache=True, nogil=True, fastmath=True)
def _add(row: FloatArray, total: FloatArray) -> None:
    for j in range(len(total)):
        total[j] += row[j]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _difference(
    row: FloatArray, first: FloatArray, second: FloatArray, out: FloatArray
) -> None:
    for j in range(len(out)):
        out[j] = row[j] - (first[j] + second[j])


@numba.njit(cache=True, nogil=True, fastmath=True)
def _centre(x: FloatArray, period: int, out: FloatArray) -> None:
    height, width = x.shape
    fold = -(-_FOLD // period) * period
    whole = width // fold * fold
    by_column = np.zeros((period, width), np.float32)
    by_row = np.empty((height, period), np.float32)
    folded = np.empty(fold, np.float32)
    for i in range(height):
        _add(x[i], by_column[i % period])
        folded[:] = 0
        for start in range(0, whole, fold):
            _add(x[i, start : start + fold], folded)
        for j in range(whole, width):
            folded[j - whole] += x[i, j]
        for phase in range(period):
            total = np.float32(0)
            for j in range(phase, fold, period):
                total += folded[j]
            by_row[i, phase] = total / np.float32(-(-(width - phase) // period))
    for i in range(period):
        by_column[i] /= np.float32(-(-(height - i) // period))
    # A phase's mean is in the means of its rows and again in those of its columns.
    means = np.zeros((period, period), np.float32)
    for i in range(height):
        for phase in range(period):
            n_rows = np.float32(-(-(height - i % period) // period))
            means[i % period, phase] += by_row[i, phase] / n_rows
    pattern = np.empty(fold, np.float32)
    line = np.empty(width, np.float32)
    for i in range(height):
        for j in range(fold):
            pattern[j] = by_row[i, j % period] - means[i % period, j % period]
        columns = by_column[i % period]
        for start in range(0, width, fold):
            end = min(start + fold, width)
            _difference(x[i, start:end], columns[start:end], pattern, line[start:end])
        out[i] = line


def check_plane(x: npt.NDArray[np.floating]) -> None:
    """Refuse what is no plane."""
    if x.ndim != 2 or x.size == 0:
        raise InputError(f"array has shape {x.shape}; expected (H, W), not empty")
