"""Figures of likelihood ratios: what is drawn, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

pytest.importorskip("matplotlib", reason="the extra report is not installed")

from whichcam.errors import InputError, InsufficientEvidenceError
from whichcam.reporting import (
    HasLikelihoodRatios,
    _canvas,
    pav_figure,
    tippett_figure,
)
from whichcam.scoring import pav_curve

BLUE = (31, 95, 168)
RED = (192, 57, 43)
Draw = Callable[..., None]


@dataclass
class Ratios:
    """Ratios of comparisons made up."""

    same: list[float]
    different: list[float]

    def log10_lrs(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        return np.array(self.same, float), np.array(self.different, float)


GOOD = Ratios([2.0, 1.5, 0.4, -0.2], [-1.0, -1.2, -0.9, 0.3, -1.1])


def _n_pixels(path: Path, colour: tuple[int, int, int]) -> int:
    with Image.open(path, formats=["PNG"]) as image:
        pixels = np.asarray(image.convert("RGB"))
    return int((pixels == np.array(colour)).all(axis=2).sum())


@pytest.mark.parametrize("draw", [tippett_figure, pav_figure])
def test_the_same_ratios_give_the_same_bytes(draw: Draw, tmp_path: Path) -> None:
    draw(GOOD, tmp_path / "a.png")
    draw(GOOD, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert _n_pixels(tmp_path / "a.png", BLUE) > 100


def test_a_tippett_figure_has_a_curve_of_each_kind(tmp_path: Path) -> None:
    tippett_figure(GOOD, tmp_path / "t.png")
    assert _n_pixels(tmp_path / "t.png", BLUE) > 500
    assert _n_pixels(tmp_path / "t.png", RED) > 500


def test_other_ratios_are_another_picture(tmp_path: Path) -> None:
    for number, different in enumerate(([-1.0, -2.0], [-1.0, 2.0])):
        ratios = Ratios(GOOD.same, different)
        tippett_figure(ratios, tmp_path / f"t{number}.png")
        pav_figure(ratios, tmp_path / f"p{number}.png")
    for kind in "tp":
        one, two = (tmp_path / f"{kind}{i}.png" for i in (0, 1))
        assert one.read_bytes() != two.read_bytes()


def test_a_pav_figure_sets_what_is_borne_out_against_what_was_stated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(_canvas, "save_png", lambda figure, _: drawn.append(figure))
    pav_figure(GOOD, tmp_path / "p.png")
    curve = pav_curve(*GOOD.log10_lrs())
    line = drawn[0].axes[0].lines[1]
    inside = np.isfinite(curve.log10_lr)
    assert inside.any()
    assert np.array(line.get_xdata()).tolist() == curve.score.tolist()
    borne_out = np.array(line.get_ydata())[inside]
    assert borne_out.tolist() == curve.log10_lr[inside].tolist()


@pytest.mark.parametrize("draw", [tippett_figure, pav_figure])
@pytest.mark.parametrize(
    "ratios",
    [
        Ratios([np.inf, 3.0], [-np.inf, -2.0]),
        Ratios([np.inf], [-np.inf]),
        Ratios([0.0], [0.0]),
        Ratios([-np.inf], [np.inf]),
    ],
)
def test_infinite_and_constant_ratios_can_be_drawn(
    draw: Draw, ratios: HasLikelihoodRatios, tmp_path: Path
) -> None:
    draw(ratios, tmp_path / "r.png")
    assert _n_pixels(tmp_path / "r.png", BLUE) > 0


@pytest.mark.parametrize("draw", [tippett_figure, pav_figure])
def test_a_figure_is_not_overwritten_unasked(draw: Draw, tmp_path: Path) -> None:
    target = tmp_path / "f.png"
    target.write_bytes(b"evidence")
    with pytest.raises(InputError, match="exists"):
        draw(GOOD, target)
    assert target.read_bytes() == b"evidence"
    draw(GOOD, target, overwrite=True)
    assert _n_pixels(target, BLUE) > 0


@pytest.mark.parametrize("draw", [tippett_figure, pav_figure])
def test_one_kind_alone_cannot_be_drawn(draw: Draw, tmp_path: Path) -> None:
    with pytest.raises(InsufficientEvidenceError, match="is empty"):
        draw(Ratios([1.0], []), tmp_path / "f.png")
    assert not (tmp_path / "f.png").exists()
