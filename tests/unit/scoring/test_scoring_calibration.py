"""Temperature, logistic and isotonic calibration."""

from __future__ import annotations

import copy
import json

import numpy as np
import numpy.typing as npt
import pytest
from scipy import optimize, special
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from whichcam.errors import (
    IncompatibleArtifactError,
    InputError,
    InsufficientEvidenceError,
    NotFittedError,
    ShapeMismatchError,
)
from whichcam.scoring import (
    IsotonicCalibration,
    PlattScaling,
    TemperatureScaling,
    expected_calibration_error,
    log_loss,
    pool_adjacent_violators,
)

EXACT = 1e-12

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def _logits(
    rng: np.random.Generator, temperature: float, n: int = 4000, c: int = 6
) -> tuple[Floats, Labels]:
    """Return logits that are right once divided by ``temperature``, and labels."""
    honest = rng.normal(0.0, 2.0, size=(n, c))
    noise = rng.gumbel(size=(n, c))  # the argmax then is a draw from the softmax
    return honest * temperature, (honest + noise).argmax(axis=1)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_temperature_recovers_the_one_that_was_put_in(
    rng: np.random.Generator, temperature: float
) -> None:
    logits, labels = _logits(rng, temperature, n=20_000)
    fitted = TemperatureScaling().fit(logits, labels)
    assert fitted.temperature_ == pytest.approx(temperature, rel=0.03)
    assert not fitted.at_bound_


def test_temperature_agrees_with_a_general_minimizer(rng: np.random.Generator) -> None:
    logits, labels = _logits(rng, 2.5, n=300)

    def loss(log_t: float) -> float:
        return log_loss(special.softmax(logits / np.exp(log_t), axis=1), labels)

    theirs = optimize.minimize_scalar(loss, bounds=(-3, 3), method="bounded")
    fitted = TemperatureScaling(prior_weight=0).fit(logits, labels)
    assert fitted.temperature_ == pytest.approx(np.exp(theirs.x), rel=1e-4)
    assert fitted.log_loss_after_ == pytest.approx(theirs.fun, abs=1e-9)
    assert fitted.log_loss_before_ == pytest.approx(loss(0.0), abs=1e-9)


def test_temperature_has_the_closed_form_of_two_classes() -> None:
    # 3 of 4 right at a logit difference d: the best temperature is d / ln 3.
    logits = np.array([[2.0, 0.0]] * 4)
    fitted = TemperatureScaling(prior_weight=0).fit(logits, [0, 0, 0, 1])
    assert fitted.temperature_ == pytest.approx(2 / np.log(3), abs=EXACT)


def test_the_imaginary_photograph_gives_laplaces_rule() -> None:
    # 9 right of 9, and half of one more: 9.5 / 10.
    logits = np.array([[2.0, 0.0]] * 9)
    fitted = TemperatureScaling(prior_weight=1).fit(logits, [0] * 9)
    assert fitted.transform(logits)[0, 0] == pytest.approx(0.95, abs=1e-12)


def test_without_it_a_faultless_validation_ends_at_the_bound() -> None:
    fitted = TemperatureScaling(prior_weight=0).fit([[2.0, 0.0]] * 9, [0] * 9)
    assert fitted.at_bound_
    assert fitted.temperature_ == pytest.approx(0.01, abs=EXACT)


def test_logits_that_mislead_end_at_the_other_bound() -> None:
    fitted = TemperatureScaling().fit([[2.0, 0.0]] * 9, [1] * 9)
    assert fitted.at_bound_
    assert fitted.temperature_ == pytest.approx(1000.0, abs=1e-9)


def test_temperature_scaling_calibrates_photographs_it_has_not_seen(
    rng: np.random.Generator,
) -> None:
    logits, labels = _logits(rng, 4.0)
    fitted = TemperatureScaling().fit(logits[:2000], labels[:2000])
    fresh, truth = logits[2000:], labels[2000:]

    def error(rows: Floats) -> float:
        return expected_calibration_error(
            rows.max(axis=1), rows.argmax(axis=1) == truth
        )

    assert error(special.softmax(fresh, axis=1)) > 0.15
    assert error(fitted.transform(fresh)) < 0.03


