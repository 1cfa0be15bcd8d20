"""train(): a manifest in, a model folder out; refusals, leftovers, broken files."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("onnx", reason="the extra train is not installed")

import torch

from whichcam.datasets import Manifest, index_exif, index_folders
from whichcam.datasets.synthetic import draw_cameras
from whichcam.errors import DatasetError, InputError
from whichcam.media import Photo, open_photo
from whichcam.models import CameraModel
from whichcam.training import TrainingConfig, TrainingReport, train

FILES = {
    *("model.onnx", "spec.json", "calibration.json", "file_statistics.json"),
    *("frame_sizes.json", "CARD.md"),
}


@dataclass(frozen=True, kw_only=True)
class Run:
    folder: Path
    report: TrainingReport
    progress: list[tuple[str, int, int]]


@pytest.fixture(scope="module")
def trained(manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return what one small run made."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    progress: list[tuple[str, int, int]] = []
    report = train(
        manifest,
        folder,
        config=_config(),
        progress=lambda *call: progress.append(call),
        command="whichcam train --tiny",
    )
    return Run(folder=folder, report=report, progress=progress)


def _config(**changes: Any) -> TrainingConfig:
    tiny: dict[str, Any] = {
        "epochs": 2,
        "folds": 2,
        "hidden": 8,
        "batch_size": 16,
        "n_crops": 1,
        "crop_size_px": 128,
        "smallest_px": 128,
        "device": "cpu",
        "manipulations": ["jpeg_70"],
    }
    return TrainingConfig.from_mapping({**tiny, **changes})


def test_the_folder_holds_the_model_and_nothing_of_the_work(trained: Run) -> None:
    assert {path.name for path in trained.folder.iterdir()} == FILES


def test_the_folder_is_loaded_and_answers(trained: Run) -> None:
    model = CameraModel.load(trained.folder)
    assert model.classes == tuple(f"Synthetic SYN-3-{k}" for k in range(3))
    assert set(model.makes) == {"Synthetic"}
    assert model.model_id == trained.report.model_id
    camera = draw_cameras(3, seed=3)[0]
    evidence = model.analyse(open_photo(camera.shoot_jpeg(seed=99, size=(192, 192))))
    np.testing.assert_allclose(evidence.probabilities.sum(), 1, atol=1e-12)
    assert evidence.file_statistics_used
    assert model.decide(evidence).level in ("model", "family", "make", "unknown")


def test_the_spec_tells_where_the_model_comes_from(
    trained: Run, manifest: Manifest
) -> None:
    spec = json.loads((trained.folder / "spec.json").read_text(encoding="utf-8"))
    assert spec["training"]["manifest_sha256"] == manifest.sha256
    assert spec["training"]["photos"] == 24
    assert spec["training"]["config"] == _config().to_dict()
    assert spec["training"]["parity"] == trained.report.parity <= 1e-4
    assert spec["crop_size_px"] == 128
    pixels = np.full((128, 128, 3), 90, np.uint8)
    evidence = CameraModel.load(trained.folder).analyse(
        Photo.from_pixels(pixels, name="x")
    )
    assert evidence.embedding.shape == (spec["embedding_size"],)


def test_the_card_says_what_made_the_model_and_from_what(
    trained: Run, manifest: Manifest
) -> None:
    card = (trained.folder / "CARD.md").read_text(encoding="utf-8")
    assert "whichcam train --tiny" in card
    assert manifest.sha256 in card
    assert "24 photographs by 3 devices of 3 camera models" in card
    for name in ("Synthetic SYN-3-0", "Apache-2.0", "| file |", "| pixels |"):
        assert name in card
    for heading in ("## Data", "## Limits", "## What validation showed"):
        assert heading in card


def test_no_family_sentence_is_left_hanging(trained: Run) -> None:
    card = (trained.folder / "CARD.md").read_text(encoding="utf-8")
    assert "family: ." not in card


def test_the_card_holds_no_path_of_the_machine(trained: Run, photos: Path) -> None:
    for path in trained.folder.iterdir():
        assert str(photos.parent).encode() not in path.read_bytes()


def test_the_report_counts_what_was_used(trained: Run) -> None:
    report = trained.report
    assert (report.n_photos, report.n_devices, report.n_classes) == (24, 3, 3)
    assert report.skipped == ()
    assert Path(report.folder) == trained.folder
    assert set(report.validation) == {"frame", "file", "pixels"}
    assert json.loads(json.dumps(report.to_dict()))["model_id"] == report.model_id


def test_progress_comes_to_its_end_in_every_stage(trained: Run) -> None:
    last = {stage: (done, total) for stage, done, total in trained.progress}
    assert last == {
        "taking traces": (24, 24),
        "training": (2, 2),
        "calibrating": (2, 2),
    }


def test_the_same_seed_and_photos_give_the_same_model(
    trained: Run, manifest: Manifest, tmp_path: Path
) -> None:
    again = train(manifest, tmp_path / "again", config=_config())
    first, second = trained.folder, tmp_path / "again"
    for name in FILES - {"spec.json", "CARD.md"}:
        assert (first / name).read_bytes() == (second / name).read_bytes()
    assert again.model_id == trained.report.model_id


def test_a_folder_with_a_model_is_not_overwritten(
    trained: Run, manifest: Manifest
) -> None:
    before = (trained.folder / "model.onnx").read_bytes()
    with pytest.raises(InputError, match="holds a model already"):
        train(manifest, trained.folder, config=_config(seed=5))
    with pytest.raises(InputError, match="holds a model already"):
        train(manifest, trained.folder, config=_config(seed=5), resume=True)
    assert (trained.folder / "model.onnx").read_bytes() == before


class Killed(Exception):
    """Stands for the end of the process."""


def test_a_killed_run_is_refused_without_resume_and_finished_with_it(
    trained: Run, manifest: Manifest, tmp_path: Path
) -> None:
    def kill(stage: str, done: int, _: int) -> None:
        if (stage, done) == ("training", 1):
            raise Killed

    folder = tmp_path / "model"
    with pytest.raises(Killed):
        train(manifest, folder, config=_config(), progress=kill)
    assert (folder / "work").is_dir()
    with pytest.raises(InputError, match=r"unfinished run.*--resume"):
        train(manifest, folder, config=_config())
    stages: list[tuple[str, int]] = []
    train(
        manifest,
        folder,
        config=_config(),
        resume=True,
        progress=lambda stage, done, _: stages.append((stage, done)),
    )
    assert ("training", 1) not in stages
    assert ("training", 2) in stages
    assert not (folder / "work").exists()
    onnx = (folder / "model.onnx").read_bytes()
    assert onnx == (trained.folder / "model.onnx").read_bytes()


def test_a_resumed_run_does_not_open_the_photos_again(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: object) -> None:
        raise Killed

    with pytest.raises(Killed):
        train(manifest, tmp_path / "m", config=_config(), progress=kill)

    def refuse(path: str) -> None:
        pytest.fail(f"{path} was opened again")

    from whichcam.training import _views

    monkeypatch.setattr(_views, "open_photo", refuse)
    report = train(manifest, tmp_path / "m", config=_config(), resume=True)
    assert report.n_photos == 24


def test_broken_and_too_small_files_are_left_out_and_reported(
    photos: Path, tmp_path: Path
) -> None:
    names = [path.relative_to(photos.parent) for path in sorted(photos.rglob("*.jpg"))]
    rows = [
        {"path": str(photos.parent / name), "camera_model": name.parts[-2]}
        for name in names[4:20]
    ]
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not much of a picture")
    (tmp_path / "small.jpg").write_bytes(
        draw_cameras(1, seed=3)[0].shoot_jpeg(seed=1, size=(96, 96))
    )
    rows.insert(3, {"path": "broken.jpg", "camera_model": rows[0]["camera_model"]})
    rows.insert(9, {"path": "small.jpg", "camera_model": rows[0]["camera_model"]})
    rows.append({"path": "missing.jpg", "camera_model": rows[0]["camera_model"]})
    report = train(Manifest.from_rows(rows, tmp_path), tmp_path / "m", config=_config())
    assert report.n_photos == 16
    reasons = {Path(path).name: reason for path, reason in report.skipped}
    assert set(reasons) == {"broken.jpg", "small.jpg", "missing.jpg"}
    assert "96x96" in reasons["small.jpg"]


def test_photos_without_any_tables_make_a_model_too(
    photos: Path, tmp_path: Path
) -> None:
    for path in sorted(photos.rglob("*.jpg")):
        if "_000" in path.name and path.stem[-1] in "0123":
            target = tmp_path / "png" / path.parent.name / f"{path.stem}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            Image.open(io.BytesIO(path.read_bytes())).convert("RGB").save(target)
    report = train(
        index_folders(tmp_path / "png"), tmp_path / "m", config=_config(epochs=1)
    )
    assert report.n_photos == 12
    photo = open_photo(next((tmp_path / "png").rglob("*.png")))
    evidence = CameraModel.load(tmp_path / "m").analyse(photo)
    assert not evidence.file_statistics_used


def test_two_models_and_devices_by_exif_are_enough(
    photos: Path, tmp_path: Path
) -> None:
    manifest = index_exif(photos)
    two = manifest.where(camera_model=list(set(manifest.camera_model.tolist()))[:2])
    report = train(two, tmp_path / "m", config=_config(epochs=1))
    assert (report.n_classes, report.n_photos) == (2, 16)


@pytest.mark.parametrize("n_models", [0, 1])
def test_fewer_than_two_models_are_refused(
    n_models: int, manifest: Manifest, tmp_path: Path
) -> None:
    names = sorted(set(manifest.camera_model.tolist()))[:n_models]
    mask = np.isin(manifest.camera_model, names)
    with pytest.raises(DatasetError, match="at least two models"):
        train(manifest.select(mask), tmp_path / "m", config=_config())


def test_the_rooms_that_answer_never_load_torch(
    trained: Run, photos: Path, tmp_path: Path
) -> None:
    script = (
        "import sys; from whichcam.pipelines import identify; import whichcam.methods;"
        "identify(sys.argv[1], model=sys.argv[2]);"
        "loaded = {'torch', 'onnx', 'whichcam.training'} & set(sys.modules);"
        "sys.exit(str(loaded) if loaded else 0)"
    )
    photo = next(photos.rglob("*.jpg"))
    done = subprocess.run(
        [sys.executable, "-c", script, str(photo), str(trained.folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "")


_TWO_PROCESSES = """
import os, sys
import torch
from whichcam.datasets import index_folders
from whichcam.training import TrainingConfig, _train

