"""Costs and rates of likelihood ratios, against closed forms and other code."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy.optimize import brentq, minimize
from sklearn import metrics as sk

from whichcam.errors import InputError, InsufficientEvidenceError
from whichcam.scoring import (
    cllr,
    cllr_min,
    equal_error_rate,
    pav_curve,
    tippett,
    true_match_rate,
)

EXACT = 1e-12
Scores = npt.NDArray[np.float64]


def _scores(rng: np.random.Generator, decimals: int) -> tuple[Scores, Scores]:
    same = rng.normal(1.5, 1.0, size=41).round(decimals)
    return same, rng.normal(0.0, 1.0, size=157).round(decimals)


def test_the_cost_of_saying_nothing_is_one_bit() -> None:
    assert cllr(np.zeros(3), np.zeros(50)) == pytest.approx(1.0, abs=EXACT)


def test_the_cost_is_that_of_the_formula() -> None:
    same, different = np.array([10.0, 0.5]), np.array([0.1, 2.0, 1.0])
    expected = 0.5 * (np.log2(1 + 1 / same).mean() + np.log2(1 + different).mean())
    assert cllr(np.log10(same), np.log10(different)) == pytest.approx(
        expected, abs=EXACT
    )


def test_infinite_ratios_cost_nothing_where_right_and_all_where_they_mislead() -> None:
    assert cllr([np.inf], [-np.inf]) == 0.0
    assert cllr([-np.inf, 3.0], [-3.0]) == np.inf


def test_ratios_too_large_for_a_float_do_not_overflow() -> None:
    assert cllr([-400.0], [-400.0]) == pytest.approx(200 * np.log2(10), rel=1e-12)


def test_perfect_ratios_of_two_normals_cost_what_the_integral_says(
    rng: np.random.Generator,
) -> None:
    # Same source N(2, 1), different N(0, 1): ln LR = 2 x - 2.
    same, different = rng.normal(2, 1, 200_000), rng.normal(0, 1, 200_000)
    x = np.linspace(-10, 12, 20_001)
    density = np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)
    cost = np.log2(1 + np.exp(2 * x - 2))
    expected = float(np.sum(density * cost) * (x[1] - x[0]))  # both halves are equal
    found = cllr((2 * same - 2) / np.log(10), (2 * different - 2) / np.log(10))
    assert found == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("decimals", [1, 8])
def test_no_other_monotone_calibration_costs_less(
    rng: np.random.Generator, decimals: int
) -> None:
    same, different = _scores(rng, decimals)
    best = cllr_min(same, different)

    def cost_of_line(line: Scores) -> float:
        return cllr(line[0] * same + line[1], line[0] * different + line[1])

    # An independent minimizer over lines and cubes, which PAV must not lose to.
    affine = minimize(cost_of_line, np.array([1.0, 0.0]), method="Nelder-Mead").fun
    assert 0.0 < best <= affine
    assert best <= cllr(same**3, different**3)


@pytest.mark.parametrize("decimals", [1, 8])
def test_ratios_of_the_curve_are_those_of_scikit_learns_isotonic_regression(
    rng: np.random.Generator, decimals: int
) -> None:
    from sklearn.isotonic import IsotonicRegression

    same, different = _scores(rng, decimals)
    x = np.r_[same, different]
    y = np.repeat([1.0, 0.0], [len(same), len(different)])
    weight = np.where(y == 1, 1 / len(same), 1 / len(different))
    theirs = IsotonicRegression(out_of_bounds="clip").fit(x, y, weight)
    curve = pav_curve(same, different)
    ours = 1.0 - 1.0 / (1.0 + 10.0**curve.log10_lr)
    assert ours == pytest.approx(theirs.predict(curve.score), abs=1e-9)


def test_the_curve_counts_every_comparison(rng: np.random.Generator) -> None:
    same, different = _scores(rng, 1)
    curve = pav_curve(same, different)
    assert (int(curve.n_same.sum()), int(curve.n_different.sum())) == (41, 157)
    assert np.repeat(curve.score, curve.n_same).tolist() == sorted(same.tolist())


def test_separated_scores_cost_nothing_and_mixed_ones_a_bit() -> None:
    assert cllr_min([5.0, 6.0], [1.0, 4.9]) == 0.0
    assert cllr_min([1.0, 1.0], [1.0] * 7) == pytest.approx(1.0, abs=EXACT)
    assert cllr_min([0.0], [1.0]) == pytest.approx(1.0, abs=EXACT)


@pytest.mark.parametrize("decimals", [1, 8])
def test_the_equal_error_rate_is_where_scikit_learns_roc_crosses(
    rng: np.random.Generator, decimals: int
) -> None:
    same, different = _scores(rng, decimals)
    truth = np.repeat([1, 0], [len(same), len(different)])
    false_alarms, hits, _ = sk.roc_curve(
        truth, np.r_[same, different], drop_intermediate=False
    )
    t = np.arange(len(hits), dtype=float)

    def gap(place: float) -> float:
        return float(1 - np.interp(place, t, hits) - np.interp(place, t, false_alarms))

    place = brentq(gap, 0.0, t[-1], xtol=1e-13)
    assert equal_error_rate(same, different) == pytest.approx(
        float(np.interp(place, t, false_alarms)), abs=1e-9
    )


def test_equal_errors_of_separated_reversed_and_equal_scores() -> None:
    assert equal_error_rate([3.0, 4.0], [1.0, 2.0]) == 0.0
    assert equal_error_rate([1.0, 2.0], [3.0, 4.0]) == 1.0
    assert equal_error_rate([1.0], [1.0, 1.0]) == 0.5


def test_a_false_alarm_rate_allows_exactly_so_many(rng: np.random.Generator) -> None:
    different = rng.normal(size=2000)
    same = rng.normal(3.0, 1.0, size=500)
    rate, threshold = true_match_rate(same, different, 1e-3)
    assert int((different > threshold).sum()) == 2
    assert rate == float(np.mean(same > np.sort(different)[-3]))


def test_too_few_others_allow_no_false_alarm_at_all() -> None:
    assert true_match_rate([0.5, 7.0, 9.0], [1.0, 2.0, 7.0], 0.3) == (1 / 3, 7.0)


def test_ties_at_the_threshold_are_false_alarms_that_are_not_allowed() -> None:
    different = [0.0] * 98 + [5.0, 5.0]
    assert true_match_rate([5.0, 6.0], different, 0.01) == (0.5, 5.0)


@pytest.mark.parametrize("rate", [-0.1, 1.0, np.nan])
def test_a_false_alarm_rate_that_is_no_share_is_refused(rate: float) -> None:
    with pytest.raises(InputError, match="false_alarm_rate"):
        true_match_rate([1.0], [0.0], rate)


def test_tippett_shares_agree_with_counting(rng: np.random.Generator) -> None:
    same, different = _scores(rng, 1)
    curve = tippett(same, different)
    slow = [float(np.mean(same >= value)) for value in curve.log10_lr]
    assert curve.same_share.tolist() == pytest.approx(slow, abs=EXACT)
    slow = [float(np.mean(different >= value)) for value in curve.log10_lr]
    assert curve.different_share.tolist() == pytest.approx(slow, abs=EXACT)


def test_a_ratio_of_one_misleads_nobody() -> None:
    curve = tippett([0.0, -0.1, 2.0, 1.0], [0.0, 0.1])
    assert (curve.misleading_same, curve.misleading_different) == (0.25, 0.5)


def test_curves_are_json_even_where_ratios_are_infinite() -> None:
    pav = json.loads(json.dumps(pav_curve([2.0], [1.0]).to_dict(), allow_nan=False))
    assert pav["log10_lr"] == ["-inf", "inf"]
    shares = json.dumps(tippett([np.inf], [-np.inf]).to_dict(), allow_nan=False)
    assert json.loads(shares)["same_share"] == [1.0, 1.0]


@pytest.mark.parametrize(
    "measure", [cllr, cllr_min, equal_error_rate, tippett, pav_curve, true_match_rate]
)
def test_both_kinds_are_needed_and_no_nan(
    measure: Callable[[list[float], list[float]], object],
) -> None:
    with pytest.raises(InsufficientEvidenceError, match=r"same_.* is empty"):
        measure([], [1.0])
    with pytest.raises(InsufficientEvidenceError, match=r"different_.* is empty"):
        measure([1.0], [])
    with pytest.raises(InputError, match=r"different_.* holds NaN"):
        measure([1.0], [np.nan])
