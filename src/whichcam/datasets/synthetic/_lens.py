"""What the lens does to the light before the sensor sees it."""

from __future__ import annotations

import numpy as np

from whichcam._typing import FloatArray


def falloff(size: tuple[int, int], strength: float) -> FloatArray:
    """Return the relative illumination 1 - strength * r^2; r is 1 in the corners."""
    height, width = size
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None] ** 2
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None, :] ** 2
    # In units of the half diagonal, whatever the aspect ratio.
    diagonal = height**2 + width**2
    radius_2 = rows * np.float32(height**2 / diagonal) + columns * np.float32(
        width**2 / diagonal
    )
    result: FloatArray = 1 - np.float32(strength) * radius_2
    return result


def gaussian_taps(sigma: float) -> FloatArray:
    """Return the half kernel of a Gaussian cut at 3 sigma, as `_kernels.blur` reads."""
    taps = np.exp(-0.5 * (np.arange(int(3 * sigma + 0.5) + 1) / sigma) ** 2)
    normalized: FloatArray = taps / (taps[0] + 2 * taps[1:].sum())
    return normalized.astype(np.float32)


def project(
    planes: FloatArray, *, blur_px: float, magnifications: tuple[float, float]
) -> FloatArray:
    """Return (3, H, W) blurred, with red and blue magnified by the two factors."""
    from whichcam.datasets.synthetic import _kernels

    taps = gaussian_taps(blur_px) if blur_px > 0 else None
    factors = (magnifications[0], 1.0, magnifications[1])
    result = []
    for plane, factor in zip(planes, factors, strict=True):
        image = plane if factor == 1 else _kernels.magnify(plane, factor)
        result.append(image if taps is None else _kernels.blur(image, taps))
    return np.stack(result)
