"""``whichcam benchmark`` and the pictures of results, on synthetic cameras."""

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

QUICK = (
    *("--method", "cooccurrence", "--method", "jpeg_statistics", "--workers", "1"),
    *("--manipulations", "jpeg_70", "--set", "cooccurrence.subspace_sizes=[40]"),
    *("--set", "cooccurrence.max_learners=4"),
)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shoot a small set: three cameras, two devices each, and a fourth unknown one."""
    folder = tmp_path_factory.mktemp("benchmark")
    cameras = draw_cameras(4, seed=4)
    shot = []
    for camera in cameras[:3]:
        shot += [(camera, "train", 4), (camera.device(1), "test_device", 2)]
    shot.append((cameras[3], "unknown", 2))
    path = folder / "manifest.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "camera_model", "device_id", "session", "split"])
        for number, (camera, split, count) in enumerate(shot):
            place = folder / f"{split}{number}"
            for name in write_dataset(
                place, [camera], count, seed=number, size=(128, 128)
            ):
                model, device = camera.camera_model, camera.device_id
                writer.writerow([place / name, model, device, split, split])
    return path


@pytest.fixture(scope="module")
def result_path(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from typer.testing import CliRunner

    from whichcam.cli import app

    output = tmp_path_factory.mktemp("result") / "result.json"
    result = CliRunner().invoke(
        app, ["benchmark", str(manifest), *QUICK, "-o", str(output)]
    )
    assert result.exit_code == 0, result.output
    return output


def test_settings_and_scores_are_in_the_result(result_path: Path) -> None:
    values = json.loads(result_path.read_text())
    assert values["schema"] == "whichcam.benchmark/1"
    settings = {m["name"]: m["settings"] for m in values["methods"]}
    assert settings["cooccurrence"]["max_learners"] == 4
    assert settings["cooccurrence"]["subspace_sizes"] == [40]
    assert len(values["scores"]) == 4
    assert all(len(s["photos"]) == 8 for s in values["scores"])


def test_a_stored_result_is_printed_and_drawn(
    run: Run, result_path: Path, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    pictures, page = tmp_path / "pictures", tmp_path / "tables.md"
    result = run(
        *("benchmark", "--from", result_path),
        *("--figures", pictures, "--markdown", page),
    )
    assert result.exit_code == 0, result.output
    assert "test_device, untouched" in result.stdout
    assert {path.name for path in pictures.iterdir()} == {
        "methods-test_device.png",
        "manipulations-test_device.png",
        *(f"confusion-{m}.png" for m in ("cooccurrence", "jpeg_statistics")),
        *(f"reliability-{m}.png" for m in ("cooccurrence", "jpeg_statistics")),
    }
    text = page.read_text()
    assert text.startswith("**Methods, learnt from train**")
    assert "| cooccurrence |" in text


def test_a_crossval_is_drawn_too(run: Run, manifest: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    table = list(csv.DictReader(manifest.read_text(encoding="utf-8").splitlines()))
    path = tmp_path / "all.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(row for row in table if row["split"] != "unknown")
    result = run(
        *("crossval", path, "--method", "jpeg_statistics", "--folds", "2"),
        *("--workers", "1", "--figures", tmp_path / "pictures"),
    )
    assert result.exit_code == 0, result.output
    drawn = {p.name for p in (tmp_path / "pictures").iterdir()}
    assert {"methods-device.png", "confusion-jpeg_statistics.png"} <= drawn


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "MANIFEST"),
        (("--set", "cooccurrence"), "METHOD.NAME=VALUE"),
        (("--set", "cooccurrence.colour=1"), "colour"),
        (("--set", "finetune.epochs=1"), "not among the methods"),
        (("--method", "crystal_ball"), "crystal_ball"),
    ],
)
def test_wrong_options_are_refused(
    run: Run, manifest: Path, arguments: tuple[str, ...], said: str
) -> None:
    given = [str(manifest), *QUICK, *arguments] if arguments else []
    result = run("benchmark", *given)
    assert result.exit_code == 2, result.output
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_settings_come_from_a_file_and_options_win(
    run: Run, manifest: Path, tmp_path: Path
) -> None:
    config, output = tmp_path / "settings.toml", tmp_path / "result.json"
    config.write_text("[cooccurrence]\nmax_learners = 3\nshrinkage = 0.1\n")
    result = run(
        *("benchmark", manifest, *QUICK, "--config", config, "-o", output),
        *("--limit", "1", "--train-limit", "3"),
    )
    assert result.exit_code == 0, result.output
    settings = json.loads(output.read_text())["methods"][0]["settings"]
    assert settings["max_learners"] == 4
    assert settings["shrinkage"] == 0.1
    assert "At most 3 photos" in " ".join(result.stdout.split())


def test_a_folder_that_holds_something_is_refused_for_pictures(
    run: Run, result_path: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    result = run("benchmark", "--from", result_path, "--figures", tmp_path)
    assert result.exit_code == 2
    assert "not empty" in " ".join(result.stderr.replace("│", " ").split())


def test_a_result_of_another_kind_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text('{"schema": "whichcam.crossval/1"}')
    result = run("benchmark", "--from", path)
    assert result.exit_code == 4
    assert "whichcam.benchmark/1" in result.stderr
