"""Passes over a photo and a pattern, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from whichcam.prnu._planes import Photo
from whichcam.prnu._products import greatest, sums_at
from whichcam.signal._correlation import as_plane


def _photo(rng: np.random.Generator, shape: tuple[int, int], turn: int = 0) -> Photo:
    intensity = rng.random(shape)
    intensity[intensity < 0.2] = 0  # unusable
    residual = rng.normal(0.3, 1, shape)
    return Photo(
        as_plane(residual, "residual"), as_plane(intensity, "intensity"), 1.0, turn
    )


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize("shift", [(0, 0), (3, 5), (-4, 2), (12, -6), (0, 19)])
def test_sums_are_over_the_usable_pixels_that_lie_on_the_pattern(
    rng: np.random.Generator, shift: tuple[int, int], is_turned: bool
) -> None:
    photo = _photo(rng, (15, 21))
    pattern = as_plane(rng.normal(size=(18, 23)), "pattern")
    found = sums_at(photo.residual, photo.intensity, pattern, shift, is_turned)
    values = []
    for y in range(15):
        for x in range(21):
            row, col = y + shift[0], x + shift[1]
            if not (0 <= row < 18 and 0 <= col < 23):
                continue
            at = (14 - y, 20 - x) if is_turned else (y, x)
            w, i = float(photo.residual[at]), float(photo.intensity[at])
            k = float(pattern[row, col])
            if i > 0:
                p, v = i * k, w * i
                values.append(
                    (1, w, w * w, p, p * p, w * p, v * v, v * i, i * i, k * k)
                )
    np.testing.assert_allclose(found, np.sum(values, axis=0), rtol=1e-5, atol=1e-5)


def test_a_photo_that_lies_beside_the_pattern_has_no_sums(
    rng: np.random.Generator,
) -> None:
    photo = _photo(rng, (5, 6))
    assert not sums_at(
        photo.residual, photo.intensity, photo.residual, (0, 7), False
    ).any()


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_parts_of_a_photo_are_what_is_correlated_with_patterns(
    rng: np.random.Generator, turn: int
) -> None:
    photo = _photo(rng, (15, 21), turn)
    usable = photo.intensity > 0
    mean = photo.residual[usable].mean(dtype=np.float64)
    whole = np.where(usable, (photo.residual - mean) * photo.intensity, 0)
    whole = np.rot90(whole, turn)
    assert photo.mean == pytest.approx(mean, abs=1e-6)
    assert photo.energy == pytest.approx(float((whole**2).sum()), rel=1e-5)
    np.testing.assert_allclose(photo[:, :], whole, atol=1e-6)
    np.testing.assert_allclose(photo[3:11, 2:], whole[3:11, 2:], atol=1e-6)
    np.testing.assert_allclose(photo[:13, 5:9], whole[:13, 5:9], atol=1e-6)


def test_the_greatest_value_is_that_of_all_scaled_ones(
    rng: np.random.Generator,
) -> None:
    surface = rng.normal(size=(45, 30)).astype(np.float32)
    factors = rng.random((8, 30)).astype(np.float32)
    classes = rng.integers(0, 8, 45).astype(np.uint8)
    scaled = (surface * factors[classes])[:40, :27]
    expected = divmod(int(scaled.argmax()), 27)
    assert greatest(surface, factors, classes, 40, 27) == expected
