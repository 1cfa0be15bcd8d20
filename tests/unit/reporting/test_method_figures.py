"""Pictures of methods, manipulations, crops and learning curves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from whichcam.errors import InputError, InsufficientEvidenceError, ShapeMismatchError
from whichcam.reporting import (
    MethodAccuracy,
    crops_figure,
    learning_curve_figure,
    manipulations_figure,
    methods_figure,
)

pytest.importorskip("matplotlib")

BLUE, ORANGE = (31, 95, 168), (213, 94, 0)
HISTORY = [
    {
        "stage": "head" if k < 4 else "blocks",
        "epoch": k + 1,
        "train_loss": 2.0 / (k + 1),
        "train_accuracy": 1 - 0.8 / (k + 1),
        "validation_loss": 2.0,
        "validation_accuracy": 0.2,
    }
    for k in range(8)
]
METHODS = [
    MethodAccuracy(name="good", accuracy=0.8, low=0.6, high=0.9, warning=0.95),
    MethodAccuracy(name="poor", accuracy=0.2),
]
DRAWN: dict[str, Callable[..., None]] = {
    "learning": lambda path, **o: learning_curve_figure(HISTORY, path, **o),
    "methods": lambda path, **o: methods_figure(METHODS, path, title="all", **o),
    "manipulations": lambda path, **o: manipulations_figure(
        {"good": [0.9, 0.5], "poor": [0.1, None]}, ["untouched", "jpeg_70"], path, **o
    ),
    "crops": lambda path, **o: crops_figure({"test": {1: 0.4, 4: 0.6}}, path, **o),
}


def _pixels(path: Path) -> Any:
    with Image.open(path, formats=["PNG"]) as image:
        return np.asarray(image.convert("RGB"))


def _count(path: Path, colour: tuple[int, int, int]) -> int:
    return int((_pixels(path) == np.array(colour)).all(axis=2).sum())


@pytest.mark.parametrize("name", DRAWN)
def test_each_is_drawn_the_same_again_and_never_over_another(
    name: str, tmp_path: Path
) -> None:
    one, two = tmp_path / "one.png", tmp_path / "two.png"
    DRAWN[name](one)
    DRAWN[name](two)
    assert one.read_bytes() == two.read_bytes()
    assert min(_pixels(one).shape[:2]) > 150
    with pytest.raises(InputError, match="exists"):
        DRAWN[name](one)
    DRAWN[name](one, overwrite=True)
    with pytest.raises(InputError, match=r"\.png"):
        DRAWN[name](tmp_path / "one.jpg")


def test_both_curves_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "curve.png"
    learning_curve_figure(HISTORY, path)
    assert _count(path, BLUE) > 100
    assert _count(path, ORANGE) > 100


def test_a_missing_value_leaves_a_gap(tmp_path: Path) -> None:
    history: list[dict[str, Any]] = [
        {"epoch": 1, "train_loss": 1.0, "validation_loss": None},
        {"epoch": 2},
    ]
    learning_curve_figure(history, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").is_file()


def test_a_warning_is_orange_and_only_where_there_is_one(tmp_path: Path) -> None:
    with_one, without = tmp_path / "with.png", tmp_path / "without.png"
    methods_figure(METHODS, with_one)
    methods_figure(METHODS[1:], without)
    assert _count(with_one, ORANGE) > 0
    assert _count(without, ORANGE) == 0


def test_better_methods_are_darker(tmp_path: Path) -> None:
    dark, light = tmp_path / "dark.png", tmp_path / "light.png"
    manipulations_figure({"m": [1.0]}, ["untouched"], dark)
    manipulations_figure({"m": [0.0]}, ["untouched"], light)
    assert _pixels(dark).mean() < _pixels(light).mean()


def test_nothing_to_draw_is_said(tmp_path: Path) -> None:
    path = tmp_path / "none.png"
    with pytest.raises(InsufficientEvidenceError):
        learning_curve_figure([], path)
    with pytest.raises(InsufficientEvidenceError):
        methods_figure([], path)
    with pytest.raises(InsufficientEvidenceError):
        manipulations_figure({}, ["untouched"], path)
    with pytest.raises(InsufficientEvidenceError):
        crops_figure({"test": {}}, path)
    with pytest.raises(ShapeMismatchError):
        manipulations_figure({"m": [0.1, 0.2]}, ["untouched"], path)


def test_hostile_names_are_drawn_as_text(tmp_path: Path) -> None:
    name = "$\\frac{a}{b}$\n<b>" + "x" * 100
    methods_figure([MethodAccuracy(name=name, accuracy=0.5)], tmp_path / "m.png")
    manipulations_figure({name: [0.5]}, [name], tmp_path / "n.png", title="t")
    crops_figure({name: {1: 0.5}}, tmp_path / "c.png")
    assert len(list(tmp_path.iterdir())) == 3
