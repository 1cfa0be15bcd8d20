"""Calibration errors and proper scores."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest
from sklearn import metrics as sk

from whichcam.errors import InputError, InsufficientEvidenceError, ShapeMismatchError
from whichcam.scoring import (
    adaptive_calibration_error,
    brier_score,
    expected_calibration_error,
    log_loss,
    reliability_curve,
)

EXACT = 1e-12


def _slow_calibration_error(
    confidence: npt.NDArray[np.float64], correct: npt.NDArray[np.bool_], n_bins: int
) -> float:
    """Return the definition of Guo et al. 2017, eq. 3, with loops."""
    error = 0.0
    for i in range(n_bins):
        low, high = i / n_bins, (i + 1) / n_bins
        inside = [
            j
            for j, c in enumerate(confidence)
            if low < c <= high or (i == 0 and c == 0.0)
        ]
        if inside:
            gap = np.mean(correct[inside]) - np.mean(confidence[inside])
            error += len(inside) / len(confidence) * abs(float(gap))
    return error


def test_calibration_error_agrees_with_the_definition(rng: np.random.Generator) -> None:
    confidence = rng.uniform(size=500)
    correct = rng.uniform(size=500) < confidence**2
    ours = expected_calibration_error(confidence, correct, n_bins=16)
    assert ours == pytest.approx(
        _slow_calibration_error(confidence, correct, 16), abs=EXACT
    )


def test_calibration_error_of_the_overconfident_is_the_gap() -> None:
    confidence = np.full(10, 0.95)
    correct = np.array([True] * 6 + [False] * 4)
    assert expected_calibration_error(confidence, correct) == pytest.approx(
        0.35, abs=EXACT
    )
    assert adaptive_calibration_error(confidence, correct) == pytest.approx(
        0.35, abs=EXACT
    )


def test_gaps_of_different_bins_do_not_cancel() -> None:
    confidence = [0.1] * 10 + [0.9] * 10
    correct = [True] * 5 + [False] * 5 + [True] * 5 + [False] * 5
    assert expected_calibration_error(confidence, correct) == pytest.approx(
        0.4, abs=EXACT
    )
    assert expected_calibration_error(confidence, correct, n_bins=1) == pytest.approx(
        0.0, abs=EXACT
    )


def test_a_perfect_forecaster_has_almost_no_error(rng: np.random.Generator) -> None:
    confidence = rng.uniform(size=200_000)
    correct = rng.uniform(size=200_000) < confidence
    assert expected_calibration_error(confidence, correct) < 0.006
    assert adaptive_calibration_error(confidence, correct) < 0.006


def test_a_bin_holds_its_upper_edge() -> None:
    curve = reliability_curve([0.5, 0.51, 0.0, 1.0], [1, 0, 0, 1], n_bins=2)
    assert curve.n_photos.tolist() == [2, 2]
    assert np.allclose(curve.confidence, [0.25, 0.755], atol=EXACT)
    assert curve.accuracy.tolist() == [0.5, 0.5]


def test_equal_mass_bins_hold_equal_counts(rng: np.random.Generator) -> None:
    confidence = 1 - rng.uniform(size=1000) ** 4 / 10
    curve = reliability_curve(
        confidence, np.ones(1000), n_bins=10, binning="equal_mass"
    )
    assert curve.n_photos.tolist() == [100] * 10
    assert bool((np.diff(curve.confidence) > 0).all())


def test_equal_mass_bins_never_part_ties() -> None:
    confidence = [0.5] * 7 + [0.9] * 3
    correct = [True] * 7 + [False] * 3
    curve = reliability_curve(confidence, correct, n_bins=5, binning="equal_mass")
    assert curve.n_photos.tolist() == [7, 3]
    assert curve.error == pytest.approx(0.7 * 0.5 + 0.3 * 0.9, abs=EXACT)
    assert curve.largest_error == pytest.approx(0.9, abs=EXACT)


def test_one_equal_mass_bin_is_the_overall_gap() -> None:
    error = adaptive_calibration_error([0.2, 0.4], [True, False], n_bins=1)
    assert error == pytest.approx(0.2, abs=EXACT)


def test_reliability_curve_is_json() -> None:
    plain = reliability_curve([0.25, 0.75], [0, 1], n_bins=2).to_dict()
    assert json.loads(json.dumps(plain)) == {
        "confidence": [0.25, 0.75],
        "accuracy": [0.0, 1.0],
        "n_photos": [1, 1],
    }


def test_log_loss_agrees_with_scikit_learn(rng: np.random.Generator) -> None:
    forecast = rng.dirichlet(np.ones(6), size=200)
    labels = rng.integers(0, 6, size=200)
    theirs = sk.log_loss(labels, forecast, labels=np.arange(6))
    assert log_loss(forecast, labels) == pytest.approx(theirs, abs=EXACT)


def test_log_loss_of_ignorance_is_the_logarithm_of_the_classes() -> None:
    assert log_loss(np.full((5, 8), 1 / 8), [0, 1, 2, 3, 7]) == pytest.approx(
        np.log(8), abs=EXACT
    )


def test_one_certain_error_costs_a_finite_loss() -> None:
    assert log_loss([[1.0, 0.0]], [1]) == pytest.approx(36.04365338911715, abs=1e-9)


def test_brier_score_is_twice_scikit_learns_binary_one(
    rng: np.random.Generator,
) -> None:
    chance = rng.uniform(size=300)
    outcome = rng.integers(0, 2, size=300)
    theirs = sk.brier_score_loss(outcome, chance)
    ours = brier_score(np.stack([1 - chance, chance], axis=1), outcome)
    assert ours == pytest.approx(2 * theirs, abs=EXACT)


def test_brier_score_agrees_with_the_definition(rng: np.random.Generator) -> None:
    forecast = rng.dirichlet(np.ones(5), size=100)
    labels = rng.integers(0, 5, size=100)
    slow = np.mean(np.sum((forecast - np.eye(5)[labels]) ** 2, axis=1))
    assert brier_score(forecast, labels) == pytest.approx(slow, abs=EXACT)


def test_brier_score_is_0_when_sure_and_right_and_2_when_sure_and_wrong() -> None:
    assert brier_score([[1.0, 0.0]], [0]) == 0.0
    assert brier_score([[1.0, 0.0]], [1]) == 2.0


def test_proper_scores_refuse_unknown_cameras() -> None:
    with pytest.raises(InputError, match="leave out photographs of unknown cameras"):
        brier_score([[0.5, 0.5]], [-1])
    with pytest.raises(InputError, match="leave out photographs of unknown cameras"):
        log_loss([[0.5, 0.5]], [-1])


def test_rows_that_are_no_distributions_are_refused() -> None:
    with pytest.raises(InputError, match=r"row 1 of probabilities sums to 0\.9"):
        log_loss([[0.5, 0.5], [0.4, 0.5]], [0, 0])
    with pytest.raises(InputError, match=r"lies in \[-0.5, 1.5\]"):
        brier_score([[1.5, -0.5]], [0])


def test_float32_rows_pass_as_distributions(rng: np.random.Generator) -> None:
    forecast = rng.dirichlet(np.ones(55), size=50).astype(np.float32)
    assert np.isfinite(log_loss(forecast, np.zeros(50, dtype=np.int64)))


def test_confidence_outside_the_unit_interval_is_refused() -> None:
    with pytest.raises(InputError, match=r"confidence lies in \[0.5, 1.1\]"):
        expected_calibration_error([0.5, 1.1], [True, True])
    with pytest.raises(InputError, match="n_bins is 0"):
        expected_calibration_error([0.5], [True], n_bins=0)


def test_calibration_error_needs_matching_photographs() -> None:
    with pytest.raises(ShapeMismatchError, match="correct has 1 row"):
        expected_calibration_error([0.5, 0.6], [True])
    with pytest.raises(InsufficientEvidenceError, match="confidence is empty"):
        expected_calibration_error([], [])
