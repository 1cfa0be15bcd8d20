"""Pictures of a report: reduced, turned for the eye, and part of the page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from whichcam._typing import FloatArray
from whichcam.media import Photo
from whichcam.reporting._heat_picture import heat_colours

_LONGEST: Final = 1100  # px of a picture in a report
_SMALL: Final = 360  # px of the picture that shows the crops
_QUALITY: Final = 82
_REACH: Final = 24  # shifts shown on each side of a correlation's peak
_PIXEL: Final = 5  # px that one shift is drawn with
_DEPTH: Final = 12.0  # standard deviations of the surface that are shown brightest

# EXIF orientation to (mirrored, quarter turns counter-clockwise), for display alone.
_TURNS: Final = {
    2: (True, 0),
    3: (False, 2),
    4: (True, 2),
    5: (True, 1),
    6: (False, 3),
    7: (True, 3),
    8: (False, 1),
}

Plane = npt.NDArray[Any]


def upright(pixels: Plane, orientation: int | None) -> Plane:
    """Return pixels as EXIF wants them shown, from as they are stored.

    Parameters
    ----------
    pixels : ndarray of shape (H, W) or (H, W, n)
    orientation : int or None
        EXIF's, 1 to 8; anything else leaves the pixels as they are.
    """
    mirrored, quarters = _TURNS.get(orientation or 1, (False, 0))
    turned = np.fliplr(pixels) if mirrored else pixels
    return np.rot90(turned, quarters)


def photo_shown(photo: Photo) -> bytes:
    """Return a reduced JPEG of a photo, upright."""
    picture = Image.fromarray(photo.pixels)
    picture.thumbnail((_LONGEST, _LONGEST), reducing_gap=2.0)
    turned = upright(np.asarray(picture), photo.exif.orientation)
    buffer = BytesIO()
    Image.fromarray(np.ascontiguousarray(turned)).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def crops_shown(photo: Photo, crops: Sequence[Sequence[int]]) -> bytes:
    """Return a small JPEG of a photo, upright, with ``(top, left, height, width)``."""
    picture = Image.fromarray(photo.pixels)
    picture.thumbnail((_SMALL, _SMALL), reducing_gap=2.0)
    scale = picture.width / photo.width
    draw = ImageDraw.Draw(picture)
    for top, left, height, width in crops:
        box = [round(scale * x) for x in (left, top, left + width, top + height)]
        box[2:] = [min(box[2], picture.width) - 1, min(box[3], picture.height) - 1]
        if box[2] - box[0] > 2 and box[3] - box[1] > 2:
            draw.rectangle(box, outline=(0, 0, 0), width=3)
            draw.rectangle(box, outline=(255, 236, 110), width=1)
    turned = upright(np.asarray(picture), photo.exif.orientation)
    buffer = BytesIO()
    Image.fromarray(np.ascontiguousarray(turned)).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def heat_shown(heat: FloatArray, orientation: int | None) -> bytes:
    """Return a reduced PNG of a heat map, upright, in its colours."""
    levels = np.round(np.clip(heat, 0, 1) * np.float32(255)).astype(np.uint8)
    picture = Image.fromarray(levels)
    picture.thumbnail((_LONGEST, _LONGEST), Image.Resampling.BOX)
    small = upright(np.asarray(picture), orientation)
    return _heat_png(small)


def peak_shown(surface: Plane) -> bytes:
    """Return a PNG of a correlation around its highest place, in its deviations."""
    row, column = np.unravel_index(int(surface.argmax()), surface.shape)
    steps = np.arange(-_REACH, _REACH + 1)
    height, width = surface.shape
    window = surface[np.ix_((row + steps) % height, (column + steps) % width)]
    spread = float(surface.std()) or 1.0
    levels = np.round(np.clip(window / spread / _DEPTH, 0, 1) * 255).astype(np.uint8)
    return _heat_png(levels.repeat(_PIXEL, 0).repeat(_PIXEL, 1))


def data_uri(picture: bytes) -> str:
    """Return a JPEG or PNG as an address that holds it whole."""
    kind = "jpeg" if picture.startswith(b"\xff\xd8") else "png"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def _heat_png(levels: Plane) -> bytes:
    """Write levels of 0 to 255 with their colours as a palette: a third of the size."""
    steps = np.linspace(0, 1, 256, dtype=np.float32)[None]
    picture = Image.fromarray(np.ascontiguousarray(levels)).convert("P")
    picture.putpalette(heat_colours(steps).tobytes())
    buffer = BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
