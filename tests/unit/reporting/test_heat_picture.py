"""Heat maps as pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from whichcam.errors import ShapeMismatchError
from whichcam.reporting import heat_colours, heat_picture


def test_lightness_rises_from_end_to_end() -> None:
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[None]
    colours = heat_colours(ramp)[0] / 255
    linear = np.where(
        colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4
    )
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    lightness = np.cbrt(luminance)
    assert (np.diff(lightness) > -1e-3).all()
    steps = np.diff(lightness[::32])
    assert steps.min() > 0.3 * steps.max()


def test_the_picture_has_the_maps_size_and_a_legend_below() -> None:
    heat = np.zeros((64, 200), np.float32)
    with Image.open(io.BytesIO(heat_picture(heat, threshold=0.5))) as drawn:
        assert drawn.size == (200, 100)
        legend = np.asarray(drawn)[66]
    assert tuple(legend[0]) == (8, 18, 64)
    assert tuple(legend[-1]) == (255, 236, 110)
    assert tuple(legend[100]) == (32, 32, 32)
    with Image.open(io.BytesIO(heat_picture(heat, legend=False))) as drawn:
        assert drawn.size == (200, 64)


def test_the_photo_shows_through_where_the_map_is_cold() -> None:
    heat = np.zeros((32, 64), np.float32)
    heat[:, 32:] = 1
    photo = np.zeros((32, 64, 3), np.uint8)
    photo[::2] = 255
    data = heat_picture(heat, photo=photo, legend=False)
    with Image.open(io.BytesIO(data)) as drawn:
        pixels = np.asarray(drawn).astype(int)
    contrast = np.abs(pixels[0] - pixels[1]).mean(axis=1)
    assert contrast[:32].min() > 3 * contrast[32:].max()


def test_a_photo_of_another_size_is_refused() -> None:
    with pytest.raises(ShapeMismatchError, match="map of this photo"):
        heat_picture(np.zeros((8, 8), np.float32), photo=np.zeros((8, 9, 3), np.uint8))
