"""What must hold of the metrics and calibrators whatever the numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from whichcam.scoring import (
    IsotonicCalibration,
    PlattScaling,
    TemperatureScaling,
    adaptive_calibration_error,
    auroc,
    brier_score,
    cluster_bootstrap,
    confusion_matrix,
    expected_calibration_error,
    families_from_confusions,
    family_assignment,
    level_probabilities,
    log_loss,
    open_set_classification_rate,
    pool_adjacent_violators,
    rejection_at_acceptance,
    selective_threshold,
    top_k_accuracy,
    wilson_interval,
)

Floats = npt.NDArray[np.float64]

SIZES = st.integers(1, 60)
UNIT = st.floats(0.0, 1.0, width=32)
# Small integers: maps of them stay strictly monotone in floating point.
INTEGERS = hnp.arrays(np.int64, SIZES, elements=st.integers(-20, 20))


@st.composite
def confidences(draw: st.DrawFn) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Draw confidences and whether the answers were right."""
    n = draw(SIZES)
    stated = draw(hnp.arrays(np.float64, n, elements=UNIT))
    return stated, draw(hnp.arrays(np.bool_, n))


@st.composite
def forecasts(draw: st.DrawFn) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Draw logits of 2 to 6 classes, and labels."""
    n, c = draw(SIZES), draw(st.integers(2, 6))
    logits = draw(hnp.arrays(np.float64, (n, c), elements=st.floats(-30, 30, width=32)))
    return logits, draw(hnp.arrays(np.int64, n, elements=st.integers(0, c - 1)))


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    rows: Floats = powers / powers.sum(axis=1, keepdims=True)
    return rows


@given(INTEGERS, INTEGERS)
def test_auroc_sees_ranks_only(
    positive: npt.NDArray[np.int64], negative: npt.NDArray[np.int64]
) -> None:
    plain = auroc(positive, negative)
    assert auroc(positive**3 + 7, negative**3 + 7) == plain
    assert auroc(np.exp(positive / 8), np.exp(negative / 8)) == plain


@given(INTEGERS, INTEGERS)
def test_auroc_of_exchanged_roles_is_the_complement(
    positive: npt.NDArray[np.int64], negative: npt.NDArray[np.int64]
) -> None:
    total = auroc(positive, negative) + auroc(negative, positive)
    assert abs(total - 1.0) < 1e-12


@given(INTEGERS, INTEGERS, st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_accepting_more_known_rejects_no_more_unknown(
    known: npt.NDArray[np.int64],
    unknown: npt.NDArray[np.int64],
    one: float,
    other: float,
) -> None:
    low, high = sorted((one, other))
    strict = rejection_at_acceptance(known, unknown, low)
    assert 0.0 <= rejection_at_acceptance(known, unknown, high) <= strict <= 1.0


@given(INTEGERS, INTEGERS, st.data())
def test_the_open_set_curve_rises_within_its_bounds(
    known: npt.NDArray[np.int64], unknown: npt.NDArray[np.int64], data: st.DataObject
) -> None:
    right = data.draw(hnp.arrays(np.bool_, known.shape[0]))
    curve = open_set_classification_rate(known, right, unknown)
    assert bool((np.diff(curve.correct_classification_rate) >= 0).all())
    assert bool((np.diff(curve.false_positive_rate) >= 0).all())
    assert 0.0 <= curve.area <= float(right.mean()) + 1e-12
    assert curve.area <= auroc(known, unknown) + 1e-12


@given(confidences(), st.integers(1, 30))
def test_calibration_errors_lie_in_the_unit_interval(
    drawn: tuple[Floats, npt.NDArray[np.bool_]], n_bins: int
) -> None:
    stated, right = drawn
    for error in (
        expected_calibration_error(stated, right, n_bins),
        adaptive_calibration_error(stated, right, n_bins),
    ):
        assert 0.0 <= error <= 1.0
        # No binning can hide the gap of the whole.
        assert error >= abs(float(stated.mean() - right.mean())) - 1e-12


@given(confidences(), st.integers(1, 30), st.randoms(use_true_random=False))
def test_calibration_errors_do_not_see_the_order_of_photographs(
    drawn: tuple[Floats, npt.NDArray[np.bool_]], n_bins: int, random: object
) -> None:
    stated, right = drawn
    order = np.random.default_rng(getattr(random, "randrange")(2**32)).permutation(  # noqa: B009
        stated.shape[0]
    )
    for measure in (expected_calibration_error, adaptive_calibration_error):
        before = measure(stated, right, n_bins)
        assert abs(measure(stated[order], right[order], n_bins) - before) < 1e-12


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20)), min_size=1))
def test_perfect_calibration_has_no_error(cells: list[tuple[int, int]]) -> None:
    cells = [(n, min(k, n)) for n, k in cells]
    stated = np.concatenate([np.full(n, k / n) for n, k in cells])
    right = np.concatenate([np.arange(n) < k for n, k in cells])
    assert expected_calibration_error(stated, right) < 1e-12
    assert adaptive_calibration_error(stated, right) < 1e-12


@given(forecasts())
def test_more_guesses_are_right_no_less_often(
    drawn: tuple[Floats, npt.NDArray[np.int64]],
) -> None:
    logits, labels = drawn
    shares = [top_k_accuracy(logits, labels, k) for k in range(1, 8)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert shares[0] == float(np.mean(logits.argmax(axis=1) == labels))


@given(forecasts())
def test_proper_scores_are_bounded_and_best_for_the_truth(
    drawn: tuple[Floats, npt.NDArray[np.int64]],
) -> None:
    logits, labels = drawn
    truth = np.eye(logits.shape[1])[labels]
    forecast = _softmax(logits)
    assert 0.0 <= brier_score(forecast, labels) <= 2.0
    assert 0.0 <= log_loss(forecast, labels) <= 37.0
    assert brier_score(truth, labels) == 0.0
    assert log_loss(truth, labels) == 0.0


@given(forecasts())
def test_confusions_keep_their_margins(
    drawn: tuple[Floats, npt.NDArray[np.int64]],
) -> None:
    logits, labels = drawn
    answers = logits.argmax(axis=1)
    c = logits.shape[1]
    counts = confusion_matrix(labels, answers, c)
    assert counts.sum(axis=1)[:c].tolist() == np.bincount(labels, minlength=c).tolist()
    assert counts.sum(axis=0)[:c].tolist() == np.bincount(answers, minlength=c).tolist()


@given(
    hnp.arrays(np.float64, st.integers(2, 60), elements=UNIT),
    st.integers(2, 12),
    st.sampled_from(["mean", "macro_mean"]),
    st.integers(0, 2**32 - 1),
)
def test_the_bootstrap_interval_contains_the_mean(
    values: Floats, n_clusters: int, statistic: str, seed: int
) -> None:
    clusters = np.arange(values.shape[0]) % n_clusters
    interval = cluster_bootstrap(
        values,
        clusters,
        "mean" if statistic == "mean" else "macro_mean",
        n_resamples=500,
        seed=seed,
    )
    slack = 1e-12
    assert interval.low - slack <= interval.estimate <= interval.high + slack
    assert values.min() - slack <= interval.low <= interval.high <= values.max() + slack


@given(
    st.floats(-1e6, 1e6),
    st.lists(st.integers(0, 5), min_size=2, max_size=40).filter(
        lambda codes: len(set(codes)) > 1
    ),
)
def test_the_bootstrap_of_identical_values_has_no_width(
    value: float, clusters: list[int]
) -> None:
    interval = cluster_bootstrap(
        np.full(len(clusters), value), clusters, n_resamples=50, seed=0
    )
    assert interval.low == interval.estimate == interval.high == value


@given(st.integers(1, 500), st.floats(0, 1), st.floats(0.5, 0.99), st.floats(0.5, 0.99))
def test_the_wilson_interval_contains_the_share_and_grows_with_the_level(
    n: int, share: float, one: float, other: float
) -> None:
    k = round(share * n)
    inner, outer = (wilson_interval(k, n, level) for level in sorted((one, other)))
    assert 0.0 <= outer.low <= inner.low <= k / n <= inner.high <= outer.high <= 1.0
    mirrored = wilson_interval(n - k, n, inner.level)
    assert abs(mirrored.high - (1.0 - inner.low)) < 1e-12


@given(forecasts(), st.floats(0.0, 5.0))
def test_temperature_scaling_keeps_the_answer_and_never_raises_the_loss(
    drawn: tuple[Floats, npt.NDArray[np.int64]], prior_weight: float
) -> None:
    logits, labels = drawn
    logits = logits + np.linspace(0.0, 1.0, logits.shape[1])  # never all the same
    scaling = TemperatureScaling(prior_weight=prior_weight).fit(logits, labels)
    rows = scaling.transform(logits)
    assert np.allclose(rows.sum(axis=1), 1.0, atol=1e-12)
    best = logits.max(axis=1)
    gap = best - np.where(logits == best[:, None], -np.inf, logits).max(axis=1)
    clear = gap > 1e-6  # closer ones may become equal after rounding
    assert rows.argmax(axis=1)[clear].tolist() == logits.argmax(axis=1)[clear].tolist()
    if prior_weight == 0.0:
        assert scaling.log_loss_after_ <= scaling.log_loss_before_ + 1e-9


@given(hnp.arrays(np.float64, SIZES, elements=st.floats(-1e3, 1e3, width=32)))
def test_pooling_is_monotone_idempotent_and_keeps_the_mean(values: Floats) -> None:
    pooled = pool_adjacent_violators(values)
    assert bool((np.diff(pooled) >= 0).all())
    assert pool_adjacent_violators(pooled).tolist() == pooled.tolist()
    assert abs(float(pooled.mean() - values.mean())) < 1e-9
    assert values.min() <= pooled.min() + 1e-9
    assert pooled.max() <= values.max() + 1e-9


@given(confidences())
def test_isotonic_probabilities_rise_with_the_score_and_know_their_limits(
    drawn: tuple[Floats, npt.NDArray[np.bool_]],
) -> None:
    scores, right = drawn
    scores, right = np.r_[scores, 0.0, 1.0], np.r_[right, False, True]
    fitted = IsotonicCalibration().fit(scores, right)
    asked = fitted.transform(np.linspace(-1, 2, 50))
    assert bool((np.diff(asked) >= -1e-15).all())
    n = scores.shape[0]
    assert 1 / (n + 2) - 1e-12 <= asked.min()
    assert asked.max() <= 1 - 1 / (n + 2) + 1e-12


@given(confidences(), st.floats(0.05, 0.95))
def test_platt_scaling_is_monotone_and_finite(
    drawn: tuple[Floats, npt.NDArray[np.bool_]], prior: float
) -> None:
    scores, right = drawn
    scores, right = np.r_[scores, 0.0, 1.0], np.r_[right, False, True]
    fitted = PlattScaling(prior=prior).fit(scores, right)
    asked = fitted.transform(np.linspace(-1, 2, 50))
    steps = np.diff(asked)
    assert np.isfinite(asked).all()
    assert bool((steps >= 0).all() or (steps <= 0).all())


@given(confidences(), st.floats(0.01, 0.9))
def test_a_selective_threshold_keeps_its_own_books(
    drawn: tuple[Floats, npt.NDArray[np.bool_]], error_rate: float
) -> None:
    stated, right = drawn
    chosen = selective_threshold(stated, right, error_rate)
    answered = chosen.answers(stated)
    assert int(answered.sum()) == chosen.n_answered
    assert chosen.coverage == float(answered.mean())
    if chosen.threshold is None:
        assert chosen.upper_bound is None
    else:
        wrong = float(np.mean(~right[answered]))
        assert chosen.observed_error == wrong
        assert chosen.upper_bound is not None
        assert wrong <= chosen.upper_bound <= error_rate + 1e-9


@given(
    hnp.arrays(np.int64, (5, 5), elements=st.integers(0, 50)).filter(
        lambda counts: bool(counts.any())
    ),
    hnp.arrays(np.int64, 5, elements=st.integers(0, 1)),
    st.floats(0.01, 0.99),
)
def test_families_are_a_partition_within_makes(
    counts: npt.NDArray[np.int64], makes: npt.NDArray[np.int64], threshold: float
) -> None:
    names = [f"camera {i}" for i in range(5)]
    labels = [str(make) for make in makes]
    families = families_from_confusions(counts, names, labels, threshold=threshold)
    assignment = family_assignment(families, 5)
    for family in families:
        assert {labels[i] for i in family.indices} == {family.make}
    rows = level_probabilities(np.full((1, 5), 0.2), assignment)
    assert abs(float(rows.sum()) - 1.0) < 1e-12
