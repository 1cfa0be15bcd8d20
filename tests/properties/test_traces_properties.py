"""Whatever the pixels, traces are finite and the pixels stay as they were."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from whichcam._typing import PixelArray
from whichcam.signal import GRID, choose_crops
from whichcam.traces import PROCESSING_SIZE, processing_traces


@st.composite
def pictures(draw: st.DrawFn) -> PixelArray:
    """Draw noise between any two levels, patched with flat rectangles."""
    height, width = draw(st.integers(64, 112)), draw(st.integers(64, 112))
    low = draw(st.integers(0, 255))
    high = draw(st.integers(low, 255))
    seed = draw(st.integers(0, 2**32 - 1))
    noise = np.random.default_rng(seed).integers(low, high + 1, (height, width, 3))
    pixels = noise.astype(np.uint8)
    for _ in range(draw(st.integers(0, 3))):
        top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        pixels[top:, left:] = draw(st.integers(0, 255))
    return pixels


@given(pictures())
def test_traces_of_any_noise_are_finite_and_leave_it_unchanged(
    pixels: PixelArray,
) -> None:
    before = pixels.copy()
    traces = processing_traces(pixels)
    assert traces.shape == (PROCESSING_SIZE,)
    assert np.isfinite(traces).all()
    np.testing.assert_array_equal(pixels, before)


@given(hnp.arrays(np.uint8, (64, 72, 3), elements=st.integers(0, 255)))
def test_traces_of_any_array_are_finite(pixels: PixelArray) -> None:
    assert np.isfinite(processing_traces(pixels)).all()


@given(
    st.integers(64, 700),
    st.integers(64, 700),
    st.sampled_from([64, 96, 128, 256]),
    st.integers(1, 12),
)
def test_crops_of_any_picture_lie_inside_on_the_grid(
    height: int, width: int, size_px: int, n_crops: int
) -> None:
    pixels = np.broadcast_to(np.uint8(128), (height, width, 3))
    crops = choose_crops(pixels, size_px=size_px, n_crops=n_crops, smallest_px=64)
    assert 1 <= len(crops) <= n_crops
    for top, left, rows, cols in crops:
        assert (top % GRID, left % GRID, rows % GRID, cols % GRID) == (0, 0, 0, 0)
        assert 0 <= top <= top + rows <= height
        assert 0 <= left <= left + cols <= width
