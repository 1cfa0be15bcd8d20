"""Traces are finite, repeatable numbers for any crop that is large enough."""

from __future__ import annotations

import numpy as np
import pytest

from whichcam._typing import PixelArray
from whichcam.errors import ImageTooSmallError
from whichcam.traces import PROCESSING_LAYOUT, PROCESSING_SIZE, processing_traces


def _noise(height: int, width: int) -> PixelArray:
    rng = np.random.default_rng(5)
    return rng.integers(0, 256, (height, width, 3)).astype(np.uint8)


def _half_burnt() -> PixelArray:
    pixels = _noise(128, 128)
    pixels[:, :64] = 255
    return pixels


CROPS = {
    "flat": np.full((64, 64, 3), 120, np.uint8),
    "black": np.zeros((96, 80, 3), np.uint8),
    "white": np.full((96, 80, 3), 255, np.uint8),
    "noise": _noise(128, 128),
    "odd": _noise(131, 67),
    "smallest": _noise(64, 64),
    "half burnt": _half_burnt(),
    "extremes": (_noise(96, 96) > 127).astype(np.uint8) * 255,
}
ANY = pytest.mark.parametrize("name", CROPS)


@ANY
def test_any_crop_gives_a_finite_vector_of_the_stated_length(name: str) -> None:
    traces = processing_traces(CROPS[name])
    assert traces.shape == (PROCESSING_SIZE,)
    assert traces.dtype == np.float32
    assert np.isfinite(traces).all()


@ANY
def test_traces_fit_into_half_precision(name: str) -> None:
    traces = processing_traces(CROPS[name])
    assert np.abs(traces).max() < np.finfo(np.float16).max


@ANY
def test_the_crop_is_left_as_it_was_and_gives_the_same_again(name: str) -> None:
    crop = CROPS[name].copy()
    crop.flags.writeable = False
    first = processing_traces(crop)
    np.testing.assert_array_equal(crop, CROPS[name])
    np.testing.assert_array_equal(processing_traces(crop), first)


def test_the_layout_names_every_number_once() -> None:
    names = [name for name, _ in PROCESSING_LAYOUT]
    assert len(names) == len(set(names)) == 7
    assert all(length > 0 for _, length in PROCESSING_LAYOUT)
    assert sum(length for _, length in PROCESSING_LAYOUT) == PROCESSING_SIZE


def test_rows_and_columns_beyond_the_last_block_do_not_count() -> None:
    crop = _noise(103, 87)
    np.testing.assert_array_equal(
        processing_traces(crop), processing_traces(crop[:96, :80])
    )


def test_a_view_of_a_larger_picture_gives_what_its_copy_gives() -> None:
    view = _noise(160, 200)[16:112, 24:120]
    np.testing.assert_array_equal(
        processing_traces(view), processing_traces(np.ascontiguousarray(view))
    )


@pytest.mark.parametrize(("height", "width"), [(63, 128), (128, 63), (71, 8), (1, 1)])
def test_too_small_a_crop_is_refused_with_both_sizes(height: int, width: int) -> None:
    with pytest.raises(ImageTooSmallError, match=rf"{width}x{height} px.*64x64 px"):
        processing_traces(np.zeros((height, width, 3), np.uint8))
