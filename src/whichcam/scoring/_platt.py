"""Logistic calibration of one score: a probability, or a likelihood ratio."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self

import numpy as np
import numpy.typing as npt

from whichcam.errors import InsufficientEvidenceError
from whichcam.scoring._calibration import (
    Calibrator,
    check_method,
    check_two_classes,
    stored_number,
)
from whichcam.scoring._validation import (
    Float64Array,
    as_finite,
    as_flags,
    check_fraction,
    same_length,
)

_MAX_STEPS: Final = 100
_LN_10: Final = math.log(10.0)


class PlattScaling(Calibrator):
    """Turn one score into a log likelihood ratio that is affine in it.

    Parameters
    ----------
    prior : float, default 0.5
        Prior probability of ``True``, in (0, 1): the one that `transform` assumes, and
        at which the fit is best. The shares found in the calibration data are corrected
        away: twice as many negatives do not halve the answer.

    Attributes
    ----------
    slope_, intercept_ : float
        ``ln LR = slope_ * score + intercept_``. A negative slope says that high scores
        speak against ``True``.
    n_true_, n_false_ : int
        Calibration data of each kind.
    score_range_ : tuple of float
        Lowest and highest score seen; the line is extrapolated beyond them.

    See Also
    --------
    IsotonicCalibration : No assumed shape, bounded by its data; needs more of them.

    Notes
    -----
    Weighted logistic regression: each kind weighs its prior [2]_, so the constant
    ``logit(prior)`` can be taken out and what is left is a likelihood ratio. Targets
    are ``(n + 1) / (n + 2)`` and ``1 / (m + 2)`` in place of 1 and 0 [1]_, which keeps
    the slope finite where the scores separate perfectly. Newton's method on
    standardized scores, halving steps that do not improve.

    References
    ----------
    .. [1] J. Platt, "Probabilistic outputs for support vector machines and comparisons
       to regularized likelihood methods", Advances in Large Margin Classifiers, 1999.
    .. [2] N. Brummer, "Measuring, refining and calibrating speaker and language
       information extracted from speech", thesis, Stellenbosch University, 2010, ch. 8.
    .. [3] M. Kull, T. Silva Filho, P. Flach, "Beyond sigmoids: how to obtain
       well-calibrated probabilities from binary classifiers with beta calibration",
       Electronic Journal of Statistics 11, 2017, doi:10.1214/17-EJS1338SI (when the
       logistic shape is wrong).

    Examples
    --------
    >>> scaling = PlattScaling().fit([-2.0, -1.0, 1.0, 2.0], [0, 0, 1, 1])
    >>> bool(abs(scaling.transform([0.0])[0] - 0.5) < 1e-9)
    True
    """

    method: ClassVar[str] = "platt_scaling"

    slope_: float
    intercept_: float
    n_true_: int
    n_false_: int
    score_range_: tuple[float, float]

    def __init__(self, *, prior: float = 0.5) -> None:
        self.prior = prior

    def fit(self, scores: npt.ArrayLike, outcomes: npt.ArrayLike) -> Self:
        """Fit slope and intercept.

        Parameters
        ----------
        scores : array_like of shape (n,), float
            Finite.
        outcomes : array_like of shape (n,), bool
            Whether the proposition was true: known camera, same source, right answer.

        Returns
        -------
        PlattScaling
            Itself, frozen.

        Raises
        ------
        ShapeMismatchError, InputError
            If the lengths differ, a score is not finite, ``prior`` is outside (0, 1),
            or it is already fitted.
        InsufficientEvidenceError
            If one of the outcomes is absent, or all scores are equal.
        """
        self._refuse_refit()
        values = as_finite("scores", scores, ndim=1)
        truth = as_flags("outcomes", outcomes)
        same_length("outcomes", truth, "scores", values.shape[0])
        check_fraction("prior", self.prior)
        check_two_classes(truth, "outcomes", 1)
        centre, spread = float(values.mean()), float(values.std())
        if spread == 0.0 or float(np.ptp(values)) == 0.0:
            raise InsufficientEvidenceError(
                f"all scores are {values[0]:g}; a constant tells nothing apart"
            )
        n_true = int(truth.sum())
        n_false = truth.shape[0] - n_true
        target = np.where(truth, (n_true + 1) / (n_true + 2), 1 / (n_false + 2))
        weight = np.where(truth, self.prior / n_true, (1 - self.prior) / n_false)
        slope, intercept = _weighted_logistic_regression(
            (values - centre) / spread, target, weight, _logit(self.prior)
        )
        self.slope_ = slope / spread
        self.intercept_ = intercept - slope * centre / spread
        self.n_true_ = n_true
        self.n_false_ = n_false
        self.score_range_ = (float(values.min()), float(values.max()))
        return self._freeze()

    def log10_lr(self, scores: npt.ArrayLike) -> Float64Array:
        """Return log10 likelihood ratios: what the score alone says.

        Parameters
        ----------
        scores : array_like of shape (n,), float
            Finite.

        Returns
        -------
        ndarray of shape (n,), float64
            Positive where the score speaks for ``True``; independent of any prior.

        Raises
        ------
        NotFittedError
            If it is not fitted.
        ShapeMismatchError, InputError, InsufficientEvidenceError
            If ``scores`` is not of one axis, not finite, or empty.
        """
        values = as_finite("scores", scores, ndim=1)
        return (self.slope_ * values + self.intercept_) / _LN_10

    def transform(
        self, scores: npt.ArrayLike, *, prior: float | None = None
    ) -> Float64Array:
        """Return posterior probabilities of ``True``.

        Parameters
        ----------
        scores : array_like of shape (n,), float
            Finite.
        prior : float, optional
            Prior probability of ``True`` in (0, 1). Default: the one of the calibrator.

        Returns
        -------
        ndarray of shape (n,), float64
            Probabilities in [0, 1].

        Raises
        ------
        NotFittedError
            If it is not fitted.
        ShapeMismatchError, InputError, InsufficientEvidenceError
            As in `log10_lr`, and if ``prior`` is outside (0, 1).
        """
        before = self.prior if prior is None else check_fraction("prior", prior)
        return _expit(self.log10_lr(scores) * _LN_10 + _logit(before))

    def to_dict(self) -> dict[str, Any]:
        """Return parameters and learnt state, ready for JSON.

        Raises
        ------
        NotFittedError
            If it is not fitted.
        """
        return {
            "method": self.method,
            "prior": self.prior,
            "slope": self.slope_,
            "intercept": self.intercept_,
            "n_true": self.n_true_,
            "n_false": self.n_false_,
            "score_min": self.score_range_[0],
            "score_max": self.score_range_[1],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the calibrator that `to_dict` described.

        Raises
        ------
        IncompatibleArtifactError
            If ``data`` is of another method, incomplete, or out of range.
        """
        check_method(data, cls.method)
        tiny = np.finfo(np.float64).tiny
        new = cls(prior=stored_number(data, "prior", low=tiny, high=1 - 2**-53))
        new.slope_ = stored_number(data, "slope")
        new.intercept_ = stored_number(data, "intercept")
        new.n_true_ = int(stored_number(data, "n_true", low=1))
        new.n_false_ = int(stored_number(data, "n_false", low=1))
        lowest = stored_number(data, "score_min")
        new.score_range_ = (lowest, stored_number(data, "score_max", low=lowest))
        return new._freeze()


