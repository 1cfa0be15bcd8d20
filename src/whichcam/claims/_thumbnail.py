"""The thumbnail against the picture it should show."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np
from PIL import Image

from whichcam._typing import FloatArray, PixelArray
from whichcam.claims._finding import Finding
from whichcam.claims._questioned import Questioned
from whichcam.datasets._screen_tables import photoshop_preset, table_set
from whichcam.errors import InputError
from whichcam.media import Limits, open_photo
from whichcam.signal import ycbcr_planes

_LIMITS: Final = Limits(max_bytes=1 << 20, max_pixels=1 << 20, min_side=16)
_BAR: Final = 24.0  # grey levels: brighter rows are no bar of a letterbox
_ALIKE, _UNALIKE = 0.9, 0.5  # correlation; see docs/concepts/claims.md
_FLAT: Final = 4.0  # grey levels: standard deviation under which nothing correlates
_ASPECT: Final = 0.03
_TURNS: Final = {1: "a quarter turn", 2: "a half turn", 3: "three quarter turns"}
_SOURCE: Final = (
    "CIPA DC-008: the thumbnail shows the picture; Kee, Johnson and Farid 2011, "
    "doi:10.1109/TIFS.2011.2128309"
)

_found = partial(Finding, topic="thumbnail", analyser="thumbnail", source=_SOURCE)


def check_thumbnail(questioned: Questioned) -> Iterator[Finding]:
    """Yield what the thumbnail says if there is a JPEG one."""
    jpeg = questioned.photo.jpeg
    if jpeg is None or jpeg.thumbnail is None:
        return
    try:
        small = open_photo(jpeg.thumbnail, limits=_LIMITS, allow_truncated=True)
    except InputError as error:
        yield _found(
            code="thumbnail_unreadable",
            text="There is a thumbnail that cannot be decoded.",
            seen=str(error)[:200],
            expected="a small JPEG",
            strength="note",
            direction="neutral",
        )
        return
    yield from _against_picture(questioned.photo.pixels, small.pixels)
    if small.jpeg is not None:
        preset = photoshop_preset(table_set(small.jpeg.quantization_tables))
        if preset or small.jpeg.has_adobe or "Photoshop" in small.jpeg.identifiers:
            yield _found(
                code="thumbnail_of_editor",
                text="The thumbnail was written by an editor: it has Photoshop's "
                "tables or segments.",
                seen=f"tables of Photoshop's quality {preset!r}"
                if preset
                else "Adobe or Photoshop segment",
                expected="a thumbnail as cameras write",
                strength="moderate",
                direction="contradicts",
            )


def _against_picture(pixels: PixelArray, small: PixelArray) -> Iterator[Finding]:
    thumbnail = _without_bars(ycbcr_planes(small)[3])
    best = {turn: _best_fit(pixels, np.rot90(thumbnail, turn)) for turn in range(4)}
    if best[0] is None:
        return  # flat: nothing to compare
    upright = best[0]
    turn = max(best, key=lambda t: best[t] or -1.0)
    turned = best[turn] or -1.0
    if turned >= _ALIKE and turned > upright + 0.1:
        yield _found(
            code="thumbnail_turned",
            text=f"The thumbnail shows the picture before {_TURNS[turn]}: the pixels "
            "were turned and the thumbnail was not.",
            seen=f"correlation {turned:.2f} turned, {upright:.2f} as it is",
            expected=f"{_ALIKE:g} or more as it is",
            strength="weak",
            direction="contradicts",
        )
    elif upright >= _ALIKE:
        yield _found(
            code="thumbnail_agrees",
            text="The thumbnail shows the picture.",
            seen=f"correlation {upright:.2f}",
            expected=f"{_ALIKE:g} or more",
            strength="weak",
            direction="agrees",
        )
        yield from _check_aspect(pixels, thumbnail)
    elif turned < _UNALIKE:
        yield _found(
            code="thumbnail_of_another_picture",
            text="The thumbnail does not show the picture.",
            seen=f"correlation {upright:.2f}",
            expected=f"{_ALIKE:g} or more",
            strength="strong",
            direction="contradicts",
        )
    else:
        yield _found(
            code="thumbnail_differs",
            text="The thumbnail shows the picture in part only, or before it was "
            "changed.",
            seen=f"correlation {upright:.2f}",
            expected=f"{_ALIKE:g} or more",
            strength="moderate",
            direction="contradicts",
        )


def _check_aspect(pixels: PixelArray, thumbnail: FloatArray) -> Iterator[Finding]:
    own = pixels.shape[1] / pixels.shape[0]
    theirs = thumbnail.shape[1] / thumbnail.shape[0]
    if abs(own / theirs - 1) > _ASPECT + 2 / min(thumbnail.shape):
        yield _found(
            code="thumbnail_aspect",
            text="The thumbnail has other proportions than the picture; some cameras "
            "cut it to their screen's.",
            seen=f"width to height {theirs:.3f}, picture {own:.3f}",
            expected="the same proportions",
            strength="note",
            direction="neutral",
        )


def _without_bars(luma: FloatArray) -> FloatArray:
    """Cut off dark rows and columns that pad a thumbnail to a screen's shape."""
    for _ in range(2):
        bright = np.flatnonzero(luma.max(axis=1) > _BAR)
        if 0 < len(bright) < len(luma):
            first, last = int(bright[0]), int(bright[-1])
            # Bars come in pairs of one width; a dark sky does not.
            if abs(first - (len(luma) - 1 - last)) <= 2:
                luma = luma[first : last + 1]
        luma = luma.T
    return luma


def _best_fit(pixels: PixelArray, thumbnail: FloatArray) -> float | None:
    """Return the best correlation with the picture squeezed, or cut, to its shape."""
    height, width = pixels.shape[:2]
    rows, columns = thumbnail.shape
    if thumbnail.std() < _FLAT:
        return None
    wide = min(width, round(height * columns / rows))
    high = min(height, round(width * rows / columns))
    left, top = (width - wide) // 2, (height - high) // 2
    boxes = {(0, 0, width, height), (left, top, left + wide, top + high)}
    found = [
        value
        for box in boxes
        if (value := _correlation(_shrunk(pixels, box, (columns, rows)), thumbnail))
        is not None
    ]
    return max(found, default=None)


def _shrunk(
    pixels: PixelArray, box: tuple[int, int, int, int], size: tuple[int, int]
) -> FloatArray:
    left, top, right, bottom = box
    # A whole number of pixels in every cell, by slices: quick for 12 megapixels.
    step = max(1, min((right - left) // (4 * size[0]), (bottom - top) // (4 * size[1])))
    part = np.ascontiguousarray(pixels[top:bottom:step, left:right:step])
    small = Image.fromarray(part).resize(size, Image.Resampling.BOX)
    luma: FloatArray = ycbcr_planes(np.asarray(small))[3]
    return luma


def _correlation(a: FloatArray, b: FloatArray) -> float | None:
    if a.std() < _FLAT:
        return None
    value = np.mean((a - a.mean()) * (b - b.mean())) / (a.std() * b.std())
    return round(float(value), 4)
