"""Results on disk: round trip, refusal to overwrite, hostile files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evaluation_fakes import FakeModel, write_picture
from evaluation_results import result, row

from whichcam.datasets import Manifest
from whichcam.errors import (
    ArtifactError,
    ArtifactNotFoundError,
    IncompatibleArtifactError,
    InputError,
)
from whichcam.evaluation import EvaluationResult, RowFailure, evaluate

FAILED = RowFailure(path="q", split="unknown", manipulation="untouched", reason="bad")
FULL = result(
    row(0, 0, warnings=("small",), path="naïve\n.png"),
    row(-1, 2, split="unknown", error_rate=None, members=()),
    failures=(FAILED,),
    git_commit="ab" * 20,
    limit_per_split=3,
)


def test_what_was_saved_is_what_is_loaded(tmp_path: Path) -> None:
    FULL.save(tmp_path / "r.json")
    assert EvaluationResult.load(tmp_path / "r.json") == FULL


def test_a_result_without_rows_survives_too(tmp_path: Path) -> None:
    result().save(tmp_path / "r.json")
    assert EvaluationResult.load(tmp_path / "r.json") == result()


def test_figures_of_a_loaded_evaluation_are_those_of_the_original(
    tmp_path: Path,
) -> None:
    for i in range(4):
        write_picture(tmp_path / f"{i}.png", i // 2, 53 + 7 * i, 31 * i)
    columns = {
        "path": [f"{i}.png" for i in range(4)],
        "camera_model": ["Acme One", "Acme Two", "Zeta One", "Other"],
    }
    original = evaluate(FakeModel(), Manifest(columns, tmp_path))
    original.save(tmp_path / "r.json")
    loaded = EvaluationResult.load(tmp_path / "r.json")
    assert loaded == original
    assert loaded.summary().to_dict() == original.summary().to_dict()


def test_small_probabilities_keep_their_order(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", 0, 100, 50)

    class Precise(FakeModel):
        def analyse(self, photo: Any, /, *, frame_size: Any = None) -> Any:
            from dataclasses import replace

            import numpy as np

            tiny = np.array([1.0, 1e-9, 2e-9, 3.14159265e-9])
            return replace(
                super().analyse(photo, frame_size=frame_size), probabilities=tiny
            )

    manifest = Manifest({"path": ["a.png"], "camera_model": ["Acme One"]}, tmp_path)
    found = evaluate(Precise(), manifest, manipulations=()).rows[0].probabilities
    assert found == (1.0, 1e-9, 2e-9, 3.14159e-9)


def test_a_result_is_not_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    FULL.save(path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="overwrite=True"):
        result().save(path)
    assert path.read_bytes() == before


def test_a_result_is_overwritten_when_told(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    FULL.save(path)
    result().save(path, overwrite=True)
    assert EvaluationResult.load(path).rows == ()
    assert [file.name for file in tmp_path.iterdir()] == ["r.json"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFoundError, match="nowhere"):
        FULL.save(tmp_path / "nowhere" / "r.json")


def test_a_folder_in_the_way_is_our_own_error(tmp_path: Path) -> None:
    (tmp_path / "r.json").mkdir()
    with pytest.raises(ArtifactError):
        FULL.save(tmp_path / "r.json", overwrite=True)
    assert [file.name for file in tmp_path.iterdir()] == ["r.json"]


def test_a_folder_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="cannot be read"):
        EvaluationResult.load(tmp_path)


def test_a_file_larger_than_any_result_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "r.json").open("wb") as file:
        file.truncate((1 << 30) + 1)  # sparse: takes no room
    with pytest.raises(ArtifactError, match="at most"):
        EvaluationResult.load(tmp_path / "r.json")


def test_a_missing_result_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFoundError, match=r"r\.json"):
        EvaluationResult.load(tmp_path / "r.json")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"schema": "x"}']
)
def test_a_file_that_is_no_result_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.json").write_bytes(content)
    with pytest.raises(IncompatibleArtifactError):
        EvaluationResult.load(tmp_path / "r.json")


def _set(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda values: values.update({name: value})


def _set_row(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda values: values["rows"][0].update({name: value})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_set("seed", "0"), "seed"),
        (_set("seed", True), "seed"),
        (_set("extra", 1), "extra"),
        (lambda values: values.pop("model_id"), "model_id"),
        (_set("makes", ["Acme"]), "makes"),
        (_set("rows", {}), "rows"),
        (_set("rows", [3]), r"rows\[0\]"),
        (_set_row("label", 4), "label"),
        (_set_row("label", -2), "label"),
        (_set_row("level", "brand"), "level"),
        (_set_row("probabilities", [1.0]), "probabilities"),
        (_set_row("probabilities", [0.5, 0.5, 0.0, None]), r"probabilities\[3\]"),
        (_set_row("confidence", 1.5), "confidence"),
        (_set_row("known_score", float("nan")), "known_score"),
        (_set_row("known_score", 10**400), "known_score"),
        (_set_row("file_statistics_used", 1), "file_statistics_used"),
    ],
)
def test_a_field_that_does_not_fit_is_named(
    change: Callable[[dict[str, Any]], None], named: str
) -> None:
    values = json.loads(json.dumps(FULL.to_dict()))
    change(values)
    with pytest.raises(IncompatibleArtifactError, match=named):
        EvaluationResult.from_dict(values)
