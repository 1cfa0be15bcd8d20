"""The co-occurrence method, by itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from whichcam.media import Photo
from whichcam.methods._cooccurrence import CooccurrenceClassifier
from whichcam.traces import COOCCURRENCE_SIZE, cooccurrence_traces

Shoot = Callable[[str], list[Photo]]


def _small() -> CooccurrenceClassifier:
    return CooccurrenceClassifier(subspace_sizes=(50,), max_learners=10)


def test_the_traces_are_those_of_the_middle() -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (300, 420, 3)).astype(np.uint8)
    photo = Photo.from_pixels(pixels, name="x")
    found = CooccurrenceClassifier(crop_size_px=128).extract(photo)
    np.testing.assert_array_equal(found, cooccurrence_traces(pixels[80:208, 144:272]))
    assert found.shape == (COOCCURRENCE_SIZE,)


def test_cameras_that_differ_in_demosaicing_are_told_apart(shoot: Shoot) -> None:
    photos = [*shoot("bilinear"), *shoot("malvar")]
    names = ["Acme One"] * 12 + ["Acme Two"] * 12
    X = np.stack([_small().extract(photo) for photo in photos])
    train = np.arange(24) % 12 < 8
    classifier = _small().fit_features(X[train], np.array(names)[train])
    found = classifier.predict_features(X[~train]).argmax(1)
    assert (found == np.repeat([0, 1], 4)).mean() >= 7 / 8


def test_settings_reach_the_ensemble() -> None:
    rng = np.random.default_rng(1)
    X = rng.random((12, COOCCURRENCE_SIZE)).astype(np.float32)
    classifier = _small().fit_features(X, ["A", "B"] * 6)
    assert classifier.ensemble_.subspace_size_ == 50
    assert classifier.ensemble_.n_learners_ == 10
    assert classifier.get_params()["subspace_sizes"] == (50,)
