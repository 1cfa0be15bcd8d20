"""What known camera models the suspicious area and the rest resemble."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import ndimage

from whichcam._typing import BoolArray
from whichcam.localize._result import Region
from whichcam.media import Photo
from whichcam.models import CameraModel

_LARGEST: Final = 3  # areas named: more are a sign of a bad map
_LEAST_AREA: Final = 0.005  # share of the picture below which an area is a speck
_LEAST_INSIDE: Final = 0.7  # share of a crop that must be of the area
_SIDES: Final = (256, 192, 128)  # crops tried, px


def name_regions(
    photo: Photo, mask: BoolArray, model: CameraModel | None
) -> tuple[tuple[Region, ...], tuple[str, ...]]:
    """Return the areas of a mask and the rest of the picture, named where possible.

    Parameters
    ----------
    photo : Photo
        The picture.
    mask : ndarray of shape (H, W), bool
        Its suspicious pixels.
    model : CameraModel or None
        Who names; None leaves areas without names.

    Returns
    -------
    labels : tuple of Region
        The largest areas first, then the rest; empty where nothing is suspicious.
    warnings : tuple of str
    """
    if not mask.any():
        return (), ()
    small = mask[::8, ::8]
    numbered, n = ndimage.label(small)
    sizes = np.bincount(numbered.ravel(), minlength=n + 1)[1:]
    order = np.argsort(-sizes, kind="stable")[:_LARGEST]
    areas = [
        numbered == k + 1
        for k in order.tolist()
        if sizes[k] >= _LEAST_AREA * small.size
    ]
    found = [_named(photo, area, model, suspicious=True) for area in areas]
    if not found:
        return (), ()
    found.append(_named(photo, ~small, model, suspicious=False))
    said = "names of cameras are what an area resembles most among the known models"
    unnamed = any(region.camera_model is None for region in found)
    if model is not None and unnamed:
        return tuple(found), (said, "an area is too small to say what it resembles")
    return tuple(found), ((said,) if model is not None else ())


def _named(
    photo: Photo, area: BoolArray, model: CameraModel | None, *, suspicious: bool
) -> Region:
    """Describe an area given by one value for every 8x8 px."""
    rows, cols = np.flatnonzero(area.any(axis=1)), np.flatnonzero(area.any(axis=0))
    top, left = 8 * int(rows[0]), 8 * int(cols[0])
    bottom = min(8 * int(rows[-1]) + 8, photo.height)
    right = min(8 * int(cols[-1]) + 8, photo.width)
    name, probability = None, None
    crop = None if model is None else _crop_inside(photo, area)
    if model is not None and crop is not None:
        y, x, side = crop
        pixels = photo.pixels[y : y + side, x : x + side]
        # as pixels alone: the file's tables say nothing about one of its areas
        evidence = model.analyse(Photo.from_pixels(pixels, name=photo.name))
        best = int(np.argmax(evidence.probabilities))
        name, probability = model.classes[best], float(evidence.probabilities[best])
    return Region(
        box=(top, left, bottom - top, right - left),
        area=float(area.mean()),
        suspicious=suspicious,
        camera_model=name,
        probability=probability,
    )


def _crop_inside(photo: Photo, area: BoolArray) -> tuple[int, int, int] | None:
    """Return the largest square crop that lies mostly in the area, on the 8x8 grid."""
    total = np.pad(np.cumsum(np.cumsum(area, axis=0), axis=1), ((1, 0), (1, 0)))
    for side in _SIDES:
        n = side // 8
        limit_y, limit_x = photo.height // 8 - n, photo.width // 8 - n
        if limit_y < 0 or limit_x < 0:
            continue
        inside = (total[n:, n:] - total[:-n, n:] - total[n:, :-n] + total[:-n, :-n])[
            : limit_y + 1, : limit_x + 1
        ] / (n * n)
        best = int(np.argmax(inside))
        if inside.flat[best] >= _LEAST_INSIDE:
            y, x = divmod(best, inside.shape[1])
            return 8 * y, 8 * x, side
    return None
