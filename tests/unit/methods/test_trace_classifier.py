"""What all trace classifiers share, on one with a trace of two numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from whichcam._typing import FloatArray, IntArray, PixelArray
from whichcam.datasets import Manifest
from whichcam.errors import (
    DatasetError,
    ImageTooSmallError,
    IncompatibleArtifactError,
    InputError,
    NotFittedError,
    OutOfDomainWarning,
    ShapeMismatchError,
)
from whichcam.media import Photo
from whichcam.methods._traced import TraceClassifier


class NearestMean(TraceClassifier):
    """Takes red's and blue's mean; a picture without any blue has no trace."""

    method = "nearest_mean"
    trace_version = 3
    n_features = 2
    n_taken = 0

    def __init__(
        self, *, sizes: tuple[int, ...] = (1, 2), crop_size_px: int = 64
    ) -> None:
        super().__init__(crop_size_px=crop_size_px, smallest_px=16)
        self.sizes = sizes

    def _extract(self, photo: Photo, crop: PixelArray) -> FloatArray:  # noqa: ARG002
        self.n_taken += 1
        red, blue = crop[:, :, 0].mean(), crop[:, :, 2].mean()
        return np.array([red, blue if blue else np.nan], np.float32)

    def _fit(self, X: FloatArray, labels: IntArray, groups: npt.NDArray[Any]) -> None:
        self.seen_ = (X, labels, groups)
        self.means_ = np.stack([X[labels == k].mean(0) for k in np.unique(labels)])

    def _predict(self, X: FloatArray) -> npt.NDArray[np.float64]:
        near = np.exp(-np.linalg.norm(X[:, None] - self.means_, axis=2))
        return np.asarray(near / near.sum(1, keepdims=True), dtype=np.float64)

    def _state(self) -> dict[str, npt.NDArray[Any]]:
        return {"means": self.means_}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]], n_classes: int) -> None:
        if len(arrays["means"]) != n_classes:
            raise IncompatibleArtifactError("another number of classes")
        self.means_ = arrays["means"]


COLOURS = {"Red 1": (200, 0, 40), "Blue 2": (40, 0, 200)}


def _photo(colour: tuple[int, int, int], size: tuple[int, int] = (20, 20)) -> Photo:
    return Photo.from_pixels(np.full((*size, 3), colour, np.uint8), name="x.png")


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Return four pictures of two camera models."""
    rows = []
    for k in range(4):
        name = sorted(COLOURS)[k % 2]
        path = tmp_path / f"{k}.png"
        colour = tuple(value + k for value in COLOURS[name])
        Image.new("RGB", (20, 20), colour).save(path)
        rows.append({"path": str(path), "camera_model": name, "session": f"s{k % 2}"})
    return Manifest.from_rows([{**row, "device_id": "d"} for row in rows], tmp_path)


def test_photos_are_learnt_from_and_told_apart(manifest: Manifest) -> None:
    classifier = NearestMean().fit(manifest)
    assert classifier.classes_ == ("Blue 2", "Red 1")
    found = classifier.predict_proba([_photo(COLOURS["Red 1"])])
    assert found[0, 1] > 0.99
    assert classifier.skipped_ == ()


def test_sessions_reach_the_classifier(manifest: Manifest) -> None:
    _, labels, groups = NearestMean().fit(manifest).seen_
    assert labels.tolist() == [0, 1, 0, 1]
    assert groups.tolist() == manifest.groups("session").tolist()


def test_without_sessions_devices_are_kept_together(manifest: Manifest) -> None:
    columns = {
        "path": [str(path) for path in manifest.paths],
        "camera_model": manifest.camera_model.tolist(),
        "device_id": ["a", "b", "c", "d"],
    }
    alone = Manifest(columns, root=manifest.root)
    assert NearestMean().fit(alone).seen_[2].tolist() == ["a", "b", "c", "d"]
    del columns["device_id"]
    nothing = Manifest(columns, root=manifest.root)
    assert len(set(NearestMean().fit(nothing).seen_[2].tolist())) == 1


