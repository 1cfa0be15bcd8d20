"""Noise whose spectrum has no peaks."""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.signal._fourier import LANES, Plan, plan_of, room_for, transform
from whichcam.signal._half_spectrum import half_spectrum, has_small_factors, plane_of
from whichcam.signal._phases import check_plane
from whichcam.signal._vectors import WIDTH, filled, load, store
from whichcam.signal._wavelet import least_mean

# numba keeps this file compiled with copies from others: 9647ac9a

_REACH: Final = 4  # of a window, either side
# Sums may be reordered, and NaN must stay NaN.
_FAST: Final = {"reassoc", "contract", "nsz", "arcp"}


def flatten_spectrum(x: npt.NDArray[np.floating]) -> FloatArray:
    """Bring the peaks of a spectrum down to the level of white noise.

    Parameters
    ----------
    x : ndarray of shape (H, W), floating
        Noise of a picture, or a pattern, of mean 0.

    Returns
    -------
    ndarray of shape (H, W), float32
        Of the same unit. Frequencies whose neighbourhood is no stronger than white
        noise of the same variance are left as they are.

    Raises
    ------
    InputError
        If ``x`` is not two-dimensional.

    Notes
    -----
    The filter of `wavelet_noise`, applied to the magnitudes of the discrete Fourier
    transform: what repeats regularly (JPEG blocks, demosaicing, watermarks) shows as
    peaks, and is shared by cameras that have nothing else in common [1]_. Windows go
    round the spectrum's border, as the spectrum does; published programs fill with
    zeros there. Sides that are products of small primes are transformed fastest.

    References
    ----------
    .. [1] M. Chen, J. Fridrich, M. Goljan, J. Lukas, "Determining image origin and
       integrity using sensor noise", IEEE TIFS 3(1), 2008, section V.
       doi:10.1109/TIFS.2007.916285
    """
    check_plane(x)
    values = np.ascontiguousarray(x, dtype=np.float32)
    mean = float(values.mean())
    variance = float(np.vdot(values, values)) / values.size - mean**2
    if not variance > 0:
        return values.copy()
    if not has_small_factors(values.shape):
        return _flattened_by_scipy(values, variance)
    height, width = values.shape
    spectrum, plan = half_spectrum(values, (height, width)), plan_of(width)
    n = height // 2 + 1
    powers = np.empty((width, spectrum.shape[0] * LANES + 2 * _REACH), np.float32)
    share = np.float32(1 / values.size)
    _powers(spectrum, plan.place, share, powers)
    _to_gains(powers, n, height, np.float32(variance))
    _apply_gains(spectrum, plan, share, powers)
    del powers
    return plane_of(spectrum, (height, width))


def _flattened_by_scipy(values: FloatArray, variance: float) -> FloatArray:
    from scipy import fft

    width = values.shape[1]
    spectrum: npt.NDArray[Any] = fft.rfft2(values, workers=1)
    n = spectrum.shape[1]
    powers = np.empty((values.shape[0], n + 2 * _REACH), np.float32)
    inner = powers[:, _REACH : _REACH + n]
    np.square(np.abs(spectrum), out=inner)
    inner /= np.float32(values.size)
    _to_gains(powers, n, width, np.float32(variance))
    spectrum *= inner
    flat = fft.irfft2(spectrum, s=values.shape, overwrite_x=True, workers=1)
    return np.asarray(flat, dtype=np.float32)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _powers(
    spectrum: FloatArray,
    place: npt.NDArray[np.int64],
    share: np.float32,
    powers: FloatArray,
) -> None:
    """Write powers by frequency along rows and, four columns in, along columns."""
    shares = filled(share)
    for block in range(spectrum.shape[0]):
        x, start = spectrum[block], _REACH + block * LANES
        for k in range(len(place)):
            i = place[k]
            for q in range(0, LANES, WIDTH):
                re, im = load(x, i, q), load(x, i, LANES + q)
                store(powers, k, start + q, shares * (re * re + im * im))


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _apply_gains(
    spectrum: FloatArray, plan: Plan, share: np.float32, gains: FloatArray
) -> None:
    """Multiply by what stands where `_powers` wrote, and transform rows back."""
    room, shares = room_for(plan), filled(share)
    for block in range(spectrum.shape[0]):
        x, start = spectrum[block], _REACH + block * LANES
        for k in range(len(plan.place)):
            i = plan.place[k]
            for q in range(0, LANES, WIDTH):
                gain = shares * load(gains, k, start + q)
                store(x, i, q, gain * load(x, i, q))
                store(x, i, LANES + q, gain * load(x, i, LANES + q))
        transform(x, plan, True, room)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _to_gains(powers: FloatArray, n: int, side: int, variance: np.float32) -> None:
    """Turn powers into gains, in place.

    Rows hold all frequencies of one axis. ``n`` columns from the fifth on hold half of
    the other's, whose samples are ``side``; where the rest would be, the transform of a
    real array repeats itself upside down, and windows reach into that.
    """
    height, end = powers.shape[0], n + 2 * _REACH
    for k in range(height):
        for i in range(2 * _REACH):
            at = i if i < _REACH else n + i
            row, column = k, (at - _REACH) % side
            if column >= n:
                row, column = (height - k) % height, side - column
            powers[k, at] = powers[row, _REACH + column]
    recent = np.empty((9, end), np.float32)
    first = powers[: min(_REACH, height), :end].copy()  # read again at the end
    sums, means = np.empty((4, end), np.float32), np.empty(n, np.float32)
    for newest in range(-_REACH, height + _REACH):
        k = newest % height
        recent[newest % 9] = first[k] if k < len(first) else powers[k, :end]
        if newest >= _REACH:
            middle = newest + 9 - _REACH
            _add(recent[middle % 9], recent, middle, 1, sums[0])
            for reach in range(2, _REACH + 1):
                _add(sums[reach - 2], recent, middle, reach, sums[reach - 1])
            least_mean(sums[0], sums[1], sums[2], sums[3], means)
            _divide(variance, means, powers[newest - _REACH, _REACH : _REACH + n])


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _add(
    inner: FloatArray, recent: FloatArray, middle: int, reach: int, out: FloatArray
) -> None:
    """Write a sum with the two rows that are ``reach`` from the middle."""
    above, below = recent[(middle - reach) % 9], recent[(middle + reach) % 9]
    for j in range(len(out)):
        out[j] = inner[j] + (above[j] + below[j])


@numba.njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")
def _divide(variance: np.float32, means: FloatArray, gains: FloatArray) -> None:
    """Write the Wiener filter's gain: all of what is no stronger than the noise."""
    for j in range(len(gains)):
        gains[j] = variance / max(means[j], variance)
