"""Objects of several shapes, and pasting them."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from whichcam._typing import BoolArray, FloatArray, PixelArray

SHAPES: Final = ("rectangle", "ellipse", "blob")
"""Outlines of pasted objects."""

_FEATHER_PX: Final = 0.7  # edges are blended as editors do it; a hard cut gives away
_TRIES: Final = 4  # places looked at for one that is neither burnt nor black


def object_mask(shape: str, size_px: int, rng: np.random.Generator) -> BoolArray:
    """Return an object as a mask whose longer side is ``size_px``.

    Parameters
    ----------
    shape : {"rectangle", "ellipse", "blob"}
        Outline; a blob is a smooth closed curve about its middle.
    size_px : int
        Longer side of the bounding box.
    rng : numpy.random.Generator
        Decides orientation, proportions (3:4 to 1:1) and the blob's curve.

    Returns
    -------
    ndarray of shape (h, w), bool
        Without empty rows or columns.
    """
    short = round(size_px * rng.uniform(0.75, 1.0))
    height, width = (size_px, short) if rng.random() < 0.5 else (short, size_px)
    if shape == "rectangle":
        return np.ones((height, width), dtype=bool)
    y = (np.arange(height) + 0.5) / height * 2 - 1
    x = (np.arange(width) + 0.5) / width * 2 - 1
    if shape == "ellipse":
        return np.asarray(y[:, None] ** 2 + x[None, :] ** 2 <= 1)
    return _blob(height, width, rng)


def _blob(height: int, width: int, rng: np.random.Generator) -> BoolArray:
    """Draw r(angle) as a short Fourier series, then fill its bounding box."""
    angle = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    radius = np.ones_like(angle)
    for order in range(2, 6):
        phase = rng.uniform(0, 2 * np.pi)
        radius += rng.uniform(0, 0.5 / order) * np.cos(order * angle + phase)
    y, x = radius * np.sin(angle), radius * np.cos(angle)
    rows = (np.arange(height) + 0.5) / height * (y.max() - y.min()) + y.min()
    cols = (np.arange(width) + 0.5) / width * (x.max() - x.min()) + x.min()
    here = np.arctan2(rows[:, None], cols[None, :])
    reach = np.interp(here % (2 * np.pi), angle, radius, period=2 * np.pi)
    return np.asarray(np.hypot(rows[:, None], cols[None, :]) <= reach)


def place_object(
    host: PixelArray,
    donor: PixelArray,
    mask: BoolArray,
    *,
    on_grid: bool,
    rng: np.random.Generator,
) -> tuple[PixelArray, BoolArray]:
    """Paste an area of the donor into the host.

    Parameters
    ----------
    host, donor : ndarray of shape (H, W, 3), uint8
        RGB, both larger than the object.
    mask : ndarray of shape (h, w), bool
        The object.
    on_grid : bool
        Whether the donor's 8x8 grid falls on the host's.
    rng : numpy.random.Generator
        Decides both places.

    Returns
    -------
    pixels : ndarray of shape (H, W, 3), uint8
    truth : ndarray of shape (H, W), bool
        Where more than half of a pixel is the donor's.
    """
    top, left = _place(host, mask.shape, rng)
    offset = (0, 0)
    while not on_grid and offset == (0, 0):
        offset = (int(rng.integers(8)), int(rng.integers(8)))
    start = ((top + offset[0]) % 8, (left + offset[1]) % 8)
    from_top, from_left = _place(donor, mask.shape, rng, start=start)
    alpha = np.zeros(host.shape[:2], dtype=np.float32)
    height, width = mask.shape
    alpha[top : top + height, left : left + width] = mask
    alpha = ndimage.gaussian_filter(alpha, _FEATHER_PX, truncate=4)
    moved = _moved(donor, host.shape[:2], top - from_top, left - from_left)
    weight: FloatArray = alpha[..., None]
    mixed = host * (1 - weight) + moved * weight
    # alpha is exactly 0 far from the object: there the host's bytes are untouched
    return np.floor(mixed + 0.5).astype(np.uint8), alpha > 0.5


def _moved(
    donor: PixelArray, shape: tuple[int, int], down: int, right: int
) -> PixelArray:
    """Return the donor moved, its border repeated, cut to the host's shape."""
    rows = np.clip(np.arange(shape[0]) - down, 0, donor.shape[0] - 1)
    cols = np.clip(np.arange(shape[1]) - right, 0, donor.shape[1] - 1)
    return donor[rows[:, None], cols[None, :]]


def _place(
    pixels: PixelArray,
    size: tuple[int, int],
    rng: np.random.Generator,
    *,
    start: tuple[int, int] | None = None,
) -> tuple[int, int]:
    """Choose, of a few places, the one with the most pixels that hold traces.

    With ``start``, row and column leave these remainders on division by 8.
    """
    best, best_place = -1.0, (0, 0)
    for _ in range(_TRIES):
        spots = []
        for axis in range(2):
            room = pixels.shape[axis] - size[axis]
            first, step = (0, 1) if start is None else (start[axis], 8)
            spots.append(
                first + step * int(rng.integers(max(room - first, 0) // step + 1))
            )
        top, left = spots
        green = pixels[top : top + size[0] : 4, left : left + size[1] : 4, 1]
        usable = float(((green > 8) & (green < 247)).mean())
        if usable > best:
            best, best_place = usable, (top, left)
    return best_place
