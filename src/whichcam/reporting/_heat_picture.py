"""Heat maps as pictures: a scale that everyone can read, and its legend."""

from __future__ import annotations

from io import BytesIO
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from whichcam._typing import FloatArray, PixelArray
from whichcam.errors import ShapeMismatchError

# Dark blue to pale yellow. Lightness rises evenly from end to end and the hues are
# those that all kinds of colour blindness tell apart; grey print keeps the order.
_ANCHORS: Final = np.array(
    [
        (8, 18, 64),
        (31, 56, 112),
        (74, 88, 121),
        (112, 119, 120),
        (155, 150, 108),
        (203, 186, 83),
        (255, 236, 110),
    ],
    dtype=np.float64,
)
_LEGEND_PX: Final = 36
_BAR_PX: Final = 12
_INK: Final = (32, 32, 32)


def heat_colours(heat: FloatArray) -> PixelArray:
    """Return the colours of heat, from dark blue (0) to pale yellow (1).

    Parameters
    ----------
    heat : ndarray of shape (H, W), float32
        In [0, 1].

    Returns
    -------
    ndarray of shape (H, W, 3), uint8
        RGB.

    Examples
    --------
    >>> import numpy as np
    >>> heat_colours(np.array([[0.0, 1.0]], dtype=np.float32)).tolist()
    [[[8, 18, 64], [255, 236, 110]]]
    """
    return _scale()[np.round(np.clip(heat, 0, 1) * np.float32(255)).astype(np.uint8)]


def heat_picture(
    heat: FloatArray,
    *,
    photo: PixelArray | None = None,
    threshold: float | None = None,
    legend: bool = True,
) -> bytes:
    """Return a heat map as a PNG.

    Parameters
    ----------
    heat : ndarray of shape (H, W), float32
        In [0, 1].
    photo : ndarray of shape (H, W, 3), uint8, optional
        Lies under the map, in grey; the map is clear where it is 0.
    threshold : float, optional
        Marked on the legend.
    legend : bool, default True
        Add the scale below, in a strip of 36 px.

    Returns
    -------
    bytes

    Raises
    ------
    ShapeMismatchError
        If photo and map differ in size.
    """
    colours = heat_colours(heat)
    if photo is not None:
        colours = _over(colours, heat, photo)
    if legend:
        strip = _legend(colours.shape[1], threshold)
        colours = np.concatenate([colours, strip])
    buffer = BytesIO()
    Image.fromarray(colours).save(buffer, "PNG")
    return buffer.getvalue()


def _scale() -> npt.NDArray[np.uint8]:
    place = np.linspace(0, 1, len(_ANCHORS))
    levels = np.linspace(0, 1, 256)
    channels = [np.interp(levels, place, _ANCHORS[:, k]) for k in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def _over(colours: PixelArray, heat: FloatArray, photo: PixelArray) -> PixelArray:
    if photo.shape[:2] != heat.shape:
        raise ShapeMismatchError(
            f"the photo has shape {photo.shape[:2]} but the map {heat.shape}; give the "
            "map of this photo"
        )
    grey = photo.mean(axis=2, dtype=np.float32, keepdims=True)
    cover = (np.float32(0.15) + np.float32(0.65) * np.clip(heat, 0, 1))[..., None]
    mixed: PixelArray = np.round(grey * (1 - cover) + colours * cover).astype(np.uint8)
    return mixed


def _legend(width: int, threshold: float | None) -> PixelArray:
    """Draw the scale from 0 to 1, with words at its ends and the threshold's mark."""
    strip = Image.new("RGB", (width, _LEGEND_PX), (255, 255, 255))
    ramp = np.tile(np.linspace(0, 1, width, dtype=np.float32), (_BAR_PX, 1))
    strip.paste(Image.fromarray(heat_colours(ramp)), (0, 2))
    draw = ImageDraw.Draw(strip)
    below = _BAR_PX + 6
    draw.text((2, below), "0 as the rest", fill=_INK)
    end = "not as the rest 1"
    draw.text((width - 2 - draw.textlength(end), below), end, fill=_INK)
    if threshold is not None:
        x = round(threshold * (width - 1))
        draw.line([(x, 0), (x, _BAR_PX + 6)], fill=_INK, width=2)
    return np.asarray(strip)
