"""What every registered camera-model classifier keeps to, whatever it is."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from whichcam.datasets import Manifest, index_folders
from whichcam.datasets.synthetic import SyntheticCamera, draw_cameras, write_dataset
from whichcam.errors import (
    ArtifactError,
    DatasetError,
    ImageTooSmallError,
    InputError,
    NotFittedError,
    OutOfDomainWarning,
)
from whichcam.media import Photo, open_photo
from whichcam.methods import (
    METHODS,
    CameraModelClassifier,
    build_method,
    load_method,
)

ARGUMENTS: dict[str, dict[str, Any]] = {
    "whichcam": {
        "settings": {
            "epochs": 2,
            "folds": 2,
            "hidden": 8,
            "batch_size": 16,
            "n_crops": 2,
            "crop_size_px": 128,
            "smallest_px": 128,
            "device": "cpu",
            "manipulations": ["jpeg_70"],
        }
    },
    "noise_moments": {"n_rounds": 5, "smallest_leaf": 2},
    "scratch": {"variant": "blog", "epochs": 2, "n_patches": 2, "device": "cpu"},
    "constrained": {"patch_px": 64, "epochs": 1, "n_patches": 2, "device": "cpu"},
    "finetune": {
        "backbone": "test_resnet",
        "weights": "none",
        "learning_rates": (1e-2, 1e-3),
        "epochs": 1,
        "patch_px": 64,
        "manipulations": ("jpeg_70",),
        "device": "cpu",
    },
    "stacked_features": {
        "backbones": ("test_resnet", "test_efficientnet:mean"),
        "weights": ("none",),
        "crop_px": 96,
        "n_components": 6,
        "n_trees": 20,
    },
    "remnant": {
        "planes": 4,
        "n_patches": 2,
        "patches_per_photo": 1,
        "epochs": 1,
        "device": "cpu",
    },
}
"""The smallest settings of each method; one without an entry uses its defaults."""

NEEDS = {
    "whichcam": ("torch", "onnx"),
    "scratch": ("torch", "onnx"),
    "constrained": ("torch", "onnx"),
    "remnant": ("torch", "onnx"),
    "finetune": ("torch", "timm", "onnx"),
    "stacked_features": ("torch", "timm", "onnx"),
    "demosaicing": ("cv2",),
}
"""Libraries of an extra without which a method cannot be fitted."""


@dataclass(frozen=True, kw_only=True)
class Shared:
    folder: Path
    manifest: Manifest
    cameras: Sequence[SyntheticCamera]


@dataclass(frozen=True, kw_only=True)
class Fitted:
    name: str
    classifier: CameraModelClassifier
    shared: Shared


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """Return pictures of two synthetic cameras."""
    folder = tmp_path_factory.mktemp("contract") / "photos"
    cameras = draw_cameras(2, seed=3)
    write_dataset(folder, cameras, 8, seed=2, size=(160, 160))
    return Shared(folder=folder, manifest=index_folders(folder), cameras=cameras)


@pytest.fixture(scope="module", params=sorted(METHODS))
def fitted(request: pytest.FixtureRequest, shared: Shared) -> Iterator[Fitted]:
    """Return each method, fitted to these pictures."""
    name = request.param
    with _one_thread(name):
        classifier = _build(name, shared.folder.parent / "model")
        assert classifier.fit(shared.manifest) is classifier
        yield Fitted(name=name, classifier=classifier, shared=shared)


@dataclass(frozen=True, kw_only=True)
class Again:
    classifier: CameraModelClassifier
    told: list[tuple[str, int, int]]


@pytest.fixture(scope="module")
def again(fitted: Fitted, tmp_path_factory: pytest.TempPathFactory) -> Again:
    """Return the method fitted once more, and what it told of its progress."""
    told: list[tuple[str, int, int]] = []
    built: Any = _build(fitted.name, tmp_path_factory.mktemp("again") / "model")
    built.fit(
        fitted.shared.manifest,
        progress=lambda stage, done, total: told.append((stage, done, total)),
    )
    return Again(classifier=built, told=told)


@contextmanager
def _one_thread(name: str) -> Iterator[None]:
    """Skip where a method's libraries are missing; keep torch to one thread."""
    for library in NEEDS.get(name, ()):
        pytest.importorskip(library, reason=f"{name} needs {library}, of an extra")
    if "torch" not in NEEDS.get(name, ()):
        yield
        return
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _build(name: str, output: Path) -> CameraModelClassifier:
    arguments = dict(ARGUMENTS.get(name, {}))
    if "settings" in arguments:
        arguments["output"] = output
    return build_method(name, **arguments)


