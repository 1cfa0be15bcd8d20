"""From the sensor's digits to 8-bit pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, PixelArray
from whichcam.datasets.synthetic._lens import gaussian_taps

_TONE_STEPS = 4096


def noise_of_root(full_scale_electrons: float) -> float:
    """Return the standard deviation of photon noise after a square root.

    With x = n / N the variance of x is x / N, so that of sqrt(x) is 1 / (4 N),
    whatever the brightness: filters need one threshold only.
    """
    return float(0.5 / np.sqrt(full_scale_electrons))


def denoise_and_sharpen(
    planes: FloatArray,
    *,
    denoising: str,
    luma_denoise: float,
    chroma_denoise_px: float,
    sharpen_px: float,
    sharpen_amount: float,
    noise: float,
) -> FloatArray:
    """Filter (3, H, W) square roots of linear light; returns a new array."""
    from whichcam.datasets.synthetic._kernels import blur

    quarter = np.float32(0.25)
    luma = quarter * (planes[0] + planes[1] + planes[1] + planes[2])
    red, blue = planes[0] - luma, planes[2] - luma
    if luma_denoise > 0:
        luma = DENOISINGS[denoising](luma, luma_denoise, noise)
    if chroma_denoise_px > 0:
        taps = gaussian_taps(chroma_denoise_px)
        red, blue = blur(red, taps), blur(blue, taps)
    if sharpen_amount > 0:
        detail = luma - blur(luma, gaussian_taps(sharpen_px))
        luma = luma + np.float32(sharpen_amount) * detail
    # Luma is a quarter red, half green, a quarter blue: green follows from it.
    green = luma - np.float32(0.5) * (red + blue)
    return np.stack([luma + red, green, luma + blue])


def _gaussian(luma: FloatArray, strength: float, noise: float) -> FloatArray:
    from whichcam.datasets.synthetic._kernels import blur

    del noise  # linear: smooths the same whatever the noise
    result: FloatArray = blur(luma, gaussian_taps(0.4 + 0.3 * strength))
    return result


def _bilateral(luma: FloatArray, strength: float, noise: float) -> FloatArray:
    from whichcam.datasets.synthetic._kernels import bilateral

    distance_2 = np.arange(-2, 3)[:, None] ** 2 + np.arange(-2, 3)[None, :] ** 2
    weights: FloatArray = np.exp(-distance_2 / (2 * 1.2**2)).astype(np.float32)
    result: FloatArray = bilateral(luma, weights, 4 * strength * noise)
    return result


def _guided(luma: FloatArray, strength: float, noise: float) -> FloatArray:
    """Filter by He, Sun and Tang 2013 (doi:10.1109/TPAMI.2012.213), self-guided."""
    from whichcam.datasets.synthetic._kernels import blur

    box = np.array([0.2, 0.2, 0.2], dtype=np.float32)
    mean: FloatArray = blur(luma, box)
    # A difference of near equals: rounding may leave it below zero.
    variance: FloatArray = np.maximum(blur(luma * luma, box) - mean * mean, 0)
    floor = np.float32((strength * noise) ** 2)
    share: FloatArray = np.divide(variance, variance + floor)
    kept, base = blur(share, box), blur(mean - share * mean, box)
    result: FloatArray = kept * luma + base
    return result


DENOISINGS: Mapping[str, Callable[[FloatArray, float, float], FloatArray]] = (
    MappingProxyType(
        {"gaussian": _gaussian, "bilateral": _bilateral, "guided": _guided}
    )
)
"""Name to luma filter of (luma, strength, noise)."""


def saturation_matrix(saturation: float) -> npt.NDArray[np.float64]:
    """Return the matrix that moves colours away from (> 1) or to (< 1) grey."""
    # Luminance of linear sRGB (IEC 61966-2-1).
    grey = np.array([[0.2126, 0.7152, 0.0722]] * 3)
    return saturation * np.eye(3) + (1 - saturation) * grey


def tone_table(gamma: float, contrast: float) -> PixelArray:
    """Return 8 bits for square roots of linear light, 0 to 1 in equal steps.

    The gamma curve x^(1 / gamma) is mixed with its smoothstep by ``contrast``.
    Steps are equal in the root because equal steps in light are coarse in shadows.
    """
    root = np.linspace(0, 1, _TONE_STEPS)
    value = root ** (2 / gamma)
    curved = value + contrast * (value**2 * (3 - 2 * value) - value)
    return np.floor(255 * curved + 0.5).astype(np.uint8)


def render(
    planes: FloatArray,
    matrix: npt.NDArray[np.float64],
    *,
    gamma: float,
    contrast: float,
) -> PixelArray:
    """Return (H, W, 3) uint8 from (3, H, W) square roots of linear sensor colours."""
    from whichcam.datasets.synthetic._kernels import finish

    pixels: PixelArray = finish(
        planes, matrix.astype(np.float32), tone_table(gamma, contrast)
    )
    return pixels
