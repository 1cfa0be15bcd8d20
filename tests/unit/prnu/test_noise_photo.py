"""Noise of a photograph: what it is made of, and what every pixel is worth."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from whichcam._typing import PixelArray
from whichcam.errors import ImageTooSmallError, InputError
from whichcam.prnu import NOISE_VERSION, photo_noise
from whichcam.signal import flatten_spectrum, picture_noise, zero_mean_by_phase


def _picture(rng: np.random.Generator, shape: tuple[int, int] = (96, 80)) -> PixelArray:
    """Half smooth, half textured, neither burnt nor black."""
    strength = np.where(np.arange(shape[1]) < shape[1] // 2, 2, 30)
    levels = 120 + rng.normal(0, 1, (*shape, 3)) * strength[:, None]
    return np.clip(levels, 20, 240).astype(np.uint8)


def _mean_square(x: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the mean square over 15x15 px, of as much as lies inside."""
    inside = ndimage.uniform_filter(np.ones(x.shape), 15, mode="constant")
    squares = ndimage.uniform_filter(x.astype(np.float64) ** 2, 15, mode="constant")
    return np.asarray(squares / inside)


@pytest.mark.parametrize("shape", [(96, 80), (65, 97), (64, 64)])
def test_the_residual_is_the_cleaned_noise_over_its_local_strength(
    shape: tuple[int, int], rng: np.random.Generator
) -> None:
    pixels = _picture(rng, shape)
    cleaned = flatten_spectrum(zero_mean_by_phase(picture_noise(pixels)))
    strength = np.sqrt(_mean_square(cleaned) + 0.25)
    noise = photo_noise(pixels)
    np.testing.assert_allclose(noise.residual, cleaned / strength, atol=1e-4)
    grey = pixels @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(noise.intensity, grey / 255 * 0.5 / strength, atol=1e-5)


def test_textured_and_smooth_parts_have_residuals_of_like_strength(
    rng: np.random.Generator,
) -> None:
    noise = photo_noise(_picture(rng, (128, 128)))
    smooth, textured = noise.residual[:, 8:56], noise.residual[:, 72:120]
    assert 0.8 < smooth.std() / textured.std() < 1.25


def test_burnt_and_black_pixels_are_worth_nothing(rng: np.random.Generator) -> None:
    pixels = _picture(rng)
    pixels[:10, :10] = 255
    pixels[20:40, :8, 2] = 255  # one colour is enough
    pixels[60:80, :40] = 4
    pixels[60:80, 40:50] = 6  # dim, and no more than that
    noise = photo_noise(pixels)
    gone = np.zeros((96, 80), bool)
    gone[:10, :10] = gone[20:40, :8] = gone[60:80, :40] = True
    np.testing.assert_array_equal(noise.intensity == 0, gone)
    assert noise.saturated_share == pytest.approx((100 + 160) / 7680)
    assert noise.dark_share == pytest.approx(800 / 7680)
    assert noise.usable_share == pytest.approx(1 - 1060 / 7680)


def test_flat_parts_at_a_ceiling_below_full_scale_are_burnt(
    rng: np.random.Generator,
) -> None:
    pixels = _picture(rng)
    pixels[:10, :10, 0] = 252  # red clips at 252
    pixels[50, 50, 0] = 252  # a single bright pixel is none of that
    noise = photo_noise(pixels)
    gone = np.zeros((96, 80), bool)
    gone[:10, :10] = True
    np.testing.assert_array_equal(noise.intensity == 0, gone)
    assert noise.saturated_share == pytest.approx(100 / 7680)


def test_flat_parts_at_a_low_ceiling_are_not_burnt(rng: np.random.Generator) -> None:
    pixels = np.minimum(_picture(rng), 150)
    noise = photo_noise(pixels)
    assert noise.saturated_share == 0
    assert (noise.intensity > 0).all()


def test_the_mean_level_is_that_of_grey(rng: np.random.Generator) -> None:
    pixels = _picture(rng)
    grey = pixels @ np.array([0.299, 0.587, 0.114])
    assert photo_noise(pixels).mean_level == pytest.approx(grey.mean(), rel=1e-5)


@pytest.mark.parametrize("value", [0, 1, 128, 254, 255])
def test_a_flat_picture_has_no_noise_and_no_nan(value: int) -> None:
    noise = photo_noise(np.full((70, 66, 3), value, np.uint8))
    assert np.abs(noise.residual).max() < 1e-2
    assert np.isfinite(noise.intensity).all()


def test_a_view_of_any_stride_gives_what_its_copy_gives(
    rng: np.random.Generator,
) -> None:
    turned = _picture(rng)[::-1, ::-1]
    found, expected = photo_noise(turned), photo_noise(np.ascontiguousarray(turned))
    np.testing.assert_array_equal(found.residual, expected.residual)
    np.testing.assert_array_equal(found.intensity, expected.intensity)


def test_a_picture_is_not_modified_and_gives_the_same_twice(
    rng: np.random.Generator,
) -> None:
    pixels = _picture(rng)
    before = pixels.copy()
    pixels.flags.writeable = False
    first, second = photo_noise(pixels), photo_noise(pixels)
    np.testing.assert_array_equal(pixels, before)
    np.testing.assert_array_equal(first.residual, second.residual)
    np.testing.assert_array_equal(first.intensity, second.intensity)


def test_the_result_cannot_be_changed(rng: np.random.Generator) -> None:
    noise = photo_noise(_picture(rng))
    with pytest.raises(ValueError, match="read-only"):
        noise.residual[0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        noise.intensity[0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        noise.name = "another"  # type: ignore[misc]


def test_the_facts_are_ready_for_json(rng: np.random.Generator) -> None:
    facts = json.loads(json.dumps(photo_noise(_picture(rng), name="a.jpg").to_dict()))
    assert facts["name"] == "a.jpg"
    assert facts["shape"] == [96, 80]
    assert facts["noise_version"] == NOISE_VERSION
    assert "residual" not in facts


@pytest.mark.parametrize("shape", [(63, 90, 3), (90, 10, 3), (0, 70, 3)])
def test_a_picture_too_small_is_refused_with_both_sizes(
    shape: tuple[int, int, int],
) -> None:
    message = rf"{shape[1]}x{shape[0]} px; at least 64x64 px"
    with pytest.raises(ImageTooSmallError, match=message):
        photo_noise(np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((80, 80), np.uint8),
        np.zeros((80, 80, 4), np.uint8),
        np.ones((80, 80, 3)),
    ],
)
def test_what_is_no_rgb_picture_is_refused(pixels: PixelArray) -> None:
    with pytest.raises(InputError, match=r"expected \(H, W, 3\), uint8, RGB"):
        photo_noise(pixels)
