"""Areas and the names they get."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from whichcam.localize._naming import name_regions
from whichcam.media import Photo
from whichcam.models import CameraModel, Evidence


class FakeModel:
    """Names dark crops A and bright ones B."""

    classes = ("A", "B")

    def analyse(self, photo: Photo) -> Evidence:
        bright = float(photo.pixels.mean() > 128)
        return Evidence(
            probabilities=np.array([0.9 - 0.8 * bright, 0.1 + 0.8 * bright]),
            known_score=0.0,
            unknown_probability=0.5,
            embedding=np.ones(2, np.float32),
            n_crops=1,
            file_statistics_used=False,
        )


MODEL = cast("CameraModel", FakeModel())


def _photo() -> tuple[Photo, Any]:
    pixels = np.full((400, 480, 3), 40, np.uint8)
    mask = np.zeros((400, 480), bool)
    mask[96:256, 160:328] = True
    pixels[mask] = 220
    return Photo.from_pixels(pixels, name="x"), mask


def test_the_area_and_the_rest_are_named() -> None:
    photo, mask = _photo()
    labels, said = name_regions(photo, mask, MODEL)
    assert [label.suspicious for label in labels] == [True, False]
    assert [label.camera_model for label in labels] == ["B", "A"]
    assert labels[0].box == (96, 160, 160, 168)
    assert 0.1 < labels[0].area < 0.2
    assert "resembles most" in said[0]


def test_without_a_model_areas_have_no_names() -> None:
    photo, mask = _photo()
    labels, said = name_regions(photo, mask, None)
    assert [label.camera_model for label in labels] == [None, None]
    assert said == ()


def test_an_area_too_small_to_ask_is_said_to_be() -> None:
    photo, mask = _photo()
    mask[:] = False
    mask[96:160, 160:224] = True
    labels, said = name_regions(photo, mask, MODEL)
    assert labels[0].camera_model is None
    assert labels[0].probability is None
    assert labels[1].camera_model == "A"
    assert any("too small" in text for text in said)


def test_specks_and_empty_masks_give_nothing() -> None:
    photo, mask = _photo()
    mask[:] = False
    assert name_regions(photo, mask, MODEL) == ((), ())
    mask[0:8, 0:8] = True
    assert name_regions(photo, mask, MODEL) == ((), ())


def test_only_the_largest_areas_are_named() -> None:
    photo, mask = _photo()
    mask[:] = False
    for k in range(5):
        mask[8 * k : 8 * k + 40 + 8 * k, 96 * k : 96 * k + 64] = True
    labels, _ = name_regions(photo, mask, None)
    assert len(labels) == 4
    areas = [label.area for label in labels[:3]]
    assert areas == sorted(areas, reverse=True)
