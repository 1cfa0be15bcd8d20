"""What must hold of likelihood ratios whatever the scores."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from whichcam.scoring import (
    LikelihoodRatioMap,
    cllr,
    cllr_min,
    equal_error_rate,
    pav_curve,
    tippett,
    true_match_rate,
)

Scores = npt.NDArray[np.float64]

# Few distinct values, so that ties are common.
SCORES = hnp.arrays(
    np.float64,
    st.integers(1, 30),
    elements=st.integers(-8, 8).map(float) | st.floats(-1e6, 1e6),
)
NUMBERS = st.floats(-50, 50)
MAPS = st.builds(
    LikelihoodRatioMap,
    statistic=st.sampled_from(["pce", "z"]),
    transform=st.sampled_from(["identity", "signed_square_root"]),
    slope=st.floats(1e-6, 1e6),
    intercept=NUMBERS,
    lower_log10_lr=st.floats(-9, 0),
    upper_log10_lr=st.floats(0, 9),
    n_same=st.integers(1, 10**9),
    n_different=st.integers(1, 10**9),
    n_devices=st.integers(1, 10**6),
    score_range=st.tuples(st.floats(-1e9, -1.0), st.floats(1.0, 1e9)),
    conditions=st.text(max_size=40),
    source=st.text(max_size=40),
    data_sha256=st.just("0f" * 32),
    fitted=st.just("2026-11-22T00:00:00+00:00"),
    software=st.dictionaries(
        st.text(min_size=1, max_size=9), st.text(min_size=1, max_size=9), max_size=4
    ),
)


@given(MAPS, SCORES)
def test_ratios_stay_in_bounds_and_rise_with_the_score(
    lr_map: LikelihoodRatioMap, scores: Scores
) -> None:
    log10_lr = lr_map.apply(np.sort(scores))
    assert log10_lr.min() >= lr_map.lower_log10_lr
    assert log10_lr.max() <= lr_map.upper_log10_lr
    assert bool((np.diff(log10_lr) >= 0).all())


@given(MAPS)
def test_every_map_comes_back_from_its_stored_form(lr_map: LikelihoodRatioMap) -> None:
    assert LikelihoodRatioMap.from_dict(lr_map.to_dict()) == lr_map


@given(SCORES, SCORES)
def test_the_least_cost_is_a_share_of_a_bit_and_below_the_cost(
    same: Scores, different: Scores
) -> None:
    least = cllr_min(same, different)
    assert -1e-12 <= least <= 1.0 + 1e-12
    assert least <= cllr(same / 10.0, different / 10.0) + 1e-12


@given(SCORES, SCORES, st.floats(0.1, 10.0), NUMBERS)
def test_a_rising_change_of_scale_changes_no_measure_of_separation(
    same: Scores, different: Scores, slope: float, intercept: float
) -> None:
    same, different = same.round(3), different.round(3)
    before = cllr_min(same, different), equal_error_rate(same, different)
    scaled = [np.arctan(x / 1e3) * slope + intercept for x in (same, different)]
    # Only where the change of scale has kept all values apart.
    n_values = len(np.unique(np.r_[same, different]))
    if len(np.unique(np.r_[scaled[0], scaled[1]])) == n_values:
        after = cllr_min(*scaled), equal_error_rate(*scaled)
        assert after == pytest.approx(before, abs=1e-9)


@given(SCORES, SCORES)
def test_swapping_the_kinds_and_the_sign_changes_no_cost(
    same: Scores, different: Scores
) -> None:
    assert cllr(-different, -same) == pytest.approx(cllr(same, different), rel=1e-12)
    mirrored = equal_error_rate(-different, -same)
    assert mirrored == pytest.approx(equal_error_rate(same, different), abs=1e-9)


@given(SCORES, SCORES)
def test_calibrating_twice_is_calibrating_once(same: Scores, different: Scores) -> None:
    once = pav_curve(same, different)
    again = pav_curve(
        np.repeat(once.log10_lr, once.n_same),
        np.repeat(once.log10_lr, once.n_different),
    )
    first = np.repeat(once.log10_lr, once.n_same + once.n_different)
    second = np.repeat(again.log10_lr, again.n_same + again.n_different)
    assert second == pytest.approx(first, abs=1e-9)
    assert bool((once.log10_lr[1:] >= once.log10_lr[:-1]).all())


@given(SCORES, SCORES)
def test_tippett_shares_fall_from_one(same: Scores, different: Scores) -> None:
    curve = tippett(same, different)
    for shares in (curve.same_share, curve.different_share):
        assert shares[0] == 1.0
        assert bool((np.diff(shares) <= 0).all())
        assert bool((shares >= 0).all())


@given(SCORES, SCORES, st.floats(0.0, 0.99))
def test_the_threshold_lets_no_more_false_alarms_through_than_allowed(
    same: Scores, different: Scores, allowed: float
) -> None:
    rate, threshold = true_match_rate(same, different, allowed)
    assert np.mean(different > threshold) <= allowed + 1e-9
    assert rate == np.mean(same > threshold)
    assert math.isfinite(threshold)
