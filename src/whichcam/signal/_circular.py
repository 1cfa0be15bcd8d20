"""Sums of products of two planes at all circular shifts.

A plane is transformed along its columns, 64 of which make 32 sequences side by side:
one column is the real, another the imaginary part. As planes are real, half of the
frequencies are kept, in blocks of 32, which are then transformed along the rows. A
block stays in the processor's cache from that transform over the product to the
transform back: what `scipy.fft` would move through memory six times moves twice.
Beginning with columns, what lies side by side in a plane lies so in the sequences.
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
from whichcam.signal._vectors import WIDTH, filled, load, store, stream

# numba keeps this file compiled with copies from others: b4c7065d

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


def spectrum_of(plane: Plane, shape: tuple[int, int] | None = None) -> npt.NDArray[Any]:
    """Return the Fourier transform of a plane, padded with 0 to ``shape``.

    Its form is of no use but to `circular_products`: by block, column and frequency.
    """
    height, width = plane.shape if shape is None else shape
    if not _has_small_factors((height, width)):
        from scipy import fft

        found: npt.NDArray[np.complex64] = fft.rfft2(plane[:, :], s=(height, width))
        return found
    spectrum = _spectrum_of_columns(plane, (height, width))
    _transform_rows(spectrum, plan_of(width))
    return spectrum


def circular_products(
    left: npt.NDArray[Any], b: Plane, shape: tuple[int, int], factor: float = 1.0
) -> FloatArray:
    """Return the sums of ``a[p + (dy, dx)] * b[p]`` for every circular shift.

    ``left`` is the spectrum of a; b is padded with 0 to ``shape``, a's own. All is
    multiplied by ``factor``.
    """
    height, width = shape
    if not _has_small_factors(shape):
        from scipy import fft

        products = np.conj(spectrum_of(b, shape)) * left
        surface: FloatArray = fft.irfft2(products, s=shape, overwrite_x=True)
        surface *= np.float32(factor)
        return surface
    spectrum = _spectrum_of_columns(b, shape)
    scale = np.float32(factor / (height * width))
    _correlate_rows(left, spectrum, plan_of(width), scale)
    found, x = _aligned(height, width), _aligned(height, BOTH)
    _columns_of(spectrum, plan_of(height), x, found)
    return found


def _has_small_factors(shape: tuple[int, int]) -> bool:
    return all(max(factors_of(side), default=1) <= _GREATEST_FACTOR for side in shape)


def _spectrum_of_columns(plane: Plane, shape: tuple[int, int]) -> FloatArray:
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
def _correlate_rows(
    left: FloatArray, spectrum: FloatArray, plan: Plan, factor: np.float32
) -> None:
    """Transform rows, multiply ``left`` by their conjugate, and transform back."""
    room, factors = room_for(plan), filled(factor)
    for block in range(spectrum.shape[0]):
        a, x = left[block], spectrum[block]
        transform(x, plan, False, room)
        for i in range(x.shape[0]):
            for q in range(0, LANES, WIDTH):
                a_re, a_im = factors * load(a, i, q), factors * load(a, i, LANES + q)
                re, im = load(x, i, q), load(x, i, LANES + q)
                store(x, i, q, a_re * re + a_im * im)
                store(x, i, LANES + q, a_im * re - a_re * im)
        transform(x, plan, True, room)


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
