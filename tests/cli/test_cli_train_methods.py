"""``whichcam train --method``: settings by name, and a folder that can be loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from whichcam.cli._settings import parse_settings
from whichcam.datasets import index_folders
from whichcam.datasets.synthetic import draw_cameras, write_dataset
from whichcam.errors import ConfigError
from whichcam.methods import load_method

if TYPE_CHECKING:
    from typer.testing import Result

    Run = Callable[..., Result]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("methods")
    write_dataset(
        folder / "photos", draw_cameras(2, seed=3), 4, seed=2, size=(160, 160)
    )
    path = folder / "m.csv"
    index_folders(folder / "photos").write(path)
    return path


def test_any_method_is_trained_and_saved(
    run: Run, manifest: Path, tmp_path: Path
) -> None:
    pytest.importorskip("torch", reason="the extra train is not installed")
    model = tmp_path / "model"
    result = run(
        *("train", manifest, "-o", model, "--method", "scratch", "--device", "cpu"),
        *("--set", "variant=blog", "--set", "n_patches=2", "--epochs", "1"),
        *("--set", "manipulations=jpeg_70,gamma_0.8", "--set", "patience=1"),
    )
    assert result.exit_code == 0, result.output
    assert "began with" in result.stdout
    loaded: Any = load_method(model)
    assert loaded.get_params()["manipulations"] == ("jpeg_70", "gamma_0.8")
    assert loaded.get_params()["epochs"] == 1
    assert len(loaded.classes_) == 2


def test_settings_come_from_quick_then_the_file_then_options(
    run: Run, manifest: Path, tmp_path: Path
) -> None:
    pytest.importorskip("timm", reason="the extra train is not installed")
    config = tmp_path / "s.toml"
    config.write_text('n_trees = 9\ncrop_px = 64\nbackbones = ["test_resnet:mean"]\n')
    result = run(
        *("train", manifest, "-o", tmp_path / "model", "--quick"),
        *("--method", "stacked_features", "--config", config),
        *("--weights", "none", "--seed", "3", "--set", "crop_px=96"),
    )
    assert result.exit_code == 0, result.output
    params = load_method(tmp_path / "model").get_params()
    expected = {"n_trees": 9, "crop_px": 96, "n_components": 300, "seed": 3}
    assert expected.items() <= params.items()
    assert params["backbones"] == ("test_resnet:mean",)
    assert params["weights"] == ("none",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--method", "resnet"], "unknown method 'resnet'; known:"),
        (["--method", "scratch", "--set", "colour=1"], "no such setting; it has"),
        (["--method", "scratch", "--set", "epochs"], "expected name=value"),
        (["--method", "scratch", "--set", "epochs=many"], "expected int"),
        (["--method", "scratch", "--weights", "none"], "weights: this method has no"),
        (["--method", "scratch", "--resume"], "--resume"),
        (["--quick"], "--quick"),
        (["--set", "colour=1"], "colour: this method has no"),
    ],
)
def test_what_a_method_has_not_is_wrong_usage(
    given: list[str], message: str, run: Run, manifest: Path, tmp_path: Path
) -> None:
    pytest.importorskip("torch", reason="the extra train is not installed")
    result = run("train", manifest, "-o", tmp_path / "model", *given)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "model").exists()


def test_a_folder_that_holds_something_is_refused_before_training(
    run: Run, manifest: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    result = run("train", manifest, "-o", tmp_path, "--method", "noise_moments")
    assert result.exit_code == 2
    assert "not an empty folder" in result.stderr


def test_a_backbone_without_weights_names_the_ways(
    run: Run, manifest: Path, tmp_path: Path
) -> None:
    pytest.importorskip("timm", reason="the extra train is not installed")
    result = run(
        *("train", manifest, "-o", tmp_path / "model", "--method", "finetune"),
        *("--weights", tmp_path / "none.pth"),
    )
    assert result.exit_code == 4
    assert "there is no file of weights" in result.stderr
    assert 'weights="none" starts at random' in result.stderr


def test_identify_says_which_command_takes_another_methods_folder(
    run: Run, manifest: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    assert (
        run("train", manifest, "-o", model, "--method", "noise_moments").exit_code == 0
    )
    result = run("identify", next(manifest.parent.rglob("*.jpg")), "--model", model)
    assert result.exit_code == 4
    assert "whichcam predict --model" in result.stderr


@pytest.mark.parametrize(
    ("text", "default", "expected"),
    [
        ("3", 1, 3),
        ("3", 1.0, 3.0),
        ("1e-3", 0.5, 0.001),
        ("true", False, True),
        ("False", True, False),
        ("a=b", "x", "a=b"),
        ("0,180", (0,), (0, 180)),
        ("0.1", (0.5,), (0.1,)),
        ("jpeg_70,none", (), ("jpeg_70", "none")),
        ("", ("x",), ()),
    ],
)
def test_a_setting_is_read_as_what_its_default_is(
    text: str, default: Any, expected: Any
) -> None:
    found = parse_settings([f"it={text}"], {"it": default})["it"]
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("text", "default"), [("1.5", 1), ("maybe", True), ("x", 0.1)])
def test_a_setting_of_another_kind_is_refused(text: str, default: Any) -> None:
    with pytest.raises(ConfigError, match=f"it: got '{text}'; expected"):
        parse_settings([f"it={text}"], {"it": default})
