"""Synthetic cameras are seeded, differ, and let their known PRNU through."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from whichcam._typing import FloatArray
from whichcam.datasets.synthetic import (
    SyntheticCamera,
    draw_cameras,
    scene_radiance,
)
from whichcam.errors import ConfigError

SIZE = (96, 128)


def _residual(plane: FloatArray) -> FloatArray:
    """Return what a Gaussian of 2 px leaves over."""
    smooth = ndimage.gaussian_filter(plane, 2, mode="mirror")
    return np.asarray(plane - smooth, dtype=np.float32)[4:-4, 4:-4]


def _correlation(first: FloatArray, second: FloatArray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


@pytest.mark.parametrize("index", range(5))
def test_developed_flat_fields_show_the_prnu_of_their_device_only(index: int) -> None:
    camera = draw_cameras(5, seed=20)[index]
    flat = np.full((128, 128, 3), 0.35, dtype=np.float32)
    shots = [camera.shoot(seed=seed, radiance=flat) for seed in range(30)]
    mean = np.mean([shot.mean(axis=2) for shot in shots], axis=0)

    def match(device: SyntheticCamera) -> float:
        return _correlation(_residual(mean), _residual(device.prnu((128, 128))))

    assert match(camera) > 0.3
    assert abs(match(camera.device(1))) < 0.05


def test_more_flat_fields_show_more_of_the_prnu() -> None:
    camera = SyntheticCamera(prnu_strength=0.004)
    flat = np.full((128, 128, 3), 0.35, dtype=np.float32)
    shots = [camera.shoot(seed=seed, radiance=flat).mean(axis=2) for seed in range(24)]
    truth = _residual(camera.prnu((128, 128)))
    few, many = (
        _correlation(_residual(np.mean(shots[:count], axis=0)), truth)
        for count in (2, 24)
    )
    assert many > few + 0.1


def test_the_same_seed_gives_the_same_file() -> None:
    camera = draw_cameras(1, seed=3)[0]
    first = camera.shoot_jpeg(seed=9, size=SIZE)
    assert camera.shoot_jpeg(seed=9, size=SIZE) == first
    assert camera.shoot_jpeg(seed=10, size=SIZE) != first


def test_every_camera_makes_its_own_picture_of_the_same_scene() -> None:
    pictures = [camera.shoot(seed=4, size=SIZE) for camera in draw_cameras(6, seed=3)]
    for first in range(6):
        for second in range(first):
            difference = pictures[first].astype(float) - pictures[second]
            assert np.abs(difference).mean() > 0.5


def test_two_devices_of_a_model_differ_by_noise_alone() -> None:
    camera = SyntheticCamera(full_well=60_000.0)
    first = camera.shoot(seed=4, size=SIZE, gain=1).astype(float)
    second = camera.device(1).shoot(seed=4, size=SIZE, gain=1)
    assert 0 < np.abs(first - second).mean() < 2


def test_a_picture_has_the_size_asked_for_and_three_colours() -> None:
    picture = SyntheticCamera().shoot(seed=0, size=(45, 67))
    assert picture.shape == (45, 67, 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous


def test_grey_light_is_rendered_grey() -> None:
    # The largest gain of the defaults raises red twofold; grey must stay grey.
    flat = np.full((64, 64, 3), 0.3, dtype=np.float32)
    means = SyntheticCamera().shoot(seed=0, radiance=flat).mean(axis=(0, 1))
    assert np.ptp(means) < 1


def test_a_flat_colour_is_rendered_true_without_saturation_and_contrast() -> None:
    flat = np.broadcast_to(np.array([0.5, 0.25, 0.16], dtype=np.float32), (64, 64, 3))
    camera = SyntheticCamera(
        contrast=0.0, gamma=2.0, saturation=1.0, vignetting=0.0, full_well=1e6
    )
    means = camera.shoot(seed=0, radiance=flat).mean(axis=(0, 1))
    assert np.abs(means - 255 * np.sqrt([0.5, 0.25, 0.16])).max() < 1


def test_the_middle_of_the_tone_curve_follows_gamma() -> None:
    flat = np.full((64, 64, 3), 0.25, dtype=np.float32)
    camera = SyntheticCamera(contrast=0.0, gamma=2.0, vignetting=0.0)
    assert camera.shoot(seed=0, radiance=flat).mean() == pytest.approx(127.5, abs=1)


def test_shading_correction_flattens_a_vignette() -> None:
    flat = np.full((64, 64, 3), 0.3, dtype=np.float32)

    def drop(correction: float) -> float:
        camera = SyntheticCamera(vignetting=0.5, shading_correction=correction)
        shot = camera.shoot(seed=0, radiance=flat).astype(float)
        return float(shot[28:36, 28:36].mean() - shot[:8, :8].mean())

    assert drop(0.0) > 20
    assert abs(drop(1.0)) < 2


@pytest.mark.parametrize("denoising", ["gaussian", "bilateral", "guided"])
def test_denoising_leaves_less_noise_on_flat_areas(denoising: str) -> None:
    flat = np.full((64, 64, 3), 0.3, dtype=np.float32)
    noisy = SyntheticCamera(sharpen_amount=0.0, luma_denoise=0.0, full_well=5000.0)
    quiet = replace(noisy, denoising=denoising, luma_denoise=1.5)
    before = noisy.shoot(seed=1, radiance=flat)[..., 1].std()
    after = quiet.shoot(seed=1, radiance=flat)[..., 1].std()
    assert after < 0.8 * before


@pytest.mark.parametrize("denoising", ["bilateral", "guided"])
def test_edge_keeping_denoising_keeps_an_edge(denoising: str) -> None:
    step = np.full((64, 64, 3), 0.1, dtype=np.float32)
    step[:, 32:] = 0.6
    sharp = SyntheticCamera(sharpen_amount=0.0, luma_denoise=0.0, full_well=1e6)
    kept = replace(sharp, denoising=denoising, luma_denoise=1.5)
    before = sharp.shoot(seed=1, radiance=step)[..., 1].mean(axis=0)
    after = kept.shoot(seed=1, radiance=step)[..., 1].mean(axis=0)
    assert np.abs(before - after).max() < 4


def test_sharpening_overshoots_at_an_edge() -> None:
    step = np.full((64, 64, 3), 0.2, dtype=np.float32)
    step[:, 32:] = 0.4
    soft = SyntheticCamera(sharpen_amount=0.0, vignetting=0.0)
    hard = replace(soft, sharpen_amount=1.5)
    overshoot = [
        float(np.ptp(camera.shoot(seed=1, radiance=step)[..., 1].mean(axis=0)))
        for camera in (soft, hard)
    ]
    assert overshoot[1] > overshoot[0] + 5


def test_lateral_aberration_moves_red_outwards() -> None:
    lines = np.full((32, 256, 3), 0.1, dtype=np.float32)
    lines[:, 216:220] = 0.6
    camera = SyntheticCamera(
        lateral_red=1.02,
        demosaicing="bilinear",
        chroma_denoise_px=0.0,
        sharpen_amount=0.0,
        luma_denoise=0.0,
    )
    profile = camera.shoot(seed=0, radiance=lines).astype(float).mean(axis=0)
    profile -= profile[:200].mean(axis=0) + 3  # what is left is the line
    weights = np.maximum(profile[205:235], 0)
    places = (weights * np.arange(30)[:, None]).sum(axis=0) / weights.sum(axis=0)
    assert places[0] - places[1] > 0.8  # 2 % of 90 px are 1.8 px


def test_parameters_survive_json() -> None:
    for camera in draw_cameras(4, seed=8):
        text = json.dumps(camera.to_dict())
        assert SyntheticCamera.from_dict(json.loads(text)) == camera


def test_an_unknown_parameter_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"camera\.flash: unknown"):
        SyntheticCamera.from_dict({"flash": True})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model", "../elsewhere"),
        ("seed", -1),
        ("seed", True),
        ("device_index", 0.5),
        ("cfa_pattern", "RGBG"),
        ("demosaicing", "magic"),
        ("denoising", "none"),
        ("subsampling", "4:1:1"),
        ("full_well", float("nan")),
        ("gamma", 0.0),
        ("sharpen_px", "1"),
        ("black_level", 2048),
        ("jfif", 1),
        ("white_balance", (2.0,)),
        ("color_matrix", ((1.0, 0.0, 0.0),) * 3),
        ("color_matrix", ((2.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))),
        ("quantization_tables", ()),
        ("quantization_tables", (((1,) * 8,) * 7,)),
        ("quantization_tables", (((256,) * 8,) * 8,)),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"camera\.{name}: got"):
        SyntheticCamera(**{name: value})


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5])
def test_a_bad_seed_is_refused(seed: Any) -> None:
    with pytest.raises(ConfigError, match="seed"):
        SyntheticCamera().shoot(seed=seed)


@pytest.mark.parametrize("gain", [0.0, 65, float("inf")])
def test_a_bad_gain_is_refused(gain: float) -> None:
    with pytest.raises(ConfigError, match="gain"):
        SyntheticCamera().shoot(seed=0, gain=gain)


def test_a_higher_gain_is_noisier() -> None:
    flat = np.full((64, 64, 3), 0.3, dtype=np.float32)
    low, high = (
        SyntheticCamera().shoot(seed=0, radiance=flat, gain=gain).std()
        for gain in (1, 16)
    )
    assert high > 2 * low


def test_scenes_are_linear_light_around_mid_grey_with_highlights() -> None:
    scenes = [scene_radiance(seed, (64, 80)) for seed in range(20)]
    luminance = np.stack([scene.mean(axis=2) for scene in scenes])
    assert scenes[0].shape == (64, 80, 3)
    assert scenes[0].dtype == np.float32
    assert luminance.min() > 0
    assert 0.05 < np.exp(np.log(luminance).mean()) < 0.6
    assert ((luminance > 2).mean(axis=(1, 2)) > 0.02).any()  # a window or a lamp
    assert len({scene.tobytes() for scene in scenes}) == 20


def test_drawing_more_cameras_keeps_the_first() -> None:
    assert draw_cameras(7, seed=2)[:3] == draw_cameras(3, seed=2)


def test_drawn_models_differ_in_what_leaves_traces() -> None:
    cameras = draw_cameras(20, seed=2)
    assert len({camera.model for camera in cameras}) == 20
    assert len({camera.quantization_tables for camera in cameras}) == 20
    assert len({camera.demosaicing for camera in cameras[:5]}) == 5
    assert len({camera.cfa_pattern for camera in cameras}) == 4


def test_every_drawn_camera_is_called_synthetic() -> None:
    for camera in draw_cameras(3, seed=2):
        assert camera.camera_model.startswith("Synthetic SYN-2-")
        assert camera.device_id == f"{camera.camera_model} #0"


@pytest.mark.parametrize("count", [-1, 100_001, 1.5])
def test_an_impossible_number_of_cameras_is_refused(count: Any) -> None:
    with pytest.raises(ConfigError, match="cameras"):
        draw_cameras(count, seed=0)