def test_sample_weights_act_as_repeated_photographs(rng: np.random.Generator) -> None:
    logits, labels = _logits(rng, 2.0, n=60)
    times = rng.integers(1, 4, size=60)
    weighted = TemperatureScaling(prior_weight=0).fit(logits, labels, times)
    repeated = TemperatureScaling(prior_weight=0).fit(
        np.repeat(logits, times, axis=0), np.repeat(labels, times)
    )
    assert weighted.temperature_ == pytest.approx(repeated.temperature_, rel=1e-9)
    assert weighted.log_loss_after_ == pytest.approx(repeated.log_loss_after_, rel=1e-9)


def test_temperature_scaling_survives_huge_logits() -> None:
    fitted = TemperatureScaling().fit([[1e4, 0.0], [1e4, 0.0]], [0, 1])
    assert np.isfinite(fitted.transform([[1e6, -1e6]])).all()


def test_temperature_scaling_refuses_what_tells_nothing() -> None:
    with pytest.raises(InsufficientEvidenceError, match="same for all classes"):
        TemperatureScaling().fit([[1.0, 1.0], [2.0, 2.0]], [0, 1])
    with pytest.raises(InputError, match="leave out photographs of unknown"):
        TemperatureScaling().fit([[1.0, 0.0]], [-1])
    with pytest.raises(ShapeMismatchError, match="labels has 2 row"):
        TemperatureScaling().fit([[1.0, 0.0]], [0, 0])
    with pytest.raises(InputError, match="prior_weight is -1"):
        TemperatureScaling(prior_weight=-1).fit([[1.0, 0.0]], [0])
    with pytest.raises(InputError, match="non-negative and not all zero"):
        TemperatureScaling().fit([[1.0, 0.0]], [0], [0.0])


def test_platt_agrees_with_scikit_learn_on_smoothed_reweighted_targets(
    rng: np.random.Generator,
) -> None:
    scores = np.r_[rng.normal(2.0, 1.5, size=40), rng.normal(0.0, 1.0, size=160)]
    outcomes = np.r_[np.ones(40), np.zeros(160)]
    fitted = PlattScaling(prior=0.5).fit(scores, outcomes)
    # A target t is a true of weight t and a false of weight 1 - t.
    target = np.where(outcomes == 1, 41 / 42, 1 / 162)
    balance = np.where(outcomes == 1, 0.5 / 40, 0.5 / 160) * 1e4
    theirs = LogisticRegression(C=1e12, tol=1e-12, max_iter=10_000).fit(
        np.r_[scores, scores][:, None],
        np.r_[np.ones(200), np.zeros(200)],
        np.r_[balance * target, balance * (1 - target)],
    )
    assert fitted.slope_ == pytest.approx(theirs.coef_[0, 0], rel=1e-4)
    assert fitted.intercept_ == pytest.approx(theirs.intercept_[0], rel=1e-4)


def test_platt_recovers_the_likelihood_ratio_of_two_normals(
    rng: np.random.Generator,
) -> None:
    # N(1, 1) against N(-1, 1): ln LR = 2 s, whatever the counts.
    scores = np.r_[rng.normal(1, 1, size=40_000), rng.normal(-1, 1, size=8_000)]
    outcomes = np.r_[np.ones(40_000), np.zeros(8_000)]
    fitted = PlattScaling().fit(scores, outcomes)
    assert fitted.slope_ == pytest.approx(2.0, abs=0.08)
    assert fitted.intercept_ == pytest.approx(0.0, abs=0.08)
    ratio = fitted.log10_lr([1.0])[0]
    assert ratio == pytest.approx(2.0 / np.log(10), abs=0.06)


