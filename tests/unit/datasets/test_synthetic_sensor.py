"""The synthetic sensor obeys the laws that its docstrings state."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from whichcam._typing import FloatArray
from whichcam.datasets.synthetic import CFA_PATTERNS, SyntheticCamera
from whichcam.errors import (
    ConfigError,
    ImageTooLargeError,
    ImageTooSmallError,
    InputError,
)

IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
PLAIN = SyntheticCamera(
    color_matrix=IDENTITY,
    white_balance=(1.0, 1.0),
    vignetting=0.0,
    blur_px=0.0,
    bit_depth=14,
    black_level=1000,
)


def _flat(red: float, green: float, blue: float, side: int = 64) -> FloatArray:
    colour = np.array([red, green, blue], dtype=np.float32)
    return np.broadcast_to(colour, (side, side, 3))


def _correlation(first: FloatArray, second: FloatArray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


@pytest.mark.parametrize("pattern", CFA_PATTERNS)
def test_each_colour_of_the_mosaic_stands_in_its_place(pattern: str) -> None:
    quiet = replace(PLAIN, cfa_pattern=pattern, prnu_strength=0.0, full_well=1e7)
    raw = quiet.shoot_raw(seed=1, radiance=_flat(0.8, 0.5, 0.2))
    full_scale = 2**14 - 1 - 1000
    levels = (raw.astype(float) - 1000) / full_scale
    expected = {"R": 0.8, "G": 0.5, "B": 0.2}
    for site, colour in enumerate(pattern):
        samples = levels[site // 2 :: 2, site % 2 :: 2]
        assert np.abs(samples - expected[colour]).max() < 0.01


@pytest.mark.parametrize("gain", [1.0, 8.0])
@pytest.mark.parametrize("level", [0.01, 0.5])
def test_noise_has_the_variance_of_photons_and_readout(
    level: float, gain: float
) -> None:
    camera = replace(PLAIN, full_well=4000.0, read_noise=5.0, black_level=2000)
    shots = np.stack(
        [
            camera.shoot_raw(seed=seed, radiance=_flat(level, level, level), gain=gain)
            for seed in range(40)
        ]
    ).astype(float)
    full_scale_electrons = 4000 / gain
    digits_per_electron = (2**14 - 1 - 2000) / full_scale_electrons
    electrons = level * full_scale_electrons
    expected = (electrons + 5.0**2) * digits_per_electron**2 + 1 / 12
    # 64 x 64 pixels with 39 degrees of freedom: the mean has a spread of 0.4 %.
    assert shots.var(axis=0, ddof=1).mean() == pytest.approx(expected, rel=0.02)


def test_no_light_gives_the_black_level() -> None:
    raw = PLAIN.shoot_raw(seed=0, radiance=_flat(0, 0, 0))
    assert abs(float(raw.mean()) - 1000) < 0.2


def test_too_much_light_is_clipped_at_the_white_level() -> None:
    raw = PLAIN.shoot_raw(seed=0, radiance=_flat(3, 3, 3))
    assert raw.min() == raw.max() == 2**14 - 1


def test_light_falls_off_to_the_corners_by_the_share_given() -> None:
    camera = replace(PLAIN, vignetting=0.4, prnu_strength=0.0, full_well=1e7)
    raw = camera.shoot_raw(seed=0, radiance=_flat(0.5, 0.5, 0.5)).astype(float) - 1000
    corner, centre = raw[0, 0], raw[31:33, 31:33].mean()
    assert corner / centre == pytest.approx(0.6, abs=0.01)


@pytest.mark.parametrize(("row", "column", "radius_2"), [(16, 0, 0.9), (0, 49, 0.1)])
def test_light_falls_off_with_the_square_of_the_distance_in_a_wide_picture(
    row: int, column: int, radius_2: float
) -> None:
    # Radii are in half diagonals: 99^2 / (33^2 + 99^2) at the short edge's middle.
    camera = replace(PLAIN, vignetting=0.4, prnu_strength=0.0, full_well=1e7)
    flat = np.full((33, 99, 3), 0.5, dtype=np.float32)
    raw = camera.shoot_raw(seed=0, radiance=flat).astype(float) - 1000
    assert raw[row, column] / raw[16, 49] == pytest.approx(1 - 0.4 * radius_2, abs=0.01)


def test_white_balance_and_matrix_are_undone_before_the_sensor() -> None:
    camera = replace(
        SyntheticCamera(), vignetting=0.0, prnu_strength=0.0, full_well=1e7
    )
    raw = camera.shoot_raw(seed=0, radiance=_flat(0.5, 0.5, 0.5)).astype(float) - 64
    red, green, blue = raw[::2, ::2].mean(), raw[::2, 1::2].mean(), raw[1::2, 1::2]
    assert green / red == pytest.approx(2.0, rel=0.01)
    assert green / blue.mean() == pytest.approx(1.5, rel=0.01)


def test_prnu_has_zero_mean_and_the_strength_given() -> None:
    prnu = SyntheticCamera(prnu_strength=0.01).prnu((300, 200))
    assert prnu.shape == (300, 200)
    assert prnu.dtype == np.float32
    assert abs(float(prnu.mean())) < 1e-4
    assert float(prnu.std()) == pytest.approx(0.01, rel=0.02)


def test_prnu_of_a_smaller_picture_is_a_window_of_the_larger() -> None:
    camera = SyntheticCamera(seed=5)
    large, small = camera.prnu((300, 280)), camera.prnu((130, 60))
    assert np.array_equal(small, large[:130, :60])


def test_two_devices_of_a_model_have_unrelated_prnu() -> None:
    camera = SyntheticCamera(seed=5)
    first, second = camera.prnu((256, 256)), camera.device(1).prnu((256, 256))
    assert abs(_correlation(first, second)) < 0.02


def test_prnu_does_not_repeat_across_the_sensor() -> None:
    prnu = SyntheticCamera(seed=5).prnu((256, 256))
    quarters = [prnu[y : y + 128, x : x + 128] for y in (0, 128) for x in (0, 128)]
    for first in range(4):
        for second in range(first):
            assert abs(_correlation(quarters[first], quarters[second])) < 0.04


def test_two_devices_have_unrelated_noise_in_the_same_shot() -> None:
    camera = replace(PLAIN, prnu_strength=0.0)
    first, second = (
        device.shoot_raw(seed=3, radiance=_flat(0.5, 0.5, 0.5)).astype(np.float32)
        for device in (camera, camera.device(1))
    )
    assert abs(_correlation(first, second)) < 0.08


def test_raw_flat_fields_show_the_known_prnu() -> None:
    shots = [
        PLAIN.shoot_raw(seed=seed, radiance=_flat(0.6, 0.6, 0.6)).astype(np.float32)
        for seed in range(30)
    ]
    mean = np.mean(shots, axis=0)
    assert _correlation(mean, PLAIN.prnu((64, 64))) > 0.95
    assert abs(_correlation(mean, PLAIN.device(1).prnu((64, 64)))) < 0.08


@pytest.mark.parametrize("size", [(15, 64), (64, 15)])
def test_a_picture_smaller_than_16_px_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ImageTooSmallError, match="16"):
        SyntheticCamera().shoot(seed=0, size=size)


@pytest.mark.parametrize("size", [(64,), (64.0, 64.0), (64, 64, 3)])
def test_a_size_that_is_no_height_and_width_is_refused(size: Any) -> None:
    with pytest.raises(ConfigError, match="size"):
        SyntheticCamera().shoot(seed=0, size=size)


def test_a_picture_past_the_pixel_limit_is_refused() -> None:
    with pytest.raises(ImageTooLargeError, match="200000000"):
        SyntheticCamera().prnu((20_000, 20_000))


@pytest.mark.parametrize(
    "radiance",
    [
        np.zeros((32, 32), dtype=np.float32),
        np.full((32, 32, 3), np.nan, dtype=np.float32),
        np.full((32, 32, 3), -1, dtype=np.float32),
    ],
)
def test_radiance_that_is_no_light_is_refused(radiance: FloatArray) -> None:
    with pytest.raises(InputError, match="radiance"):
        SyntheticCamera().shoot_raw(seed=0, radiance=radiance)
