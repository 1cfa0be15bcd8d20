"""Whatever the pixels: finite noise, bounded intensity, sums that do not mind order."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from whichcam._typing import PixelArray
from whichcam.prnu import FingerprintEstimator, photo_noise
from whichcam.signal import (
    flatten_spectrum,
    picture_noise,
    wavelet_noise,
    zero_mean_by_phase,
)


@st.composite
def pictures(draw: st.DrawFn, sides: st.SearchStrategy[int]) -> PixelArray:
    """Draw noise between any two levels, patched with flat rectangles."""
    height, width = draw(sides), draw(sides)
    low = draw(st.integers(0, 255))
    high = draw(st.integers(low, 255))
    seed = draw(st.integers(0, 2**32 - 1))
    noise = np.random.default_rng(seed).integers(low, high + 1, (height, width, 3))
    pixels = noise.astype(np.uint8)
    for _ in range(draw(st.integers(0, 3))):
        top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        pixels[top:, left:] = draw(st.integers(0, 255))
    return pixels


@given(pictures(st.integers(64, 100)))
def test_noise_of_any_picture_is_finite_and_bounded(pixels: PixelArray) -> None:
    before = pixels.copy()
    noise = photo_noise(pixels)
    assert noise.shape == pixels.shape[:2]
    assert np.isfinite(noise.residual).all()
    # a pixel is one of at least 64 of its window's: its square is 64 means at most
    assert np.abs(noise.residual).max() <= 8.1 * np.sqrt(225 / 64)
    assert noise.intensity.min() >= 0
    assert noise.intensity.max() <= 1
    burnt = pixels.max(axis=2) == 255
    assert not noise.intensity[burnt].any()
    assert 0 <= noise.saturated_share <= 1
    assert noise.usable_share <= 1 - max(burnt.mean(), noise.dark_share) + 1e-9
    np.testing.assert_array_equal(pixels, before)


@given(pictures(st.integers(2, 60)), st.integers(1, 8))
def test_noise_of_any_size_is_finite(pixels: PixelArray, levels: int) -> None:
    noise = picture_noise(pixels, levels=levels)
    assert noise.shape == pixels.shape[:2]
    assert np.isfinite(noise).all()
    centred = zero_mean_by_phase(noise)
    flat = flatten_spectrum(centred)
    assert np.isfinite(flat).all()
    # the filter only ever takes energy away
    assert np.vdot(flat, flat) <= np.vdot(centred, centred) * (1 + 1e-4) + 1e-6


@given(pictures(st.integers(2, 70)), st.integers(-100, 100))
def test_brightness_is_no_noise(pixels: PixelArray, offset: int) -> None:
    plane = pixels[:, :, 0].astype(np.float32)
    found = wavelet_noise(plane + np.float32(offset))
    np.testing.assert_allclose(found, wavelet_noise(plane), atol=2e-2)


@given(pictures(st.integers(8, 70)), st.integers(1, 8))
def test_noise_centred_by_phase_has_no_mean_in_any(
    pixels: PixelArray, period: int
) -> None:
    centred = zero_mean_by_phase(pixels[:, :, 1].astype(np.float32), period)
    means = [
        np.abs(centred[top::period, left::period].mean(axis=axis)).max()
        for top in range(period)
        for left in range(period)
        for axis in (0, 1)
    ]
    assert max(means) < 1e-3


@given(st.permutations(range(5)), st.integers(0, 2**32 - 1))
def test_sums_do_not_mind_the_order_of_pictures(order: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    photos = rng.integers(30, 220, (5, 64, 66, 3)).astype(np.uint8)
    noises = [photo_noise(pixels) for pixels in photos]
    straight, mixed = FingerprintEstimator((64, 66)), FingerprintEstimator((64, 66))
    for k in range(5):
        straight.add_noise(noises[k])
        mixed.add_noise(noises[order[k]])
    difference = straight.estimate().pattern - mixed.estimate().pattern
    assert np.abs(difference).max() < 1e-6
