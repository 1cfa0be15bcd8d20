"""High-pass residuals: what is left of a picture once its content is predicted."""

from __future__ import annotations

import numba
import numpy as np

from whichcam._typing import FloatArray
from whichcam.errors import UnknownNameError

RESIDUAL_FILTERS = ("laplacian", "diagonal", "horizontal", "vertical", "band")
"""Names of the linear predictors, in the order traces list them.

``laplacian`` subtracts the mean of the four neighbours; ``diagonal`` is a second
difference along rows of a second difference along columns; ``horizontal`` and
``vertical`` are fourth differences along one axis; ``band`` subtracts a 7x7 mean from
a 3x3 mean and so keeps coarser grain than the others.
"""

_MARGIN = 5  # the band filter reaches 1 + 3 px; one more keeps all filters inside


# Each kernel writes a row of its own and copies it: the compiler cannot know that `x`
# and `out` never overlap, and would not vectorise loops that write to `out`.


@numba.njit(cache=True, nogil=True, fastmath=True)
def _laplacian(x: FloatArray, out: FloatArray) -> None:
    height, width = x.shape
    quarter = np.float32(0.25)
    line = np.empty(width, np.float32)
    for i in range(5, height - 5):
        above, here, below = x[i - 1], x[i], x[i + 1]
        for j in range(5, width - 5):
            near = above[j] + below[j] + here[j - 1] + here[j + 1]
            line[j] = here[j] - near * quarter
        out[i, 5 : width - 5] = line[5 : width - 5]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _diagonal(x: FloatArray, out: FloatArray) -> None:
    height, width = x.shape
    quarter, two = np.float32(0.25), np.float32(2)
    column = np.empty(width, np.float32)
    line = np.empty(width, np.float32)
    for i in range(5, height - 5):
        above, here, below = x[i - 1], x[i], x[i + 1]
        for j in range(width):
            column[j] = above[j] - two * here[j] + below[j]
        for j in range(5, width - 5):
            line[j] = (column[j - 1] - two * column[j] + column[j + 1]) * quarter
        out[i, 5 : width - 5] = line[5 : width - 5]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _horizontal(x: FloatArray, out: FloatArray) -> None:
    height, width = x.shape
    sixth, two_thirds = np.float32(1 / 6), np.float32(2 / 3)
    line = np.empty(width, np.float32)
    for i in range(5, height - 5):
        here = x[i]
        for j in range(5, width - 5):
            far, near = here[j - 2] + here[j + 2], here[j - 1] + here[j + 1]
            line[j] = here[j] + far * sixth - near * two_thirds
        out[i, 5 : width - 5] = line[5 : width - 5]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _vertical(x: FloatArray, out: FloatArray) -> None:
    height, width = x.shape
    sixth, two_thirds = np.float32(1 / 6), np.float32(2 / 3)
    line = np.empty(width, np.float32)
    for i in range(5, height - 5):
        a, b, here, c, d = x[i - 2], x[i - 1], x[i], x[i + 1], x[i + 2]
        for j in range(5, width - 5):
            line[j] = here[j] + (a[j] + d[j]) * sixth - (b[j] + c[j]) * two_thirds
        out[i, 5 : width - 5] = line[5 : width - 5]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _band(x: FloatArray, out: FloatArray) -> None:
    height, width = x.shape
    ninth, forty_ninth = np.float32(1 / 9), np.float32(1 / 49)
    rows3 = np.empty((height, width), np.float32)
    mean = np.empty((height, width), np.float32)
    rows7 = np.empty((height, width), np.float32)
    for i in range(1, height - 1):
        for j in range(width):
            rows3[i, j] = x[i - 1, j] + x[i, j] + x[i + 1, j]
    for i in range(1, height - 1):
        for j in range(1, width - 1):
            mean[i, j] = (rows3[i, j - 1] + rows3[i, j] + rows3[i, j + 1]) * ninth
    for i in range(4, height - 4):
        for j in range(1, width - 1):
            total = np.float32(0)
            for k in range(-3, 4):
                total += mean[i + k, j]
            rows7[i, j] = total
    for i in range(5, height - 5):
        for j in range(5, width - 5):
            total = np.float32(0)
            for k in range(-3, 4):
                total += rows7[i, j + k]
            out[i, j] = mean[i, j] - total * forty_ninth


_KERNELS = {
    "laplacian": _laplacian,
    "diagonal": _diagonal,
    "horizontal": _horizontal,
    "vertical": _vertical,
    "band": _band,
}


def residual(plane: FloatArray, name: str, out: FloatArray | None = None) -> FloatArray:
    """Return one high-pass residual of a plane.

    Parameters
    ----------
    plane : ndarray of shape (H, W), float32
        One colour plane, in grey levels.
    name : {"laplacian", "diagonal", "horizontal", "vertical", "band"}
        The linear predictor; see `RESIDUAL_FILTERS`.
    out : ndarray of shape (H, W), float32, optional
        Written into and returned, to spare the allocation. Its margin is set to 0.

    Returns
    -------
    ndarray of shape (H, W), float32
        Signed residual in grey levels; 0 in a margin of 5 px.

    Raises
    ------
    UnknownNameError
        If ``name`` is not a residual filter.
    """
    if name not in _KERNELS:
        known = ", ".join(RESIDUAL_FILTERS)
        raise UnknownNameError(f"unknown residual filter {name!r}; known: {known}")
    result = np.zeros_like(plane) if out is None else out
    if out is not None:
        result[:_MARGIN] = result[-_MARGIN:] = 0
        result[:, :_MARGIN] = result[:, -_MARGIN:] = 0
    _KERNELS[name](plane, result)
    return result
