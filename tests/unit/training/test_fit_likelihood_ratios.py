"""Fitting likelihood ratios: the result is that of lir, and says what it is of."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("lir", reason="lir (extra train) is not installed")

from whichcam.errors import (
    InputError,
    InsufficientEvidenceError,
    MissingDependencyError,
    ShapeMismatchError,
)
from whichcam.scoring import (
    LikelihoodRatioMap,
    cllr,
    cllr_min,
    scores_sha256,
    transform_scores,
)
from whichcam.training._fit_likelihood_ratios import fit_likelihood_ratios

Scores = npt.NDArray[np.float64]
WORDS: dict[str, Any] = {
    "statistic": "pce",
    "source": "normal deviates",
    "conditions": "none",
    "n_devices": 12,
    "transform": "signed_square_root",
}


def _squares(deviates: Scores) -> Scores:
    return np.sign(deviates) * deviates**2


def _pce(
    rng: np.random.Generator, n_same: int = 24, n_different: int = 264
) -> tuple[Scores, Scores]:
    return (
        _squares(rng.normal(9.0, 5.0, n_same)),
        _squares(rng.normal(0.0, 1.0, n_different)),
    )


def _by_lir(same: Scores, different: Scores, asked: Scores) -> Scores:
    """Return what lir's own pipeline says of roots of scores."""
    from lir.algorithms.bayeserror import ELUBBounder
    from lir.algorithms.logistic_regression import LogitCalibrator
    from lir.data.models import FeatureData, LLRData
    from lir.transform import SklearnTransformer

    def data(scores: Scores, labels: npt.NDArray[np.int64] | None) -> Any:
        roots = transform_scores(scores, "signed_square_root")
        return FeatureData(features=roots.reshape(-1, 1), labels=labels)

    labels = np.repeat([1, 0], [len(same), len(different)])
    fitted_on = data(np.concatenate([same, different]), labels)
    calibrator = SklearnTransformer(LogitCalibrator()).fit(fitted_on)
    ratios = calibrator.transform(fitted_on).replace_as(LLRData)
    bounder = ELUBBounder().fit(ratios)
    answer = calibrator.transform(data(asked, None)).replace_as(LLRData)
    bounded: Scores = bounder.transform(answer).llrs
    return bounded


@pytest.mark.parametrize("sizes", [(24, 264), (5, 40), (300, 3000)])
def test_the_map_says_what_lir_says(
    rng: np.random.Generator, sizes: tuple[int, int]
) -> None:
    same, different = _pce(rng, *sizes)
    asked = np.concatenate([np.linspace(-40.0, 400.0, 500), [-1e5, 1e5]])
    fitted = fit_likelihood_ratios(same, different, **WORDS)
    ours = fitted.apply(asked)
    assert ours == pytest.approx(_by_lir(same, different, asked), abs=1e-12)
    assert ours.min() < 0.0 < ours.max()


def test_scores_are_taken_as_they_are_where_nothing_is_said(
    rng: np.random.Generator,
) -> None:
    same, different = rng.normal(9.0, 5.0, 24), rng.normal(0.0, 1.0, 264)
    plain = {name: value for name, value in WORDS.items() if name != "transform"}
    roots = fit_likelihood_ratios(same, different, **plain).apply(same)
    squares = fit_likelihood_ratios(_squares(same), _squares(different), **WORDS)
    assert squares.apply(_squares(same)) == pytest.approx(roots, abs=1e-9)


def test_a_map_read_back_says_the_same(rng: np.random.Generator) -> None:
    fitted = fit_likelihood_ratios(*_pce(rng), **WORDS)
    again = LikelihoodRatioMap.from_dict(fitted.to_dict())
    asked = np.linspace(-40.0, 400.0, 100)
    assert again.apply(asked).tolist() == fitted.apply(asked).tolist()


def test_the_cost_is_that_of_lir(rng: np.random.Generator) -> None:
    from lir import metrics
    from lir.data.models import LLRData

    same, different = _pce(rng, 80, 900)
    fitted = fit_likelihood_ratios(same, different, **WORDS)
    ratios = fitted.apply(same), fitted.apply(different)
    data = LLRData(features=np.concatenate(ratios), labels=np.repeat([1, 0], [80, 900]))
    assert cllr(*ratios) == pytest.approx(metrics.cllr(data), abs=1e-12)
    assert cllr_min(*ratios) == pytest.approx(metrics.cllr_min(data), abs=1e-12)


