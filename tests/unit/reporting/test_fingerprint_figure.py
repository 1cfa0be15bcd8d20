"""The picture of a fingerprint and its correlation peak."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.errors import InputError, ShapeMismatchError
from whichcam.reporting import fingerprint_figure
from whichcam.reporting._fingerprint_figure import _around_peak

pytest.importorskip("matplotlib", reason="the extra report is not installed")

TITLES: dict[str, Any] = {"name": "a", "against": "b.jpg", "z": 12.3, "pce": 150.0}


def _planes(shape: tuple[int, int] = (120, 150)) -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    pattern = rng.normal(0, 0.01, shape).astype(np.float32)
    surface = rng.normal(0, 1, shape).astype(np.float32)
    surface[shape[0] // 2, shape[1] // 2] = 20
    return pattern, surface


def test_the_same_fingerprint_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("1.png", "2.png"):
        fingerprint_figure(*_planes(), tmp_path / name, **TITLES)
    first, second = ((tmp_path / name).read_bytes() for name in ("1.png", "2.png"))
    assert first == second
    assert first[:4] == b"\x89PNG"


def test_the_peak_is_in_deviations_of_what_lies_outside() -> None:
    window, rows, columns, peak = _around_peak(_planes()[1])
    assert (rows, columns, peak) == (range(28, 93), range(43, 108), (60, 75))
    assert window[60 - 28, 75 - 43] == pytest.approx(20, rel=0.05)


@pytest.mark.parametrize("shape", [(8, 9), (2, 200), (70, 70)])
def test_small_patterns_are_drawn_too(shape: tuple[int, int], tmp_path: Path) -> None:
    fingerprint_figure(*_planes(shape), tmp_path / "x.png", **TITLES)
    assert (tmp_path / "x.png").stat().st_size > 1000


def test_a_peak_at_the_border_is_drawn(tmp_path: Path) -> None:
    pattern, surface = _planes()
    surface[0, 149] = 90
    fingerprint_figure(pattern, surface, tmp_path / "x.png", **TITLES)
    assert _around_peak(surface)[3] == (0, 149)


def test_planes_that_do_not_fit_and_files_that_exist_are_refused(
    tmp_path: Path,
) -> None:
    pattern, surface = _planes()
    with pytest.raises(ShapeMismatchError, match="one shape"):
        fingerprint_figure(pattern, surface[1:], tmp_path / "x.png", **TITLES)
    with pytest.raises(InputError, match="nothing to draw"):
        fingerprint_figure(pattern[:1], surface[:1], tmp_path / "x.png", **TITLES)
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(InputError, match="exists"):
        fingerprint_figure(pattern, surface, tmp_path / "x.png", **TITLES)
