"""identify: one question, one frozen answer, whatever form the photo comes in."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import whichcam
from whichcam.errors import (
    ArtifactNotFoundError,
    ImageDecodeError,
    ImageTooSmallError,
    InputError,
    PhotoNotFoundError,
)
from whichcam.media import Photo, open_photo
from whichcam.models import CameraModel
from whichcam.pipelines import identify

SIZE = (192, 256)
ANSWER = ("answer", "level", "members", "confidence", "error_rate", "ranking")


@pytest.fixture(scope="module")
def model(tiny_model: Any) -> CameraModel:
    return CameraModel.load(tiny_model.folder)


@pytest.fixture(scope="module")
def jpeg(tiny_model: Any) -> bytes:
    data: bytes = tiny_model.cameras[2].shoot_jpeg(seed=80, size=SIZE)
    return data


def test_a_path_bytes_a_file_and_a_photo_get_the_same_answer(
    model: CameraModel, jpeg: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "p.jpg"
    path.write_bytes(jpeg)
    forms: list[Any] = [path, str(path), jpeg, io.BytesIO(jpeg), open_photo(jpeg)]
    answers = [identify(form, model=model).to_dict() for form in forms]
    for answer in answers:
        answer.pop("photo_name")
    assert all(answer == answers[0] for answer in answers)


def test_the_file_name_is_told_but_not_the_folder(
    model: CameraModel, jpeg: bytes, tmp_path: Path
) -> None:
    (tmp_path / "p.jpg").write_bytes(jpeg)
    assert identify(tmp_path / "p.jpg", model=model).photo_name == "p.jpg"


def test_the_answer_is_that_of_the_model_asked(model: CameraModel, jpeg: bytes) -> None:
    found = identify(jpeg, model=model)
    photo = open_photo(jpeg)
    evidence = model.analyse(photo)
    decision = model.decide(evidence)
    assert (found.level, found.answer) == (decision.level, decision.answer)
    assert found.confidence == decision.confidence
    assert found.members == decision.members
    assert found.unknown_probability == evidence.unknown_probability
    assert found.n_crops == evidence.n_crops == 2
    assert found.file_statistics_used
    assert found.sha256 == photo.sha256
    assert found.model_id == model.model_id
    assert found.whichcam_version == whichcam.__version__


def test_the_ranking_falls_and_names_each_models_make(
    model: CameraModel, jpeg: bytes
) -> None:
    ranking = identify(jpeg, model=model).ranking
    values = [candidate.probability for candidate in ranking]
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(1, abs=1e-12)
    makes = {c.camera_model: c.make for c in ranking}
    assert makes == {"Acme One": "Acme", "Acme Two": "Acme", "Bolt 5": "Bolt"}
    assert ranking[0].camera_model == "Bolt 5"


@pytest.mark.parametrize(("top_k", "length"), [(1, 1), (2, 2), (3, 3), (99, 3)])
def test_the_ranking_has_at_most_the_length_asked_for(
    top_k: int, length: int, model: CameraModel, jpeg: bytes
) -> None:
    assert len(identify(jpeg, model=model, top_k=top_k).ranking) == length


@pytest.mark.parametrize("top_k", [0, -1])
def test_a_ranking_of_no_length_is_refused(
    top_k: int, model: CameraModel, jpeg: bytes
) -> None:
    with pytest.raises(InputError, match=f"top_k is {top_k}"):
        identify(jpeg, model=model, top_k=top_k)


def test_the_result_is_frozen(model: CameraModel, jpeg: bytes) -> None:
    found = identify(jpeg, model=model)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.answer = "another"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.ranking[0].probability = 0.0  # type: ignore[misc]


def test_the_result_goes_through_json_unchanged(
    model: CameraModel, jpeg: bytes
) -> None:
    found = identify(jpeg, model=model).to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert set(found["ranking"][0]) == {"camera_model", "make", "probability"}


def _claiming(jpeg: bytes, make: str, model: str) -> bytes:
    """Return the file with other names in its EXIF and nothing else touched."""
    old = Image.open(io.BytesIO(jpeg)).getexif().tobytes()
    exif = Image.open(io.BytesIO(jpeg)).getexif()
    exif[0x010F], exif[0x0110] = make, model
    new = exif.tobytes()
    start = jpeg.index(b"\xff\xe1")
    length = int.from_bytes(jpeg[start + 2 : start + 4], "big")
    assert old
    segment = b"\xff\xe1" + (len(new) + 2).to_bytes(2, "big") + new
    return jpeg[:start] + segment + jpeg[start + 2 + length :]


def test_the_claimed_camera_is_told_under_its_canonical_name(
    model: CameraModel, jpeg: bytes
) -> None:
    claimed = _claiming(jpeg, "Canon", "Canon EOS REBEL T5i")
    assert identify(claimed, model=model).exif_camera_model == "Canon EOS 700D"


def test_the_claim_of_the_file_does_not_move_the_answer(
    model: CameraModel, jpeg: bytes
) -> None:
    plain = identify(jpeg, model=model)
    for make, name in (("Acme", "One"), ("Bolt", "5"), ("Nobody", "Nothing")):
        claimed = identify(_claiming(jpeg, make, name), model=model)
        assert claimed.exif_camera_model != plain.exif_camera_model
        assert claimed.file_statistics_used == plain.file_statistics_used
        for name_of_field in ANSWER:
            assert getattr(claimed, name_of_field) == getattr(plain, name_of_field)


def test_a_file_that_claims_nothing_has_no_claim(model: CameraModel) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (192, 192, 3)).astype(np.uint8)
    found = identify(Photo.from_pixels(pixels, name="x"), model=model)
    assert found.exif_camera_model is None
    assert not found.file_statistics_used
    assert any("pixels alone" in warning for warning in found.warnings)


def test_a_model_may_be_given_by_its_folder(
    tiny_model: Any, model: CameraModel, jpeg: bytes
) -> None:
    by_folder = identify(jpeg, model=tiny_model.folder)
    assert by_folder == identify(jpeg, model=model)


def test_a_truncated_file_is_refused_unless_it_was_allowed(
    model: CameraModel, jpeg: bytes
) -> None:
    cut = jpeg[: len(jpeg) * 3 // 4]
    with pytest.raises(ImageDecodeError):
        identify(cut, model=model)
    found = identify(cut, model=model, allow_truncated=True)
    assert any("cut off" in w or "truncated" in w for w in found.warnings)


def test_warnings_of_the_file_are_told_with_those_of_the_model(
    model: CameraModel, tiny_model: Any
) -> None:
    grey = Image.fromarray(tiny_model.cameras[0].shoot(seed=1, size=SIZE)).convert("L")
    file = io.BytesIO()
    grey.save(file, "PNG")
    warnings = identify(file.getvalue(), model=model).warnings
    assert any("grey" in warning for warning in warnings)
    assert any("pixels alone" in warning for warning in warnings)


def test_errors_of_photo_and_model_come_through(
    model: CameraModel, jpeg: bytes, tmp_path: Path
) -> None:
    with pytest.raises(PhotoNotFoundError):
        identify(tmp_path / "none.jpg", model=model)
    with pytest.raises(ArtifactNotFoundError):
        identify(jpeg, model=tmp_path / "none")
    small = Photo.from_pixels(np.zeros((100, 300, 3), np.uint8), name="x")
    with pytest.raises(ImageTooSmallError):
        identify(small, model=model)