def _logit(probability: float) -> float:
    """Return the natural log odds."""
    return math.log(probability) - math.log1p(-probability)


def _expit(log_odds: Float64Array) -> Float64Array:
    """Return probabilities from natural log odds, without overflow."""
    small = np.exp(-np.abs(log_odds))
    result: Float64Array = np.where(log_odds >= 0.0, 1.0, small) / (1.0 + small)
    return result


def _weighted_logistic_regression(
    x: Float64Array, target: Float64Array, weight: Float64Array, offset: float
) -> tuple[float, float]:
    """Return slope and intercept of ``logit = slope x + intercept + offset``."""
    design = np.stack([x, np.ones_like(x)], axis=1)
    beta = np.zeros(2)

    def loss(candidate: Float64Array) -> float:
        odds = design @ candidate + offset
        return float(weight @ (np.logaddexp(0.0, odds) - target * odds))

    current = loss(beta)
    for _ in range(_MAX_STEPS):
        share = _expit(design @ beta + offset)
        gradient = design.T @ (weight * (share - target))
        curvature = (design * (weight * share * (1.0 - share))[:, None]).T @ design
        # The ridge matters only where the curvature underflows, far from the optimum.
        step = np.linalg.solve(curvature + 1e-12 * np.eye(2), gradient)
        scale = 1.0
        while (after := loss(beta - scale * step)) > current and scale > 1e-9:
            scale /= 2.0
        if after >= current:
            break
        beta, current = beta - scale * step, after
    return float(beta[0]), float(beta[1])
