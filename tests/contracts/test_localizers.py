"""What every localizer must keep to, run over the registry."""

from __future__ import annotations

import io
import json
from functools import cache

import numpy as np
import pytest
from PIL import Image

from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.errors import ImageTooSmallError, UnknownNameError
from whichcam.localize import LOCALIZERS, Localizer, build_localizer
from whichcam.media import Photo, open_photo
from whichcam.prnu import Fingerprint, SearchRange

CAMERA = SyntheticCamera(prnu_strength=0.02)


@cache
def _fingerprint() -> Fingerprint:
    return Fingerprint(
        pattern=CAMERA.prnu((512, 512)), n_photos=50, saturated_share=0.0, quality=0.9
    )


def build(name: str) -> Localizer:
    if name == "prnu_absence":
        place = SearchRange(place=(0, 0), rotations=(0,))
        return build_localizer(name, fingerprint=_fingerprint(), search=place)
    return build_localizer(name)


def _photo(size: tuple[int, int], seed: int = 3) -> Photo:
    return Photo.from_pixels(CAMERA.shoot(seed=seed, size=size), name="x")


pytestmark = pytest.mark.parametrize("name", LOCALIZERS)


@pytest.mark.parametrize("size", [(128, 128), (131, 201), (257, 150)])
def test_the_heat_map_has_the_pictures_size_and_stays_in_range(
    size: tuple[int, int], name: str
) -> None:
    found = build(name).localize(_photo(size))
    assert found.method == name
    assert found.heatmap.shape == size
    assert found.heatmap.dtype == np.float32
    assert 0 <= found.heatmap.min() <= found.heatmap.max() <= 1
    assert found.mask is None or found.mask.shape == size
    if found.mask is not None and found.threshold is not None:
        np.testing.assert_array_equal(
            found.mask, found.heatmap >= np.float32(found.threshold)
        )


@pytest.mark.parametrize("level", [0, 90, 255])
def test_a_constant_picture_gives_no_alarm(level: int, name: str) -> None:
    flat = Photo.from_pixels(np.full((160, 176, 3), level, np.uint8), name="x")
    found = build(name).localize(flat)
    assert found.heatmap.max() < 0.5
    assert found.alarm is not True
    assert found.labels == ()


def test_the_photo_is_left_as_it_was(name: str) -> None:
    photo = _photo((160, 176))
    before = photo.pixels.copy()
    build(name).localize(photo)
    np.testing.assert_array_equal(photo.pixels, before)


def test_grey_files_are_accepted(name: str) -> None:
    file = io.BytesIO()
    Image.fromarray(CAMERA.shoot(seed=4, size=(168, 200))).convert("L").save(
        file, "JPEG", quality=90
    )
    found = build(name).localize(open_photo(file.getvalue()))
    assert np.isfinite(found.heatmap).all()


@pytest.mark.parametrize("size", [(127, 400), (400, 127), (64, 64)])
def test_too_small_a_picture_is_refused_and_said_beforehand(
    size: tuple[int, int], name: str
) -> None:
    small = Photo.from_pixels(np.full((*size, 3), 90, np.uint8), name="x")
    localizer = build(name)
    assert "128x128" in (localizer.applies_to(small) or "")
    with pytest.raises(ImageTooSmallError, match=f"{size[1]}x{size[0]}"):
        localizer.localize(small)


def test_it_applies_to_what_it_can_map(name: str) -> None:
    assert build(name).applies_to(_photo((128, 128))) is None


def test_the_same_photo_gives_the_same_bytes(name: str) -> None:
    photo = _photo((160, 176))
    first, second = build(name).localize(photo), build(name).localize(photo)
    assert first.heatmap.tobytes() == second.heatmap.tobytes()
    assert first.to_dict() == second.to_dict()


def test_the_result_is_json(name: str) -> None:
    found = build(name).localize(_photo((160, 176)))
    values = json.loads(json.dumps(found.to_dict(with_heatmap=True), allow_nan=False))
    assert (values["height"], values["width"]) == (160, 176)
    assert values["heatmap_png_base64"].startswith("iVBOR")
    assert "heatmap_png_base64" not in found.to_dict()


def test_an_unknown_name_is_refused_with_those_known(name: str) -> None:
    with pytest.raises(UnknownNameError, match=name):
        build_localizer("no_such_method")