def test_platt_fits_at_the_prior_it_is_told(rng: np.random.Generator) -> None:
    scores = np.r_[rng.normal(1, 1, size=20_000), rng.normal(-1, 1, size=20_000)]
    outcomes = np.r_[np.ones(20_000), np.zeros(20_000)]
    fitted = PlattScaling(prior=0.1).fit(scores, outcomes)
    assert fitted.slope_ == pytest.approx(2.0, abs=0.1)
    assert fitted.intercept_ == pytest.approx(0.0, abs=0.1)


def test_platt_obeys_bayes_rule_at_any_prior(rng: np.random.Generator) -> None:
    scores = rng.normal(size=100)
    fitted = PlattScaling().fit(scores, scores + rng.normal(size=100) > 0)
    odds = 10 ** fitted.log10_lr([0.7])[0] * 0.2 / 0.8
    assert fitted.transform([0.7], prior=0.2)[0] == pytest.approx(
        odds / (1 + odds), abs=EXACT
    )
    assert fitted.transform([0.7])[0] == fitted.transform([0.7], prior=0.5)[0]


def test_platt_stays_finite_where_the_scores_separate() -> None:
    fitted = PlattScaling().fit([0.0, 1.0, 10.0, 11.0], [0, 0, 1, 1])
    # Two of each: targets 3/4 and 1/4, so no probability is far beyond them.
    assert fitted.transform([10.5])[0] == pytest.approx(0.75, abs=0.02)
    assert fitted.transform([0.5])[0] == pytest.approx(0.25, abs=0.02)


def test_platt_does_not_mind_the_scale_of_the_score(rng: np.random.Generator) -> None:
    scores = rng.normal(size=200)
    outcomes = scores + rng.normal(size=200) > 0
    small = PlattScaling().fit(scores, outcomes).transform(scores)
    large = PlattScaling().fit(1e6 * scores + 1e8, outcomes)
    assert np.allclose(large.transform(1e6 * scores + 1e8), small, atol=1e-6)


def test_platt_finds_that_high_scores_speak_against(rng: np.random.Generator) -> None:
    scores = rng.normal(size=200)
    fitted = PlattScaling().fit(scores, scores + rng.normal(size=200) < 0)
    assert fitted.slope_ < 0


def test_platt_needs_both_outcomes_and_scores_that_differ() -> None:
    with pytest.raises(InsufficientEvidenceError, match="2 true and 0 false"):
        PlattScaling().fit([0.0, 1.0], [1, 1])
    with pytest.raises(InsufficientEvidenceError, match=r"all scores are 0\.1"):
        PlattScaling().fit([0.1, 0.1, 0.1], [0, 1, 1])
    with pytest.raises(InputError, match="prior is 1"):
        PlattScaling(prior=1.0).fit([0.0, 1.0], [0, 1])
    with pytest.raises(InputError, match="prior is 0"):
        PlattScaling().fit([0.0, 1.0], [0, 1]).transform([0.0], prior=0.0)
    with pytest.raises(ShapeMismatchError, match="outcomes has 1 row"):
        PlattScaling().fit([0.0, 1.0], [0])


def test_pooling_agrees_with_scikit_learn(rng: np.random.Generator) -> None:
    values = np.arange(200) / 100 + rng.normal(size=200)
    weights = rng.uniform(0.1, 3.0, size=200)
    theirs = IsotonicRegression().fit(np.arange(200), values, weights)
    assert np.allclose(
        pool_adjacent_violators(values, weights),
        theirs.predict(np.arange(200)),
        atol=1e-9,
    )


def test_pooling_is_the_min_max_formula(rng: np.random.Generator) -> None:
    # Barlow et al. 1972: the fit at i is max over a <= i of min over b >= i of the
    # mean of values[a..b].
    values = rng.normal(size=25)
    slow = [
        max(min(values[a : b + 1].mean() for b in range(i, 25)) for a in range(i + 1))
        for i in range(25)
    ]
    assert np.allclose(pool_adjacent_violators(values), slow, atol=EXACT)


