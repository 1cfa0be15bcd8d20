"""``whichcam crossval`` with a method of ours and pictures of synthetic cameras."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from whichcam.datasets.synthetic import draw_cameras, write_dataset

if TYPE_CHECKING:
    from typer.testing import Result

    Run = Callable[..., Result]

METHOD = ("--method", "jpeg_statistics")
QUICK = (*METHOD, "--folds", "2", "--workers", "1")
Row = dict[str, str]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """Shoot three pictures with each of two devices of three models."""
    folder = tmp_path_factory.mktemp("crossval")
    cameras = [c.device(d) for c in draw_cameras(3, seed=4) for d in range(2)]
    paths = write_dataset(folder, cameras, 3, seed=4, size=(128, 128))
    return [
        {
            "path": str(path),
            "camera_model": camera.camera_model,
            "device_id": camera.device_id,
            "session": f"{camera.device_id} {number % 2}",
            "split": "train",
        }
        for number, path in enumerate(paths)
        for camera in [cameras[number // 3]]
    ]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[list[Row]], Path]:
    def to_file(table: list[Row]) -> Path:
        path = tmp_path / "manifest.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(table[0]))
            writer.writeheader()
            writer.writerows(table)
        return path

    return to_file


Write = Callable[[list[Row]], Path]


def test_the_tables_are_printed_and_the_scores_written(
    run: Run, rows: list[Row], write: Write, tmp_path: Path
) -> None:
    output = tmp_path / "result.json"
    result = run("crossval", write(rows), *QUICK, "-o", output)
    assert result.exit_code == 0, result.output
    assert "Tested on devices never seen" in result.stdout
    assert "WARNING" in result.stdout
    values = json.loads(output.read_text())
    assert values["schema"] == "whichcam.crossval/1"
    assert len(values["photos"]) == 18
    assert len(values["scores"]) == 4


def test_a_run_goes_on_from_the_folder_beside_the_output(
    run: Run, rows: list[Row], write: Write, tmp_path: Path
) -> None:
    output = tmp_path / "result.json"
    run("crossval", write(rows), *QUICK, "-o", output)
    output.unlink()
    folds = sorted((tmp_path / "result.work" / "folds").glob("*.json"))
    folds[0].unlink()
    times = {path: path.stat().st_mtime_ns for path in folds[1:]}
    result = run("crossval", write(rows), *QUICK, "-o", output, "--resume")
    assert result.exit_code == 0, result.output
    assert folds[0].is_file()
    assert {path: path.stat().st_mtime_ns for path in folds[1:]} == times


def test_one_split_is_used_where_one_is_named(
    run: Run, rows: list[Row], write: Write, tmp_path: Path
) -> None:
    other = [rows[0] | {"path": "missing.jpg", "split": "test_device"}]
    output = tmp_path / "result.json"
    result = run(
        "crossval", write(rows + other), *QUICK, "-o", output, "--split", "train"
    )
    assert result.exit_code == 0, result.output
    assert json.loads(output.read_text())["failures"] == []


def test_a_corrupt_picture_is_reported_and_the_rest_go_on(
    run: Run, rows: list[Row], write: Write, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"\xff\xd8\xff and no more")
    table = [*rows, rows[0] | {"path": str(bad)}]
    result = run("crossval", write(table), *QUICK, "--no-ungrouped")
    assert result.exit_code == 0, result.output
    assert "not used: " in result.stderr
    assert "bad.jpg" in result.stderr


def test_one_class_is_refused(run: Run, rows: list[Row], write: Write) -> None:
    table = [row for row in rows if row["camera_model"] == rows[0]["camera_model"]]
    result = run("crossval", write(table), *QUICK)
    assert result.exit_code == 3
    assert "at least two models" in result.stderr


def test_one_device_a_class_is_refused_with_the_remedy(
    run: Run, rows: list[Row], write: Write
) -> None:
    table = [row for row in rows if row["device_id"].endswith("#0")]
    result = run("crossval", write(table), *QUICK)
    assert result.exit_code == 3
    assert "--group session" in result.stderr


def test_the_remedy_works(run: Run, rows: list[Row], write: Write) -> None:
    table = [row for row in rows if row["device_id"].endswith("#0")]
    result = run(
        *("crossval", write(table), *QUICK, "--group", "session", "--no-ungrouped")
    )
    assert result.exit_code == 0, result.output
    assert "Tested on sessions never seen" in result.stdout


def test_an_unknown_method_is_a_usage_error_that_names_the_known(
    run: Run, rows: list[Row], write: Write
) -> None:
    result = run("crossval", write(rows), "--method", "crystal_ball")
    assert result.exit_code == 2
    assert "crystal_ball" in result.stderr
    assert "jpeg_statistics" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour,size\nred,3\n", "path"),
        ("path\na.jpg\n", "camera_model"),
        ("path,camera_model\na.jpg,A\nb.jpg,B\n", "device_id"),
        ("", "manifest.csv"),
    ],
)
def test_a_wrong_csv_is_refused_in_one_line(
    run: Run, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "manifest.csv"
    path.write_text(text)
    result = run("crossval", path, *QUICK)
    assert result.exit_code == 3
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_output_that_exists_is_refused_before_anything_is_read(
    run: Run, tmp_path: Path
) -> None:
    output = tmp_path / "result.json"
    output.write_text("evidence")
    result = run("crossval", tmp_path / "no.csv", *QUICK, "-o", output)
    assert result.exit_code == 2
    assert output.read_text() == "evidence"


def test_nothing_to_resume_from_is_said(
    run: Run, rows: list[Row], write: Write
) -> None:
    result = run("crossval", write(rows), *QUICK, "--resume")
    assert result.exit_code == 2
    assert "--work" in result.stderr
