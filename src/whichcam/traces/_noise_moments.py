"""Twenty-eight numbers about the noise of one photo: moments and correlations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, PixelArray
from whichcam.errors import ImageTooSmallError
from whichcam.signal import wavelet_noise

NOISE_MOMENTS_VERSION = 1
"""Raised whenever a noise moment changes meaning."""

NOISE_MOMENTS_LAYOUT = (
    ("moments", 9),
    ("cross_correlation", 9),
    ("block_covariance", 4),
    ("linear_pattern", 6),
)
"""Names and lengths of the groups, in order."""
NOISE_MOMENTS_SIZE = sum(length for _, length in NOISE_MOMENTS_LAYOUT)
"""Length of the vector that `noise_moments` returns."""

_SMALLEST_PX = 64
_SIGMA = 3.0  # grey levels: the denoiser's idea of the noise, as published
_PAIRS = ((0, 1), (1, 2), (0, 2))  # of R, G, B
_TINY = 1e-9

Float64Array = npt.NDArray[np.float64]


def noise_moments(pixels: PixelArray) -> FloatArray:
    """Return moments and correlations of the noise residual of a photo.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        RGB at native resolution, at least 64x64 px, starting on the 8x8 JPEG grid.

    Returns
    -------
    ndarray of shape (28,), float32
        Groups in the order of `NOISE_MOMENTS_LAYOUT`: for R, G and B the log standard
        deviation, the skewness and the log kurtosis; the correlations R-G, G-B and
        R-B, and of each colour with itself one column and one row on; for R, G, B and
        their mean the log of how much more the mean 8x8 block varies than that of
        white noise would; the correlations R-G, G-B and R-B of the column means and
        of the row means.

    Raises
    ------
    ImageTooSmallError
        If there are fewer than 64 rows or columns.

    Notes
    -----
    The noise is what the wavelet-domain filter of the PRNU literature takes out. It
    holds, beside the sensor's own pattern, what all cameras of a model do alike:
    demosaicing ties colours and neighbours, JPEG the pixels of a block, the read-out
    whole rows and columns (the linear pattern).

    Filler et al. [1]_ take 28 numbers of four kinds from a fingerprint estimated from
    several photos of a camera; here they are taken from the noise of one photo. Their
    paper was not at hand: how the 28 are shared out among the kinds is ours, and so
    are the logarithms.

    References
    ----------
    .. [1] T. Filler, J. Fridrich, M. Goljan, "Using sensor pattern noise for camera
       model identification", IEEE ICIP 2008. doi:10.1109/ICIP.2008.4712000

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> white = rng.normal(128, 4, (128, 128, 3)).round().astype(np.uint8)
    >>> bool(np.abs(noise_moments(white)[9:12]).max() < 0.05)  # colours unrelated
    True
    """
    if min(pixels.shape[:2]) < _SMALLEST_PX:
        raise ImageTooSmallError(
            f"a crop of {pixels.shape[1]}x{pixels.shape[0]} px is too small for noise "
            f"moments; at least {_SMALLEST_PX}x{_SMALLEST_PX} px are needed"
        )
    planes = np.moveaxis(pixels, 2, 0).astype(np.float32, order="C")
    noise = np.stack([wavelet_noise(plane, sigma=_SIGMA) for plane in planes])
    noise = noise.astype(np.float64)
    noise -= noise.mean((1, 2), keepdims=True)
    found = [
        *(value for plane in noise for value in _moments(plane)),
        *(_correlation(noise[a], noise[b]) for a, b in _PAIRS),
        *(_correlation(plane[:, :-1], plane[:, 1:]) for plane in noise),
        *(_correlation(plane[:-1], plane[1:]) for plane in noise),
        *(_block_excess(plane) for plane in (*noise, noise.mean(0))),
        *_linear_pattern(noise.mean(1)),
        *_linear_pattern(noise.mean(2)),
    ]
    return np.array(found, dtype=np.float32)


def _moments(plane: Float64Array) -> tuple[float, float, float]:
    square = np.square(plane)
    variance = float(square.mean()) + _TINY
    third = float((square * plane).mean())
    fourth = float(np.square(square).mean())
    return (
        float(np.log(variance + 1e-3)) / 2,
        third / (variance + 1e-3) ** 1.5,
        float(np.log((fourth + 1e-3) / (variance + 1e-3) ** 2)),
    )


def _correlation(a: Float64Array, b: Float64Array) -> float:
    """Return the correlation of two arrays of mean about 0; 0 where one is constant."""
    energy = float(np.sqrt(np.square(a).sum() * np.square(b).sum()))
    return float((a * b).sum()) / energy if energy > _TINY * a.size else 0.0


def _block_excess(plane: Float64Array) -> float:
    rows, cols = plane.shape[0] // 8, plane.shape[1] // 8
    blocks = plane[: rows * 8, : cols * 8].reshape(rows, 8, cols, 8)
    of_mean = float(blocks.mean((0, 2)).var())
    expected = float(plane.var()) / (rows * cols)
    return float(np.log((of_mean + 1e-6) / (expected + 1e-6)))


def _linear_pattern(lines: Float64Array) -> list[float]:
    """Return the correlations of the colours' row (or column) means."""
    lines = lines - lines.mean(1, keepdims=True)
    return [_correlation(lines[a], lines[b]) for a, b in _PAIRS]
