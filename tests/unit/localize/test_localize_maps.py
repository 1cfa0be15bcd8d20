"""Each method against a truth that was made for it."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from whichcam._typing import FloatArray, PixelArray
from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.localize import build_localizer
from whichcam.localize._area_traces import (
    N_COUNTS,
    N_FEATURES,
    N_RUNS,
    area_traces,
)
from whichcam.localize._cells import box_mean, heat_of
from whichcam.localize._consistency import Projection, _divide, consistency
from whichcam.localize._double_compression import missing_steps
from whichcam.localize._jpeg_grid import grid_by_area
from whichcam.localize._noise_level import noise_deviation
from whichcam.localize._prnu_absence import _under, absence_odds
from whichcam.media import Photo, open_photo
from whichcam.prnu import Fingerprint, SearchRange

OBJECT = (slice(96, 224), slice(128, 256))


def _jpeg(pixels: PixelArray, quality: int) -> PixelArray:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling="4:4:4")
    return open_photo(file.getvalue()).pixels


def _noisy(rng: np.random.Generator, size: tuple[int, int], sd: float) -> PixelArray:
    y, x = np.mgrid[0 : size[0], 0 : size[1]]
    smooth = 120 + 40 * np.sin(x / 60) * np.cos(y / 45)
    noise = rng.normal(0, sd, (*size, 3))
    return np.asarray(np.clip(smooth[..., None] + noise, 0, 255), np.uint8)


def _inside_and_outside(heat: FloatArray) -> tuple[float, float]:
    inner = heat[OBJECT][32:-32, 32:-32]
    outside = np.ones(heat.shape, bool)
    outside[64:256, 96:288] = False
    return float(inner.mean()), float(heat[outside].mean())


def _luma(pixels: PixelArray) -> FloatArray:
    weights = np.array([0.299, 0.587, 0.114])
    return np.asarray(pixels @ weights, np.float32)


def test_noise_level_finds_the_noisier_area(rng: np.random.Generator) -> None:
    pixels = _noisy(rng, (320, 352), 2.0)
    pixels[OBJECT] = _noisy(rng, (320, 352), 6.0)[OBJECT]
    heat = build_localizer("noise_level").localize(Photo.from_pixels(pixels, name="x"))
    inside, outside = _inside_and_outside(heat.heatmap)
    assert inside > 0.7
    assert outside < 0.15


@pytest.mark.parametrize("factor", [0.3, 3.0])
def test_noise_deviation_has_a_sign(factor: float, rng: np.random.Generator) -> None:
    luma = rng.normal(100, 4, (320, 352)).astype(np.float32)
    luma[OBJECT] = 100 + factor * (luma[OBJECT] - 100)
    deviation = noise_deviation(luma)[12:28, 16:32][6:10, 6:10].mean()
    assert np.sign(deviation) == np.sign(factor - 1)


@pytest.mark.parametrize(("down", "right"), [(0, 0), (3, 5), (7, 1)])
def test_the_grid_of_a_cropped_picture_is_found(
    down: int, right: int, rng: np.random.Generator
) -> None:
    pixels = _jpeg(_noisy(rng, (320, 352), 8.0), 60)[down:, right:]
    grid = grid_by_area(_luma(pixels))
    assert grid.is_clear
    assert grid.offset == (-down % 8, -right % 8)


def test_a_picture_without_jpeg_has_no_grid(rng: np.random.Generator) -> None:
    assert not grid_by_area(_luma(_noisy(rng, (320, 352), 8.0))).is_clear


def test_jpeg_grid_finds_the_area_whose_grid_lies_elsewhere(
    rng: np.random.Generator,
) -> None:
    pixels = _jpeg(_noisy(rng, (320, 352), 8.0), 60).copy()
    other = _jpeg(_noisy(rng, (328, 360), 8.0), 60)[3:, 5:]
    pixels[OBJECT] = other[OBJECT]
    found = build_localizer("jpeg_grid").localize(Photo.from_pixels(pixels, name="x"))
    inside, outside = _inside_and_outside(found.heatmap)
    assert inside > 0.7
    assert outside < 0.2


def _steps_of(data: bytes) -> npt.NDArray[np.uint16]:
    jpeg = open_photo(data).jpeg
    assert jpeg is not None
    return jpeg.quantization_tables[0]


def test_steps_of_an_earlier_compression_are_those_of_its_table(
    rng: np.random.Generator,
) -> None:
    file = io.BytesIO()
    Image.fromarray(_noisy(rng, (320, 352), 8.0)).save(file, "JPEG", quality=80)
    table = _steps_of(file.getvalue())
    luma = _luma(open_photo(file.getvalue()).pixels)
    found = missing_steps(luma, np.ones((8, 8), np.uint16))
    low = {place: step for place, step in found.steps.items() if sum(place) <= 3}
    assert len(low) >= 8
    assert all(step == table[place] for place, step in low.items())


def test_a_picture_never_compressed_has_no_steps(rng: np.random.Generator) -> None:
    luma = _luma(_noisy(rng, (320, 352), 8.0))
    assert missing_steps(luma, np.ones((8, 8), np.uint16)).steps == {}


def test_double_compression_finds_the_area_compressed_once(
    rng: np.random.Generator,
) -> None:
    pixels = _jpeg(_noisy(rng, (320, 352), 8.0), 70).copy()
    pixels[OBJECT] = _noisy(rng, (320, 352), 8.0)[OBJECT]
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95, subsampling="4:4:4")
    found = build_localizer("double_compression").localize(open_photo(file.getvalue()))
    inside, outside = _inside_and_outside(found.heatmap)
    assert inside > 0.9
    assert outside < 0.1


def test_double_compression_works_on_a_cropped_lossless_picture(
    rng: np.random.Generator,
) -> None:
    pixels = _jpeg(_noisy(rng, (325, 355), 8.0), 70)[5:, 3:].copy()
    pixels[OBJECT] = _noisy(rng, (320, 352), 8.0)[OBJECT]
    photo = Photo.from_pixels(pixels, name="x")
    found = build_localizer("double_compression").localize(photo)
    inside, outside = _inside_and_outside(found.heatmap)
    assert inside > 0.9
    assert outside < 0.1


def test_the_pattern_is_missing_where_another_sensor_took_it() -> None:
    size = (320, 352)
    mine, other = (
        SyntheticCamera(prnu_strength=0.03),
        SyntheticCamera(prnu_strength=0.03, device_index=1),
    )
    y, x = np.mgrid[0 : size[0], 0 : size[1]] / 256
    grey = 0.3 + 0.1 * np.sin(2 * y) * np.cos(x)
    radiance = np.repeat(grey[..., None], 3, axis=2).astype(np.float32)
    pixels = mine.shoot(seed=1, radiance=radiance).copy()
    pixels[OBJECT] = other.shoot(seed=2, radiance=radiance)[OBJECT]
    fingerprint = Fingerprint(
        pattern=mine.prnu(size), n_photos=50, saturated_share=0.0, quality=0.9
    )
    localizer = build_localizer("prnu_absence", fingerprint=fingerprint)
    photo = Photo.from_pixels(pixels, name="x")
    inside, outside = _inside_and_outside(localizer.localize(photo).heatmap)
    assert inside > 0.8
    assert outside < 0.2
    turned = Photo.from_pixels(np.rot90(pixels, 2), name="x")
    upside_down = localizer.localize(turned)
    assert upside_down.params["rotation"] == 180
    assert _inside_and_outside(np.rot90(upside_down.heatmap, 2))[0] > 0.8


def test_a_picture_by_another_device_gets_an_empty_map_and_the_reason() -> None:
    other = SyntheticCamera(device_index=1)
    fingerprint = Fingerprint(
        pattern=SyntheticCamera().prnu((160, 176)),
        n_photos=50,
        saturated_share=0.0,
        quality=0.9,
    )
    photo = Photo.from_pixels(other.shoot(seed=1, size=(160, 176)), name="x")
    found = build_localizer("prnu_absence", fingerprint=fingerprint).localize(photo)
    assert found.heatmap.max() == 0
    assert "does not show the camera's pattern" in found.warnings[0]


def test_absence_is_the_likelihood_ratio_of_two_normal_models(
    rng: np.random.Generator,
) -> None:
    predicted = rng.normal(0, 0.1, (256, 256)).astype(np.float32)
    residual = (predicted + rng.normal(0, 1, (256, 256))).astype(np.float32)
    odds = absence_odds(residual, predicted)
    strength = (residual * predicted).sum() / np.square(predicted).sum()
    # all cells together: minus half the energy of what was found
    expected = -0.5 * strength**2 * np.square(predicted).mean() * 128**2
    expected /= np.square(residual).mean()
    assert odds.mean() == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_the_pattern_is_laid_under_the_photo_as_it_was_compared(
    rotation: int, rng: np.random.Generator
) -> None:
    pattern = rng.normal(size=(300, 340)).astype(np.float32)
    photo = np.rot90(pattern[20:180, 30:230], -rotation // 90)
    under = _under(pattern, photo.shape, (20, 30), rotation)
    np.testing.assert_array_equal(under, photo)


def test_where_there_is_no_pattern_nothing_is_predicted() -> None:
    under = _under(np.ones((20, 20), np.float32), (30, 40), (-5, 3), 0)
    assert under.sum() == 20 * 17
    assert under[:5].sum() == 0


def test_windows_of_two_cameras_are_divided(rng: np.random.Generator) -> None:
    between = np.full(6, 4.0)
    points = rng.normal(0, 1, (1200, 6))
    planted = np.arange(1200) < 180
    points[planted] += [5, -4, 3, 0, 4, -3]
    odds, gain = _divide(points, between)
    assert gain > 10
    assert ((odds > 0) == planted).mean() > 0.99
    assert gain > 3 * _divide(points[~planted], between)[1]


def test_consistency_has_one_value_for_every_area(rng: np.random.Generator) -> None:
    traces = area_traces(SyntheticCamera().shoot(seed=5, size=(323, 355)))
    projection = Projection(
        matrix=rng.normal(size=(N_FEATURES, 6)), between=np.full(6, 5.0)
    )
    found = consistency(traces, projection)
    assert found.distance.shape == found.division.shape == (20, 22)
    assert np.isfinite(found.distance).all()
    assert np.isfinite(found.division).all()


def test_area_traces_count_every_pixel_once() -> None:
    flat = np.full((96, 112, 3), 100, np.uint8)
    traces = area_traces(flat)
    counts = traces[:N_COUNTS].reshape(-1, N_RUNS, 6, 7)
    inner = counts[:, :, 1:-1, 1:-1]
    # without differences there is one run only, of both axes at every pixel
    assert (inner.max(axis=1) == 512).all()
    assert (inner.sum(axis=1) == 512).all()
    grey = traces[N_COUNTS:][-5] / np.maximum(traces[N_COUNTS:][-6], 1)
    np.testing.assert_allclose(grey, 100)


def test_heat_between_cell_centres_is_bilinear() -> None:
    cells = np.array([[0.0, 1.0], [0.0, 1.0]], np.float32)
    heat = heat_of(cells, (16, 19))
    assert heat.shape == (16, 19)
    np.testing.assert_allclose(heat[0, :4], 0, rtol=0, atol=1e-6)
    np.testing.assert_allclose(heat[5, 12:], 1, rtol=0, atol=1e-6)
    np.testing.assert_allclose(heat[3, 7], 0.4375, rtol=0, atol=1e-6)


def test_box_mean_mirrors_at_the_border() -> None:
    cells = np.arange(12, dtype=np.float32).reshape(3, 4)
    smooth = box_mean(cells, 3)
    padded = np.pad(cells, 1, mode="symmetric")
    expected = [
        [padded[i : i + 3, j : j + 3].mean() for j in range(4)] for i in range(3)
    ]
    np.testing.assert_allclose(smooth, expected, rtol=1e-6)


def test_a_search_that_is_given_is_used() -> None:
    place = SearchRange(place=(0, 0), rotations=(0,))
    fingerprint = Fingerprint(
        pattern=SyntheticCamera(prnu_strength=0.03).prnu((300, 300)),
        n_photos=9,
        saturated_share=0.0,
        quality=0.9,
    )
    photo = Photo.from_pixels(
        SyntheticCamera(prnu_strength=0.03).shoot(seed=1, size=(160, 176)), name="x"
    )
    found = build_localizer(
        "prnu_absence", fingerprint=fingerprint, search=place
    ).localize(photo)
    assert found.params["shift"] == [0, 0]
