"""Comparing two pictures, or groups of them, of cameras nobody enrolled."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from whichcam.errors import (
    ArtifactNotFoundError,
    InputError,
    InsufficientEvidenceError,
    ShapeMismatchError,
)
from whichcam.media import Photo, open_photo
from whichcam.pipelines import compare
from whichcam.pipelines._compare import _same_model
from whichcam.prnu import SearchRange


def test_groups_of_one_camera_agree_and_of_two_do_not(shots: SimpleNamespace) -> None:
    paths = sorted(shots.flat(0).iterdir())
    same = compare(paths[:4], paths[4:], ask_model=False)
    different = compare(shots.flat(0), shots.flat(1), ask_model=False)
    assert same.reaches_threshold
    assert not different.reaches_threshold
    assert same.a.quality is not None
    assert same.a.quality > 0.5
    assert json.dumps(same.to_dict(), allow_nan=False)
    with pytest.raises(TypeError, match="not a yes or no"):
        bool(same)


def test_one_picture_is_laid_on_a_groups_fingerprint_whichever_comes_first(
    shots: SimpleNamespace,
) -> None:
    first = compare(shots.scene(0), shots.flat(0), ask_model=False)
    second = compare(shots.flat(0), shots.scene(0), ask_model=False)
    assert first.reaches_threshold
    assert first.score == pytest.approx(second.score)
    assert (len(second.a.names), len(second.b.names)) == (8, 1)


def test_two_single_pictures_of_one_camera_agree(shots: SimpleNamespace) -> None:
    paths = sorted(shots.flat(0).iterdir())
    assert compare(paths[0], paths[1], ask_model=False).reaches_threshold


def test_a_portrait_side_is_turned(shots: SimpleNamespace) -> None:
    pixels = np.rot90(open_photo(shots.scene(0)).pixels)
    photo = Photo.from_pixels(pixels, name="portrait")
    found = compare(photo, shots.flat(0), ask_model=False)
    assert (found.reaches_threshold, found.rotation) == (True, 270)


def test_sides_of_two_sizes_are_refused_with_the_remedy(
    shots: SimpleNamespace,
) -> None:
    pixels = open_photo(shots.scene(0)).pixels[8:168, 16:240]
    crop = Photo.from_pixels(pixels, name="crop")
    with pytest.raises(ShapeMismatchError, match="search over crops"):
        compare(crop, shots.flat(0), ask_model=False)
    search = SearchRange(crop=True)
    found = compare(crop, shots.flat(0), ask_model=False, search=search)
    assert (found.reaches_threshold, found.shift) == (True, (8, 16))


def test_a_picture_on_both_sides_is_refused(shots: SimpleNamespace) -> None:
    paths = sorted(shots.flat(0).iterdir())
    with pytest.raises(InputError, match="on both sides"):
        compare(paths[:3], paths[2:], ask_model=False)


def test_a_side_without_a_usable_picture_is_refused(shots: SimpleNamespace) -> None:
    with pytest.raises(InsufficientEvidenceError, match="pictures of a"):
        compare(b"no picture", shots.scene(0), ask_model=False)


def test_a_picture_of_a_group_that_fails_is_left_out_and_said_to_be(
    shots: SimpleNamespace,
) -> None:
    paths = sorted(shots.flat(0).iterdir())
    found = compare([*paths[:3], b"no picture"], paths[4:], ask_model=False)
    assert len(found.a.left_out) == 1
    assert any("left out" in text for text in found.warnings)


def test_the_model_of_camera_models_is_asked_too(
    shots: SimpleNamespace, tiny_model: SimpleNamespace
) -> None:
    a, b = shots.flat(0), shots.flat(1)
    found = compare(a, b, model=tiny_model.folder)
    assert found.model_id is not None
    assert found.same_model in {"same", "undecided"}
    assert found.a.model_answer


def test_a_model_that_was_named_and_is_absent_is_an_error(
    shots: SimpleNamespace,
) -> None:
    with pytest.raises(ArtifactNotFoundError):
        compare(shots.scene(0), shots.scene(1), model="/nowhere")


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (("model", "X 1", ("X 1",)), ("model", "X 1", ("X 1",)), "same"),
        (("model", "X 1", ("X 1",)), ("model", "X 2", ("X 2",)), "different"),
        (("make", "X", ("X 1", "X 2")), ("model", "X 1", ("X 1",)), "undecided"),
        (("unknown", "unknown camera", ()), ("model", "X 1", ("X 1",)), "undecided"),
        (None, ("model", "X 1", ("X 1",)), None),
    ],
)
def test_answers_on_camera_models_are_weighed(
    a: tuple[str, str, tuple[str, ...]] | None,
    b: tuple[str, str, tuple[str, ...]] | None,
    expected: str | None,
) -> None:
    def answer(said: tuple[str, str, tuple[str, ...]] | None) -> SimpleNamespace | None:
        if said is None:
            return None
        return SimpleNamespace(level=said[0], answer=said[1], members=said[2])

    assert _same_model(answer(a), answer(b)) == expected  # type: ignore[arg-type]