def test_threads_give_what_one_thread_gives(manifest: Manifest) -> None:
    one, two = NearestMean(), NearestMean()
    two.workers = 2
    for classifier in (one, two):
        classifier.fit(manifest)
    np.testing.assert_array_equal(one.seen_[0], two.seen_[0])


@pytest.mark.parametrize("workers", [1, 2])
def test_files_that_cannot_be_used_are_skipped_with_the_reason(
    workers: int, manifest: Manifest
) -> None:
    (manifest.root / "broken.png").write_bytes(b"no picture")
    Image.new("RGB", (20, 20), (9, 9, 0)).save(manifest.root / "no_blue.png")
    Image.new("RGB", (20, 8), (9, 9, 9)).save(manifest.root / "small.png")
    names = ["broken.png", "no_blue.png", "small.png", "missing.png"]
    paths = [str(manifest.root / name) for name in names]
    more = Manifest(
        {
            "path": [*(str(path) for path in manifest.paths), *paths],
            "camera_model": [*manifest.camera_model, *["Red 1"] * 4],
        },
        root=manifest.root,
    )
    classifier = NearestMean()
    classifier.workers = workers
    classifier.fit(more)
    assert [Path(path).name for path, _ in classifier.skipped_] == names
    reasons = [reason for _, reason in classifier.skipped_]
    assert "nearest_mean looks at" in reasons[1]
    assert "20x8 px" in reasons[2]
    assert len(classifier.seen_[0]) == 4


def test_no_usable_file_at_all_says_why(manifest: Manifest) -> None:
    for path in manifest.paths:
        path.write_bytes(b"no picture")
    with pytest.raises(DatasetError, match="none of 4 photos can be used; the first"):
        NearestMean().fit(manifest)


def test_progress_counts_photos(manifest: Manifest) -> None:
    told: list[tuple[str, int, int]] = []
    NearestMean().fit(manifest, progress=lambda *step: told.append(step))
    assert told == [("taking traces", k, 4) for k in (1, 2, 3, 4)]


def test_traces_of_a_photo_are_taken_once() -> None:
    classifier = NearestMean()
    photo = _photo((1, 2, 3))
    first = classifier.extract(photo)
    assert classifier.extract(photo) is first
    assert not first.flags.writeable
    classifier.extract(_photo((4, 2, 3)))
    assert classifier.n_taken == 2
    classifier.crop_size_px = 32
    classifier.extract(photo)
    assert classifier.n_taken == 3


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = NearestMean()
    monkeypatch.setattr(classifier, "_remembered", 2)
    photos = [_photo((k, 2, 3)) for k in range(3)]
    for photo in (*photos, photos[0], photos[0]):
        classifier.extract(photo)
    assert classifier.n_taken == 4


def test_the_middle_is_looked_at_on_the_grid_of_chroma_blocks() -> None:
    pixels = np.zeros((100, 230, 3), np.uint8)
    pixels[:, :, 2] = 1
    pixels[16:80, 80:144, 0] = 100  # (100 - 64) // 2 = 18 -> 16; (230 - 64) // 2 = 83
    found = NearestMean().extract(Photo.from_pixels(pixels, name="x"))
    assert found[0] == 100


def test_too_small_a_photo_is_refused_with_its_size() -> None:
    with pytest.raises(ImageTooSmallError, match=r"x\.png is 20x15 px.*16x16 px"):
        NearestMean().extract(_photo((1, 2, 3), size=(15, 20)))


def test_what_the_trace_depends_on_is_in_its_key() -> None:
    assert NearestMean().trace_key == "nearest_mean-3-64"
    assert NearestMean(crop_size_px=32).trace_key == "nearest_mean-3-32"


FEATURES = np.array([[200, 40], [40, 200], [201, 41], [41, 201]], np.float32)
NAMES = ["Red 1", "Blue 2", "Red 1", "Blue 2"]