torch.set_num_threads(1)
out = sys.argv[2]
fit = _train.fit_network
first = []

def keep(*args, **keywords):
    network = fit(*args, **keywords)
    if not first:
        first.append(True)
        weights = {name: value.detach() for name, value in network.named_parameters()}
        torch.save(weights, f"{out}/rank{os.environ['RANK']}.pt")
    return network

_train.fit_network = keep
config = TrainingConfig(
    epochs=2, folds=2, hidden=8, batch_size=8, n_crops=1, crop_size_px=128,
    smallest_px=128, device="cpu", manipulations=("jpeg_70",),
)
_train.train(index_folders(sys.argv[1]), f"{out}/model", config=config)
"""


def test_two_processes_train_one_model_together(photos: Path, tmp_path: Path) -> None:
    script = tmp_path / "two.py"
    script.write_text(_TWO_PROCESSES, encoding="utf-8")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*launcher, "--nproc-per-node=2", str(script), str(photos), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    weights = [torch.load(tmp_path / f"rank{k}.pt", weights_only=True) for k in (0, 1)]
    assert all(torch.equal(weights[0][n], weights[1][n]) for n in weights[0])
    assert {path.name for path in (tmp_path / "model").iterdir()} == FILES
    assert CameraModel.load(tmp_path / "model").spec.training["photos"] == 24
