"""The noise-moment method, by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.errors import IncompatibleArtifactError
from whichcam.media import Photo
from whichcam.methods._noise_moments import NoiseMomentsClassifier
from whichcam.methods._persistence import load_method, save_method
from whichcam.traces import NOISE_MOMENTS_SIZE, noise_moments

Shoot = Callable[[str], list[Photo]]


def _small(**changes: Any) -> NoiseMomentsClassifier:
    return NoiseMomentsClassifier(**({"n_rounds": 10, "smallest_leaf": 2} | changes))


def _drawn(n: int, seed: int) -> tuple[np.ndarray[Any, Any], list[str]]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(2 * n, NOISE_MOMENTS_SIZE)).astype(np.float32)
    X[n:, 5] += 1.5
    return X, ["A"] * n + ["B"] * n


def test_the_traces_are_the_noise_moments_of_the_middle() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (200, 260, 3)).astype(np.uint8)
    found = _small(crop_size_px=128).extract(Photo.from_pixels(pixels, name="x"))
    np.testing.assert_array_equal(found, noise_moments(pixels[32:160, 64:192]))


def test_cameras_that_differ_in_demosaicing_are_told_apart(shoot: Shoot) -> None:
    photos = [*shoot("bilinear"), *shoot("malvar")]
    X = np.stack([_small().extract(photo) for photo in photos])
    train = np.arange(24) % 12 < 8
    names = np.repeat(["A", "B"], 12)
    classifier = _small().fit_features(X[train], names[train])
    found = classifier.predict_features(X[~train]).argmax(1)
    assert (found == np.repeat([0, 1], 4)).mean() >= 6 / 8


def test_answers_are_tempered_by_what_was_held_out() -> None:
    X, names = _drawn(60, seed=1)
    tempered = _small(n_rounds=40).fit_features(X, names)
    raw = _small(n_rounds=40, calibration_folds=0).fit_features(X, names)
    assert raw.temperature_ == 1
    assert tempered.temperature_ > 1.2  # boosted trees are surer than they are right
    fresh, truth = _drawn(300, seed=2)
    found = tempered.predict_features(fresh)
    right = np.array([tempered.classes_[k] for k in found.argmax(1)]) == truth
    assert found.max(1).mean() == pytest.approx(right.mean(), abs=0.06)
    np.testing.assert_array_equal(
        raw.predict_features(fresh).argmax(1), found.argmax(1)
    )


def test_a_stored_temperature_that_cannot_be_is_refused(tmp_path: Path) -> None:
    _small().fit_features(*_drawn(10, seed=1)).save(tmp_path / "a")
    header, arrays = load_method(tmp_path / "a")
    arrays["temperature"] = np.array([0.0])
    save_method(tmp_path / "b", header, arrays)
    with pytest.raises(IncompatibleArtifactError, match="temperature is 0"):
        NoiseMomentsClassifier.load(tmp_path / "b")
