"""One level of the transform: what defines the wavelet, and back again."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from whichcam._typing import FloatArray, PixelArray
from whichcam.signal._wavelet import (
    SCALING_FILTER,
    analyse,
    n_coefficients,
    synthesise,
)

LOW = np.array(SCALING_FILTER)
HIGH = LOW[::-1] * np.array([1, -1] * 4)
UNSHRUNK = np.float32(1e30)  # a variance no detail reaches: all of it is noise
SHAPES = [(64, 64), (65, 40), (31, 30), (33, 47), (8, 9), (7, 1), (1, 2), (3, 3)]

Array = npt.NDArray[np.float64]


def _forward(x: FloatArray | PixelArray) -> tuple[FloatArray, FloatArray]:
    shape = n_coefficients(x.shape[0]), n_coefficients(x.shape[1])
    approximation = np.empty(shape, np.float32)
    details = np.zeros((3, *shape), np.float32)
    analyse(x, UNSHRUNK, np.float32(1), approximation, details)
    return approximation, details


def _half(x: Array, taps: Array, axis: int) -> Array:
    """Filter one axis by the definition: extend, convolve, keep every other."""
    x = np.moveaxis(x, axis, 0)
    n = n_coefficients(len(x))
    ahead = np.pad(x, [(6, 2 * n - len(x)), (0, 0)], mode="symmetric")
    rows = [taps @ ahead[2 * k : 2 * k + 8] for k in range(n)]
    return np.moveaxis(np.array(rows), 0, axis)


def test_the_filter_is_orthonormal_to_its_even_shifts() -> None:
    products = [LOW[: 8 - k] @ LOW[k:] for k in (0, 2, 4, 6)]
    np.testing.assert_allclose(products, [1, 0, 0, 0], atol=1e-12)


def test_the_wavelet_has_four_vanishing_moments() -> None:
    moments = [HIGH @ np.arange(8.0) ** power for power in range(5)]
    np.testing.assert_allclose(moments[:4], 0, atol=1e-8)
    assert abs(moments[4]) > 1


@pytest.mark.parametrize("shape", SHAPES)
def test_coefficients_are_those_of_the_definition(
    shape: tuple[int, int], rng: np.random.Generator
) -> None:
    x = rng.normal(0, 20, shape)
    approximation, details = _forward(x.astype(np.float32))
    low, high = _half(x, LOW, 1), _half(x, HIGH, 1)
    np.testing.assert_allclose(approximation, _half(low, LOW, 0), atol=1e-4)
    expected = [_half(low, HIGH, 0), _half(high, LOW, 0), _half(high, HIGH, 0)]
    np.testing.assert_allclose(details, expected, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_way_back_gives_the_plane(
    shape: tuple[int, int], rng: np.random.Generator
) -> None:
    x = rng.normal(0, 20, shape).astype(np.float32)
    back = np.empty_like(x)
    synthesise(*_forward(x), back)
    np.testing.assert_allclose(back, x, atol=1e-4)


def test_a_level_below_an_odd_count_may_hand_up_one_more(
    rng: np.random.Generator,
) -> None:
    x = rng.normal(size=(21, 24)).astype(np.float32)
    approximation, details = _forward(x)
    wider = np.pad(approximation, [(0, 1), (0, 1)], constant_values=np.float32(9))
    back = np.empty_like(x)
    synthesise(wider, details, back)
    np.testing.assert_allclose(back, x, atol=1e-5)


def test_whole_numbers_are_transformed_as_they_are(rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (40, 50, 3)).astype(np.uint8)
    found = _forward(pixels[:, :, 1])
    expected = _forward(pixels[:, :, 1].astype(np.float32))
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


def test_details_of_several_planes_are_summed_by_weight(
    rng: np.random.Generator,
) -> None:
    planes = rng.normal(0, 9, (2, 32, 36)).astype(np.float32)
    each = [_forward(plane)[1] for plane in planes]
    approximation, total = np.empty_like(each[0][0]), np.zeros_like(each[0])
    for plane, weight in zip(planes, (0.25, -3), strict=True):
        analyse(plane, UNSHRUNK, np.float32(weight), approximation, total)
    np.testing.assert_allclose(total, 0.25 * each[0] - 3 * each[1], atol=1e-4)
