"""Transforms side by side: those of numpy, in the order that the plan tells."""

from __future__ import annotations

import numpy as np
import pytest

from whichcam.signal._fourier import (
    BOTH,
    LANES,
    factors_of,
    plan_of,
    room_for,
    transform,
)

# One, each kind of factor alone and after others, and sides of real pictures.
LENGTHS = [1, 2, 3, 4, 5, 7, 8, 11, 30, 48, 77, 97, 144, 384, 2592, 3000, 3264]


def _sequences(rng: np.random.Generator, length: int) -> np.ndarray:
    return rng.normal(size=(length, BOTH)).astype(np.float32)


def _as_complex(x: np.ndarray) -> np.ndarray:
    return np.asarray(x[:, :LANES] + 1j * x[:, LANES:].astype(np.float64))


@pytest.mark.parametrize("length", LENGTHS)
def test_frequencies_are_those_of_numpy_where_the_plan_places_them(
    rng: np.random.Generator, length: int
) -> None:
    x, plan = _sequences(rng, length), plan_of(length)
    expected = np.fft.fft(_as_complex(x), axis=0)
    transform(x, plan, False, room_for(plan))
    found = _as_complex(x)[plan.place]
    np.testing.assert_allclose(found, expected, atol=2e-6 * np.abs(expected).max())


@pytest.mark.parametrize("length", LENGTHS)
def test_the_inverse_gives_samples_times_their_number(
    rng: np.random.Generator, length: int
) -> None:
    x, plan = _sequences(rng, length), plan_of(length)
    before = x.copy()
    transform(x, plan, False, room_for(plan))
    transform(x, plan, True, room_for(plan))
    np.testing.assert_allclose(x / length, before, atol=1e-5)


def test_a_bad_sample_spoils_its_own_sequence_only(rng: np.random.Generator) -> None:
    x, plan = _sequences(rng, 60), plan_of(60)
    x[7, 3] = np.nan
    transform(x, plan, False, room_for(plan))
    is_spoilt = np.isnan(_as_complex(x)).any(axis=0)
    assert is_spoilt.nonzero()[0].tolist() == [3]


@pytest.mark.parametrize("length", [1, 2, 12, 97, 2592, 3872, 6007])
def test_factors_are_fours_and_primes_whose_product_is_the_length(length: int) -> None:
    factors = factors_of(length)
    assert np.prod(factors, initial=1) == length
    assert all(f == 4 or all(f % d for d in range(2, f)) for f in factors)