def test_pooling_a_falling_sequence_gives_its_mean() -> None:
    assert pool_adjacent_violators([3.0, 2.0, 1.0]).tolist() == [2.0, 2.0, 2.0]
    assert pool_adjacent_violators([1.0, 0.0], [3.0, 1.0]).tolist() == [0.75, 0.75]


def test_pooling_refuses_weights_of_zero() -> None:
    with pytest.raises(InputError, match="weights must be positive"):
        pool_adjacent_violators([1.0, 2.0], [1.0, 0.0])


@pytest.mark.parametrize("decimals", [1, 9])
def test_isotonic_agrees_with_scikit_learn(
    rng: np.random.Generator, decimals: int
) -> None:
    scores = rng.uniform(size=300).round(decimals)
    outcomes = rng.uniform(size=300) < scores**2
    weights = rng.uniform(0.5, 2.0, size=300)
    ours = IsotonicCalibration(bounded=False).fit(scores, outcomes, weights)
    theirs = IsotonicRegression(out_of_bounds="clip").fit(scores, outcomes, weights)
    asked = np.linspace(-0.2, 1.2, 500)
    assert np.allclose(ours.transform(asked), theirs.predict(asked), atol=1e-9)


def test_isotonic_claims_no_more_than_its_data_support() -> None:
    fitted = IsotonicCalibration().fit([0.0, 1.0, 2.0, 3.0], [0, 0, 1, 1])
    assert fitted.transform([-9.0, 9.0]).tolist() == [1 / 6, 5 / 6]


def test_isotonic_keeps_only_the_breakpoints_that_matter() -> None:
    fitted = IsotonicCalibration(bounded=False).fit(np.arange(10), [0] * 5 + [1] * 5)
    assert fitted.scores_.tolist() == [0, 4, 5, 9]
    assert fitted.probabilities_.tolist() == [0, 0, 1, 1]
    assert not fitted.scores_.flags.writeable


def test_isotonic_needs_outcomes_that_differ_and_lie_in_range() -> None:
    with pytest.raises(InsufficientEvidenceError, match="all 2 outcomes are 1"):
        IsotonicCalibration().fit([0.0, 1.0], [1, 1])
    with pytest.raises(InputError, match=r"outcomes lies in \[0, 2\]"):
        IsotonicCalibration().fit([0.0, 1.0], [0, 2])
    with pytest.raises(InputError, match="sample_weight must be positive"):
        IsotonicCalibration().fit([0.0, 1.0], [0, 1], [0.0, 1.0])
    with pytest.raises(ShapeMismatchError, match="outcomes has 3 row"):
        IsotonicCalibration().fit([0.0, 1.0], [0, 1, 1])


Fitted = TemperatureScaling | PlattScaling | IsotonicCalibration


KINDS: tuple[type[Fitted], ...] = (
    TemperatureScaling,
    PlattScaling,
    IsotonicCalibration,
)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> type[Fitted]:
    """Return each class of calibrator."""
    chosen: type[Fitted] = request.param
    return chosen


@pytest.fixture
def fitted(kind: type[Fitted], rng: np.random.Generator) -> Fitted:
    """Return a fitted calibrator of each class."""
    scores = rng.normal(size=50)
    outcomes = (scores + rng.normal(size=50) > 0).astype(np.int64)
    if kind is TemperatureScaling:
        rows = np.stack([-scores, scores], axis=1)
        return TemperatureScaling().fit(rows, outcomes)
    return kind().fit(scores, outcomes)


def _asked(calibrator: Fitted, rng: np.random.Generator) -> Floats:
    """Return input of the kind the calibrator transforms."""
    if isinstance(calibrator, TemperatureScaling):
        return rng.normal(size=(20, 2))
    return rng.normal(size=20)


