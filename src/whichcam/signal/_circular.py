"""Sums of products of two planes at all circular shifts.

A plane is transformed along its rows, 64 of which make 32 sequences side by side: one
row is the real, another the imaginary part. As planes are real, half of the
frequencies are kept, in blocks of 32, which are then transformed along the columns.
A block stays in the processor's cache from that transform over the product to the
transform back: what `scipy.fft` would move through memory six times moves twice.
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

# Sums may be reordered; NaN must stay NaN, or bad input would pass for good.
_FAST: Final = {"reassoc", "contract", "nsz", "arcp"}
_HALF: Final = np.float32(0.5)
_PIXELS: Final = 1 << 18  # of rows made at once: a megabyte
_LINE: Final = 16  # values in a line of the cache: loads across two are slower
_GREATEST_FACTOR: Final = 127  # beyond, `scipy.fft` has shorter ways


class Plane(Protocol):
    """An array of shape (H, W), float32, or what makes rows of one when asked."""

    @property
    def shape(self) -> tuple[Any, ...]:
        """Rows and columns."""

    def __getitem__(self, rows: slice, /) -> FloatArray:
        """Return some rows."""


def spectrum_of(plane: Plane, shape: tuple[int, int] | None = None) -> npt.NDArray[Any]:
    """Return the Fourier transform of a plane, padded with 0 to ``shape``.

    Its form is of no use but to `circular_products`: by block, row and frequency.
    """
    height, width = plane.shape if shape is None else shape
    if not _has_small_factors((height, width)):
        from scipy import fft

        found: npt.NDArray[np.complex64] = fft.rfft2(plane[:], s=(height, width))
        return found
    spectrum = _spectrum_of_rows(plane, (height, width))
    _transform_columns(spectrum, plan_of(height))
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
    spectrum = _spectrum_of_rows(b, shape)
    scale = np.float32(factor / (height * width))
    _correlate_columns(left, spectrum, plan_of(height), scale)
    found = np.empty(shape, np.float32)
    _rows_of(spectrum, plan_of(width), found)
    return found


def _has_small_factors(shape: tuple[int, int]) -> bool:
    return all(max(factors_of(side), default=1) <= _GREATEST_FACTOR for side in shape)


def _spectrum_of_rows(plane: Plane, shape: tuple[int, int]) -> FloatArray:
    height, width = shape
    n_blocks = -(-(width // 2 + 1) // LANES)
    spectrum = _aligned(n_blocks * height).reshape(n_blocks, height, BOTH)
    plan, step = plan_of(width), max(_PIXELS // width // BOTH, 1) * BOTH
    x = _aligned(width)
    for top in range(0, plane.shape[0], step):
        rows = np.ascontiguousarray(plane[top : top + step]).view()
        rows.flags.writeable = False  # kernels are compiled once for all callers
        _transform_rows(rows, plan, x, spectrum, top)
    spectrum[:, plane.shape[0] :] = 0
    return spectrum


def _aligned(height: int) -> FloatArray:
    """Return room for rows of which none begins within a line of the cache."""
    n = height * BOTH
    room = np.empty(n + _LINE, np.float32)
    start = -room.ctypes.data // room.itemsize % _LINE
    return room[start : start + n].reshape(height, BOTH)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _transform_rows(
    rows: FloatArray, plan: Plan, x: FloatArray, spectrum: FloatArray, top: int
) -> None:
    """Transform rows, of which ``top`` is the first, by 64 in ``x``."""
    height, width = rows.shape
    tile = np.empty((BOTH, BOTH), np.float32)
    room = room_for(plan)
    for start in range(0, height, BOTH):
        n = min(BOTH, height - start)
        x[:, n:] = 0
        x[width:] = 0
        for i in range(width):
            for row in range(n):
                x[i, row] = rows[start + row, i]
        transform(x, plan, False, room)
        for block in range(spectrum.shape[0]):
            _part(x, plan.place, block * LANES, tile)
            for row in range(n):
                for q in range(BOTH):
                    spectrum[block, top + start + row, q] = tile[row, q]


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _part(
    x: FloatArray, place: npt.NDArray[np.int64], start: int, tile: FloatArray
) -> None:
    """Write some frequencies of each row, which two share a sequence."""
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
def _transform_columns(spectrum: FloatArray, plan: Plan) -> None:
    room = room_for(plan)
    for block in range(spectrum.shape[0]):
        transform(spectrum[block], plan, False, room)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _correlate_columns(
    left: FloatArray, spectrum: FloatArray, plan: Plan, factor: np.float32
) -> None:
    """Transform columns, multiply ``left`` by their conjugate, and transform back."""
    room = room_for(plan)
    for block in range(spectrum.shape[0]):
        a, x = left[block], spectrum[block]
        transform(x, plan, False, room)
        for i in range(x.shape[0]):
            for q in range(LANES):
                a_re, a_im = factor * a[i, q], factor * a[i, LANES + q]
                re, im = x[i, q], x[i, LANES + q]
                x[i, q] = a_re * re + a_im * im
                x[i, LANES + q] = a_im * re - a_re * im
        transform(x, plan, True, room)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _rows_of(spectrum: FloatArray, plan: Plan, plane: FloatArray) -> None:
    """Turn the frequencies of rows back into a plane."""
    height, width = plane.shape
    x = np.empty((width, BOTH), np.float32)
    tile = np.empty((BOTH, BOTH), np.float32)
    room = room_for(plan)
    for top in range(0, height, BOTH):
        rows = min(BOTH, height - top)
        tile[rows:] = 0
        for block in range(spectrum.shape[0]):
            for row in range(rows):
                for q in range(BOTH):
                    tile[row, q] = spectrum[block, top + row, q]
            _unite(tile, plan.place, block * LANES, x)
        transform(x, plan, True, room)
        for start in range(0, width, LANES):
            for row in range(rows):
                for i in range(start, min(start + LANES, width)):
                    plane[top + row, i] = x[i, row]


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
