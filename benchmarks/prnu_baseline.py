"""The published PRNU filter as one would first write it: float64, library calls.

Written from the publications, for comparison only; `prnu_speed.py` runs it beside
`whichcam.prnu` in the same process. It needs PyWavelets, which whichcam does not.

Mihcak, Kozintsev, Ramchandran (ICASSP 1999): estimate the local variance of wavelet
details as the least over windows of 3, 5, 7 and 9 coefficients, and shrink. Chen,
Fridrich, Goljan, Lukas (IEEE TIFS 3(1), 2008): the noise of each colour plane, weighted
by intensity, over many pictures; means of rows and columns taken off in each phase of
the colour filter array; peaks of the spectrum flattened by the same filter.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pywt
from scipy import fft, ndimage

Array = npt.NDArray[np.float64]

SIGMA = 5.0
LEVELS = 4
WINDOWS = (3, 5, 7, 9)
GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601 luma


def shrink_to_noise(x: Array, variance: float) -> Array:
    """Return what a Wiener filter takes from coefficients as noise."""
    energy = x**2
    signal = np.full_like(x, np.inf)
    for window in WINDOWS:
        mean = ndimage.uniform_filter(energy, window, mode="constant")
        signal = np.minimum(signal, np.maximum(mean - variance, 0))
    return x * variance / (signal + variance)


def plane_noise(plane: Array, sigma: float = SIGMA) -> Array:
    """Return the noise of one colour plane."""
    coefficients = pywt.wavedec2(plane, "db4", mode="symmetric", level=LEVELS)
    coefficients[0] = np.zeros_like(coefficients[0])
    for level in range(1, len(coefficients)):
        coefficients[level] = tuple(
            shrink_to_noise(band, sigma**2) for band in coefficients[level]
        )
    whole = pywt.waverec2(coefficients, "db4", mode="symmetric")
    return np.asarray(whole[: plane.shape[0], : plane.shape[1]])


def grey(planes: Array) -> Array:
    """Return the weighted sum of three colour planes, (3, H, W) to (H, W)."""
    return GREY[0] * planes[0] + GREY[1] * planes[1] + GREY[2] * planes[2]


def colour_noise(pixels: npt.NDArray[np.uint8]) -> Array:
    """Return the noise of the three colours, (3, H, W)."""
    planes = pixels.astype(np.float64).transpose(2, 0, 1)
    return np.stack([plane_noise(plane) for plane in planes])


def zero_mean_by_phase(x: Array) -> Array:
    """Take off means of rows and columns, in each phase of the 2x2 cell."""
    centred = x.copy()
    for top in (0, 1):
        for left in (0, 1):
            part = centred[top::2, left::2]
            part -= part.mean()
            part -= part.mean(axis=0, keepdims=True)
            part -= part.mean(axis=1, keepdims=True)
    return centred


def flatten_spectrum(x: Array) -> Array:
    """Bring peaks of the spectrum down to the level of white noise."""
    spectrum = fft.fft2(x, workers=1)
    magnitude = np.abs(spectrum) / np.sqrt(x.size)
    flat = shrink_to_noise(magnitude, x.var(ddof=1))
    ratio = np.divide(flat, magnitude, out=np.zeros_like(flat), where=magnitude > 0)
    return np.asarray(fft.ifft2(spectrum * ratio, workers=1).real)


def photo_noise(pixels: npt.NDArray[np.uint8]) -> Array:
    """Return the noise of a picture, cleaned, (H, W)."""
    return flatten_spectrum(zero_mean_by_phase(grey(colour_noise(pixels))))


def intensity(pixels: npt.NDArray[np.uint8]) -> Array:
    """Return how much pattern each pixel carries, (H, W, 3): 0 where saturated."""
    levels = pixels.astype(np.float64)
    above = np.exp(-((levels - 252) ** 2) / 6)
    weight = np.where(levels < 252, levels / 252, above)
    for colour in range(3):
        plane = pixels[:, :, colour]
        top = plane.max()
        if top > 250:
            burnt = plane == top
            beside = np.zeros_like(burnt)
            beside[1:] |= burnt[:-1]
            beside[:-1] |= burnt[1:]
            beside[:, 1:] |= burnt[:, :-1]
            beside[:, :-1] |= burnt[:, 1:]
            weight[:, :, colour][burnt & beside] = 0
    return weight


def fingerprint(photos: list[npt.NDArray[np.uint8]]) -> Array:
    """Return the maximum-likelihood estimate of PRNU from pictures, (H, W)."""
    numerator = denominator = np.zeros(())
    for pixels in photos:
        weight = intensity(pixels).transpose(2, 0, 1)
        numerator = numerator + colour_noise(pixels) * weight
        denominator = denominator + weight**2
    pattern = grey(numerator / (denominator + 1))
    return flatten_spectrum(zero_mean_by_phase(pattern))
