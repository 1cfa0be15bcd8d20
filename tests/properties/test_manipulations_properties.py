"""Invariances of manipulations over sizes, seeds and names."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from whichcam._typing import PixelArray
from whichcam.datasets.manipulations import (
    MANIPULATIONS,
    Manipulation,
    manipulate,
    parse_chain,
)
from whichcam.errors import ConfigError, UnknownNameError

SIDES = st.integers(1, 70)
SEEDS = st.integers(0, 2**63)
ANY_SIZE = sorted(name for name in MANIPULATIONS if "512" not in name)


def _picture(height: int, width: int, seed: int) -> PixelArray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


@given(st.sampled_from(ANY_SIZE), SIDES, SIDES, SEEDS)
def test_the_same_seed_gives_the_same_pixels(
    name: str, height: int, width: int, seed: int
) -> None:
    picture = _picture(height, width, seed)
    first = manipulate(picture, name, seed=seed)
    second = manipulate(picture.copy(), name, seed=seed)
    assert first.tobytes() == second.tobytes()
    assert first.shape == second.shape


@given(SIDES, SIDES, SEEDS)
def test_four_quarter_turns_come_back(height: int, width: int, seed: int) -> None:
    picture = _picture(height, width, seed)
    chain = "rotate_90+rotate_180+rotate_90"
    assert np.array_equal(manipulate(picture, chain), picture)


@given(SIDES, SIDES, SEEDS)
def test_two_flips_are_half_a_turn(height: int, width: int, seed: int) -> None:
    picture = _picture(height, width, seed)
    flipped = manipulate(picture, "flip_horizontal+flip_vertical")
    assert np.array_equal(flipped, manipulate(picture, "rotate_180"))


@given(SIDES, SIDES, SEEDS, st.floats(0.05, 3).map(lambda factor: f"{factor:.3f}"))
def test_both_resizes_agree_on_the_size(
    height: int, width: int, seed: int, factor: str
) -> None:
    picture = _picture(height, width, seed)
    smooth = manipulate(picture, f"resize_{factor}")
    plain = manipulate(picture, f"resize_plain_{factor}")
    assert smooth.shape == plain.shape
    assert smooth.shape[0] == max(1, int(height * float(factor) + 0.5))


@given(st.integers(8, 70), st.integers(8, 70), st.integers(1, 8), SEEDS)
def test_a_crop_is_always_a_window_of_the_picture(
    height: int, width: int, side: int, seed: int
) -> None:
    # The colour of a pixel is its position, so the window can be read off.
    rows, columns = np.mgrid[0:height, 0:width].astype(np.uint8)
    picture = np.dstack([rows, columns, np.zeros_like(rows)])
    crop = manipulate(picture, f"crop_{side}", seed=seed)
    row, column = int(crop[0, 0, 0]), int(crop[0, 0, 1])
    assert np.array_equal(picture[row : row + side, column : column + side], crop)


@given(st.text(max_size=60))
def test_any_text_is_a_chain_or_one_clear_error(text: str) -> None:
    steps: tuple[Manipulation, ...] = ()
    refusal = ""
    try:
        steps = parse_chain(text)
    except (UnknownNameError, ConfigError) as error:
        refusal = str(error)
    read_back = parse_chain("+".join(step.name for step in steps)) if steps else ()
    assert bool(refusal) != bool(steps)
    assert read_back == steps