def test_a_calibrator_survives_json_bit_for_bit(
    fitted: Fitted, rng: np.random.Generator
) -> None:
    text = json.dumps(fitted.to_dict(), allow_nan=False)
    again = type(fitted).from_dict(json.loads(text))
    asked = _asked(fitted, rng)
    assert again.transform(asked).tolist() == fitted.transform(asked).tolist()
    assert again.to_dict() == fitted.to_dict()


def test_a_calibrator_survives_a_copy(fitted: Fitted, rng: np.random.Generator) -> None:
    asked = _asked(fitted, rng)
    twin = copy.deepcopy(fitted)
    assert twin.transform(asked).tolist() == fitted.transform(asked).tolist()


def test_a_calibrator_is_not_fitted_before_fit(
    kind: type[Fitted], rng: np.random.Generator
) -> None:
    fresh = kind()
    assert not fresh.is_fitted
    with pytest.raises(NotFittedError, match="is not fitted"):
        fresh.transform(_asked(fresh, rng))
    with pytest.raises(NotFittedError, match="call fit"):
        fresh.to_dict()
    assert not hasattr(fresh, "temperature_")
    with pytest.raises(AttributeError, match="no attribute 'warmth'"):
        _ = fresh.warmth  # type: ignore[union-attr]


def test_a_fitted_calibrator_is_frozen(fitted: Fitted) -> None:
    assert fitted.is_fitted
    with pytest.raises(InputError, match="frozen; cannot set 'n_photos_'"):
        fitted.n_photos_ = 3
    with pytest.raises(InputError, match="already fitted"):
        fitted.fit([[0.0, 1.0], [1.0, 0.0]], [0, 1])


def test_a_calibrator_refuses_the_state_of_another(kind: type[Fitted]) -> None:
    with pytest.raises(IncompatibleArtifactError, match="is 'magic'; expected"):
        kind.from_dict({"method": "magic"})


def test_a_calibrator_does_not_change_its_input(
    fitted: Fitted, rng: np.random.Generator
) -> None:
    asked = _asked(fitted, rng)
    before = asked.copy()
    fitted.transform(asked)
    assert asked.tolist() == before.tolist()


@pytest.mark.parametrize("value", [None, "1", True, float("nan"), -1.0, 1e9])
def test_a_stored_temperature_out_of_range_is_refused(value: object) -> None:
    state = TemperatureScaling().fit([[1.0, 0.0], [1.0, 0.0]], [0, 1]).to_dict()
    with pytest.raises(IncompatibleArtifactError, match="stored 'temperature'"):
        TemperatureScaling.from_dict({**state, "temperature": value})


@pytest.mark.parametrize("key", ["prior", "slope", "n_true", "score_max"])
def test_a_stored_line_that_is_incomplete_is_refused(key: str) -> None:
    state = PlattScaling().fit([0.0, 1.0, 0.5], [0, 1, 1]).to_dict()
    del state[key]
    with pytest.raises(IncompatibleArtifactError, match=f"stored '{key}'"):
        PlattScaling.from_dict(state)


@pytest.mark.parametrize(
    ("scores", "probabilities"),
    [
        ([0.0, 1.0], [0.5]),
        ([1.0, 0.0], [0.1, 0.2]),
        ([0.0, 1.0], [0.2, 0.1]),
        ([0.0, 1.0], [0.2, 1.1]),
        ([0.0, 1.0], [-0.2, 1.0]),
        ([0.0, float("nan")], [0.1, 0.2]),
        ([0.0, 1.0], [0.1, float("nan")]),
        ([], []),
        ("ab", [0.1]),
        (None, None),
    ],
)
def test_stored_breakpoints_that_are_no_map_are_refused(
    scores: object, probabilities: object
) -> None:
    state = {
        "method": "isotonic_calibration",
        "scores": scores,
        "probabilities": probabilities,
        "n_photos": 2,
    }
    with pytest.raises(IncompatibleArtifactError, match="stored breakpoints"):
        IsotonicCalibration.from_dict(state)
