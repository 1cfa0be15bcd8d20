"""The commands about heat maps, from files to exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import Result

from whichcam.cli._localize import Method
from whichcam.datasets import index_folders
from whichcam.datasets.synthetic import SyntheticCamera, draw_cameras, write_dataset
from whichcam.gallery import Gallery
from whichcam.localize import LOCALIZERS
from whichcam.pipelines import enroll

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    path.write_bytes(SyntheticCamera().shoot_jpeg(seed=1, size=(200, 232)))
    return path


def test_the_commands_methods_are_those_of_the_registry() -> None:
    assert {method.value for method in Method} == set(LOCALIZERS)


@pytest.mark.parametrize("overlay", [(), ("--overlay",)])
def test_a_map_is_written(
    overlay: tuple[str, ...], photo: Path, tmp_path: Path, run: Run
) -> None:
    target = tmp_path / "map.png"
    result = run("localize", photo, "-o", target, "--method", "noise_level", *overlay)
    assert result.exit_code == 0, result.output
    with Image.open(target) as drawn:
        assert drawn.size == (232, 236)


def test_json_holds_the_result(photo: Path, run: Run) -> None:
    result = run("localize", photo, "--json")
    assert result.exit_code == 0, result.output
    values = json.loads(result.stdout)
    assert values["method"] == "fusion"
    assert values["log10_lr"] is not None
    assert (values["width"], values["height"]) == (232, 200)


def test_lines_say_what_was_found(photo: Path, run: Run) -> None:
    result = run("localize", photo)
    assert result.exit_code == 0, result.output
    assert "false alarms" in result.stdout
    assert "likelihood ratio" in result.stdout


def test_options_that_would_be_ignored_are_refused(photo: Path, run: Run) -> None:
    assert run("localize", photo, "--overlay").exit_code == 2
    other = run("localize", photo, "--camera", "mine")
    assert other.exit_code == 3
    assert "means nothing to the method" in other.stderr
    needs = run("localize", photo, "--method", "prnu_absence")
    assert needs.exit_code == 3
    assert "name of an enrolled camera" in needs.stderr


def test_a_picture_too_small_is_refused(tmp_path: Path, run: Run) -> None:
    Image.new("RGB", (100, 300)).save(tmp_path / "small.png")
    result = run("localize", tmp_path / "small.png")
    assert result.exit_code == 3
    assert "128x128" in result.stderr


def test_parameters_of_another_kind_are_refused(
    photo: Path, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "p.json").write_text("{}")
    assert run("localize", photo, "--parameters", tmp_path / "p.json").exit_code == 4
    assert run("localize", photo, "--parameters", tmp_path / "none.json").exit_code == 4


def test_splices_are_made_and_measured(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "in"
    write_dataset(folder, draw_cameras(3, seed=3), 1, seed=1, size=(176, 176))
    index_folders(folder).write(tmp_path / "m.csv")
    made = run(
        *("dataset", "splice", tmp_path / "m.csv", "-o", tmp_path / "out", "-n", "2"),
        *("--sizes", "128", "--savings", "lossless"),
    )
    assert made.exit_code == 0, made.output
    result = run("evaluate", tmp_path / "out", "--splices", "-o", tmp_path / "r.json")
    assert result.exit_code == 0, result.output
    assert "Objects of 128 px" in result.stdout
    assert json.loads((tmp_path / "r.json").read_text())["methods"][0] == "fusion"
    again = run("evaluate", tmp_path / "out", "--splices", "--limit", "3")
    assert again.exit_code == 2


def test_sizes_that_are_no_numbers_are_refused(tmp_path: Path, run: Run) -> None:
    (tmp_path / "m.csv").write_text("path,camera_model\n")
    result = run(
        "dataset", "splice", tmp_path / "m.csv", "-o", tmp_path, "--sizes", "x"
    )
    assert result.exit_code == 2


def test_the_pattern_of_an_enrolled_camera_is_looked_for(
    tmp_path: Path, run: Run
) -> None:
    camera = SyntheticCamera(prnu_strength=0.02, luma_denoise=0.3)
    flat = np.full((192, 224, 3), 0.35, np.float32)
    files = []
    for seed in range(4):
        files.append(tmp_path / f"{seed}.jpg")
        files[-1].write_bytes(camera.shoot_jpeg(seed=seed, radiance=flat))
    with Gallery.open(tmp_path / "gallery", create=True) as gallery:
        enroll("mine", files[:3], gallery=gallery)
    result = run(
        *("localize", files[3], "--method", "prnu_absence"),
        *("--camera", "mine", "--gallery", tmp_path / "gallery", "--json"),
    )
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["params"]["z"] > 5
