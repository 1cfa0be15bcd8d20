"""Small squares of a photo at native resolution: which, and how good they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, PixelArray
from whichcam.signal import GRID

# The reference's: weight of brightness, and how fast each part saturates.
_ALPHA, _BETA, _GAMMA = 0.7, 4.0, float(np.log(0.01))


def patch_quality(patches: PixelArray) -> npt.NDArray[np.float64]:
    """Return how much of a camera's traces patches can carry.

    Parameters
    ----------
    patches : ndarray of shape (n, P, P, 3), uint8
        RGB, 0 to 255.

    Returns
    -------
    ndarray of shape (n,), float64
        In [0, 1]; 1 is a textured patch of middle brightness. Burnt, black and flat
        patches come last.

    References
    ----------
    .. [1] L. Bondi, S. Lameri, D. Guera, P. Bestagini, E. J. Delp, S. Tubaro,
       "Tampering detection and localization through clustering of camera-based CNN
       features", CVPR Workshops 2017. doi:10.1109/CVPRW.2017.232
    """
    n, height, width, n_channels = patches.shape
    # down the rows first: whole numbers, which float32 adds up exactly to 256 px
    levels = patches.reshape(n, height, width * n_channels).astype(np.float32)
    shape, n_pixels = (n, width, n_channels), height * width
    totals = levels.sum(1).reshape(shape).sum(1, dtype=np.float64)
    squares = np.einsum("nrk,nrk->nk", levels, levels).reshape(shape)
    mean = totals / n_pixels / 255.0
    power = squares.sum(1, dtype=np.float64) / n_pixels / 255.0**2
    spread = np.sqrt(np.maximum(power - mean**2, 0.0))
    brightness = _ALPHA * _BETA * (mean - mean**2)
    texture = (1 - _ALPHA) * (1 - np.exp(_GAMMA * spread))
    return np.asarray((brightness + texture).mean(1))


def at_least(pixels: PixelArray, side_px: int) -> PixelArray:
    """Return the pixels, continued by mirroring where a side is too short."""
    missing = [max(0, side_px - length) for length in pixels.shape[:2]]
    if not any(missing):
        return pixels
    return np.pad(pixels, [(0, missing[0]), (0, missing[1]), (0, 0)], "symmetric")


def patch_places(
    pixels: PixelArray, size_px: int, *, by_quality: bool
) -> list[tuple[int, int]]:
    """Return the places of patches side by side, the best first.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        Both sides of ``size_px`` or more; starts a block of the JPEG grid.
    size_px : int
        Side of a patch.
    by_quality : bool
        Order by `patch_quality`; else from the middle outwards.

    Returns
    -------
    list of (top, left)
        In px, multiples of 8.
    """
    tops, lefts = (_starts(length, size_px) for length in pixels.shape[:2])
    places = [(top, left) for top in tops for left in lefts]
    if by_quality:
        rank = -patch_quality(cut(pixels, places, size_px))
    else:
        centre = (np.array(pixels.shape[:2]) - size_px) / 2
        rank = np.hypot(*(np.array(places) - centre).T)
    return [places[k] for k in np.argsort(rank, kind="stable")]


def cut(
    pixels: PixelArray, places: Sequence[tuple[int, int]], size_px: int
) -> PixelArray:
    """Return patches of shape (n, size_px, size_px, 3)."""
    return np.stack(
        [pixels[top : top + size_px, left : left + size_px] for top, left in places]
    )


def as_input(patches: PixelArray) -> FloatArray:
    """Return patches as networks take them: (n, 3, P, P), float32, 0 to 255."""
    return np.ascontiguousarray(patches.transpose(0, 3, 1, 2), dtype=np.float32)


def _starts(length: int, size_px: int) -> list[int]:
    """Return starts on the grid, side by side about the middle."""
    step = -(-size_px // GRID) * GRID
    count = (length - size_px) // step + 1
    first = (length - size_px - (count - 1) * step) // 2 // GRID * GRID
    return [first + k * step for k in range(count)]
