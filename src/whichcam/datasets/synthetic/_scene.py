"""Procedural scenes in linear light."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray

_MID_GREY = 0.18  # reflectance of the photographer's grey card
_N_REGIONS = 12


def scene_radiance(seed: int, size: tuple[int, int]) -> FloatArray:
    """Return the radiance of a scene that depends on the seed alone.

    Parameters
    ----------
    seed : int
        Not negative.
    size : (int, int)
        Height and width in px.

    Returns
    -------
    ndarray of shape (H, W, 3), float32
        Linear red, green and blue; the geometric mean of luminance is near 0.18,
        and large highlights pass 2 in some scenes.

    Notes
    -----
    Regions with curved and straight edges, each with its own colour, are flat or
    carry 1/f texture, fine texture or a grating; illumination has a slope and some
    scenes a bright region. The statistics are chosen to exercise a pipeline, not
    to pass for photographs.
    """
    return np.ascontiguousarray(np.moveaxis(scene_planes(seed, size), 0, 2))


def scene_planes(seed: int, size: tuple[int, int]) -> FloatArray:
    """Return `scene_radiance` as (3, H, W)."""
    from whichcam.datasets.synthetic._kernels import compose

    rng = np.random.default_rng((seed, 0))
    smooth, field, texture = _fields(rng, size)
    labels = _labels(rng, smooth)
    regions = _regions(rng)
    height, width = size
    slopes = rng.normal(0, 0.5, 2) / (height, width)
    start = -(slopes[0] * height + slopes[1] * width) / 2
    shade = np.array([start + np.log(_MID_GREY), *slopes], dtype=np.float32)
    planes: FloatArray = compose(labels, field, texture, regions, shade)
    return planes


def _fields(
    rng: np.random.Generator, size: tuple[int, int]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return three fields of unit variance: smooth, 1/f and nearly white."""
    from scipy import fft

    height, width = (fft.next_fast_len(side, real=True) for side in size)
    rows = fft.fftfreq(height).astype(np.float32)[:, None]
    columns = fft.rfftfreq(width).astype(np.float32)[None, :]
    radius = np.sqrt(rows**2 + columns**2)
    radius[0, 0] = 1
    steepness = float(rng.uniform(0.9, 1.4))
    # One amplitude for all three, multiplied up: powers are dear.
    amplitude = radius ** np.float32(-steepness)
    amplitude[0, 0] = 0  # no mean
    fields = []
    for power in (2, 1, 0):
        white = rng.standard_normal((height, width), dtype=np.float32)
        if power:
            spectrum = fft.rfft2(white)
            for _ in range(power):
                spectrum *= amplitude
            white = fft.irfft2(spectrum, s=(height, width))
        white = white[: size[0], : size[1]]
        fields.append(np.ascontiguousarray(white / white.std(), dtype=np.float32))
    return fields[0], fields[1], fields[2]


def _labels(rng: np.random.Generator, smooth: FloatArray) -> npt.NDArray[np.uint8]:
    """Cut the picture into regions by level lines of a field and straight lines."""
    height, width = smooth.shape
    levels = np.sort(rng.uniform(-1.6, 1.6, int(rng.integers(2, 6))))
    labels = np.zeros(smooth.shape, dtype=np.uint8)
    for level in levels:
        labels += smooth > np.float32(level)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    for _ in range(int(rng.integers(2, 6))):
        angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.8, 0.8)
        side = y * np.float32(np.sin(angle)) > np.float32(offset) - x * np.float32(
            np.cos(angle)
        )
        labels += side * np.uint8(rng.integers(1, _N_REGIONS))
    labels %= np.uint8(_N_REGIONS)
    return labels


def _regions(rng: np.random.Generator) -> FloatArray:
    """Draw what each region looks like; rows as `_kernels.compose` reads them."""
    regions = np.zeros((_N_REGIONS, 9))
    regions[:, 0] = rng.normal(0, 0.7, _N_REGIONS)
    kind = rng.integers(0, 4, _N_REGIONS)  # flat, 1/f, fine texture, grating
    regions[:, 1] = np.where(kind > 0, rng.uniform(0.05, 0.35, _N_REGIONS), 0.01)
    regions[:, 2] = np.where(kind == 2, rng.uniform(0.05, 0.25, _N_REGIONS), 0)
    regions[:, 3] = np.where(kind == 3, rng.uniform(0.1, 0.5, _N_REGIONS), 0)
    period, angle = rng.uniform(3, 40, _N_REGIONS), rng.uniform(0, np.pi, _N_REGIONS)
    regions[:, 4] = 2 * np.pi / period * np.sin(angle)
    regions[:, 5] = 2 * np.pi / period * np.cos(angle)
    colours = np.exp(rng.normal(0, 0.22, (_N_REGIONS, 3)))
    regions[:, 6:] = colours / colours.mean(axis=1, keepdims=True)
    if rng.random() < 0.4:  # a window, the sky or a lamp: three stops and more up
        regions[int(rng.integers(_N_REGIONS)), 0] += rng.uniform(1.5, 3)
    return regions.astype(np.float32)
