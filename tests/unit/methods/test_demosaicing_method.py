"""The demosaicing method, by itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from whichcam.datasets import Manifest
from whichcam.errors import MissingDependencyError
from whichcam.media import Photo
from whichcam.methods._demosaicing import DemosaicingClassifier
from whichcam.traces import demosaicing_traces

Shoot = Callable[[str], list[Photo]]


def _small() -> DemosaicingClassifier:
    return DemosaicingClassifier(subspace_sizes=(50,), max_learners=10)


def test_cameras_that_differ_in_demosaicing_are_told_apart(shoot: Shoot) -> None:
    pytest.importorskip("cv2", reason="the extra demosaicing is not installed")
    kinds = ("bilinear", "malvar", "hamilton_adams")
    X = np.stack([_small().extract(photo) for kind in kinds for photo in shoot(kind)])
    names = np.repeat(["A", "B", "C"], 12)
    train = np.arange(36) % 12 < 8
    classifier = _small().fit_features(X[train], names[train])
    found = classifier.predict_features(X[~train]).argmax(1)
    assert (found == np.repeat([0, 1, 2], 4)).mean() >= 10 / 12


def test_the_phase_of_the_pattern_is_kept_by_the_crop() -> None:
    pytest.importorskip("cv2", reason="the extra demosaicing is not installed")
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (302, 421, 3)).astype(np.uint8)
    photo = Photo.from_pixels(pixels, name="x")
    found = DemosaicingClassifier(crop_size_px=128).extract(photo)
    np.testing.assert_array_equal(found, demosaicing_traces(pixels[80:208, 144:272]))


def test_without_opencv_fitting_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shoot: Shoot
) -> None:
    from PIL import Image

    monkeypatch.setitem(sys.modules, "cv2", None)
    Image.fromarray(shoot("bilinear")[0].pixels).save(tmp_path / "a.png")
    manifest = Manifest({"path": ["a.png"], "camera_model": ["A"]}, root=tmp_path)
    with pytest.raises(MissingDependencyError, match=r"whichcam\[demosaicing\]"):
        DemosaicingClassifier().fit(manifest)
