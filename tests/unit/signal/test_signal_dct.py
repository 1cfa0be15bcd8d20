"""The blockwise DCT is JPEG's, block by block."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.fft import dctn

from whichcam.signal import block_dct


def test_every_block_has_the_orthonormal_dct_that_scipy_gives(
    rng: np.random.Generator,
) -> None:
    plane = rng.uniform(0, 255, (24, 40)).astype(np.float32)
    found = block_dct(plane)
    for by in range(3):
        for bx in range(5):
            block = plane[by * 8 : by * 8 + 8, bx * 8 : bx * 8 + 8].astype(np.float64)
            np.testing.assert_allclose(
                found[by, bx], dctn(block, norm="ortho"), rtol=0, atol=1e-3
            )


def test_a_constant_block_gives_eight_times_its_value_and_nothing_else() -> None:
    found = block_dct(np.full((8, 16), 37, np.float32))
    np.testing.assert_allclose(found[:, :, 0, 0], 296, atol=1e-3)
    found[:, :, 0, 0] = 0
    assert np.abs(found).max() < 1e-3


def test_a_vertical_wave_stands_in_the_first_frequency_axis() -> None:
    wave = np.cos(np.pi * 3 * (2 * np.arange(8) + 1) / 16).astype(np.float32)
    found = np.abs(block_dct(np.repeat(wave[:, None], 8, axis=1))[0, 0])
    assert np.unravel_index(found.argmax(), (8, 8)) == (3, 0)
    found[3, 0] = 0
    assert found.max() < 1e-4


@pytest.mark.parametrize(("height", "width"), [(8, 8), (17, 31), (23, 9)])
def test_pixels_beyond_the_last_whole_block_are_left_out(
    height: int, width: int, rng: np.random.Generator
) -> None:
    plane = rng.normal(size=(height, width)).astype(np.float32)
    found = block_dct(plane)
    whole = plane[: height // 8 * 8, : width // 8 * 8]
    assert found.shape == (height // 8, width // 8, 8, 8)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, block_dct(np.ascontiguousarray(whole)))
