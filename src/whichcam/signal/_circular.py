"""Sums of products of two planes at all circular shifts."""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.signal._fourier import LANES, Plan, plan_of, room_for, transform
from whichcam.signal._half_spectrum import (
    Plane,
    half_spectrum,
    has_small_factors,
    plane_of,
    spectrum_of_columns,
)
from whichcam.signal._vectors import WIDTH, filled, load, store

# numba keeps this file compiled with copies from others: 875c4fe0

# Sums may be reordered; NaN must stay NaN, or bad input would pass for good.
_FAST: Final = {"reassoc", "contract", "nsz", "arcp"}


def spectrum_of(plane: Plane, shape: tuple[int, int] | None = None) -> npt.NDArray[Any]:
    """Return the Fourier transform of a plane, padded with 0 to ``shape``.

    Its form is of no use but to `circular_products`.
    """
    height, width = plane.shape if shape is None else shape
    if not has_small_factors((height, width)):
        from scipy import fft

        found: npt.NDArray[np.complex64] = fft.rfft2(plane[:, :], s=(height, width))
        return found
    return half_spectrum(plane, (height, width))


def circular_products(
    left: npt.NDArray[Any], b: Plane, shape: tuple[int, int], factor: float = 1.0
) -> FloatArray:
    """Return the sums of ``a[p + (dy, dx)] * b[p]`` for every circular shift.

    ``left`` is the spectrum of a; b is padded with 0 to ``shape``, a's own. All is
    multiplied by ``factor``.
    """
    height, width = shape
    if not has_small_factors(shape):
        from scipy import fft

        products = np.conj(spectrum_of(b, shape)) * left
        surface: FloatArray = fft.irfft2(products, s=shape, overwrite_x=True)
        surface *= np.float32(factor)
        return surface
    spectrum = spectrum_of_columns(b, shape)
    scale = np.float32(factor / (height * width))
    _correlate_rows(left, spectrum, plan_of(width), scale)
    return plane_of(spectrum, shape)


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
