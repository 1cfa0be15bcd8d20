"""Traces of demosaicing, on pictures whose demosaicing is known."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from whichcam._typing import PixelArray
from whichcam.errors import ImageTooSmallError, MissingDependencyError
from whichcam.traces import (
    DEMOSAICING_LAYOUT,
    DEMOSAICING_SIZE,
    demosaicing_traces,
)

cv2: Any = pytest.importorskip("cv2", reason="the extra demosaicing is not installed")

Traces = npt.NDArray[np.float32]


def _part(traces: Traces, name: str) -> Traces:
    start = 0
    for known, length in DEMOSAICING_LAYOUT:
        if known == name:
            return traces[start : start + length]
        start += length
    raise KeyError(name)


def _mosaic(height: int = 160, width: int = 192) -> npt.NDArray[np.uint8]:
    rng = np.random.default_rng(4)
    return rng.integers(60, 190, (height, width)).astype(np.uint8)


def _developed(code: str) -> PixelArray:
    developed: PixelArray = cv2.demosaicing(_mosaic(), getattr(cv2, code))
    return developed


BILINEAR, EDGE_AWARE = "COLOR_BayerBG2RGB", "COLOR_BayerBG2RGB_EA"


@pytest.mark.parametrize("texture", ["along_columns", "along_rows"])
def test_the_weights_of_a_bilinear_demosaicing_are_found(texture: str) -> None:
    traces = demosaicing_traces(_developed(BILINEAR))
    # red at a green pixel of a red row: half of each red neighbour in the row, which
    # stand sixth and seventh among the taps, rows of four taps at -3, -1, 1 and 3
    found = _part(traces, f"weights.R.1.(0, 1).{texture}")
    expected = np.zeros(12)
    expected[[5, 6]] = 0.5
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.01)
    # red at a blue pixel: a quarter of each of the four around it
    found = _part(traces, f"weights.R.1.(1, 1).{texture}")
    expected = np.zeros(16)
    expected[[5, 6, 9, 10]] = 0.25
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.01)
    # green: a quarter of each of the four it touches, among 24 taps
    found = _part(traces, f"weights.G.2.(0, 0).{texture}")
    assert np.count_nonzero(np.abs(found - 0.25) < 0.01) == 4
    assert np.count_nonzero(np.abs(found) < 0.01) == 20


def test_nothing_is_left_where_the_demosaicing_is_the_same() -> None:
    traces = demosaicing_traces(_developed(BILINEAR))
    for triple in ("red", "blue", "green", "at_red", "at_blue", "at_green"):
        assert _part(traces, f"errors.bilinear.{triple}").max() == 1
        assert _part(traces, f"errors.edge_aware.{triple}").shape == (172,)
    assert _part(traces, "errors.edge_aware.green").max() < 0.9


def test_each_demosaicing_is_told_by_the_errors_of_its_own() -> None:
    traces = demosaicing_traces(_developed(EDGE_AWARE))
    assert _part(traces, "errors.edge_aware.green").max() == 1
    assert _part(traces, "errors.bilinear.green").max() < 0.9


def test_the_errors_of_each_colour_stand_in_their_own_groups() -> None:
    plain = demosaicing_traces(_developed(BILINEAR))
    pixels = _developed(BILINEAR).copy()
    pixels[1::2, 1::2, 0] += 20  # red where the sensor measured blue
    other = demosaicing_traces(pixels)
    changed = {
        triple
        for triple in ("red", "blue", "green", "at_red", "at_blue", "at_green")
        if (
            _part(plain, f"errors.bilinear.{triple}")
            != _part(other, f"errors.bilinear.{triple}")
        ).any()
    }
    assert changed == {"red", "at_blue"}


def test_red_at_green_pixels_is_told_by_row_and_column() -> None:
    plain = demosaicing_traces(_developed(BILINEAR))
    pixels = _developed(BILINEAR).copy()
    pixels[0::2, 1::2, 0] += 20  # beside red, not below it
    other = demosaicing_traces(pixels)
    changed = {
        name
        for name in ("red", "blue", "green", "at_red", "at_blue", "at_green")
        if (
            _part(plain, f"errors.bilinear.{name}")
            != _part(other, f"errors.bilinear.{name}")
        ).any()
    }
    assert changed == {"red", "at_red", "at_green"}


def test_green_errors_are_counted_with_those_of_the_next_cell_in_the_row() -> None:
    pixels = _developed(BILINEAR).copy()
    pixels[0::2, 0::4, 1] += 20  # at every other red pixel of each row
    found = _part(demosaicing_traces(pixels), "errors.bilinear.green")
    # one of two neighbours errs, the left one or the right one: never both, never none
    np.testing.assert_allclose(np.sort(found)[-2:], 0.5**0.5, atol=0.02)


def _directional() -> PixelArray:
    """Fill green in from above and below where rows are rougher than columns."""
    own = _mosaic().astype(np.float64)
    rough = np.zeros((2, *own.shape))
    rough[0, :, 2:-2] = np.abs(own[:, :-4] + own[:, 4:] - 2 * own[:, 2:-2])
    rough[1, 2:-2] = np.abs(own[:-4] + own[4:] - 2 * own[2:-2])
    above_below = (np.roll(own, 1, 0) + np.roll(own, -1, 0)) / 2
    left_right = (np.roll(own, 1, 1) + np.roll(own, -1, 1)) / 2
    filled = np.where(rough[0] > rough[1], above_below, left_right).round()
    pixels = _developed(BILINEAR).copy()
    for phase in (0, 1):
        pixels[phase::2, phase::2, 1] = filled[phase::2, phase::2]
    return pixels


def test_textures_are_told_by_their_direction() -> None:
    traces = demosaicing_traces(_directional())
    # green's taps touch the pixel above, at the left, at the right and below
    touching = [8, 11, 12, 15]
    along_columns = _part(traces, "weights.G.2.(0, 0).along_columns")[touching]
    np.testing.assert_allclose(along_columns, [0.5, 0, 0, 0.5], atol=0.02)
    along_rows = _part(traces, "weights.G.2.(0, 0).along_rows")[touching]
    np.testing.assert_allclose(along_rows, [0, 0.5, 0.5, 0], atol=0.02)


def test_any_crop_gives_finite_numbers() -> None:
    rng = np.random.default_rng(1)
    for pixels in (
        np.full((64, 64, 3), 255, np.uint8),
        np.zeros((70, 80, 3), np.uint8),
        rng.integers(0, 256, (131, 67, 3)).astype(np.uint8),
    ):
        kept = pixels.copy()
        pixels.flags.writeable = False
        traces = demosaicing_traces(pixels)
        assert traces.shape == (DEMOSAICING_SIZE,)
        assert traces.dtype == np.float32
        assert np.isfinite(traces).all()
        np.testing.assert_array_equal(pixels, kept)


def test_an_odd_last_row_and_column_do_not_count() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (99, 131, 3)).astype(np.uint8)
    np.testing.assert_array_equal(
        demosaicing_traces(pixels), demosaicing_traces(pixels[:98, :130])
    )


def test_names_of_groups_are_all_different() -> None:
    names = [name for name, _ in DEMOSAICING_LAYOUT]
    assert len(names) == len(set(names)) == 7 * 3 + 3 * 6


def test_without_opencv_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingDependencyError, match=r"whichcam\[demosaicing\]"):
        demosaicing_traces(np.zeros((64, 64, 3), np.uint8))


def test_too_small_a_crop_is_refused_with_its_size() -> None:
    with pytest.raises(ImageTooSmallError, match=r"100x40 px.*64x64 px"):
        demosaicing_traces(np.zeros((40, 100, 3), np.uint8))
