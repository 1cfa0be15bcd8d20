"""Other views of one photo, to ask a classifier more than once."""

from __future__ import annotations

from typing import Final

import numpy as np

from whichcam._typing import PixelArray
from whichcam.media import Photo
from whichcam.signal import GRID

_STEP_PX: Final = 2 * GRID  # blocks of chroma halved both ways stay whole
_SHARE: Final = 0.75  # of each side that a crop keeps
_SMALLEST_PX: Final = 256  # side below which a photo is not cropped


def views_of(photo: Photo) -> tuple[Photo, ...]:
    """Return a photo, its four corners and its turns, the photo itself first.

    Parameters
    ----------
    photo : Photo
        Decoded photo.

    Returns
    -------
    tuple of Photo
        Corners hold three quarters of each side, start on the JPEG grid, and are left
        out of photos whose corner would be smaller than 256 px. Turns are by 90, 180
        and 270 degrees: a camera can be held in each of these ways; none is mirrored,
        which no camera does. All but the first are pixels without their file.
    """
    views = [photo]
    for pixels in (*_corners(photo.pixels), *_turns(photo.pixels)):
        views.append(Photo.from_pixels(pixels, name=photo.name))
    return tuple(views)


def _corners(pixels: PixelArray) -> list[PixelArray]:
    height, width = pixels.shape[:2]
    rows, columns = (int(side * _SHARE) // GRID * GRID for side in (height, width))
    if min(rows, columns) < _SMALLEST_PX:
        return []
    bottom = (height - rows) // _STEP_PX * _STEP_PX
    right = (width - columns) // _STEP_PX * _STEP_PX
    return [
        pixels[top : top + rows, left : left + columns]
        for top in (0, bottom)
        for left in (0, right)
    ]


def _turns(pixels: PixelArray) -> list[PixelArray]:
    # whole blocks only, so that the grid of a turned photo starts at its corner, too
    height, width = (side // GRID * GRID or side for side in pixels.shape[:2])
    whole = pixels[:height, :width]
    return [np.ascontiguousarray(np.rot90(whole, k)) for k in (1, 2, 3)]
