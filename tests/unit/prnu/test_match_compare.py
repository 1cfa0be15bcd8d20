"""A photo on a fingerprint at no shift: statistic, null and refusals."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from whichcam._typing import FloatArray
from whichcam.errors import (
    InputError,
    InsufficientEvidenceError,
    ShapeMismatchError,
)
from whichcam.prnu import (
    Fingerprint,
    PhotoNoise,
    SearchRange,
    compare,
    compare_fingerprints,
    ncc,
    threshold_for,
)

UPRIGHT = SearchRange(rotations=(0,))


def _noise(
    residual: FloatArray, intensity: FloatArray | None = None, name: str = ""
) -> PhotoNoise:
    return PhotoNoise(
        residual=residual,
        intensity=np.ones_like(residual) if intensity is None else intensity,
        saturated_share=0.0,
        dark_share=0.0,
        mean_level=128.0,
        name=name,
    )


def _fingerprint(pattern: FloatArray) -> Fingerprint:
    return Fingerprint(pattern=pattern, n_photos=20, saturated_share=0.0, quality=1.0)


def _white(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    return rng.standard_normal(shape, dtype=np.float32)


def _planted(
    rng: np.random.Generator, pattern: FloatArray, strength: float
) -> PhotoNoise:
    """Return the noise of a photo, in part saturated, on a sensor's pattern."""
    rows, cols = np.mgrid[: pattern.shape[0], : pattern.shape[1]]
    level = 0.5 + 0.3 * np.sin(rows / 37) * np.cos(cols / 23)
    level[: pattern.shape[0] // 9, : pattern.shape[1] // 7] = 0
    intensity = level.astype(np.float32)
    residual = _white(rng, pattern.shape) + strength * intensity * pattern
    residual[intensity == 0] = 5  # what is not usable must not matter
    return _noise(residual, intensity)


def test_the_correlation_is_that_of_residual_with_intensity_times_pattern(
    rng: np.random.Generator,
) -> None:
    pattern = _white(rng, (160, 200))
    noise = _planted(rng, pattern, 0.2)
    match = compare(noise, _fingerprint(pattern), search=UPRIGHT)
    usable = noise.intensity > 0
    expected = np.corrcoef(noise.residual[usable], (noise.intensity * pattern)[usable])[
        0, 1
    ]
    assert match.ncc == pytest.approx(expected, abs=1e-5)
    assert match.overlap == usable.sum()
    assert (match.shift, match.rotation, match.n_positions) == ((0, 0), 0, 1)


def test_z_of_white_noise_is_the_correlation_times_the_root_of_the_pixels(
    rng: np.random.Generator,
) -> None:
    pattern = _white(rng, (256, 256))
    noise = _noise(_white(rng, (256, 256)) + np.float32(0.03) * pattern)
    match = compare(noise, _fingerprint(pattern), search=UPRIGHT)
    assert match.z == pytest.approx(256 * match.ncc, rel=0.1)
    # The variance of one class of shifts is measured on 1024 values, to 4 %.
    assert match.pce == pytest.approx(match.z**2, rel=0.2)
    assert match.spread == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_turned_photo_is_found_at_its_rotation(
    rng: np.random.Generator, turn: int
) -> None:
    pattern = _white(rng, (128, 160))
    noise = _planted(rng, pattern, 0.3)
    turned = replace(
        noise,
        residual=np.rot90(noise.residual, -turn),
        intensity=np.rot90(noise.intensity, -turn),
    )
    search = SearchRange(rotations=(0, 90, 180, 270))
    match = compare(turned, _fingerprint(pattern), search=search)
    straight = compare(noise, _fingerprint(pattern), search=UPRIGHT)
    assert match.rotation == 90 * turn
    assert match.n_positions == 2  # the other two have another shape
    assert match.ncc == pytest.approx(straight.ncc, abs=1e-5)
    assert match.z == pytest.approx(straight.z, rel=0.05)


def test_the_better_of_two_rotations_counts_and_pays_for_both(
    rng: np.random.Generator,
) -> None:
    pattern = _white(rng, (96, 96))
    noise = _noise(_white(rng, (96, 96)))
    both = compare(noise, _fingerprint(pattern))
    each = [
        compare(noise, _fingerprint(pattern), search=SearchRange(rotations=(r,)))
        for r in (0, 180)
    ]
    assert both.z == max(match.z for match in each)
    p = min(match.p_value for match in each)
    assert both.p_value == pytest.approx(1 - (1 - p) ** 2, rel=1e-6)


def test_impostors_reach_the_threshold_at_the_stated_rate(
    rng: np.random.Generator,
) -> None:
    n, rate = 1500, 0.05
    threshold = threshold_for(rate, 2).z
    n_above = sum(
        compare(_noise(_white(rng, (64, 64))), _fingerprint(_white(rng, (64, 64)))).z
        >= threshold
        for _ in range(n)
    )
    # 75 expected, with a standard deviation of 8.4.
    assert n_above == pytest.approx(n * rate, abs=4 * math.sqrt(n * rate))


def test_what_files_share_on_the_grid_of_jpeg_does_not_pass_for_a_match(
    rng: np.random.Generator,
) -> None:
    # Blocks of 8 px hold one pattern each, at random strength: like the remains of
    # quantization, they coincide at shifts by 8 px and say nothing of the sensor.
    block = _white(rng, (8, 8))
    found = []
    for _ in range(120):
        planes = []
        for _ in range(2):
            strength = rng.standard_normal((32, 32)).astype(np.float32)
            planes.append(_white(rng, (256, 256)) + np.kron(strength, block))
        match = compare(_noise(planes[0]), _fingerprint(planes[1]), search=UPRIGHT)
        found.append((match.z, match.ncc * 256, match.pce))
    z, naive, pce = np.array(found).T
    assert np.std(naive) > 2  # the textbook's scores spread far too wide
    assert np.mean(np.abs(pce)) > 2  # and so does PCE
    assert np.std(z) == pytest.approx(1, abs=0.25)


def test_a_negative_correlation_is_no_match(rng: np.random.Generator) -> None:
    pattern = _white(rng, (128, 128))
    match = compare(_noise(-pattern), _fingerprint(pattern), search=UPRIGHT)
    assert match.ncc == pytest.approx(-1, abs=1e-5)
    assert match.z < -50
    assert match.pce < -1000
    assert match.p_value == 1


def test_the_spread_of_a_large_photo_comes_from_patches_and_agrees(
    rng: np.random.Generator,
) -> None:
    pattern = _white(rng, (1100, 1000))  # more than a megapixel
    noise = _noise(_white(rng, (1100, 1000)) + np.float32(0.01) * pattern)
    match = compare(noise, _fingerprint(pattern), search=UPRIGHT)
    assert match.z == pytest.approx(match.ncc * math.sqrt(match.overlap), rel=0.06)


def test_two_fingerprints_of_one_sensor_agree(rng: np.random.Generator) -> None:
    pattern = _white(rng, (128, 128))
    a, b = (_fingerprint(pattern + _white(rng, (128, 128))) for _ in range(2))
    other = _fingerprint(_white(rng, (128, 128)))
    assert compare_fingerprints(a, b).ncc == pytest.approx(0.5, abs=0.05)
    assert compare_fingerprints(a, b).ncc == pytest.approx(
        ncc(a.pattern, b.pattern), abs=1e-5
    )
    assert compare_fingerprints(a, other).p_value > 1e-4


def test_a_match_is_json_without_its_surface(rng: np.random.Generator) -> None:
    pattern = _white(rng, (64, 64))
    search = SearchRange(shifts="all")
    match = compare(
        _noise(pattern), _fingerprint(pattern), search=search, keep_surface=True
    )
    stored = json.loads(json.dumps(match.to_dict()))
    assert stored["shift"] == [0, 0]
    assert "surface" not in stored
    assert json.dumps(search.to_dict())


def test_another_shape_is_refused_with_what_would_help(
    rng: np.random.Generator,
) -> None:
    fingerprint = _fingerprint(_white(rng, (64, 96)))
    for shape, remedy in (
        ((96, 64), "rotations=\\(90, 270\\)"),
        ((32, 48), "crop=True"),
        ((128, 192), "scales"),
    ):
        with pytest.raises(ShapeMismatchError, match=remedy):
            compare(_noise(_white(rng, shape)), fingerprint)


@pytest.mark.parametrize("shifts", ["none", "window", "all"])
def test_bad_arrays_are_refused_however_they_are_searched(
    rng: np.random.Generator, shifts: str
) -> None:
    good = _white(rng, (64, 64))
    bad = good.copy()
    bad[5, 7] = np.nan
    search = SearchRange(shifts=shifts)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="residual holds NaN"):
        compare(_noise(bad), _fingerprint(good), search=search)
    with pytest.raises(InputError, match="pattern holds NaN"):
        compare(_noise(good), _fingerprint(bad), search=search)
    with pytest.raises(InsufficientEvidenceError, match="no pixel"):
        compare(_noise(good, 0 * good), _fingerprint(good), search=search)
    with pytest.raises(InsufficientEvidenceError, match="residual is constant"):
        compare(_noise(0 * good + 0.1), _fingerprint(good), search=search)
    with pytest.raises(InsufficientEvidenceError, match="pattern"):
        compare(_noise(good), _fingerprint(0 * good), search=search)
    with pytest.raises(ShapeMismatchError, match="intensity"):
        compare(_noise(good, good[:9]), _fingerprint(good), search=search)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shifts": "some"}, "shifts"),
        ({"window": 0}, "window"),
        ({"rotations": (45,)}, "multiples of 90"),
        ({"rotations": ()}, "rotations"),
        ({"scales": (0.0,)}, "scales"),
        ({"scales": (math.nan,)}, "scales"),
        ({"place": (-1, 0)}, "place"),
        ({"place": (1, 1), "shifts": "all"}, "place"),
    ],
)
def test_impossible_searches_are_refused(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        SearchRange(**arguments)
