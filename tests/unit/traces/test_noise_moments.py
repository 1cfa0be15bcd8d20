"""Moments of the noise, on noise whose moments and correlations are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from whichcam._typing import PixelArray
from whichcam.errors import ImageTooSmallError
from whichcam.traces import NOISE_MOMENTS_LAYOUT, NOISE_MOMENTS_SIZE, noise_moments

SIZE = (160, 192)
Noise = npt.NDArray[np.float64]


def _group(traces: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
    start = 0
    for known, length in NOISE_MOMENTS_LAYOUT:
        if known == name:
            return traces[start : start + length]
        start += length
    raise KeyError(name)


def _photo(noise: Noise) -> PixelArray:
    return np.clip(128 + noise, 0, 255).round().astype(np.uint8)


def _white(rng: np.random.Generator, spread: float = 2.0) -> Noise:
    return rng.normal(0, spread, (*SIZE, 3))


def test_white_noise_has_no_correlations(rng: np.random.Generator) -> None:
    traces = noise_moments(_photo(_white(rng)))
    between = _group(traces, "cross_correlation")[:3]
    assert np.abs(between).max() < 0.03
    assert np.abs(_group(traces, "linear_pattern")).max() < 0.3


def test_stronger_noise_has_a_larger_spread(rng: np.random.Generator) -> None:
    weak = _group(noise_moments(_photo(_white(rng, 1.0))), "moments")[0]
    strong = _group(noise_moments(_photo(_white(rng, 2.0))), "moments")[0]
    assert np.exp(strong) / np.exp(weak) == pytest.approx(2, abs=0.3)


def test_heavy_tails_have_a_larger_kurtosis(rng: np.random.Generator) -> None:
    rare = _white(rng) + 6.0 * (rng.random((*SIZE, 3)) < 0.01)
    plain = _group(noise_moments(_photo(_white(rng))), "moments")
    spiky = _group(noise_moments(_photo(rare)), "moments")
    assert spiky[2] > plain[2]
    assert spiky[1] > plain[1] + 0.02  # and they lean to the bright side


def test_colours_with_common_noise_are_correlated(rng: np.random.Generator) -> None:
    noise = _white(rng)
    noise[:, :, 1] = noise[:, :, 0]
    red_green, green_blue, red_blue = _group(
        noise_moments(_photo(noise)), "cross_correlation"
    )[:3]
    assert red_green > 0.99
    assert abs(green_blue) < 0.03
    assert abs(red_blue) < 0.03


def test_neighbours_are_told_apart_by_direction(rng: np.random.Generator) -> None:
    noise = _white(rng, 3.0)
    noise = (noise + np.roll(noise, 1, axis=1)) / 2  # smeared along rows
    traces = _group(noise_moments(_photo(noise)), "cross_correlation")
    assert traces[3:6].min() > traces[6:9].max() + 0.2


def test_a_pattern_of_the_jpeg_block_stands_out(rng: np.random.Generator) -> None:
    noise = _white(rng)
    plain = _group(noise_moments(_photo(noise)), "block_covariance")
    noise[7::8, :, 2] += 3.0
    blocky = _group(noise_moments(_photo(noise)), "block_covariance")
    assert np.abs(plain).max() < 1.5
    assert blocky[2] > plain[2] + 2
    np.testing.assert_array_equal(blocky[:2], plain[:2])


def test_the_linear_pattern_of_rows_and_columns_is_told_apart(
    rng: np.random.Generator,
) -> None:
    noise = _white(rng)
    noise += rng.normal(0, 1.5, (SIZE[0], 1, 1))  # rows that are brighter, all colours
    columns, rows = np.split(
        _group(noise_moments(_photo(noise)), "linear_pattern"), [3]
    )
    assert rows.min() > 0.8
    assert np.abs(columns).max() < 0.4


def test_flat_and_grey_pictures_have_finite_moments() -> None:
    rng = np.random.default_rng(1)
    grey = np.repeat(rng.integers(90, 110, (96, 100, 1)), 3, axis=2).astype(np.uint8)
    for pixels in (
        np.full((64, 64, 3), 255, np.uint8),
        np.zeros((65, 131, 3), np.uint8),
        grey,
    ):
        kept = pixels.copy()
        pixels.flags.writeable = False
        traces = noise_moments(pixels)
        assert traces.shape == (NOISE_MOMENTS_SIZE,) == (28,)
        assert traces.dtype == np.float32
        assert np.isfinite(traces).all()
        np.testing.assert_array_equal(pixels, kept)


def test_too_small_a_crop_is_refused_with_its_size() -> None:
    with pytest.raises(ImageTooSmallError, match=r"100x40 px.*64x64 px"):
        noise_moments(np.zeros((40, 100, 3), np.uint8))
