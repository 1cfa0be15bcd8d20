"""Evidence about one photo: from pixels, and from tables where they are believed."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from whichcam.datasets import FrameSize
from whichcam.errors import ImageTooSmallError
from whichcam.media import Photo, open_photo
from whichcam.models import CameraModel, Evidence, FrameSizes

SIZE = (192, 192)


@pytest.fixture(scope="module")
def model(tiny_model: Any) -> CameraModel:
    return CameraModel.load(tiny_model.folder)


def _check_form(evidence: Evidence) -> None:
    assert evidence.probabilities.shape == (3,)
    assert evidence.probabilities.dtype == np.float64
    np.testing.assert_allclose(evidence.probabilities.sum(), 1, atol=1e-12)
    assert evidence.embedding.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(evidence.embedding), 1, atol=1e-5)


def test_an_array_is_judged_by_its_pixels_alone_and_says_so(
    model: CameraModel, tiny_model: Any
) -> None:
    pixels = tiny_model.cameras[0].shoot(seed=50, size=SIZE)
    evidence = model.analyse(Photo.from_pixels(pixels, name="x"))
    _check_form(evidence)
    assert not evidence.file_statistics_used
    assert any("pixels alone" in warning for warning in evidence.warnings)


def test_the_file_of_a_camera_is_judged_by_its_tables_too(
    model: CameraModel, tiny_model: Any
) -> None:
    data = tiny_model.cameras[1].shoot_jpeg(seed=50, size=SIZE)
    evidence = model.analyse(open_photo(data))
    _check_form(evidence)
    assert evidence.file_statistics_used
    assert evidence.warnings == ()


def test_tables_move_the_answer_towards_the_make_that_writes_them(
    model: CameraModel, tiny_model: Any
) -> None:
    camera = tiny_model.cameras[2]
    photo = open_photo(camera.shoot_jpeg(seed=51, size=SIZE))
    with_tables = model.analyse(photo).probabilities
    without = model.analyse(Photo.from_pixels(photo.pixels, name="x")).probabilities
    assert with_tables[2] > without[2]


def test_a_file_with_the_signs_of_an_editor_is_judged_by_pixels_alone(
    model: CameraModel, tiny_model: Any
) -> None:
    image = Image.open(io.BytesIO(tiny_model.cameras[0].shoot_jpeg(seed=5, size=SIZE)))
    exif = image.getexif()
    exif[0x0131] = "Adobe Photoshop CS6"
    file = io.BytesIO()
    image.save(file, "JPEG", quality=92, exif=exif)
    evidence = model.analyse(open_photo(file.getvalue()))
    assert not evidence.file_statistics_used
    assert any(
        "re-encoded" in warning and "Photoshop" in warning
        for warning in evidence.warnings
    )


def test_the_cameras_it_was_made_from_are_recognised(
    model: CameraModel, tiny_model: Any
) -> None:
    right = sum(
        int(model.analyse(_jpeg(camera, seed)).probabilities.argmax() == label)
        for label, camera in enumerate(tiny_model.cameras)
        for seed in (60, 61, 62)
    )
    assert right >= 8  # of 9; chance is 3


def _jpeg(camera: Any, seed: int) -> Photo:
    return open_photo(camera.shoot_jpeg(seed=seed, size=SIZE))


@pytest.mark.parametrize(
    ("size", "n_crops"), [((192, 192), 1), ((256, 192), 2), ((192, 384), 2)]
)
def test_it_looks_at_as_many_crops_as_there_are_but_no_more_than_asked(
    size: tuple[int, int], n_crops: int, model: CameraModel
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3)).astype(np.uint8)
    evidence = model.analyse(Photo.from_pixels(pixels, name="x"))
    assert evidence.n_crops == n_crops


def test_a_small_picture_is_judged_with_a_warning(model: CameraModel) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (141, 130, 3)).astype(np.uint8)
    evidence = model.analyse(Photo.from_pixels(pixels, name="x"))
    assert any("130x141" in warning for warning in evidence.warnings)


def test_too_small_a_picture_is_refused(model: CameraModel) -> None:
    photo = Photo.from_pixels(np.zeros((127, 300, 3), np.uint8), name="x")
    with pytest.raises(ImageTooSmallError, match="300x127"):
        model.analyse(photo)


def test_a_constant_picture_gives_an_answer_and_no_crash(model: CameraModel) -> None:
    evidence = model.analyse(
        Photo.from_pixels(np.full((192, 192, 3), 255, np.uint8), name="x")
    )
    _check_form(evidence)
    assert 0 <= evidence.unknown_probability <= 1


def test_unknown_probability_is_the_sigmoid_of_the_score(model: CameraModel) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (192, 192, 3)).astype(np.uint8)
    evidence = model.analyse(Photo.from_pixels(pixels, name="x"))
    assert evidence.known_score == pytest.approx(2.0, abs=1e-9)  # the rule's bias
    expected = 1 - 1 / (1 + np.exp(-2.0))
    np.testing.assert_allclose(evidence.unknown_probability, expected, rtol=1e-12)


def test_what_is_below_the_known_threshold_is_warned_of(tiny_model: Any) -> None:
    from dataclasses import replace

    model = CameraModel.load(tiny_model.folder)
    regimes = dict(model.calibration.regimes)
    regimes["pixels"] = replace(regimes["pixels"], known_threshold=2.5)
    model.calibration = replace(model.calibration, regimes=regimes)
    pixels = np.random.default_rng(2).integers(0, 256, (192, 192, 3)).astype(np.uint8)
    evidence = model.analyse(Photo.from_pixels(pixels, name="x"))
    assert any("out of domain" in warning for warning in evidence.warnings)
    assert model.decide(evidence).level == "unknown"


def test_the_same_photo_gives_the_same_evidence(
    model: CameraModel, tiny_model: Any
) -> None:
    photo = _jpeg(tiny_model.cameras[0], 70)
    first, second = model.analyse(photo), model.analyse(photo)
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    np.testing.assert_array_equal(first.embedding, second.embedding)


def test_the_size_of_the_frame_counts_where_a_photo_was_cut_from_one(
    model: CameraModel, tiny_model: Any
) -> None:
    photo = _with_size(tiny_model.cameras[0].shoot_jpeg(seed=71, size=SIZE), None)
    alone = model.analyse(photo)
    assert not alone.frame_size_used
    for label, size in enumerate([(4000, 3000), (2248, 4000), (6000, 4000)]):
        framed = model.analyse(photo, frame_size=FrameSize.of(*size))
        assert framed.frame_size_used
        assert framed.probabilities[label] > alone.probabilities[label]


def test_a_file_that_is_not_believed_is_not_believed_about_its_frame_either(
    model: CameraModel, tiny_model: Any
) -> None:
    pixels = tiny_model.cameras[0].shoot(seed=50, size=SIZE)
    photo = Photo.from_pixels(pixels, name="x")
    evidence = model.analyse(photo, frame_size=FrameSize(6000, 4000))
    assert not evidence.frame_size_used
    np.testing.assert_array_equal(
        evidence.probabilities, model.analyse(photo).probabilities
    )


@pytest.mark.parametrize(
    ("said", "is_used"),
    [((192, 192), True), (None, False), ((192, 200), False)],
    ids=["whole by its EXIF", "unsaid, and of no camera's size", "cropped"],
)
def test_a_photo_is_its_own_frame_where_its_exif_says_that_it_is_whole(
    said: tuple[int, int] | None,
    is_used: bool,
    model: CameraModel,
    tiny_model: Any,
) -> None:
    data = tiny_model.cameras[1].shoot_jpeg(seed=52, size=SIZE)
    assert model.analyse(_with_size(data, said)).frame_size_used is is_used


def test_a_photo_of_a_known_size_is_whole_though_its_exif_is_gone(
    model: CameraModel, tiny_model: Any
) -> None:
    known = FrameSizes.fit([FrameSize.of(*SIZE)], [0], model.classes)
    data = tiny_model.cameras[1].shoot_jpeg(seed=52, size=SIZE)
    before, model.frame_sizes = model.frame_sizes, known
    try:
        assert model.analyse(_with_size(data, None)).frame_size_used
    finally:
        model.frame_sizes = before


def _with_size(data: bytes, size: tuple[int, int] | None) -> Photo:
    """Return a camera's file whose EXIF names this size, its coding untouched."""
    exif = Image.Exif()
    if size is not None:
        exif.get_ifd(0x8769).update({0xA002: size[0], 0xA003: size[1]})
    body = exif.tobytes()
    segment = b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
    start = data.index(b"\xff\xdb")  # the tables: whatever metadata stood before goes
    return open_photo(data[:2] + segment + data[start:])
