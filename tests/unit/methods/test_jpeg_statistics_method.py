"""The method of JPEG statistics, by itself."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from whichcam.datasets import Manifest
from whichcam.errors import (
    IncompatibleArtifactError,
    NotFittedError,
    OutOfDomainWarning,
)
from whichcam.media import Photo, open_photo
from whichcam.methods._jpeg_statistics import JpegStatisticsClassifier
from whichcam.methods._persistence import load_method, save_method

ENCODERS: dict[str, dict[str, Any]] = {
    "Acme": {"quality": 92, "subsampling": 0},
    "Bolt": {"quality": 88, "subsampling": 2},
    "Cord": {"quality": 75, "subsampling": 2},
}


def _file(seed: int, **settings: Any) -> bytes:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 210, (20, 20, 3))
    pixels = np.kron(coarse, np.ones((8, 8, 1))) + rng.normal(0, 4, (160, 160, 3))
    file = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file, "JPEG", **settings)
    return file.getvalue()


def _traces(
    n: int, *, first: int = 0, **more: Any
) -> tuple[npt.NDArray[np.float32], list[str]]:
    names = sorted(ENCODERS) * n
    photos = [
        open_photo(_file(first + k, **(ENCODERS[name] | more)))
        for k, name in enumerate(names)
    ]
    extract = JpegStatisticsClassifier().extract
    return np.stack([extract(photo) for photo in photos]), names


@pytest.fixture(scope="module")
def fitted() -> JpegStatisticsClassifier:
    """Return the method, fitted to files of three encoders."""
    return JpegStatisticsClassifier().fit_features(*_traces(6))


def test_encoders_are_told_apart(fitted: JpegStatisticsClassifier) -> None:
    X, names = _traces(4, first=100)
    found = fitted.predict_features(X)
    assert [fitted.classes_[k] for k in found.argmax(1)] == names
    assert found.max(1).min() > 0.6


def test_a_photo_that_is_no_jpeg_is_called_a_toss_up_with_a_warning(
    fitted: JpegStatisticsClassifier,
) -> None:
    pixels = open_photo(_file(1, **ENCODERS["Acme"])).pixels
    photo = Photo.from_pixels(pixels, name="x")
    with pytest.warns(OutOfDomainWarning, match="1 of 1 photos lack"):
        found = fitted.predict_proba([photo])
    np.testing.assert_allclose(found, 1 / 3)


def test_a_file_that_lost_its_tables_is_no_better(
    fitted: JpegStatisticsClassifier,
) -> None:
    photo = open_photo(_file(1, **ENCODERS["Acme"]))
    assert photo.jpeg is not None
    robbed = replace(photo.jpeg, quantization_table_ids=(5, 6))
    broken = replace(photo, header=replace(photo.header, jpeg=robbed))
    with pytest.warns(OutOfDomainWarning):
        found = JpegStatisticsClassifier.predict_proba(fitted, [broken])
    np.testing.assert_allclose(found, 1 / 3)


def test_other_files_are_skipped_when_learning(tmp_path: Path) -> None:
    rows = []
    for k, name in enumerate(sorted(ENCODERS) * 2):
        (tmp_path / f"{k}.jpg").write_bytes(_file(k, **ENCODERS[name]))
        rows.append({"path": f"{k}.jpg", "camera_model": name})
    Image.new("RGB", (160, 160)).save(tmp_path / "x.png")
    rows.append({"path": "x.png", "camera_model": "Acme"})
    classifier = JpegStatisticsClassifier(calibration_folds=2)
    classifier.fit(Manifest.from_rows(rows, tmp_path))
    assert [Path(path).name for path, _ in classifier.skipped_] == ["x.png"]


def _uses_huffman(
    parts: list[tuple[npt.NDArray[np.float32], list[str]]], **settings: Any
) -> bool:
    X = np.concatenate([traces for traces, _ in parts])
    names = [name for _, part in parts for name in part]
    return JpegStatisticsClassifier(**settings).fit_features(X, names).uses_huffman_


def test_huffman_tables_are_used_where_files_share_them() -> None:
    example, optimized = _traces(4), _traces(2, first=50, optimize=True)
    assert _uses_huffman([example, optimized])
    assert not _uses_huffman([example, optimized], huffman_tables=False)
    # alike in all training files they tell nothing
    assert not _uses_huffman([example])
    # made for each picture they tell of scenes
    assert not _uses_huffman([optimized, _traces(2, first=90, optimize=True)])


def test_whether_huffman_tables_are_used_is_not_known_before_fitting() -> None:
    with pytest.raises(NotFittedError):
        _ = JpegStatisticsClassifier().uses_huffman_


def test_what_no_training_file_had_does_not_decide_alone(
    fitted: JpegStatisticsClassifier,
) -> None:
    X, _ = _traces(1, first=200)
    strange, stranger = X.copy(), X.copy()
    strange[:, 5] += 50  # the logarithm of a step of the luma table
    stranger[:, 5] += 5000
    found = fitted.predict_features(strange)
    np.testing.assert_array_equal(found, fitted.predict_features(stranger))
    assert found.max() < 0.999


def test_two_classes_have_one_machine(tmp_path: Path) -> None:
    X, names = _traces(6)
    rows = [k for k, name in enumerate(names) if name != "Cord"]
    two = JpegStatisticsClassifier().fit_features(X[rows], [names[k] for k in rows])
    found = two.predict_features(X[rows])
    assert [two.classes_[k] for k in found.argmax(1)] == [names[k] for k in rows]
    two.save(tmp_path / "m")
    _, arrays = load_method(tmp_path / "m")
    for name in ("weights", "offsets"):
        np.testing.assert_array_equal(arrays[name][..., 0], -arrays[name][..., 1])
        assert arrays[name].any()
    again = JpegStatisticsClassifier.load(tmp_path / "m")
    np.testing.assert_array_equal(again.predict_features(X[rows]), found)


@pytest.mark.parametrize(
    "change",
    [
        {"temperature": np.array([-1.0])},
        {"weights": np.zeros((4, 3))},
        {"more": np.zeros(2)},
    ],
)
def test_arrays_that_are_no_machine_are_refused(
    change: dict[str, Any], fitted: JpegStatisticsClassifier, tmp_path: Path
) -> None:
    fitted.save(tmp_path / "a")
    header, arrays = load_method(tmp_path / "a")
    save_method(tmp_path / "b", header, arrays | change)
    with pytest.raises(IncompatibleArtifactError, match="stored machine"):
        JpegStatisticsClassifier.load(tmp_path / "b")
