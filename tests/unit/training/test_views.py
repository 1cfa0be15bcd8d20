"""Traces of photos, kept in files that other runs may use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")

from whichcam.datasets import Manifest
from whichcam.datasets.synthetic import draw_cameras
from whichcam.errors import IncompatibleArtifactError
from whichcam.media import open_photo
from whichcam.methods import build_method
from whichcam.training import TrainingConfig, _views, keep_views

CONFIG = TrainingConfig(manipulations=("jpeg_70",), n_reduced=1, n_crops=2)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    rows = []
    for number, camera in enumerate(draw_cameras(2, seed=3)):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(camera.shoot_jpeg(seed=number, size=(128, 128)))
        rows.append({"path": path.name, "camera_model": camera.camera_model})
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    rows.append({"path": "broken.jpg", "camera_model": "Acme"})
    return Manifest.from_rows(rows, tmp_path)


def test_other_runs_on_the_same_photos_take_them_over(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = _views.take_views(manifest, CONFIG, tmp_path / "kept", None)
    assert first.rows.tolist() == [0, 1]
    assert [Path(path).name for path, _ in first.skipped] == ["broken.jpg"]

    def refuse(path: str) -> None:
        pytest.fail(f"{path} was opened again")

    monkeypatch.setattr(_views, "open_photo", refuse)
    # another order, another folder of the manifest: the bytes are the same
    other = manifest.select([1, 0])
    again = _views.take_views(other, CONFIG, tmp_path / "kept", None)
    np.testing.assert_array_equal(again.untouched, first.untouched[::-1])
    np.testing.assert_array_equal(again.manipulated, first.manipulated[::-1])
    assert again.tables == first.tables[::-1]


def test_other_settings_do_not(manifest: Manifest, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    _views.take_views(manifest, CONFIG, kept, None)
    other = TrainingConfig(manipulations=("jpeg_90",), n_reduced=1, n_crops=2)
    found = _views.take_views(manifest, other, kept, None)
    assert len(list(kept.iterdir())) == 2
    assert found.manipulated.shape[:2] == (2, 1)


def test_a_photo_kept_before_is_what_training_asks_for(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    for path in manifest.paths[:2]:
        keep_views(open_photo(path), CONFIG, kept)
    monkeypatch.setattr(_views, "_views_of", None)
    assert len(_views.take_views(manifest.select([0, 1]), CONFIG, kept, None).rows) == 2


def test_the_method_keeps_them_where_it_has_a_cache(
    manifest: Manifest, tmp_path: Path
) -> None:
    settings = {"manipulations": ["jpeg_70"], "n_reduced": 1, "n_crops": 2}
    photo = open_photo(manifest.paths[0])
    method = build_method("whichcam", settings=settings, cache=str(tmp_path / "kept"))
    method.keep(photo)  # type: ignore[attr-defined]
    assert len(list((tmp_path / "kept").rglob("*.npz"))) == 1
    build_method("whichcam", settings=settings).keep(photo)  # type: ignore[attr-defined]


def test_a_damaged_file_is_said(manifest: Manifest, tmp_path: Path) -> None:
    _views.take_views(manifest, CONFIG, tmp_path / "kept", None)
    file = next((tmp_path / "kept").rglob("*.npz"))
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(IncompatibleArtifactError, match="remove the file"):
        _views.take_views(manifest, CONFIG, tmp_path / "kept", None)
