"""What every registered camera-model classifier keeps to, whatever it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.datasets import Manifest, index_folders
from whichcam.datasets.synthetic import SyntheticCamera, draw_cameras, write_dataset
from whichcam.errors import ImageTooSmallError, NotFittedError
from whichcam.media import Photo, open_photo
from whichcam.methods import METHODS, CameraModelClassifier, build_method

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
    }
}
"""The smallest settings of each method; one without an entry uses its defaults."""


@dataclass(frozen=True, kw_only=True)
class Fitted:
    name: str
    classifier: CameraModelClassifier
    manifest: Manifest
    cameras: Sequence[SyntheticCamera]


@pytest.fixture(scope="module", params=sorted(METHODS))
def fitted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fitted]:
    """Return each method, fitted to pictures of two synthetic cameras."""
    torch = pytest.importorskip("torch", reason="the extra train is not installed")
    pytest.importorskip("onnx", reason="the extra train is not installed")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("contract") / "photos"
    cameras = draw_cameras(2, seed=3)
    write_dataset(folder, cameras, 8, seed=2, size=(160, 160))
    manifest = index_folders(folder)
    arguments = dict(ARGUMENTS.get(request.param, {}))
    if "settings" in arguments:
        arguments["output"] = folder.parent / "model"
    classifier = build_method(request.param, **arguments)
    assert classifier.fit(manifest) is classifier
    yield Fitted(
        name=request.param, classifier=classifier, manifest=manifest, cameras=cameras
    )
    torch.set_num_threads(threads)


def _photos(fitted: Fitted) -> list[Photo]:
    sizes = ((160, 160), (131, 257), (300, 128))
    return [
        open_photo(camera.shoot_jpeg(seed=30 + k, size=size))
        for k, size in enumerate(sizes)
        for camera in fitted.cameras
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
        set(fitted.manifest.camera_model.tolist())
    )


def test_probabilities_are_rows_that_sum_to_one(fitted: Fitted) -> None:
    photos = _photos(fitted)
    found = fitted.classifier.predict_proba(photos)
    assert found.shape == (len(photos), len(fitted.classifier.classes_))
    assert found.dtype == np.float64
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(1), 1, rtol=0, atol=1e-9)


def test_a_batch_gives_what_its_photos_give_one_by_one(fitted: Fitted) -> None:
    photos = _photos(fitted)
    together = fitted.classifier.predict_proba(photos)
    for row, photo in zip(together, photos, strict=True):
        alone = fitted.classifier.predict_proba([photo])[0]
        np.testing.assert_allclose(alone, row, rtol=0, atol=1e-9)


def test_asking_twice_gives_the_same(fitted: Fitted) -> None:
    photos = _photos(fitted)
    np.testing.assert_array_equal(
        fitted.classifier.predict_proba(photos), fitted.classifier.predict_proba(photos)
    )


def test_a_saved_method_answers_as_before_and_saves_the_same_bytes(
    fitted: Fitted, tmp_path: Path
) -> None:
    fitted.classifier.save(tmp_path / "first")
    again = type(fitted.classifier).load(tmp_path / "first")
    again.save(tmp_path / "second")
    files = sorted(path.name for path in (tmp_path / "first").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "second").iterdir())
    for name in files:
        first, second = tmp_path / "first" / name, tmp_path / "second" / name
        assert first.read_bytes() == second.read_bytes()
    assert again.classes_ == fitted.classifier.classes_
    photos = _photos(fitted)
    np.testing.assert_array_equal(
        again.predict_proba(photos), fitted.classifier.predict_proba(photos)
    )


@pytest.mark.parametrize("size", [(129, 131), (128, 128), (403, 137)])
def test_odd_sizes_without_a_file_are_accepted(
    size: tuple[int, int], fitted: Fitted, rng: np.random.Generator
) -> None:
    pixels = rng.integers(0, 256, (*size, 3)).astype(np.uint8)
    found = fitted.classifier.predict_proba([Photo.from_pixels(pixels, name="x")])
    np.testing.assert_allclose(found.sum(), 1, rtol=0, atol=1e-9)


def test_a_constant_picture_gets_finite_probabilities(fitted: Fitted) -> None:
    flat = Photo.from_pixels(np.full((160, 160, 3), 255, np.uint8), name="x")
    assert np.isfinite(fitted.classifier.predict_proba([flat])).all()


def test_too_small_a_picture_is_refused(fitted: Fitted) -> None:
    small = Photo.from_pixels(np.full((32, 500, 3), 90, np.uint8), name="x")
    with pytest.raises(ImageTooSmallError, match="500x32"):
        fitted.classifier.predict_proba([small])


def test_the_photo_is_left_as_it_was(fitted: Fitted, rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (160, 160, 3)).astype(np.uint8)
    photo = Photo.from_pixels(pixels, name="x")
    fitted.classifier.predict_proba([photo])
    np.testing.assert_array_equal(photo.pixels, pixels)
