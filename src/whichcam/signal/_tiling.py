"""Where in a picture to look: whole crops on the 8x8 grid, not burnt, not black."""

from __future__ import annotations

import numpy as np

from whichcam._typing import PixelArray
from whichcam.errors import ImageTooSmallError

GRID = 8
"""Step of the JPEG block grid, in px."""

_BURNT, _BLACK = 250, 5  # grey levels beyond which clipping hides the traces


def choose_crops(
    pixels: PixelArray, *, size_px: int, n_crops: int, smallest_px: int
) -> list[tuple[int, int, int, int]]:
    """Choose square crops where traces are reliable.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        The picture; the first pixel starts a block of the JPEG grid.
    size_px : int
        Side of a crop; a picture narrower than that gives smaller crops.
    n_crops : int
        At most so many crops, the most reliable ones.
    smallest_px : int
        Smallest side that can be used.

    Returns
    -------
    list of (top, left, height, width)
        In px, all multiples of 8, best first. A crop is better the fewer of its
        pixels are burnt (above 250) or black (below 5), and among equals the nearer
        it lies to the middle of the frame, where lenses are sharpest and pictures
        of all formats overlap.

    Raises
    ------
    ImageTooSmallError
        If a side of the picture is shorter than ``smallest_px``.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < smallest_px:
        raise ImageTooSmallError(
            f"the picture is {width}x{height} px; at least "
            f"{smallest_px}x{smallest_px} px are needed to see a camera's traces"
        )
    crop_h = min(size_px, height) // GRID * GRID
    crop_w = min(size_px, width) // GRID * GRID
    tops = _starts(height, crop_h)
    lefts = _starts(width, crop_w)
    # one pixel a block is enough to see that a part of the sky is burnt
    green = pixels[GRID // 2 :: GRID, GRID // 2 :: GRID, 1]
    lost_of = (green > _BURNT) | (green < _BLACK)
    scored = []
    for top in tops:
        for left in lefts:
            sample = lost_of[top // GRID : (top + crop_h) // GRID]
            lost = sample[:, left // GRID : (left + crop_w) // GRID].mean()
            off_centre = np.hypot(
                (top + crop_h / 2) / height - 0.5, (left + crop_w / 2) / width - 0.5
            )
            scored.append((round(float(lost), 1), float(off_centre), top, left))
    scored.sort()
    return [(top, left, crop_h, crop_w) for _, _, top, left in scored[:n_crops]]


def _starts(length: int, crop: int) -> list[int]:
    """Return starts on the grid that cover the length evenly, overlapping if need be.

    A picture of one and a half crops gives two that share half of their pixels, rather
    than one that leaves a third of the picture unseen.
    """
    # beyond the last whole block there is nothing a crop on the grid could take
    count = -(-(length // GRID * GRID) // crop)
    last = (length - crop) // GRID
    if count == 1:
        return [last // 2 * GRID]
    return [round(k * last / (count - 1)) * GRID for k in range(count)]
