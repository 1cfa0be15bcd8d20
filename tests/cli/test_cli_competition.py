"""The whole of a competition, on a made-up folder: cameras that never existed."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from whichcam.datasets import Manifest
from whichcam.datasets.manipulations import manipulate
from whichcam.datasets.synthetic import draw_cameras
from whichcam.methods import build_method

if TYPE_CHECKING:
    from typer.testing import Result

    Run = Callable[..., Result]

SIZE = (128, 128)
SMALL: dict[str, dict[str, Any]] = {
    "cooccurrence": {"subspace_sizes": (40,), "max_learners": 5},
    "noise_moments": {"n_rounds": 10},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the competition as Kaggle gives it, and its solution beside it."""
    root = tmp_path_factory.mktemp("competition")
    cameras = draw_cameras(3, seed=4)
    solution = ["fname,camera"]
    (root / "test").mkdir()
    for number, camera in enumerate(cameras):
        place = root / "train" / camera.camera_model
        place.mkdir(parents=True)
        for k in range(8):
            name = f"({camera.camera_model}){k}.jpg"
            (place / name).write_bytes(camera.shoot_jpeg(seed=k, size=SIZE))
        for k in range(4):
            pixels = camera.device(1).shoot(seed=100 + k, size=SIZE)
            kind = "manip" if k % 2 else "unalt"
            if k % 2:
                pixels = manipulate(pixels, "gamma_0.8", seed=k)
            name = f"img_{number}{k}_{kind}.tif"
            Image.fromarray(np.asarray(pixels)).save(root / "test" / name)
            solution.append(f"{name},{camera.camera_model}")
    (root / "solution.csv").write_text("\n".join(solution) + "\n")
    return root


@pytest.fixture(scope="module")
def manifest(folder: Path) -> Path:
    """Index the folder; what was shot in a row counts as a session."""
    from typer.testing import CliRunner

    from whichcam.cli import app

    path = folder / "manifest.csv"
    command = ["dataset", "index", str(folder), "--layout", "kaggle", "-o", str(path)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    table = Manifest.read(path)
    sessions = [f"{p.parent.name} {p.stem[-1:]}" for p in table.paths]
    table.with_column("session", sessions).write(folder / "sessions.csv")
    return path


@pytest.fixture(scope="module")
def models(folder: Path, manifest: Path) -> dict[str, Path]:
    train = Manifest.read(manifest).where(split="train")
    found = {}
    for name, settings in SMALL.items():
        found[name] = folder / "models" / name
        build_method(name, **settings).fit(train).save(found[name])
    return found


def answers(path: Path) -> dict[str, str]:
    with path.open(newline="", encoding="utf-8") as file:
        table = csv.DictReader(file)
        assert table.fieldnames == ["fname", "camera"]
        return {row["fname"]: row["camera"] for row in table}


def test_one_model_answers_and_is_scored(
    run: Run, folder: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    submission = tmp_path / "out.csv"
    result = run(
        *("predict", folder / "test", "--submission", submission),
        *("--model", models["cooccurrence"]),
    )
    assert result.exit_code == 0, result.output
    assert len(answers(submission)) == 12
    scored = run("score", submission, "--solution", folder / "solution.csv")
    assert scored.exit_code == 0, scored.output
    assert "score" in scored.stdout


def test_a_perfect_submission_scores_1(run: Run, folder: Path) -> None:
    solution = folder / "solution.csv"
    result = run("score", solution, "--solution", solution, "--json")
    assert '"score": 1.0' in result.stdout


def test_models_are_blended_with_weights(
    run: Run, folder: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    both = [x for path in models.values() for x in ("--model", path)]
    alone, first, blend = (tmp_path / f"{n}.csv" for n in "abc")
    run("predict", folder / "test", "-o", alone, "--model", models["cooccurrence"])
    run("predict", folder / "test", "-o", first, *both, "--weights", "1,0")
    run("predict", folder / "test", "-o", blend, *both)
    assert answers(first) == answers(alone)
    assert answers(blend).keys() == answers(alone).keys()


def test_turns_are_asked_about_too(
    run: Run, folder: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    result = run(
        *("predict", folder / "test", "-o", tmp_path / "out.csv", "--tta"),
        *("--transductive", "--model", models["noise_moments"]),
    )
    assert result.exit_code == 0, result.output
    assert all(answers(tmp_path / "out.csv").values())


def test_weights_are_fitted_on_out_of_fold_scores(
    run: Run, folder: Path, models: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "crossval.json"
    result = run(
        *("crossval", folder / "sessions.csv", "--split", "train", "-o", out),
        *("--group", "session", "--folds", "2", "--workers", "1", "--no-ungrouped"),
        *("--method", "cooccurrence", "--method", "noise_moments"),
        *("--set", "cooccurrence.subspace_sizes=[40]"),
        *("--set", "cooccurrence.max_learners=5", "--set", "noise_moments.n_rounds=10"),
    )
    assert result.exit_code == 0, result.output
    both = [x for path in models.values() for x in ("--model", path)]
    submission = tmp_path / "out.csv"
    stacked = run("predict", folder / "test", "-o", submission, *both, "--stack", out)
    assert stacked.exit_code == 0, stacked.output
    assert "weight of cooccurrence" in stacked.stderr + stacked.stdout
    assert len(answers(submission)) == 12


def test_a_single_device_a_model_is_said_with_the_remedy(
    run: Run, manifest: Path
) -> None:
    result = run("crossval", manifest, "--split", "train", "--method", "cooccurrence")
    assert result.exit_code == 3
    assert "--group session" in result.stderr


def test_a_broken_picture_gets_a_blank(
    run: Run, models: dict[str, Path], folder: Path, tmp_path: Path
) -> None:
    test = tmp_path / "test"
    test.mkdir()
    (test / "img_1_unalt.tif").write_bytes(b"II*\x00 and no more")
    good = next((folder / "test").iterdir())
    (test / "img_2_unalt.tif").write_bytes(good.read_bytes())
    result = run(
        *("predict", test, "-o", tmp_path / "out.csv", "--tta"),
        *("--model", models["cooccurrence"]),
    )
    assert result.exit_code == 3
    assert answers(tmp_path / "out.csv")["img_1_unalt.tif"] == ""
    assert answers(tmp_path / "out.csv")["img_2_unalt.tif"] != ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--weights", "1,2"), "--model"),
        (("--stack", "x.json"), "--model"),
        (("--weights", "one,two", "BOTH"), "expected numbers"),
        (("--weights", "1,2,3", "BOTH"), "3 weight(s) for 2"),
        (("--workers", "2", "BOTH"), "leave it out"),
    ],
)
def test_options_that_cannot_be_are_refused(
    run: Run,
    folder: Path,
    models: dict[str, Path],
    tmp_path: Path,
    options: tuple[str, ...],
    said: str,
) -> None:
    both = [x for path in models.values() for x in ("--model", str(path))]
    given = [x for item in options for x in (both if item == "BOTH" else [item])]
    result = run("predict", folder / "test", "-o", tmp_path / "out.csv", *given)
    assert result.exit_code in (2, 3)
    # the usage box breaks lines
    assert said in " ".join(result.stderr.replace("│", " ").split())