def _answers(
    classifier: CameraModelClassifier, photos: Sequence[Photo]
) -> npt.NDArray[np.float64]:
    """Return probabilities; a method may warn that a photo is beyond it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutOfDomainWarning)
        return classifier.predict_proba(photos)


def _photos(fitted: Fitted) -> list[Photo]:
    sizes = ((160, 160), (131, 257), (300, 128))
    return [
        open_photo(camera.shoot_jpeg(seed=30 + k, size=size))
        for k, size in enumerate(sizes)
        for camera in fitted.shared.cameras
    ]


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_method_builds_without_arguments(name: str) -> None:
    assert build_method(name) is not build_method(name)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_asking_before_fitting_is_refused(name: str) -> None:
    photo = Photo.from_pixels(np.full((256, 256, 3), 90, np.uint8), name="x")
    with pytest.raises(NotFittedError):
        build_method(name).predict_proba([photo])
    with pytest.raises(NotFittedError):
        _ = build_method(name).classes_


def test_the_classes_are_the_camera_models_of_the_manifest(fitted: Fitted) -> None:
    assert sorted(fitted.classifier.classes_) == sorted(
        set(fitted.shared.manifest.camera_model.tolist())
    )


def test_probabilities_are_rows_that_sum_to_one(fitted: Fitted) -> None:
    photos = _photos(fitted)
    found = _answers(fitted.classifier, photos)
    assert found.shape == (len(photos), len(fitted.classifier.classes_))
    assert found.dtype == np.float64
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(1), 1, rtol=0, atol=1e-9)


def test_a_batch_gives_what_its_photos_give_one_by_one(fitted: Fitted) -> None:
    photos = _photos(fitted)
    together = _answers(fitted.classifier, photos)
    for row, photo in zip(together, photos, strict=True):
        alone = _answers(fitted.classifier, [photo])[0]
        np.testing.assert_allclose(alone, row, rtol=0, atol=1e-9)


def test_asking_twice_gives_the_same(fitted: Fitted) -> None:
    photos = _photos(fitted)
    np.testing.assert_array_equal(
        _answers(fitted.classifier, photos), _answers(fitted.classifier, photos)
    )


def test_a_saved_method_answers_as_before_and_saves_the_same_bytes(
    fitted: Fitted, tmp_path: Path
) -> None:
    fitted.classifier.save(tmp_path / "first")
    again = type(fitted.classifier).load(tmp_path / "first")
    again.save(tmp_path / "second")
    assert type(load_method(tmp_path / "first")) is type(again)
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "second").iterdir())
    for name in files:
        first, second = tmp_path / "first" / name, tmp_path / "second" / name
        assert first.read_bytes() == second.read_bytes()
    assert again.classes_ == fitted.classifier.classes_
    photos = _photos(fitted)
    np.testing.assert_array_equal(
        _answers(again, photos), _answers(fitted.classifier, photos)
    )


@pytest.mark.parametrize("size", [(129, 131), (128, 128), (403, 137)])
def test_odd_sizes_without_a_file_are_accepted(
    size: tuple[int, int], fitted: Fitted, rng: np.random.Generator
) -> None:
    pixels = rng.integers(0, 256, (*size, 3)).astype(np.uint8)
    found = _answers(fitted.classifier, [Photo.from_pixels(pixels, name="x")])
    np.testing.assert_allclose(found.sum(), 1, rtol=0, atol=1e-9)


def test_a_constant_picture_gets_finite_probabilities(fitted: Fitted) -> None:
    flat = Photo.from_pixels(np.full((160, 160, 3), 255, np.uint8), name="x")
    assert np.isfinite(_answers(fitted.classifier, [flat])).all()


def test_too_small_a_picture_is_refused(fitted: Fitted) -> None:
    small = Photo.from_pixels(np.full((32, 500, 3), 90, np.uint8), name="x")
    with pytest.raises(ImageTooSmallError, match="500x32"):
        _answers(fitted.classifier, [small])


def test_the_photo_is_left_as_it_was(fitted: Fitted, rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (160, 160, 3)).astype(np.uint8)
    photo = Photo.from_pixels(pixels, name="x")
    _answers(fitted.classifier, [photo])
    np.testing.assert_array_equal(photo.pixels, pixels)


def test_the_same_seed_gives_the_same_answers(fitted: Fitted, again: Again) -> None:
    assert again.classifier is not fitted.classifier
    photos = _photos(fitted)
    np.testing.assert_array_equal(
        _answers(again.classifier, photos), _answers(fitted.classifier, photos)
    )


def test_the_manifest_is_left_as_it_was(fitted: Fitted) -> None:
    untouched = index_folders(fitted.shared.folder)
    assert fitted.shared.manifest.sha256 == untouched.sha256


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_grey_pictures_are_accepted(mode: str, fitted: Fitted) -> None:
    colours = fitted.shared.cameras[0].shoot(seed=9, size=(160, 176))
    file = io.BytesIO()
    Image.fromarray(colours).convert("L").convert(mode).save(file, "JPEG", quality=92)
    found = _answers(fitted.classifier, [open_photo(file.getvalue())])
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(), 1, rtol=0, atol=1e-9)


def test_no_photos_give_no_rows(fitted: Fitted) -> None:
    found = fitted.classifier.predict_proba([])
    assert found.shape == (0, len(fitted.classifier.classes_))


def test_pictures_of_one_camera_model_are_too_few(
    fitted: Fitted, tmp_path: Path
) -> None:
    manifest = fitted.shared.manifest
    alone = manifest.where(camera_model=str(manifest.camera_model[0]))
    with pytest.raises(DatasetError, match="two models"):
        _build(fitted.name, tmp_path / "model").fit(alone)


def test_no_pictures_at_all_are_too_few(fitted: Fitted, tmp_path: Path) -> None:
    nothing = fitted.shared.manifest.select([])
    with pytest.raises(DatasetError):
        _build(fitted.name, tmp_path / "model").fit(nothing)


def test_pictures_without_a_camera_model_are_refused(
    fitted: Fitted, tmp_path: Path
) -> None:
    manifest = fitted.shared.manifest
    names = ["", *manifest.camera_model.tolist()[1:]]
    paths = [str(path) for path in manifest.paths]
    blank = Manifest({"path": paths, "camera_model": names}, root=tmp_path)
    with pytest.raises(DatasetError, match="no camera model"):
        _build(fitted.name, tmp_path / "model").fit(blank)


def test_the_constructors_arguments_can_be_read_back(
    fitted: Fitted, tmp_path: Path
) -> None:
    built: Any = _build(fitted.name, tmp_path / "model")
    params = built.get_params()
    given = ARGUMENTS.get(fitted.name, {})
    assert {name: params[name] for name in given} == given
    rebuilt: Any = build_method(fitted.name, **params)
    assert rebuilt.get_params() == params


def test_progress_is_told_and_ends_where_it_said(again: Again) -> None:
    assert again.told
    last = {stage: (done, total) for stage, done, total in again.told}
    assert all(done == total for done, total in last.values())
    assert all(0 <= done <= total for _, done, total in again.told)


def test_a_folder_that_holds_something_is_not_written_to(
    fitted: Fitted, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(InputError, match="not empty"):
        fitted.classifier.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_without_a_method_is_refused(fitted: Fitted, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError):
        type(fitted.classifier).load(tmp_path / "nothing")
