"""What a model folder stores is read back as it was, or refused with the reason."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.datasets import FrameSize
from whichcam.errors import ArtifactNotFoundError, IncompatibleArtifactError
from whichcam.models import (
    Calibration,
    FileStatistics,
    FrameSizes,
    ModelSpec,
    OpenSetScore,
    TableKey,
)
from whichcam.models.storage import read_json, write_json

Change = Callable[[dict[str, Any]], object]


def _again(data: dict[str, Any]) -> dict[str, Any]:
    """Return the values after a journey through JSON."""
    loaded: dict[str, Any] = json.loads(json.dumps(data))
    return loaded


@pytest.fixture
def spec(tiny_model: Any) -> dict[str, Any]:
    return _again(tiny_model.spec)


@pytest.fixture
def calibration(tiny_model: Any) -> dict[str, Any]:
    return _again(tiny_model.calibration)


@pytest.fixture
def statistics() -> dict[str, Any]:
    keys = [
        TableKey((3,) * 64, (5,) * 64, "4:2:0"),
        TableKey((7,) * 64, (9,) * 64, "4:4:4"),
    ]
    return _again(FileStatistics.fit(keys, [0, 2], ["A", "A", "B"]).to_dict())


@pytest.fixture
def sizes() -> dict[str, Any]:
    frames = [FrameSize.of(400, 300), *[FrameSize.of(480, 640)] * 2]
    return _again(FrameSizes.fit(frames, [0, 2, 2], ["A 1", "A 2", "B"]).to_dict())


def test_a_spec_comes_back_from_json_as_it_was(spec: dict[str, Any]) -> None:
    read = ModelSpec.from_dict(spec)
    assert _again(read.to_dict()) == spec
    assert read.classes == ("Acme One", "Acme Two", "Bolt 5")
    assert read == ModelSpec.from_dict(_again(read.to_dict()))


def test_a_calibration_comes_back_from_json_as_it_was(
    calibration: dict[str, Any],
) -> None:
    read = Calibration.from_dict(calibration)
    assert _again(read.to_dict()) == calibration
    assert read == Calibration.from_dict(_again(read.to_dict()))


def test_file_statistics_come_back_from_json_as_they_were(
    statistics: dict[str, Any],
) -> None:
    read = FileStatistics.from_dict(statistics)
    assert _again(read.to_dict()) == statistics
    assert read.counts.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert read.makes == ("A", "A", "B")


@pytest.mark.parametrize(
    "name",
    [
        *("format_version", "method", "classes", "makes", "crop_size_px", "n_crops"),
        *("smallest_px", "embedding_size", "trace_version", "trace_size"),
        *("onnx_sha256", "licence", "whichcam_version", "training"),
    ],
)
def test_a_spec_that_lacks_a_field_is_refused_by_its_name(
    name: str, spec: dict[str, Any]
) -> None:
    del spec[name]
    with pytest.raises(IncompatibleArtifactError, match=f"lacks the field '{name}'"):
        ModelSpec.from_dict(spec)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("method", 3), ("classes", "Acme One"), ("makes", None), ("n_crops", "4")),
        *(("n_crops", True), ("crop_size_px", 256.0), ("training", [])),
    ],
)
def test_a_spec_with_a_field_of_the_wrong_kind_is_refused_by_its_name(
    name: str, value: object, spec: dict[str, Any]
) -> None:
    spec[name] = value
    with pytest.raises(IncompatibleArtifactError, match=f"field '{name}' is"):
        ModelSpec.from_dict(spec)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format_version": 2}, "format 2"),
        ({"trace_version": 999}, "traces of version 999"),
        ({"trace_size": 12}, r"\(12 numbers\)"),
        ({"classes": ["a"], "makes": ["A"]}, "1 classes and 1 makes"),
        ({"makes": ["A"]}, "3 classes and 1 makes"),
        ({"n_crops": 0}, "0 crops"),
        ({"n_crops": 65}, "65 crops"),
        ({"crop_size_px": 32}, "of 32 px"),
        ({"crop_size_px": 100_000}, "of 100000 px"),
    ],
)
def test_a_spec_that_cannot_be_used_here_is_refused_with_what_it_says(
    changes: dict[str, object], said: str, spec: dict[str, Any]
) -> None:
    with pytest.raises(IncompatibleArtifactError, match=said):
        ModelSpec.from_dict({**spec, **changes})


CALIBRATION_DAMAGE: dict[str, Change] = {
    "regimes": lambda d: d.pop("regimes"),
    "families": lambda d: d.pop("families"),
    "protocol": lambda d: d.update(protocol=[]),
    "pixels": lambda d: d["regimes"].pop("pixels"),
    "file": lambda d: d["regimes"].update(file=3),
    "pixel_weight": lambda d: d["regimes"]["file"].update(pixel_weight="1"),
    "table_weight": lambda d: d["regimes"]["file"].pop("table_weight"),
    "frame_weight": lambda d: d["regimes"]["frame"].update(frame_weight=[1]),
    "known_threshold": lambda d: d["regimes"]["file"].update(known_threshold=None),
    "open_set": lambda d: d["regimes"]["file"].pop("open_set"),
    "thresholds": lambda d: d["regimes"]["pixels"].update(thresholds=[]),
    r"thresholds of \['make'\]": lambda d: d["regimes"]["file"]["thresholds"].pop(
        "make"
    ),
    "stored threshold": lambda d: d["regimes"]["file"]["thresholds"]["make"].update(
        threshold=1.5
    ),
    "stored family": lambda d: d["families"][0].pop("members"),
    "bias": lambda d: d["regimes"]["file"]["open_set"].pop("bias"),
    "ragged": lambda d: d["regimes"]["file"]["open_set"]["mean"].append(0.0),
}


@pytest.mark.parametrize("said", CALIBRATION_DAMAGE)
def test_a_damaged_calibration_is_refused_with_what_is_wrong(
    said: str, calibration: dict[str, Any]
) -> None:
    CALIBRATION_DAMAGE[said](calibration)
    with pytest.raises(IncompatibleArtifactError, match=said):
        Calibration.from_dict(calibration)


@pytest.mark.parametrize("value", ["much", None, [1.0]])
def test_an_open_set_rule_of_something_else_than_numbers_is_refused(
    value: object,
) -> None:
    stored = {"mean": [value], "scale": [1.0], "weight": [1.0], "bias": 0.0}
    with pytest.raises(IncompatibleArtifactError):
        OpenSetScore.from_dict(stored)


def test_a_field_of_the_calibration_of_another_kind_is_refused(
    calibration: dict[str, Any],
) -> None:
    calibration["regimes"]["file"]["thresholds"]["make"] = 0.5
    with pytest.raises(IncompatibleArtifactError):
        Calibration.from_dict(calibration)


TABLE_DAMAGE: dict[str, Change] = {
    "makes": lambda d: d.pop("makes"),
    "tables": lambda d: d.update(tables={}),
    "luma": lambda d: d["tables"][0].pop("luma"),
    "invalid literal": lambda d: d["tables"][0]["chroma"].__setitem__(0, "x"),
    "index": lambda d: d["tables"][1]["counts"].update({"3": 1}),
    "items": lambda d: d["tables"][1].update(counts=[1]),
    "64 entries": lambda d: d["tables"][0]["luma"].pop(),
}


@pytest.mark.parametrize("said", TABLE_DAMAGE)
def test_damaged_file_statistics_are_refused_with_what_is_wrong(
    said: str, statistics: dict[str, Any]
) -> None:
    TABLE_DAMAGE[said](statistics)
    with pytest.raises(IncompatibleArtifactError, match=said):
        FileStatistics.from_dict(statistics)


def test_a_count_of_a_class_that_is_none_is_refused(statistics: dict[str, Any]) -> None:
    statistics["tables"][0]["counts"] = {"-1": 1.0}
    with pytest.raises(IncompatibleArtifactError):
        FileStatistics.from_dict(statistics)


SIZE_DAMAGE: dict[str, Change] = {
    "offered": lambda d: d.pop("offered"),
    "seen": lambda d: d.update(seen={}),
    "KeyError": lambda d: d["seen"][0].pop("size"),
    "invalid literal": lambda d: d["offered"].__setitem__(0, [["x", 3]]),
    "unpack": lambda d: d["offered"].__setitem__(0, [[3, 4, 5]]),
    "is none": lambda d: d["seen"][0].update(size=[0, 4]),
    "index": lambda d: d["seen"][1]["counts"].update({"3": 1}),
    "items": lambda d: d["seen"][1].update(counts=[1]),
}


@pytest.mark.parametrize("said", SIZE_DAMAGE)
def test_damaged_frame_sizes_are_refused_with_what_is_wrong(
    said: str, sizes: dict[str, Any]
) -> None:
    SIZE_DAMAGE[said](sizes)
    with pytest.raises(IncompatibleArtifactError, match=said):
        FrameSizes.from_dict(sizes)


def test_frame_sizes_come_back_from_json_as_they_were(sizes: dict[str, Any]) -> None:
    read = FrameSizes.from_dict(sizes)
    assert _again(read.to_dict()) == sizes
    assert read.counts.tolist() == [[1, 0, 0], [0, 0, 2]]
    assert read.offered == ((FrameSize(400, 300),), (), (FrameSize(640, 480),))


def test_json_is_written_the_same_for_the_same_values(tmp_path: Path) -> None:
    values = {"b": [1, 0.1], "a": "é"}
    write_json(tmp_path / "1.json", values)
    write_json(tmp_path / "2.json", copy.deepcopy(values))
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()
    assert read_json(tmp_path / "1.json") == values


def test_json_never_holds_what_is_no_number(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"a": float(np.nan)})


def test_a_missing_json_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFoundError, match=r"spec\.json is missing"):
        read_json(tmp_path / "spec.json")


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"", b"[1]", b"3"])
def test_a_file_that_holds_no_json_object_is_refused(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(IncompatibleArtifactError, match=r"x\.json"):
        read_json(tmp_path / "x.json")


def test_a_huge_json_file_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "x.json").open("wb") as file:
        file.truncate(17 * 2**20)
    with pytest.raises(IncompatibleArtifactError, match="at most"):
        read_json(tmp_path / "x.json")
