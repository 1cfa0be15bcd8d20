"""Peak-to-correlation energy, p-values and thresholds against closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from whichcam.errors import InputError
from whichcam.prnu import pce, threshold_for
from whichcam.prnu._chance import log10_chance
from whichcam.prnu._null import Spread
from whichcam.prnu._pce import background
from whichcam.signal import cross_correlation


@pytest.mark.parametrize("peak", [(0, 0), (0, 31), (39, 0), (39, 31), (2, 1), (20, 9)])
def test_pce_is_the_same_wherever_the_peak_lies(
    rng: np.random.Generator, peak: tuple[int, int]
) -> None:
    surface = rng.normal(size=(40, 32)).astype(np.float32)
    surface[20, 9] = 30
    moved = np.roll(surface, (peak[0] - 20, peak[1] - 9), (0, 1))
    assert pce(moved, peak) == pytest.approx(pce(surface, (20, 9)), rel=1e-6)
    assert pce(moved) == pce(moved, peak)


def test_exactly_the_square_around_the_peak_is_left_out() -> None:
    surface = np.ones((32, 40))
    reach = np.arange(-5, 6)
    surface[np.ix_(reach % 32, reach % 40)] = 100
    surface[0, 0] = 7
    assert pce(surface, (0, 0)) == pytest.approx(49)
    surface[6, 0] = 100  # outside: counts
    n = 32 * 40 - 121
    assert pce(surface, (0, 0)) == pytest.approx(49 / ((n - 1 + 100**2) / n))
    assert pce(surface, (0, 0), exclusion=13) == pytest.approx(
        49 / ((32 * 40 - 169) / (32 * 40 - 169)), rel=1e-6
    )


def test_a_negative_correlation_has_a_negative_pce(rng: np.random.Generator) -> None:
    b = rng.normal(size=(32, 32))
    surface = cross_correlation(-b, b)
    assert pce(surface, (0, 0)) < -500


def test_the_pce_of_unrelated_patterns_is_one_on_average(
    rng: np.random.Generator,
) -> None:
    found = [
        abs(pce(cross_correlation(*rng.normal(size=(2, 32, 32))), (0, 0)))
        for _ in range(400)
    ]
    # The mean of 400 chi-squared values has a standard deviation of 0.07.
    assert np.mean(found) == pytest.approx(1, abs=0.25)


def test_the_background_is_told_apart_by_shift_modulo_eight() -> None:
    rows, cols = np.mgrid[:32, :48]
    surface = np.where((rows % 8 == 3) & (cols % 8 == 5), 2.0, 1.0).astype(np.float32)
    surface[11, 13] = 50
    found = background(surface, (11, 13))
    assert found.by_class[3, 5] == pytest.approx(4)
    found.by_class[3, 5] = 1
    np.testing.assert_allclose(found.by_class, 1)
    assert found.n_by_class.sum() == 32 * 48 - 121


def test_shifts_beyond_the_middle_are_negative_ones() -> None:
    surface = np.zeros((20, 20), np.float32)
    surface[-8, -8] = 3  # a shift of (-8, -8): the class of no shift
    assert background(surface, None).by_class[0, 0] > 0
    assert background(surface, None, forward=(20, 20)).by_class[0, 0] == 0


@pytest.mark.parametrize(
    ("surface", "arguments", "message"),
    [
        (np.ones((8, 8)), {}, "left out"),
        (np.ones((32, 32)), {"exclusion": 4}, "odd"),
        (np.ones((32, 32)), {"peak": (32, 0)}, "outside"),
        (np.full((32, 32), np.nan), {"peak": (0, 0)}, "NaN"),
        (np.ones(32), {}, "two dimensions"),
    ],
)
def test_what_has_no_pce_is_refused(
    surface: np.ndarray, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        pce(surface, **arguments)


def test_a_surface_of_zeros_has_no_peak() -> None:
    assert pce(np.zeros((32, 32)), (0, 0)) == 0


@pytest.mark.parametrize("z", [-3.0, 0.0, 2.5, 5.0, 8.0])
@pytest.mark.parametrize("n", [1, 2, 1000, 10**7])
def test_the_chance_is_that_of_the_greatest_of_n_normals(z: float, n: int) -> None:
    p = float(stats.norm.sf(z))
    expected = -math.expm1(n * math.log1p(-p))
    assert 10 ** log10_chance(z, n) == pytest.approx(expected, rel=1e-9)


def test_chances_too_small_for_a_float_keep_their_logarithm() -> None:
    expected = float(stats.norm.logsf(50)) / math.log(10) + 7
    assert log10_chance(50, 10**7) == pytest.approx(expected, rel=1e-12)
    assert log10_chance(50, 1) < -500


@pytest.mark.parametrize("rate", [0.5, 1e-3, 1e-9])
@pytest.mark.parametrize("n", [1, 2, 10**7])
def test_the_threshold_is_where_the_chance_is_the_rate(rate: float, n: int) -> None:
    found = threshold_for(rate, n)
    assert log10_chance(found.z, n) == pytest.approx(math.log10(rate), abs=1e-7)
    assert found.pce == pytest.approx(found.z * abs(found.z))
    assert found.to_dict()["n_positions"] == n


@pytest.mark.parametrize(("rate", "n"), [(0, 1), (1, 1), (-0.1, 1), (0.1, 0)])
def test_impossible_rates_are_refused(rate: float, n: int) -> None:
    with pytest.raises(InputError, match="expected"):
        threshold_for(rate, n)


@pytest.mark.parametrize("n_values", [300, 675, 9216])
@pytest.mark.parametrize("ratio", [-3.0, 0.0, 1.0, 3.3, 5.0, 8.0])
def test_a_ratio_to_a_measured_spread_counts_by_students_distribution(
    n_values: int, ratio: float
) -> None:
    spread = Spread(1.0, np.ones((8, 8)), float(n_values))
    chance = stats.t.logsf(ratio, n_values / 2)
    assert spread.z_of(ratio) == pytest.approx(
        stats.norm.isf(math.exp(chance)), abs=0.01
    )


def test_a_ratio_to_a_known_spread_is_a_normal_deviate() -> None:
    assert Spread(1.0, np.ones((8, 8))).z_of(5.25) == 5.25
