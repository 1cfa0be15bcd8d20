"""Thresholds that keep to an error rate."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from whichcam.errors import (
    IncompatibleArtifactError,
    InputError,
    InsufficientEvidenceError,
    ShapeMismatchError,
)
from whichcam.scoring import (
    LevelEvidence,
    SelectiveThreshold,
    cascade_thresholds,
    clopper_pearson_upper,
    photographs_needed,
    selective_threshold,
)


def test_the_threshold_is_the_smallest_whose_bound_keeps_the_rate(
    rng: np.random.Generator,
) -> None:
    confidence = rng.uniform(size=2000)
    correct = rng.uniform(size=2000) < confidence
    chosen = selective_threshold(confidence, correct, 0.2, correction="none")
    ordered = np.sort(confidence)[::-1]
    passing = []
    for i in range(1, 21):
        threshold = ordered[i * 100 - 1]
        answered = confidence >= threshold
        wrong = int((answered & ~correct).sum())
        bound = stats.binomtest(wrong, int(answered.sum()), alternative="less")
        if bound.proportion_ci(0.95).high <= 0.2:
            passing.append((threshold, answered.mean(), bound.proportion_ci(0.95).high))
    assert chosen.threshold == passing[-1][0]
    assert chosen.coverage == passing[-1][1]
    assert chosen.upper_bound == pytest.approx(passing[-1][2], abs=1e-9)


def test_the_promise_holds_as_often_as_stated() -> None:
    # The confidence is worthless and 10.05 % are wrong at any threshold: whatever is
    # promised at 10 % is false. 300 data sets; 5 % may be, uncorrected far more are.
    broken = {"holm": 0, "none": 0}
    for seed in range(300):
        rng = np.random.default_rng(seed)
        confidence, correct = rng.uniform(size=400), rng.uniform(size=400) > 0.1005
        broken["holm"] += (
            selective_threshold(confidence, correct, 0.1).threshold is not None
        )
        broken["none"] += (
            selective_threshold(confidence, correct, 0.1, correction="none").threshold
            is not None
        )
    assert broken["holm"] <= 0.05 * 300
    assert broken["none"] > 0.10 * 300


def test_holm_answers_more_than_bonferroni_would() -> None:
    # Errors at low confidence only: the strict thresholds pass with ease and the last
    # test, of all photographs, is then held to the whole 5 %.
    confidence = np.linspace(0, 1, 4000)
    wrong = np.zeros(4000, dtype=np.bool_)
    wrong[:1100:10] = True
    chosen = selective_threshold(confidence, ~wrong, 0.033)
    assert chosen.coverage == 1.0
    assert clopper_pearson_upper(int(wrong.sum()), 4000, 1 - 0.05 / 20) > 0.033


def test_nothing_is_answered_where_nothing_can_be_promised() -> None:
    chosen = selective_threshold([0.9] * 50, [True] * 50, 0.01)
    assert chosen.threshold is None
    assert (chosen.coverage, chosen.n_answered, chosen.upper_bound) == (0.0, 0, None)
    assert chosen.answers([0.0, 1.0]).tolist() == [False, False]


def test_where_all_are_wrong_nothing_is_answered_at_any_rate() -> None:
    assert selective_threshold([0.9] * 2, [False] * 2, 0.999).threshold is None


def test_holm_stops_at_the_first_failure() -> None:
    # Of the two weakest tests that of the strictest 100 photographs (p = 0.035) fails
    # at 0.025; that of all of them (p = 0.045) must then not pass at 0.05.
    confidence = np.linspace(0, 1, 2000)
    wrong = np.zeros(2000, dtype=np.bool_)
    wrong[:520:10] = True
    assert clopper_pearson_upper(int(wrong.sum()), 2000) <= 0.033
    assert selective_threshold(confidence, ~wrong, 0.033).coverage == 0.95


def test_as_many_photographs_as_needed_suffice_and_one_fewer_does_not() -> None:
    n = photographs_needed(0.05)
    enough = selective_threshold([0.5] * n, [True] * n, 0.05)
    short = selective_threshold([0.5] * (n - 1), [True] * (n - 1), 0.05)
    assert n == 59
    assert enough.threshold == 0.5  # one distinct confidence: one candidate
    assert short.threshold is None


def test_the_threshold_answers_ties_as_it_counted_them() -> None:
    confidence = np.repeat([0.3, 0.9], 500)
    chosen = selective_threshold(confidence, confidence > 0.5, 0.05)
    assert chosen.threshold == 0.9
    assert int(chosen.answers(confidence).sum()) == chosen.n_answered == 500
    assert chosen.answers([0.9, 0.89]).tolist() == [True, False]


def test_photographs_of_one_device_support_less() -> None:
    good = np.arange(40) >= 2  # whole devices are right or wrong
    correct, devices = np.repeat(good, 25), np.repeat(np.arange(40), 25)
    confidence = np.full(1000, 0.9)
    naive = selective_threshold(confidence, correct, 0.1)
    honest = selective_threshold(confidence, correct, 0.1, clusters=devices)
    assert naive.threshold == 0.9
    assert naive.design_effect == 1.0
    assert honest.threshold is None
    assert honest.design_effect == pytest.approx(25.0, rel=1e-9)


def test_photographs_of_whole_alike_devices_count_as_devices() -> None:
    # rho is 1: 25 pictures of each of 40 devices support what 40 pictures do.
    correct = np.repeat([True] * 36 + [False] * 4, 25)
    chosen = selective_threshold(
        np.full(1000, 0.9), correct, 0.25, clusters=np.repeat(np.arange(40), 25)
    )
    assert chosen.observed_error == 0.1
    assert chosen.upper_bound == pytest.approx(clopper_pearson_upper(4, 40), abs=1e-9)


def test_large_devices_weigh_more_in_the_design_effect() -> None:
    # rho is 1; sizes 10 and 30: (20 * 10 ** 2 + 20 * 30 ** 2) / 800 = 25.
    sizes = np.repeat([10, 30], 20)
    correct = np.repeat(np.arange(40) % 20 > 0, sizes)
    chosen = selective_threshold(
        np.full(800, 0.9), correct, 0.3, clusters=np.repeat(np.arange(40), sizes)
    )
    assert chosen.design_effect == pytest.approx(25.0, rel=1e-9)


def test_unrelated_errors_cost_almost_nothing(rng: np.random.Generator) -> None:
    correct = rng.uniform(size=3000) < 0.95
    chosen = selective_threshold(
        np.full(3000, 0.9), correct, 0.1, clusters=np.arange(3000) % 100
    )
    assert 1.0 <= chosen.design_effect < 1.5
    assert chosen.threshold == 0.9


def test_selective_threshold_refuses_what_it_cannot_use() -> None:
    with pytest.raises(InputError, match="error_rate is 0"):
        selective_threshold([0.5], [True], 0.0)
    with pytest.raises(InputError, match="confidence_level is 1"):
        selective_threshold([0.5], [True], 0.1, confidence_level=1.0)
    with pytest.raises(InputError, match="correction is 'maybe'"):
        selective_threshold([0.5], [True], 0.1, correction="maybe")  # type: ignore[arg-type]
    with pytest.raises(ShapeMismatchError, match="correct has 2 row"):
        selective_threshold([0.5], [True, True], 0.1)
    with pytest.raises(ShapeMismatchError, match="clusters has 2 row"):
        selective_threshold([0.5], [True], 0.1, clusters=["a", "b"])
    with pytest.raises(InsufficientEvidenceError, match="at least 2"):
        selective_threshold([0.5, 0.6], [True, True], 0.1, clusters=["a", "a"])


def test_a_threshold_survives_json() -> None:
    chosen = selective_threshold([0.9] * 200, [True] * 200, 0.05)
    text = json.dumps(chosen.to_dict(), allow_nan=False)
    assert SelectiveThreshold.from_dict(json.loads(text)) == chosen


def test_a_stored_threshold_that_is_none_of_ours_is_refused() -> None:
    state = selective_threshold([0.9] * 200, [True] * 200, 0.05).to_dict()
    with pytest.raises(IncompatibleArtifactError, match=r"stored threshold is 1\.5"):
        SelectiveThreshold.from_dict({**state, "threshold": 1.5})
    with pytest.raises(IncompatibleArtifactError, match="stored threshold is True"):
        SelectiveThreshold.from_dict({**state, "threshold": True})
    with pytest.raises(IncompatibleArtifactError, match="has fields"):
        SelectiveThreshold.from_dict({"threshold": 0.5})


def test_a_coarser_level_is_judged_on_what_finer_levels_leave(
    rng: np.random.Generator,
) -> None:
    # Sure photographs are always right; of the unsure a third has the make wrong. Over
    # all photographs that is 15 %, over those that reach the make it is 30 %.
    sure = np.repeat([True, False], 1000)
    confidence = np.where(sure, 0.99, 0.6)
    make_right = sure | (rng.uniform(size=2000) < 0.7)
    levels = [
        LevelEvidence(name="model", confidence=confidence, correct=sure),
        LevelEvidence(name="make", confidence=confidence, correct=make_right),
    ]
    found = cascade_thresholds(levels, 0.2)
    assert selective_threshold(confidence, make_right, 0.2).coverage == 1.0
    assert found["model"].threshold == 0.99
    assert found["make"].threshold is None
    assert found["make"].n_photos == 1000


def test_a_level_that_nothing_reaches_is_never_answered() -> None:
    sure = [0.9] * 200
    found = cascade_thresholds(
        [
            LevelEvidence(name="model", confidence=sure, correct=[True] * 200),
            LevelEvidence(name="make", confidence=sure, correct=[True] * 200),
        ],
        0.05,
    )
    assert found["model"].coverage == 1.0
    assert (found["make"].threshold, found["make"].n_photos) == (None, 0)


def test_a_level_that_one_device_reaches_is_never_answered() -> None:
    confidence = np.r_[np.full(400, 0.9), np.full(100, 0.5)]
    devices = np.r_[np.arange(400) % 100, np.full(100, 999)]
    found = cascade_thresholds(
        [
            LevelEvidence(
                name="model", confidence=confidence, correct=confidence > 0.6
            ),
            LevelEvidence(name="make", confidence=confidence, correct=[True] * 500),
        ],
        0.1,
        clusters=devices,
    )
    assert found["model"].coverage == 0.8
    assert (found["make"].threshold, found["make"].n_photos) == (None, 100)


def test_a_cascade_refuses_levels_that_do_not_match() -> None:
    one = LevelEvidence(name="model", confidence=[0.5, 0.6], correct=[True, False])
    other = LevelEvidence(name="make", confidence=[0.5], correct=[True])
    with pytest.raises(InputError, match="two levels share a name"):
        cascade_thresholds([one, one], 0.1)
    with pytest.raises(ShapeMismatchError, match="confidence of make has 1 row"):
        cascade_thresholds([one, other], 0.1)
    with pytest.raises(ShapeMismatchError, match="clusters has 1 row"):
        cascade_thresholds([one], 0.1, clusters=["a"])


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_photographs_needed_is_the_first_count_that_passes(rate: float) -> None:
    n = photographs_needed(rate, confidence_level=0.9, n_candidates=5)
    assert clopper_pearson_upper(0, n, 1 - 0.1 / 5) <= rate
    assert clopper_pearson_upper(0, n - 1, 1 - 0.1 / 5) > rate
