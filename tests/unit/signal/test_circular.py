"""Sums of products at all circular shifts, against their definition."""

from __future__ import annotations

import numpy as np
import pytest

from whichcam.signal._circular import circular_products, spectrum_of


class PartsOnDemand:
    """A plane that makes parts when they are asked for, as photos do."""

    def __init__(self, plane: np.ndarray) -> None:
        self.plane, self.shape = plane, plane.shape

    def __getitem__(self, part: tuple[slice, slice]) -> np.ndarray:
        return self.plane[part].copy()


def _pair(
    rng: np.random.Generator, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    a, b = rng.normal(size=(2, *shape)).astype(np.float32)
    return a, b


def _expected(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the sums in double precision; the definition is tested beside it."""
    spectra = np.fft.fft2(a.astype(np.float64)), np.fft.fft2(b.astype(np.float64))
    return np.fft.ifft2(spectra[0] * spectra[1].conj()).real


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (7, 1), (5, 9), (8, 4)])
def test_each_value_is_the_sum_of_products_at_its_shift(
    rng: np.random.Generator, shape: tuple[int, int]
) -> None:
    a, b = _pair(rng, shape)
    found = circular_products(spectrum_of(a), b, shape)
    expected = [
        [
            (np.roll(a, (-dy, -dx), (0, 1)).astype(np.float64) * b).sum()
            for dx in range(shape[1])
        ]
        for dy in range(shape[0])
    ]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(_expected(a, b), expected, atol=1e-9)


# Columns and frequencies of one block and of several, full and not; factors of every
# kind; sides with a factor that is left to scipy; planes that are written past the
# caches, which rows of 1005 values are not.
@pytest.mark.parametrize(
    "shape",
    [
        *[(64, 62), (65, 64), (70, 260), (200, 129), (121, 85), (131, 96), (96, 262)],
        *[(1024, 1040), (1050, 1005)],
    ],
)
def test_planes_of_several_blocks_have_the_same_sums(
    rng: np.random.Generator, shape: tuple[int, int]
) -> None:
    a, b = _pair(rng, shape)
    expected = _expected(a, b)
    found = circular_products(spectrum_of(a), b, shape)
    np.testing.assert_allclose(found, expected, atol=2e-6 * np.abs(expected).max())


@pytest.mark.parametrize("shape", [(96, 150), (131, 150)])
def test_a_smaller_plane_made_on_demand_is_padded_and_sums_are_scaled(
    rng: np.random.Generator, shape: tuple[int, int]
) -> None:
    a, small = rng.normal(size=shape).astype(np.float32), np.zeros(shape, np.float32)
    small[:70, :99] = rng.normal(size=(70, 99))
    expected = 0.25 * _expected(a, small)
    part = PartsOnDemand(small[:70, :99])
    found = circular_products(spectrum_of(a), part, shape, 0.25)
    np.testing.assert_allclose(found, expected, atol=2e-6 * np.abs(expected).max())
    padded = circular_products(spectrum_of(part, shape), a, shape)
    expected = _expected(small, a)
    np.testing.assert_allclose(padded, expected, atol=2e-6 * np.abs(expected).max())


def test_a_spectrum_serves_more_than_once(rng: np.random.Generator) -> None:
    a, b = _pair(rng, (40, 70))
    spectrum, before = spectrum_of(a), (a.copy(), b.copy())
    first = circular_products(spectrum, b, a.shape)
    np.testing.assert_array_equal(circular_products(spectrum, b, a.shape), first)
    np.testing.assert_array_equal((a, b), before)
