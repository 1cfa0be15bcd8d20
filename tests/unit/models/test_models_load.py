"""A model folder is opened whole and sound, or refused with the reason."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from whichcam.errors import (
    ArtifactNotFoundError,
    ChecksumMismatchError,
    IncompatibleArtifactError,
    WhichcamError,
)
from whichcam.models import CameraModel

JSON_FILES = (
    *("spec.json", "calibration.json", "file_statistics.json", "frame_sizes.json"),
)


@pytest.fixture
def folder(tiny_model: Any, tmp_path: Path) -> Path:
    """Return a copy of the model folder to be damaged."""
    return Path(shutil.copytree(tiny_model.folder, tmp_path / "model"))


def _edit(path: Path, **changes: object) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**data, **changes}), encoding="utf-8")


def _replace_network(folder: Path, network: bytes) -> None:
    (folder / "model.onnx").write_bytes(network)
    sha256 = hashlib.sha256(network).hexdigest()
    _edit(folder / "spec.json", onnx_sha256=sha256)


def test_a_sound_folder_is_loaded_with_its_classes_makes_and_families(
    folder: Path,
) -> None:
    model = CameraModel.load(str(folder))
    assert model.classes == ("Acme One", "Acme Two", "Bolt 5")
    assert model.makes == ("Acme", "Acme", "Bolt")
    assert model.families == ("One / Two", "One / Two", "5")
    assert model.folder == folder


def test_the_model_id_is_of_the_content_and_not_of_the_place(
    folder: Path, tiny_model: Any
) -> None:
    here, there = CameraModel.load(folder), CameraModel.load(tiny_model.folder)
    assert here.model_id == there.model_id
    assert len(here.model_id) == 12
    assert set(here.model_id) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("spec.json", {"n_crops": 3}),
        ("calibration.json", {"protocol": {"folds": 7}}),
        ("file_statistics.json", {"tables": []}),
        ("frame_sizes.json", {"seen": []}),
    ],
)
def test_the_model_id_changes_with_anything_that_may_decide_answers(
    name: str, changes: dict[str, object], folder: Path
) -> None:
    before = CameraModel.load(folder).model_id
    _edit(folder / name, **changes)
    assert CameraModel.load(folder).model_id != before


def test_a_folder_that_does_not_exist_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFoundError, match=r"no model folder .*nowhere"):
        CameraModel.load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [*JSON_FILES, "model.onnx"])
def test_a_missing_file_is_refused_by_name(name: str, folder: Path) -> None:
    (folder / name).unlink()
    with pytest.raises(ArtifactNotFoundError, match=name.replace(".", r"\.")):
        CameraModel.load(folder)


def test_another_network_than_the_one_written_is_refused(folder: Path) -> None:
    data = bytearray((folder / "model.onnx").read_bytes())
    data[-1] ^= 1
    (folder / "model.onnx").write_bytes(bytes(data))
    with pytest.raises(ChecksumMismatchError, match="replaced or damaged"):
        CameraModel.load(folder)


@pytest.mark.parametrize("network", [b"", b"garbage", b"\x08\x08" * 50])
def test_a_network_that_is_none_is_refused(network: bytes, folder: Path) -> None:
    _replace_network(folder, network)
    with pytest.raises(IncompatibleArtifactError, match=r"model\.onnx"):
        CameraModel.load(folder)


def test_a_network_without_the_outputs_needed_is_refused(folder: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="the extra train is not installed")
    network = onnx.load_model_from_string((folder / "model.onnx").read_bytes())
    network.graph.node[1].output[0] = "other"
    network.graph.output[1].name = "other"
    _replace_network(folder, network.SerializeToString())
    with pytest.raises(IncompatibleArtifactError, match=r"'other'.*expected untouched"):
        CameraModel.load(folder)


def test_files_of_two_models_are_not_taken_for_one(folder: Path) -> None:
    _edit(folder / "file_statistics.json", makes=["Acme", "Bolt", "Bolt"], tables=[])
    with pytest.raises(IncompatibleArtifactError, match="two models"):
        CameraModel.load(folder)


def test_frame_sizes_of_another_model_are_not_taken(folder: Path) -> None:
    _edit(folder / "frame_sizes.json", offered=[[]], seen=[])
    with pytest.raises(IncompatibleArtifactError, match="two models"):
        CameraModel.load(folder)


def test_a_model_that_learnt_no_sizes_needs_no_file_of_them(folder: Path) -> None:
    path = folder / "calibration.json"
    regimes = json.loads(path.read_text(encoding="utf-8"))["regimes"]
    del regimes["frame"]
    _edit(path, regimes=regimes)
    (folder / "frame_sizes.json").unlink()
    assert CameraModel.load(folder).frame_sizes is None


@pytest.mark.parametrize("name", JSON_FILES)
def test_a_cut_off_json_file_is_refused_by_name(name: str, folder: Path) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(text[: len(text) // 2], encoding="utf-8")
    with pytest.raises(IncompatibleArtifactError, match=name.replace(".", r"\.")):
        CameraModel.load(folder)


@pytest.mark.parametrize("damage", ["gone", "twice", "renamed"])
def test_families_that_do_not_divide_the_classes_are_refused(
    damage: str, folder: Path
) -> None:
    path = folder / "calibration.json"
    families = json.loads(path.read_text(encoding="utf-8"))["families"]
    if damage == "gone":
        families.pop()
    elif damage == "twice":
        families.append(families[0])
    else:
        families[1]["members"] = ["Nobody's camera"]
    _edit(path, families=families)
    with pytest.raises(IncompatibleArtifactError, match=r"famil"):
        CameraModel.load(folder)


def test_every_refusal_is_of_our_own_tree(folder: Path) -> None:
    (folder / "spec.json").unlink()
    (folder / "spec.json").mkdir()
    with pytest.raises(WhichcamError, match=r"spec\.json"):
        CameraModel.load(folder)
