"""Co-occurrences: compared with a slow count, and with symmetries they must have."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from whichcam._typing import PixelArray
from whichcam.errors import ImageTooSmallError
from whichcam.traces import (
    COOCCURRENCE_LAYOUT,
    COOCCURRENCE_SIZE,
    cooccurrence_traces,
)

Traces = npt.NDArray[np.float32]


def _noise(height: int, width: int, spread: int = 12) -> PixelArray:
    rng = np.random.default_rng(8)
    return (120 + rng.integers(-spread, spread + 1, (height, width, 3))).astype(
        np.uint8
    )


def _grey(height: int, width: int) -> PixelArray:
    return np.repeat(_noise(height, width)[:, :, :1], 3, axis=2)


def _submodel(traces: Traces, name: str) -> Traces:
    start = 0
    for known, length in COOCCURRENCE_LAYOUT:
        if known == name:
            return traces[start : start + length]
        start += length
    raise KeyError(name)


# Of each predictor: what it does at (y, x), written out, and its order.
SLOWLY: dict[str, tuple[Callable[[npt.NDArray[np.int64], int, int], Any], int]] = {
    "first_h": (lambda p, y, x: p[y, x + 1] - p[y, x], 1),
    "second_v": (lambda p, y, x: p[y - 1, x] - 2 * p[y, x] + p[y + 1, x], 2),
    "third_h": (
        lambda p, y, x: p[y, x - 1] - 3 * p[y, x] + 3 * p[y, x + 1] - p[y, x + 2],
        3,
    ),
    "square": (
        lambda p, y, x: (
            2 * (p[y - 1, x] + p[y + 1, x] + p[y, x - 1] + p[y, x + 1])
            - (p[y - 1, x - 1] + p[y - 1, x + 1] + p[y + 1, x - 1] + p[y + 1, x + 1])
            - 4 * p[y, x]
        ),
        4,
    ),
    "edge_up": (
        lambda p, y, x: (
            2 * (p[y - 1, x] + p[y, x - 1] + p[y, x + 1])
            - (p[y - 1, x - 1] + p[y - 1, x + 1])
            - 4 * p[y, x]
        ),
        4,
    ),
    "edge_left": (
        lambda p, y, x: (
            2 * (p[y, x - 1] + p[y - 1, x] + p[y + 1, x])
            - (p[y - 1, x - 1] + p[y + 1, x - 1])
            - 4 * p[y, x]
        ),
        4,
    ),
}


def _codes(
    plane: npt.NDArray[np.int64], predictor: str, step: int, top: int
) -> list[list[int]]:
    error, order = SLOWLY[predictor]
    height, width = plane.shape
    rows = []
    for y in range(2, height - 2):
        row = []
        for x in range(2, width - 2):
            size = error(plane, y, x) / (order * step)
            away = int(np.sign(size) * np.floor(abs(size) + 0.5))
            row.append(max(-top, min(top, away)))
        rows.append(row)
    return rows


def _merged(counts: dict[tuple[int, ...], int], *, reverse: bool) -> list[float]:
    """Return sorted square roots of the frequencies of runs that count together."""
    merged: dict[tuple[int, ...], int] = {}
    for run, count in counts.items():
        negative = tuple(-code for code in run)
        same = [run, negative]
        if reverse:
            same += [run[::-1], negative[::-1]]
        merged[min(same)] = merged.get(min(same), 0) + count
    total = sum(merged.values())
    return sorted((count / total) ** 0.5 for count in merged.values())


@pytest.mark.parametrize("predictor", SLOWLY)
@pytest.mark.parametrize("scan", ["h", "v"])
def test_runs_are_counted_as_written_out_by_hand(predictor: str, scan: str) -> None:
    pixels = _grey(66, 70)
    codes = np.array(_codes(pixels[:, :, 0].astype(np.int64), predictor, 2, 2))
    lines = codes if scan == "h" else codes.T
    counts: dict[tuple[int, ...], int] = {}
    for line in lines.tolist():
        for k in range(len(line) - 3):
            run = tuple(line[k : k + 4])
            counts[run] = counts.get(run, 0) + 1
    found = _submodel(cooccurrence_traces(pixels), f"luma.{predictor}.{scan}.2")
    expected = _merged(counts, reverse=True)
    np.testing.assert_allclose(
        np.sort(found)[-len(expected) :], expected, rtol=0, atol=1e-6
    )
    assert np.count_nonzero(found) == len(expected)


def test_errors_of_three_colours_are_counted_at_one_place() -> None:
    pixels = _noise(64, 66)
    planes = [
        _codes(pixels[:, :, colour].astype(np.int64), "square", 1, 3)
        for colour in range(3)
    ]
    counts: dict[tuple[int, ...], int] = {}
    for y, x in product(range(60), range(62)):
        triple = tuple(plane[y][x] for plane in planes)
        counts[triple] = counts.get(triple, 0) + 1
    found = _submodel(cooccurrence_traces(pixels), "across.square.1")
    expected = _merged(counts, reverse=False)
    np.testing.assert_allclose(
        np.sort(found)[-len(expected) :], expected, rtol=0, atol=1e-6
    )


def test_every_submodel_holds_roots_of_frequencies() -> None:
    traces = cooccurrence_traces(_noise(80, 96))
    assert traces.shape == (COOCCURRENCE_SIZE,)
    assert traces.dtype == np.float32
    for name, _ in COOCCURRENCE_LAYOUT:
        np.testing.assert_allclose(
            np.square(_submodel(traces, name)).sum(), 1, rtol=0, atol=1e-5
        )


def test_names_of_submodels_are_all_different() -> None:
    names = [name for name, _ in COOCCURRENCE_LAYOUT]
    assert len(names) == len(set(names)) == 49


def test_a_negative_has_the_same_traces() -> None:
    pixels = _grey(80, 80)
    np.testing.assert_allclose(
        cooccurrence_traces(255 - pixels), cooccurrence_traces(pixels), atol=1e-6
    )


def test_a_transposed_picture_swaps_rows_and_columns() -> None:
    pixels = _grey(80, 96)
    turned = np.ascontiguousarray(pixels.transpose(1, 0, 2))
    np.testing.assert_allclose(
        _submodel(cooccurrence_traces(turned), "luma.third_v.h.1"),
        _submodel(cooccurrence_traces(pixels), "luma.third_h.v.1"),
        atol=1e-6,
    )


def test_rows_and_columns_are_kept_apart() -> None:
    pixels = _grey(80, 96)
    smooth_rows = np.repeat(pixels[:, :1], 96, axis=1)
    traces = cooccurrence_traces(smooth_rows)
    across = _submodel(traces, "luma.first_h.h.1")
    assert across.max() == 1
    assert _submodel(traces, "luma.first_v.v.1").max() < 0.9


def test_colour_differences_see_what_luma_does_not() -> None:
    pixels = _grey(80, 80)
    tinted = pixels.copy()
    tinted[:, :, 0] += np.random.default_rng(3).integers(0, 9, (80, 80), np.uint8)
    plain, other = cooccurrence_traces(pixels), cooccurrence_traces(tinted)
    name = "red-green.third_v.v.1"
    assert _submodel(plain, name).max() == 1
    assert _submodel(other, name).max() < 1
    name = "blue-green.third_v.v.1"
    np.testing.assert_array_equal(_submodel(plain, name), _submodel(other, name))


def test_the_picture_may_be_a_read_only_view() -> None:
    whole = _noise(160, 160)
    view = whole[32:112, 16:112]
    view.flags.writeable = False
    kept = view.copy()
    np.testing.assert_array_equal(cooccurrence_traces(view), cooccurrence_traces(kept))
    np.testing.assert_array_equal(view, kept)


def test_extremes_do_not_overflow() -> None:
    board = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    colours = np.stack([board, 255 - board, board], axis=2)
    traces = cooccurrence_traces(colours)
    assert np.isfinite(traces).all()
    # signs alternate: 2, -2, 2, -2 in every run
    np.testing.assert_array_equal(
        np.flatnonzero(_submodel(traces, "luma.square.h.1")),
        np.flatnonzero(_submodel(traces, "luma.first_h.h.1")),
    )


@pytest.mark.parametrize(("height", "width"), [(63, 128), (128, 63)])
def test_too_small_a_crop_is_refused_with_its_size(height: int, width: int) -> None:
    with pytest.raises(ImageTooSmallError, match=rf"{width}x{height} px.*64x64 px"):
        cooccurrence_traces(np.zeros((height, width, 3), np.uint8))
