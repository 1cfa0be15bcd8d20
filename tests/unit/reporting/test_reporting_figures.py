"""Figures: what is drawn, what is refused."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from whichcam._typing import IntArray
from whichcam.errors import (
    ArtifactError,
    ArtifactNotFoundError,
    InputError,
    InsufficientEvidenceError,
    MissingDependencyError,
    ShapeMismatchError,
)
from whichcam.reporting import confusion_figure, reliability_figure
from whichcam.scoring import ReliabilityCurve, reliability_curve

BLUE = (31, 95, 168)
RED = (192, 57, 43)


@dataclass
class Drawable:
    """A confusion matrix of as many classes as are named."""

    counts: list[list[int]]
    classes: tuple[str, ...] = ("Acme One", "Acme Two", "Zeta One")
    makes: tuple[str, ...] = ("Acme", "Acme", "Zeta")

    def confusion(self) -> IntArray:
        return np.array(self.counts, dtype=np.int64)

    def reliability(self) -> ReliabilityCurve:
        return reliability_curve([0.5, 0.5, 0.9, 0.9], [True, False, True, True])


RIGHT = Drawable([[4, 0, 0], [0, 4, 0], [0, 0, 4]])
WRONG = Drawable([[0, 4, 0], [0, 0, 4], [4, 0, 0]])


def _pixels(path: Path) -> npt.NDArray[np.uint8]:
    with Image.open(path, formats=["PNG"]) as image:
        return np.asarray(image.convert("RGB"))


def _n_pixels(path: Path, colour: tuple[int, int, int]) -> int:
    pixels = _pixels(path)
    return int((pixels == np.array(colour)).all(axis=2).sum())


def test_right_answers_are_blue(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    confusion_figure(RIGHT, tmp_path / "c.png")
    assert _n_pixels(tmp_path / "c.png", BLUE) > 1000
    assert _n_pixels(tmp_path / "c.png", RED) == 0


def test_wrong_answers_are_red(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    confusion_figure(WRONG, tmp_path / "c.png")
    assert _n_pixels(tmp_path / "c.png", RED) > 1000
    assert _n_pixels(tmp_path / "c.png", BLUE) == 0


def test_classes_neither_shown_nor_answered_are_left_out(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    n = 60
    names = tuple(f"Acme {i}" for i in range(n))
    lonely = np.zeros((n, n), dtype=int)
    lonely[3, 3] = 1
    confusion_figure(
        Drawable(lonely.tolist(), names, ("Acme",) * n), tmp_path / "one.png"
    )
    confusion_figure(
        Drawable(np.eye(n, dtype=int).tolist(), names, ("Acme",) * n),
        tmp_path / "all.png",
    )
    one, every = (_pixels(tmp_path / name) for name in ("one.png", "all.png"))
    assert one.shape[1] < every.shape[1] / 2


def test_names_that_look_like_formulas_or_have_no_glyph_are_drawn(
    tmp_path: Path,
) -> None:
    pytest.importorskip("matplotlib")
    names = ("$\\frac{$", "相机\n\x00", "x" * 500)
    confusion_figure(Drawable(RIGHT.counts, names), tmp_path / "c.png")
    assert max(_pixels(tmp_path / "c.png").shape) < 2000


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for name in ("a.png", "b.png"):
        confusion_figure(WRONG, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_reliability_curve_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    reliability_figure(RIGHT, tmp_path / "r.png")
    assert _n_pixels(tmp_path / "r.png", BLUE) > 1000


def test_drawing_leaves_the_global_state_of_pyplot_alone(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    before = "matplotlib.pyplot" in sys.modules
    reliability_figure(RIGHT, tmp_path / "r.png")
    assert ("matplotlib.pyplot" in sys.modules) == before


def test_without_matplotlib_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(MissingDependencyError, match=r"whichcam\[report\]"):
        confusion_figure(RIGHT, tmp_path / "c.png")
    assert list(tmp_path.iterdir()) == []


def test_a_picture_is_not_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "c.png").write_bytes(b"mine")
    with pytest.raises(InputError, match="overwrite=True"):
        confusion_figure(RIGHT, tmp_path / "c.png")
    assert (tmp_path / "c.png").read_bytes() == b"mine"


def test_a_picture_is_overwritten_when_told(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "c.png").write_bytes(b"mine")
    confusion_figure(RIGHT, tmp_path / "c.png", overwrite=True)
    assert _n_pixels(tmp_path / "c.png", BLUE) > 1000


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.png"):
        confusion_figure(RIGHT, tmp_path / "c.pdf")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFoundError, match="nowhere"):
        reliability_figure(RIGHT, tmp_path / "nowhere" / "r.png")


def test_a_folder_in_the_way_is_our_own_error(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "r.png").mkdir()
    with pytest.raises(ArtifactError):
        reliability_figure(RIGHT, tmp_path / "r.png", overwrite=True)


def test_nothing_answered_is_nothing_to_draw(tmp_path: Path) -> None:
    with pytest.raises(InsufficientEvidenceError):
        confusion_figure(Drawable([[0] * 3] * 3), tmp_path / "c.png")


def test_a_matrix_that_does_not_fit_the_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShapeMismatchError, match=r"\(2, 2\)"):
        confusion_figure(Drawable([[1, 0], [0, 1]]), tmp_path / "c.png")


def test_more_classes_than_can_be_read_are_refused(tmp_path: Path) -> None:
    n = 301
    many = Drawable(
        np.eye(n, dtype=int).tolist(), tuple(map(str, range(n))), ("Acme",) * n
    )
    with pytest.raises(InputError, match="301 classes"):
        confusion_figure(many, tmp_path / "c.png")
