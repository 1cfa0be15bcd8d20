"""Known cameras against unknown ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn import metrics as sk

from whichcam.errors import InputError, InsufficientEvidenceError, ShapeMismatchError
from whichcam.scoring import (
    auroc,
    open_set_classification_rate,
    rejection_at_acceptance,
)

EXACT = 1e-12


@pytest.mark.parametrize("decimals", [1, 8])
def test_auroc_agrees_with_scikit_learn_with_and_without_ties(
    rng: np.random.Generator, decimals: int
) -> None:
    positive = rng.normal(1.0, 1.0, size=150).round(decimals)
    negative = rng.normal(0.0, 1.0, size=80).round(decimals)
    truth = np.r_[np.ones(150), np.zeros(80)]
    theirs = sk.roc_auc_score(truth, np.r_[positive, negative])
    assert auroc(positive, negative) == pytest.approx(theirs, abs=EXACT)


def test_auroc_counts_pairs_and_half_of_the_ties() -> None:
    assert auroc([3.0, 2.0, 1.0], [2.0, 0.0]) == (2 + 1.5 + 1) / 6


def test_auroc_is_1_when_separated_0_when_reversed_and_a_half_when_constant() -> None:
    assert auroc([2.0, 3.0], [0.0, 1.0]) == 1.0
    assert auroc([0.0, 1.0], [2.0, 3.0]) == 0.0
    assert auroc([1.0] * 3, [1.0] * 5) == 0.5


def test_auroc_takes_infinite_scores() -> None:
    assert auroc([np.inf, 0.0], [-np.inf]) == 1.0


def test_auroc_needs_both_kinds() -> None:
    with pytest.raises(InsufficientEvidenceError, match="positive_scores is empty"):
        auroc([], [1.0])
    with pytest.raises(InsufficientEvidenceError, match="negative_scores is empty"):
        auroc([1.0], [])
    with pytest.raises(InputError, match="negative_scores holds NaN"):
        auroc([1.0], [np.nan])


def test_rejection_agrees_with_trying_every_threshold(rng: np.random.Generator) -> None:
    known = rng.normal(1.0, 1.0, size=137).round(1)
    unknown = rng.normal(0.0, 1.0, size=91).round(1)
    slow = max(
        float(np.mean(unknown < t)) for t in known if np.mean(known >= t) >= 0.95
    )
    assert rejection_at_acceptance(known, unknown) == slow


def test_rejection_at_95_percent_gives_up_one_known_in_twenty() -> None:
    known = np.arange(1, 21) / 20
    assert rejection_at_acceptance(known, [0.05, 0.09]) == 1.0
    assert rejection_at_acceptance(known, [0.1]) == 0.0


def test_rejection_is_not_fooled_by_rounding_of_the_share() -> None:
    # 0.07 * 100 is 7.000000000000001 in floating point; seven is meant.
    known = np.arange(100, dtype=np.float64)
    assert rejection_at_acceptance(known, [92.5], acceptance=0.07) == 1.0


def test_accepting_all_known_rejects_what_is_below_the_lowest() -> None:
    assert rejection_at_acceptance([0.5, 0.9], [0.4, 0.5], acceptance=1.0) == 0.5


@pytest.mark.parametrize("acceptance", [0.0, 1.5, -1.0])
def test_rejection_refuses_impossible_shares(acceptance: float) -> None:
    with pytest.raises(InputError, match="expected a share in"):
        rejection_at_acceptance([1.0], [0.0], acceptance)


def test_open_set_curve_agrees_with_counting_at_every_threshold(
    rng: np.random.Generator,
) -> None:
    known = rng.uniform(size=60).round(1)
    right = rng.uniform(size=60) < known
    unknown = rng.uniform(size=40).round(1) ** 2
    curve = open_set_classification_rate(known, right, unknown)
    for i in range(1, curve.threshold.shape[0]):
        t = curve.threshold[i]
        assert curve.correct_classification_rate[i] == np.mean((known >= t) & right)
        assert curve.false_positive_rate[i] == np.mean(unknown >= t)


def test_open_set_curve_runs_from_nothing_answered_to_everything() -> None:
    curve = open_set_classification_rate([0.9, 0.6, 0.2], [1, 0, 1], [0.5, 0.1])
    assert (curve.correct_classification_rate[0], curve.false_positive_rate[0]) == (
        0.0,
        0.0,
    )
    assert curve.correct_classification_rate[-1] == pytest.approx(2 / 3, abs=EXACT)
    assert curve.false_positive_rate[-1] == 1.0


def test_area_under_the_open_set_curve_is_auroc_when_all_known_are_right(
    rng: np.random.Generator,
) -> None:
    known = rng.normal(1.0, 1.0, size=70).round(1)
    unknown = rng.normal(0.0, 1.0, size=50).round(1)
    curve = open_set_classification_rate(known, np.ones(70), unknown)
    assert curve.area == pytest.approx(auroc(known, unknown), abs=EXACT)


def test_correct_rate_at_a_false_positive_rate_is_read_off_the_curve() -> None:
    curve = open_set_classification_rate([0.9, 0.7, 0.3], [1, 1, 1], [0.8, 0.2])
    assert curve.at_false_positive_rate(0.0) == pytest.approx(1 / 3, abs=EXACT)
    assert curve.at_false_positive_rate(0.5) == 1.0
    with pytest.raises(InputError, match="rate is 2"):
        curve.at_false_positive_rate(2.0)


def test_open_set_curve_is_json_without_infinity() -> None:
    plain = open_set_classification_rate([0.9], [1], [0.5]).to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == {
        "threshold": [None, 0.9, 0.5],
        "correct_classification_rate": [0.0, 1.0, 1.0],
        "false_positive_rate": [0.0, 0.0, 1.0],
        "area": 1.0,
    }


def test_open_set_curve_refuses_what_does_not_match() -> None:
    with pytest.raises(ShapeMismatchError, match="known_correct has 1 row"):
        open_set_classification_rate([0.9, 0.8], [1], [0.5])
    with pytest.raises(InputError, match="scores are infinite"):
        open_set_classification_rate([np.inf], [1], [0.5])
    with pytest.raises(InsufficientEvidenceError, match="unknown_scores is empty"):
        open_set_classification_rate([0.5], [1], [])