def test_features_without_a_trace_are_left_out_and_called_a_toss_up() -> None:
    holed = np.vstack([FEATURES, [[np.nan, np.nan]]]).astype(np.float32)
    classifier = NearestMean().fit_features(holed, [*NAMES, "Red 1"])
    assert len(classifier.seen_[0]) == 4
    with pytest.warns(OutOfDomainWarning, match="1 of 5 photos lack what nearest_mean"):
        found = classifier.predict_features(holed)
    np.testing.assert_array_equal(found[4], [0.5, 0.5])
    np.testing.assert_array_equal(found[:4].argmax(1), [1, 0, 1, 0])


def test_too_few_photos_of_a_class_are_refused_by_name() -> None:
    with pytest.raises(DatasetError, match="'Rare 3' has 1"):
        NearestMean().fit_features(FEATURES, ["Rare 3", *["Red 1"] * 3])
    holed = FEATURES.copy()
    holed[1] = np.nan
    with pytest.raises(DatasetError, match="'Blue 2' has 1"):
        NearestMean().fit_features(holed, NAMES)


def test_one_class_is_refused() -> None:
    with pytest.raises(DatasetError, match=r"1 camera model.*two models"):
        NearestMean().fit_features(FEATURES, ["Red 1"] * 4)


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_class_is_refused_with_its_row(blank: str) -> None:
    with pytest.raises(DatasetError, match=r"row 2 .*no camera model"):
        NearestMean().fit_features(FEATURES, ["Red 1", "Blue 2", blank, "Blue 2"])


def test_lengths_and_widths_must_agree() -> None:
    with pytest.raises(ShapeMismatchError, match="4 rows, y 3"):
        NearestMean().fit_features(FEATURES, NAMES[:3])
    with pytest.raises(ShapeMismatchError, match="groups 2"):
        NearestMean().fit_features(FEATURES, NAMES, groups=[1, 2])
    fitted = NearestMean().fit_features(FEATURES, NAMES)
    with pytest.raises(ShapeMismatchError, match=re.escape("(n, 2)")):
        fitted.predict_features(FEATURES[:, :1])


def test_infinite_traces_are_refused() -> None:
    endless = FEATURES.copy()
    endless[0, 0] = np.inf
    with pytest.raises(InputError, match="infinite"):
        NearestMean().fit_features(endless, NAMES)


def test_before_fitting_nothing_is_answered_or_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        NearestMean().predict_features(FEATURES)
    with pytest.raises(NotFittedError):
        NearestMean().save(tmp_path / "m")
    assert not (tmp_path / "m").exists()


def _saved(folder: Path) -> Path:
    NearestMean(sizes=(7, 8)).fit_features(FEATURES, NAMES).save(folder)
    return folder


def test_a_saved_classifier_keeps_settings_classes_and_answers(tmp_path: Path) -> None:
    again = NearestMean.load(_saved(tmp_path / "m"))
    assert again.sizes == (7, 8)
    assert again.classes_ == ("Blue 2", "Red 1")
    np.testing.assert_array_equal(
        again.predict_features(FEATURES),
        NearestMean().fit_features(FEATURES, NAMES).predict_features(FEATURES),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "other"}, "'other' over traces of version 3"),
        ({"trace_version": 2}, "version 2; expected 'nearest_mean'"),
        ({"classes": ["Red 1", "Blue 2"]}, "in order"),
        ({"classes": ["Red 1", "Red 1"]}, "different names"),
        ({"classes": ["Red 1"]}, "two or more"),
        ({"classes": [1, 2]}, "different names"),
        ({"classes": ["A", "B", "C"]}, "another number"),
        ({"params": {"depth": 3}}, "'depth'"),
        ({"params": {"crop_size_px": "64"}}, "'crop_size_px' is '64'"),
        ({"params": {"crop_size_px": True}}, "'crop_size_px' is True"),
        ({"params": {"sizes": [1, [2]]}}, "'sizes' is"),
        ({"params": 3}, "params"),
    ],
)
def test_a_header_that_does_not_fit_is_refused(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = _saved(tmp_path / "m") / "method.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(IncompatibleArtifactError, match=message):
        NearestMean.load(tmp_path / "m")
