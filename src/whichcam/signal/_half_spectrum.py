"""Fourier transforms of planes, of which half is kept, and back.

A plane is transformed along its columns, 64 of which make 32 sequences side by side:
one column is the real, another the imaginary part. As planes are real, half of the
frequencies are kept, in blocks of 32, which are then transformed along the rows. What
works on a block finds it in the processor's cache: what `scipy.fft` would move through
memory six times moves twice. Beginning with columns, what lies side by side in a plane
lies so in the sequences.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.signal._fourier import (
    BOTH,
    LANES,
    Plan,
    factors_of,
    plan_of,
    room_for,
    transform,
)
from whichcam.signal._vectors import WIDTH, load, stream

# numba keeps this file compiled with copies from others: 875c4fe0

# Sums may be reordered; NaN must stay NaN, or bad input would pass for good.
_FAST: Final = {"reassoc", "contract", "nsz", "arcp"}
_HALF: Final = np.float32(0.5)
_LINE: Final = 16  # values in a line of the cache: loads across two are slower
_LARGE: Final = 1 << 20  # values that caches do not keep until they are read again
_GREATEST_FACTOR: Final = 127  # beyond, `scipy.fft` has shorter ways


class Plane(Protocol):
    """An array of shape (H, W), float32, or what makes parts of one when asked."""

    @property
    def shape(self) -> tuple[Any, ...]:
        """Rows and columns."""

    def __getitem__(self, part: tuple[slice, slice], /) -> FloatArray:
        """Return some rows and columns."""


def has_small_factors(shape: tuple[int, int]) -> bool:
    """Return whether sides are such that the transforms here are the fastest."""
    return all(max(factors_of(side), default=1) <= _GREATEST_FACTOR for side in shape)


def half_spectrum(plane: Plane, shape: tuple[int, int]) -> FloatArray:
    """Return the transform of a plane, padded with 0 to ``shape``.

    By block of frequencies along columns, frequency along rows in the order of
    `Plan.place`, and frequency in the block: real parts first, imaginary ones behind.
    """
    spectrum = spectrum_of_columns(plane, shape)
    _transform_rows(spectrum, plan_of(shape[1]))
    return spectrum


def spectrum_of_columns(plane: Plane, shape: tuple[int, int]) -> FloatArray:
    """Return the same before rows are transformed: by block, column and frequency."""
    height, width = shape
    n_blocks = -(-(height // 2 + 1) // LANES)
    spectrum = _aligned(n_blocks * width, BOTH).reshape(n_blocks, width, BOTH)
    plan, x = plan_of(height), _aligned(height, BOTH)
    for start in range(0, plane.shape[1], BOTH):
        part = plane[:, start : start + BOTH]
        x[: part.shape[0], : part.shape[1]] = part
        x[part.shape[0] :] = 0
        x[:, part.shape[1] :] = 0
        _transform_columns(x, plan, spectrum, start)
    spectrum[:, plane.shape[1] :] = 0
    return spectrum


def plane_of(spectrum: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Undo `spectrum_of_columns`, but for a factor of the number of rows."""
    height, width = shape
    found, x = _aligned(height, width), _aligned(height, BOTH)
    _columns_of(spectrum, plan_of(height), x, found)
    return found


def _aligned(height: int, width: int) -> FloatArray:
    """Return room that begins with a line of the cache."""
    n = height * width
    room = np.empty(n + _LINE, np.float32)
    start = -room.ctypes.data // room.itemsize % _LINE
    return room[start : start + n].reshape(height, width)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _transform_columns(
    x: FloatArray, plan: Plan, spectrum: FloatArray, start: int
) -> None:
    """Transform 64 columns, of which ``start`` is the first, in ``x``."""
    n = min(BOTH, spectrum.shape[1] - start)
    tile = np.empty((BOTH, BOTH), np.float32)
    transform(x, plan, False, room_for(plan))
    for block in range(spectrum.shape[0]):
        _part(x, plan.place, block * LANES, tile)
        for column in range(n):
            for q in range(BOTH):
                spectrum[block, start + column, q] = tile[column, q]


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _part(
    x: FloatArray, place: npt.NDArray[np.int64], start: int, tile: FloatArray
) -> None:
    """Write some frequencies of each column, which two share a sequence."""
    for k in range(LANES):
        if start + k > len(place) // 2:
            tile[:, k] = 0
            tile[:, LANES + k] = 0
            continue
        i, j = place[start + k], place[-start - k]
        for q in range(LANES):
            re, im = _HALF * x[i, q], _HALF * x[i, LANES + q]
            other_re, other_im = _HALF * x[j, q], _HALF * x[j, LANES + q]
            tile[q, k] = re + other_re
            tile[q, LANES + k] = im - other_im
            tile[LANES + q, k] = im + other_im
            tile[LANES + q, LANES + k] = other_re - re


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _transform_rows(spectrum: FloatArray, plan: Plan) -> None:
    room = room_for(plan)
    for block in range(spectrum.shape[0]):
        transform(spectrum[block], plan, False, room)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _columns_of(
    spectrum: FloatArray, plan: Plan, x: FloatArray, plane: FloatArray
) -> None:
    """Turn the frequencies of columns back into a plane, 64 of them in ``x``."""
    height, width = plane.shape
    is_streamed = plane.size > _LARGE and width % WIDTH == 0
    tile = np.empty((BOTH, BOTH), np.float32)
    room = room_for(plan)
    for start in range(0, width, BOTH):
        n = min(BOTH, width - start)
        tile[n:] = 0
        for block in range(spectrum.shape[0]):
            for column in range(n):
                for q in range(BOTH):
                    tile[column, q] = spectrum[block, start + column, q]
            _unite(tile, plan.place, block * LANES, x)
        transform(x, plan, True, room)
        for row in range(height):
            if is_streamed:
                for q in range(0, n, WIDTH):
                    stream(plane, row, start + q, load(x, row, q))
            else:
                for q in range(n):
                    plane[row, start + q] = x[row, q]


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _unite(
    tile: FloatArray, place: npt.NDArray[np.int64], start: int, x: FloatArray
) -> None:
    """Undo `_part`."""
    for k in range(min(LANES, len(place) // 2 + 1 - start)):
        i, j = place[start + k], place[-start - k]
        for q in range(LANES):
            re, im = tile[q, k], tile[q, LANES + k]
            other_re, other_im = tile[LANES + q, k], tile[LANES + q, LANES + k]
            x[j, q], x[j, LANES + q] = re + other_im, other_re - im
            x[i, q], x[i, LANES + q] = re - other_im, im + other_re
