"""The lattice of 8x8 px cells that all methods share, and ways up and down from it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from whichcam._typing import FloatArray
from whichcam.errors import ImageTooSmallError
from whichcam.media import Photo

CELL_PX: Final = 8
"""Side of a cell, that of a JPEG block."""
SMALLEST_PX: Final = 128
"""Shortest side looked at: with less there is no rest to disagree with."""
FLAT: Final = 1e-6
"""What is below this is no noise at all."""


def too_small(photo: Photo) -> str | None:
    """Return why the photo is too small to look at, None if it is not."""
    if min(photo.width, photo.height) >= SMALLEST_PX:
        return None
    return (
        f"the picture is {photo.width}x{photo.height} px; at least "
        f"{SMALLEST_PX}x{SMALLEST_PX} px are needed to compare its parts"
    )


def check_size(photo: Photo) -> None:
    """Refuse a photo that is too small to look at.

    Raises
    ------
    ImageTooSmallError
        If a side is shorter than `SMALLEST_PX`.
    """
    reason = too_small(photo)
    if reason:
        raise ImageTooSmallError(reason)


def luma_plane(photo: Photo) -> FloatArray:
    """Return JPEG's luma of the photo, (H, W) float32, 0 to 255."""
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    luma = np.empty((photo.height, photo.width), dtype=np.float32)
    for top in range(0, luma.shape[0], 256):  # strips: no float copy of all colours
        strip = photo.pixels[top : top + 256]
        luma[top : top + 256] = strip.astype(np.float32) @ weights
    return luma


def cell_means(plane: FloatArray) -> FloatArray:
    """Return the mean of every whole cell, (H // 8, W // 8) float32."""
    rows, cols = plane.shape[0] // CELL_PX, plane.shape[1] // CELL_PX
    whole = plane[: rows * CELL_PX, : cols * CELL_PX]
    tall = whole.reshape(rows, CELL_PX, -1).mean(axis=1)
    return np.asarray(tall.reshape(rows, cols, CELL_PX).mean(axis=2), np.float32)


def box_mean(cells: npt.NDArray[np.floating], window: int) -> FloatArray:
    """Return the mean over ``window`` x ``window`` cells about each cell.

    Beyond the border lies its mirror image. Of a stack of planes, (..., H, W), each
    plane is smoothed by itself.
    """
    size = [1] * (cells.ndim - 2) + [window, window]
    smooth = ndimage.uniform_filter(cells, size=size, mode="reflect")
    return np.asarray(smooth, dtype=np.float32)


def robust_deviation(values: FloatArray, *, least: float = 1e-3) -> FloatArray:
    """Return how many robust standard deviations each value lies from the median."""
    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))  # of a normal distribution
    return np.asarray((values - middle) / max(float(spread), least), np.float32)


def heat_of(cells: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Return a map of cells as a heat map of pixels, bilinear between cell centres.

    Parameters
    ----------
    cells : ndarray of shape (H // 8, W // 8), float32
        In [0, 1]; values outside are clipped.
    shape : (int, int)
        Height and width of the picture.

    Returns
    -------
    ndarray of shape (H, W), float32
    """
    heat = _stretch(_stretch(np.clip(cells, 0, 1), shape[0]).T, shape[1]).T
    return np.ascontiguousarray(heat, dtype=np.float32)


def _stretch(cells: FloatArray, length: int) -> FloatArray:
    """Interpolate along the first axis; beyond the outermost centres stay flat."""
    place = (np.arange(length, dtype=np.float32) + 0.5) / CELL_PX - 0.5
    place = np.clip(place, 0, len(cells) - 1)
    lower = np.minimum(place.astype(np.intp), max(len(cells) - 2, 0))
    upper = np.minimum(lower + 1, len(cells) - 1)
    weight = (place - lower)[:, None].astype(np.float32)
    return np.asarray(cells[lower] * (1 - weight) + cells[upper] * weight)
