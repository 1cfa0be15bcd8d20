"""Fingerprints of sensors whose pattern is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from whichcam._typing import FloatArray, PixelArray
from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.errors import (
    IncompatibleArtifactError,
    InputError,
    InsufficientEvidenceError,
    ShapeMismatchError,
    WhichcamError,
)
from whichcam.prnu import (
    NOISE_VERSION,
    Fingerprint,
    FingerprintEstimator,
    PhotoNoise,
    photo_noise,
)
from whichcam.signal import ncc

SIZE = (128, 144)
CAMERA = SyntheticCamera()
SIBLING = CAMERA.device(1)


def _flat_field(camera: SyntheticCamera, seed: int) -> PixelArray:
    """Shoot an even surface, at one of five exposures."""
    radiance = np.full((*SIZE, 3), 0.25 + 0.03 * (seed % 5), np.float32)
    return camera.shoot(seed=seed, radiance=radiance)


def _estimate(pictures: list[PixelArray]) -> Fingerprint:
    estimator = FingerprintEstimator(SIZE)
    for pixels in pictures:
        estimator.add(pixels)
    return estimator.estimate()


@pytest.fixture(scope="module")
def flat_fields() -> list[PixelArray]:
    """Return sixteen flat fields of one camera."""
    return [_flat_field(CAMERA, seed) for seed in range(16)]


@pytest.fixture(scope="module")
def truth() -> FloatArray:
    return CAMERA.prnu(SIZE)


def test_the_fingerprint_nears_the_true_pattern_with_every_picture(
    flat_fields: list[PixelArray], truth: FloatArray
) -> None:
    found = [ncc(_estimate(flat_fields[:n]).pattern, truth) for n in (1, 2, 4, 8, 16)]
    assert found == sorted(found)
    assert found[0] > 0.25
    assert found[-1] > 0.75


def test_another_camera_of_the_model_has_another_fingerprint(
    flat_fields: list[PixelArray],
) -> None:
    mine = _estimate(flat_fields[:8])
    theirs = _estimate([_flat_field(SIBLING, seed) for seed in range(8)])
    by_chance = 1 / np.sqrt(SIZE[0] * SIZE[1])
    assert abs(ncc(mine.pattern, SIBLING.prnu(SIZE))) < 5 * by_chance
    assert abs(ncc(mine.pattern, theirs.pattern)) < 5 * by_chance
    assert ncc(theirs.pattern, SIBLING.prnu(SIZE)) > 0.5


def test_photographs_of_scenes_give_the_pattern_too(truth: FloatArray) -> None:
    scenes = [CAMERA.shoot(seed=seed, size=SIZE) for seed in range(8)]
    few, many = _estimate(scenes[:2]), _estimate(scenes)
    assert ncc(many.pattern, truth) > ncc(few.pattern, truth)
    assert ncc(many.pattern, truth) > 0.15


def test_a_picture_fits_its_camera_and_not_the_sibling(
    flat_fields: list[PixelArray],
) -> None:
    fingerprint = _estimate(flat_fields)
    by_chance = 1 / np.sqrt(SIZE[0] * SIZE[1])
    for camera, is_mine in ((CAMERA, True), (SIBLING, False)):
        noise = photo_noise(camera.shoot(seed=101, size=SIZE))
        fit = ncc(noise.residual, noise.intensity * fingerprint.pattern)
        assert (fit > 8 * by_chance) == is_mine


def test_the_pattern_is_of_the_size_of_the_true_one(
    flat_fields: list[PixelArray], truth: FloatArray
) -> None:
    found = _estimate(flat_fields).pattern
    slope = float(np.vdot(found, truth) / np.vdot(truth, truth))
    assert 0.1 < slope < 1.5  # demosaicing, gamma and the prior take some


def test_quality_foretells_how_two_fingerprints_of_a_camera_agree(
    flat_fields: list[PixelArray],
) -> None:
    others = [_flat_field(CAMERA, 100 + seed) for seed in range(8)]
    first, second = _estimate(flat_fields[:8]), _estimate(others)
    agreement = ncc(first.pattern, second.pattern)
    assert first.quality * second.quality == pytest.approx(agreement, abs=0.05)


def test_quality_grows_with_pictures(flat_fields: list[PixelArray]) -> None:
    found = [_estimate(flat_fields[:n]).quality for n in (1, 2, 4, 16)]
    assert found == sorted(found)
    assert found[0] == 0
    assert 0.8 < found[-1] < 1


def test_twins_agree_no_more_than_wholly(flat_fields: list[PixelArray]) -> None:
    # rounding may carry the correlation of a pattern with itself past 1
    found = [_estimate([pixels, pixels]).quality for pixels in flat_fields]
    assert min(found) > 0.999
    assert max(found) <= 1


def test_pictures_of_different_cameras_have_no_quality() -> None:
    cameras = [CAMERA.device(index) for index in range(4)]
    assert _estimate([_flat_field(c, 1) for c in cameras]).quality < 0.2


def test_the_order_of_pictures_moves_the_pattern_by_rounding_only(
    flat_fields: list[PixelArray], rng: np.random.Generator
) -> None:
    order = rng.permutation(len(flat_fields))
    mixed = _estimate([flat_fields[k] for k in order])
    expected = _estimate(flat_fields)
    assert np.abs(mixed.pattern - expected.pattern).max() < 1e-7
    assert mixed.saturated_share == pytest.approx(expected.saturated_share)


def test_the_same_pictures_give_the_same_bytes(flat_fields: list[PixelArray]) -> None:
    first, second = _estimate(flat_fields[:3]), _estimate(flat_fields[:3])
    np.testing.assert_array_equal(first.pattern, second.pattern)


def test_an_estimate_can_be_followed_by_more_pictures(
    flat_fields: list[PixelArray],
) -> None:
    estimator = FingerprintEstimator(SIZE)
    for pixels in flat_fields[:4]:
        estimator.add(pixels)
        estimator.estimate()
    expected = _estimate(flat_fields[:4])
    np.testing.assert_array_equal(estimator.estimate().pattern, expected.pattern)


def test_noise_taken_before_is_added_as_the_picture_would_be(
    flat_fields: list[PixelArray],
) -> None:
    estimator = FingerprintEstimator(SIZE)
    for pixels in flat_fields[:3]:
        estimator.add_noise(photo_noise(pixels))
    expected = _estimate(flat_fields[:3])
    np.testing.assert_array_equal(estimator.estimate().pattern, expected.pattern)


def test_add_returns_the_noise_it_added(flat_fields: list[PixelArray]) -> None:
    noise = FingerprintEstimator(SIZE).add(flat_fields[0], name="a.jpg")
    assert noise.name == "a.jpg"
    np.testing.assert_array_equal(noise.residual, photo_noise(flat_fields[0]).residual)


def test_burnt_parts_of_one_picture_are_taken_from_the_others(
    flat_fields: list[PixelArray], truth: FloatArray
) -> None:
    pictures = [pixels.copy() for pixels in flat_fields[:8]]
    for pixels in pictures[:4]:
        pixels[:64] = 255
    found = _estimate(pictures)
    assert ncc(found.pattern[:60], truth[:60]) > 0.5
    assert found.saturated_share == pytest.approx(0.25)
    assert found.warnings == ()


def test_what_is_burnt_in_every_picture_stays_empty_and_is_said(
    flat_fields: list[PixelArray],
) -> None:
    pictures = [pixels.copy() for pixels in flat_fields[:8]]
    for pixels in pictures:
        pixels[:64] = 255
    found = _estimate(pictures)
    assert found.pattern[:60].std() < 0.2 * found.pattern[68:].std()
    assert len(found.warnings) == 1
    assert "50% of the sensor was burnt or black in every picture" in found.warnings[0]


def test_one_picture_alone_is_said_to_be_little(flat_fields: list[PixelArray]) -> None:
    found = _estimate(flat_fields[:1])
    assert found.quality == 0
    assert "made of 1 picture only" in found.warnings[0]
    assert "add more" in found.warnings[0]
    assert _estimate(flat_fields[:8]).warnings == ()


def test_no_picture_at_all_is_an_error() -> None:
    with pytest.raises(InsufficientEvidenceError, match="no picture was added"):
        FingerprintEstimator(SIZE).estimate()


@pytest.mark.parametrize(
    ("value", "why"), [(255, "100% of its pixels are burnt"), (0, "100% black")]
)
def test_a_picture_that_shows_nothing_is_refused_and_not_counted(
    value: int, why: str
) -> None:
    estimator = FingerprintEstimator(SIZE)
    with pytest.raises(InsufficientEvidenceError, match=why) as caught:
        estimator.add(np.full((*SIZE, 3), value, np.uint8), name="snow.jpg")
    assert "snow.jpg" in str(caught.value)
    assert "overcast sky" in str(caught.value)
    assert estimator.n_photos == 0


def test_another_size_is_refused_naming_both(flat_fields: list[PixelArray]) -> None:
    estimator = FingerprintEstimator(SIZE)
    message = "crop.jpg is 144x100 px; this fingerprint is of 144x128 px"
    with pytest.raises(ShapeMismatchError, match=message):
        estimator.add(flat_fields[0][:100], name="crop.jpg")
    assert issubclass(ShapeMismatchError, InputError)
    assert estimator.n_photos == 0


def test_a_portrait_among_landscapes_is_refused_with_the_remedy(
    flat_fields: list[PixelArray],
) -> None:
    estimator = FingerprintEstimator(SIZE)
    with pytest.raises(ShapeMismatchError, match=r"turned by 90 degrees.*numpy\.rot90"):
        estimator.add(np.rot90(flat_fields[0]))


def test_noise_of_another_version_is_refused(flat_fields: list[PixelArray]) -> None:
    noise = photo_noise(flat_fields[0])
    old = PhotoNoise(
        residual=noise.residual,
        intensity=noise.intensity,
        saturated_share=0.0,
        dark_share=0.0,
        mean_level=100.0,
        noise_version=NOISE_VERSION - 1,
    )
    with pytest.raises(IncompatibleArtifactError, match="take it from the picture"):
        FingerprintEstimator(SIZE).add_noise(old)


@pytest.mark.parametrize("shape", [(0, 5), (5,), (5, -1), (5, 5, 3), (5.5, 5)])
def test_a_shape_that_is_none_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(WhichcamError, match="expected two positive whole numbers"):
        FingerprintEstimator(shape)


def test_the_facts_of_a_fingerprint_are_ready_for_json(
    flat_fields: list[PixelArray],
) -> None:
    facts = json.loads(json.dumps(_estimate(flat_fields[:2]).to_dict()))
    assert facts["shape"] == list(SIZE)
    assert facts["n_photos"] == 2
    assert len(facts["warnings"]) == 1
    assert "pattern" not in facts


def test_the_pattern_cannot_be_changed(flat_fields: list[PixelArray]) -> None:
    found = _estimate(flat_fields[:2])
    assert found.shape == SIZE
    with pytest.raises(ValueError, match="read-only"):
        found.pattern[0, 0] = 1