def test_scores_that_separate_perfectly_still_give_a_bounded_map(
    rng: np.random.Generator,
) -> None:
    fitted = fit_likelihood_ratios(
        _squares(rng.normal(60.0, 5.0, 24)), _squares(rng.normal(size=264)), **WORDS
    )
    assert fitted.upper_log10_lr <= np.log10(265) + 0.01
    assert fitted.lower_log10_lr >= -np.log10(25) - 0.01
    assert fitted.apply([3600.0])[0] == fitted.upper_log10_lr > 1.5


def test_a_million_impostors_do_not_mislead_more_often_than_the_ratio_allows(
    rng: np.random.Generator,
) -> None:
    # However the scores lie, P(LR >= t | different) <= 1 / t for honest ratios.
    fitted = fit_likelihood_ratios(*_pce(rng), **WORDS)
    log10_lr = fitted.apply(_squares(rng.normal(size=1_000_000)))
    for k in np.linspace(0.25, fitted.upper_log10_lr, 8):
        assert np.mean(log10_lr >= k - 1e-9) <= 10.0**-k


def test_the_map_describes_its_data(rng: np.random.Generator) -> None:
    same, different = _pce(rng)
    zone = timezone(timedelta(hours=1))
    fitted = fit_likelihood_ratios(
        same, different, **WORDS, fitted=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=zone)
    )
    assert (fitted.n_same, fitted.n_different, fitted.n_devices) == (24, 264, 12)
    assert fitted.data_sha256 == scores_sha256(same, different)
    assert fitted.score_range == (float(different.min()), float(same.max()))
    assert fitted.fitted == "2026-01-02T03:04:05+01:00"
    assert set(fitted.software) == {"whichcam", "lir", "scikit-learn"}


def test_a_map_is_dated_today_where_nothing_is_said(rng: np.random.Generator) -> None:
    fitted = fit_likelihood_ratios(*_pce(rng), **WORDS)
    age = datetime.now(UTC) - datetime.fromisoformat(fitted.fitted)
    assert timedelta(0) <= age < timedelta(minutes=5)


def test_fitting_leaves_the_scores_as_they_were(rng: np.random.Generator) -> None:
    same, different = _pce(rng)
    same[0] = 1e9  # lir clips ratios beyond 9 in place
    before = same.copy(), different.copy()
    fit_likelihood_ratios(same, different, **{**WORDS, "transform": "identity"})
    assert (same.tolist(), different.tolist()) == tuple(b.tolist() for b in before)


def test_scores_that_fall_where_the_camera_is_the_same_are_refused(
    rng: np.random.Generator,
) -> None:
    same, different = _pce(rng)
    with pytest.raises(InsufficientEvidenceError, match="no higher"):
        fit_likelihood_ratios(-same, different, **WORDS)


def test_one_device_does_not_tell_how_others_score(rng: np.random.Generator) -> None:
    with pytest.raises(InsufficientEvidenceError, match="two or more"):
        fit_likelihood_ratios(*_pce(rng), **{**WORDS, "n_devices": 1})


def test_scores_that_cannot_be_fitted_are_refused() -> None:
    with pytest.raises(InsufficientEvidenceError, match="same_scores is empty"):
        fit_likelihood_ratios([], [1.0], **WORDS)
    with pytest.raises(InsufficientEvidenceError, match="is empty"):
        fit_likelihood_ratios([1.0], [], **WORDS)
    with pytest.raises(InputError, match="different_scores holds infinite"):
        fit_likelihood_ratios([1.0], [np.inf], **WORDS)
    with pytest.raises(InputError, match="same_scores holds NaN"):
        fit_likelihood_ratios([np.nan], [0.0], **WORDS)
    with pytest.raises(ShapeMismatchError, match="same_scores has shape"):
        fit_likelihood_ratios([[1.0]], [0.0], **WORDS)
    with pytest.raises(InputError, match="pass a random sample"):
        fit_likelihood_ratios([1.0], np.zeros(200_000), **WORDS)


def test_without_lir_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lir.data.models", None)
    with pytest.raises(MissingDependencyError, match=r"whichcam\[train\]"):
        fit_likelihood_ratios([4.0, 9.0], [0.0, 1.0], **WORDS)
