"""Crops: on the grid, inside, covering, and not where the picture is burnt."""

from __future__ import annotations

import numpy as np
import pytest

from whichcam._typing import PixelArray
from whichcam.errors import ImageTooSmallError
from whichcam.signal import GRID, choose_crops

SIZES = pytest.mark.parametrize(
    ("height", "width"), [(64, 64), (65, 127), (200, 300), (301, 96), (257, 519)]
)


def _grey(height: int, width: int) -> PixelArray:
    return np.full((height, width, 3), 128, np.uint8)


@SIZES
def test_crops_lie_on_the_grid_and_inside_the_picture(height: int, width: int) -> None:
    crops = choose_crops(_grey(height, width), size_px=96, n_crops=99, smallest_px=64)
    assert crops
    for top, left, rows, cols in crops:
        assert (top % GRID, left % GRID, rows % GRID, cols % GRID) == (0, 0, 0, 0)
        assert 0 <= top <= top + rows <= height
        assert 0 <= left <= left + cols <= width
        assert rows == min(96, height // 8 * 8)
        assert cols == min(96, width // 8 * 8)


@SIZES
def test_all_crops_together_leave_out_less_than_a_block_at_each_rim(
    height: int, width: int
) -> None:
    crops = choose_crops(_grey(height, width), size_px=96, n_crops=99, smallest_px=64)
    seen = np.zeros((height, width), bool)
    for top, left, rows, cols in crops:
        seen[top : top + rows, left : left + cols] = True
    assert seen[: height - 7, : width - 7].all()


@SIZES
def test_no_crop_is_given_twice(height: int, width: int) -> None:
    crops = choose_crops(_grey(height, width), size_px=64, n_crops=99, smallest_px=64)
    assert len(crops) == len(set(crops))


def test_384_px_are_covered_by_two_overlapping_crops_of_256() -> None:
    crops = choose_crops(_grey(256, 384), size_px=256, n_crops=9, smallest_px=128)
    assert sorted(crops) == [(0, 0, 256, 256), (0, 128, 256, 256)]


def test_only_the_best_crops_are_given() -> None:
    crops = choose_crops(_grey(512, 512), size_px=128, n_crops=3, smallest_px=64)
    assert len(crops) == 3


def test_among_equals_the_middle_comes_first() -> None:
    crops = choose_crops(_grey(384, 384), size_px=128, n_crops=9, smallest_px=64)
    assert crops[0] == (128, 128, 128, 128)
    assert len(crops) == 9


@pytest.mark.parametrize("value", [0, 4, 251, 255])
def test_a_burnt_or_black_half_is_looked_at_last(value: int) -> None:
    pixels = _grey(256, 512)
    pixels[:, :256] = value
    crops = choose_crops(pixels, size_px=128, n_crops=8, smallest_px=64)
    assert [left >= 256 for _, left, _, _ in crops] == [True] * 4 + [False] * 4


@pytest.mark.parametrize("value", [5, 250])
def test_values_within_the_limits_count_as_reliable(value: int) -> None:
    pixels = _grey(384, 384)
    pixels[128:256, 128:256] = value  # were it lost, the middle would come last
    crops = choose_crops(pixels, size_px=128, n_crops=1, smallest_px=64)
    assert crops == [(128, 128, 128, 128)]


def test_a_wholly_burnt_picture_still_gives_crops() -> None:
    pixels = np.full((128, 128, 3), 255, np.uint8)
    crops = choose_crops(pixels, size_px=64, n_crops=2, smallest_px=64)
    assert len(crops) == 2


@pytest.mark.parametrize(("height", "width"), [(127, 300), (300, 127), (1, 1)])
def test_a_picture_too_small_is_refused_with_both_sizes(
    height: int, width: int
) -> None:
    with pytest.raises(ImageTooSmallError, match=rf"{width}x{height} px.*128x128 px"):
        choose_crops(_grey(height, width), size_px=256, n_crops=1, smallest_px=128)


def test_the_smallest_size_allowed_is_enough() -> None:
    crops = choose_crops(_grey(128, 128), size_px=256, n_crops=4, smallest_px=128)
    assert crops == [(0, 0, 128, 128)]
