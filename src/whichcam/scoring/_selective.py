"""Answer only where the error rate can be promised: thresholds on confidence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from whichcam._typing import BoolArray, IntArray
from whichcam.errors import IncompatibleArtifactError, InputError
from whichcam.scoring._intervals import clopper_pearson_upper, intraclass_correlation
from whichcam.scoring._validation import (
    Float64Array,
    as_confidence,
    as_flags,
    as_group_codes,
    check_count,
    check_fraction,
    same_length,
)

Correction: TypeAlias = Literal["holm", "none"]

# Coverages 1/20, 2/20, ... 1: few enough that the correction costs little, fine enough
# that at most 5 % of the photographs are given away.
_N_CANDIDATES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectiveThreshold:
    """A confidence above which answers keep to an error rate.

    Attributes
    ----------
    threshold : float or None
        Answer where the confidence is at least this; None: never answer, for the
        calibration data support the error rate at no threshold.
    error_rate : float
        The rate promised, in (0, 1).
    confidence_level : float
        Probability, over calibration sets, that the promise holds.
    observed_error : float or None
        Share of the answered calibration photographs that were wrong.
    upper_bound : float or None
        Clopper-Pearson upper bound of the error rate among the answered, at the
        corrected level; at most ``error_rate``.
    coverage : float
        Share of the calibration photographs answered.
    n_answered, n_photos : int
        Calibration photographs answered, and in all.
    n_candidates : int
        Thresholds tried.
    correction : {"holm", "none"}
        How trying several was paid for.
    design_effect : float
        Factor by which photographs of the same device count less, >= 1.
    """

    threshold: float | None
    error_rate: float
    confidence_level: float
    observed_error: float | None
    upper_bound: float | None
    coverage: float
    n_answered: int
    n_photos: int
    n_candidates: int
    correction: str
    design_effect: float

    def answers(self, confidence: npt.ArrayLike) -> BoolArray:
        """Return which photographs are answered.

        Parameters
        ----------
        confidence : array_like of shape (n,), float
            In [0, 1].

        Returns
        -------
        ndarray of shape (n,), bool

        Raises
        ------
        ShapeMismatchError, InputError, InsufficientEvidenceError
            If ``confidence`` is not of one axis, outside [0, 1], or empty.
        """
        stated = as_confidence("confidence", confidence)
        if self.threshold is None:
            return np.zeros(stated.shape, dtype=np.bool_)
        return stated >= self.threshold

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the threshold that `to_dict` described.

        Raises
        ------
        IncompatibleArtifactError
            If fields are missing or unknown, or the threshold is no probability.
        """
        names = set(cls.__dataclass_fields__)
        if set(data) != names:
            raise IncompatibleArtifactError(
                f"stored threshold has fields {sorted(data)}; expected {sorted(names)}"
            )
        stored = data["threshold"]
        number = isinstance(stored, int | float) and not isinstance(stored, bool)
        if stored is not None and not (number and 0.0 <= stored <= 1.0):
            raise IncompatibleArtifactError(
                f"stored threshold is {stored!r}; expected None or a number in [0, 1]"
            )
        return cls(**data)


def selective_threshold(
    confidence: npt.ArrayLike,
    correct: npt.ArrayLike,
    error_rate: float,
    *,
    clusters: npt.ArrayLike | None = None,
    confidence_level: float = 0.95,
    correction: Correction = "holm",
    n_candidates: int = _N_CANDIDATES,
) -> SelectiveThreshold:
    """Return the smallest confidence threshold that keeps to an error rate.

    Parameters
    ----------
    confidence : array_like of shape (n,), float
        Confidence in the answer, in [0, 1], of photographs that neither trained nor
        calibrated anything.
    correct : array_like of shape (n,), bool
        Whether the answer was right. Photographs of unknown cameras belong here, as
        wrong, in the share in which they are expected.
    error_rate : float
        Largest share wrong among the answered, in (0, 1).
    clusters : array_like of shape (n,), optional
        Device of each photograph. Errors of one device come together; with it, counts
        are divided by the design effect ``1 + (m - 1) * rho`` (m the size-weighted mean
        of photographs a device, rho the intraclass correlation of ``correct``), and the
        promise is about other devices. Without it photographs count as independent.
    confidence_level : float, default 0.95
        Probability that the error rate is kept.
    correction : {"holm", "none"}, default "holm"
        ``"holm"`` pays for trying several thresholds; ``"none"`` bounds each as if it
        were the only one: optimistic, for exploration.
    n_candidates : int, default 20
        Thresholds tried: those that answer 1/20, 2/20, ... of the photographs.

    Returns
    -------
    SelectiveThreshold
        With threshold None where no candidate can be promised.

    Raises
    ------
    ShapeMismatchError
        If the lengths differ.
    InputError
        If a confidence is outside [0, 1], a rate outside (0, 1), or the correction
        unknown.
    InsufficientEvidenceError
        If there is no photograph, or ``clusters`` names fewer than two devices.

    Notes
    -----
    Each candidate is a hypothesis "the error rate is above the target", tested with the
    exact binomial tail (dual to Clopper-Pearson's bound); Holm's procedure keeps the
    probability of any false promise below ``1 - confidence_level`` whatever the
    dependence of the tests [2]_. Then the smallest passing threshold may be
    picked [1]_. The candidates are quantiles of the same confidences, as in [3]_. With
    effective counts the tail is the continued one of [4]_, an approximation. Where
    nothing went wrong, rho cannot be estimated and is taken as 0.

    With no error at all, 59 independent photographs support 5 % at one threshold; with
    Holm over twenty about 117.

    References
    ----------
    .. [1] A. Angelopoulos, S. Bates, E. Candes, M. Jordan, L. Lei, "Learn then test:
       calibrating predictive algorithms to achieve risk control", 2021,
       arXiv:2110.01052.
    .. [2] S. Holm, "A simple sequentially rejective multiple test procedure",
       Scandinavian Journal of Statistics 6, 1979.
    .. [3] Y. Geifman, R. El-Yaniv, "Selective classification for deep neural networks",
       NeurIPS 2017, arXiv:1705.08500.
    .. [4] E. Korn, B. Graubard, "Confidence intervals for proportions with small
       expected number of positive counts estimated from survey data", Survey
       Methodology 24, 1998.

    Examples
    --------
    >>> import numpy as np
    >>> confidence = np.linspace(0.0, 1.0, 1000)
    >>> chosen = selective_threshold(confidence, confidence > 0.5, 0.05)
    >>> chosen.coverage, chosen.observed_error
    (0.5, 0.0)
    """
    stated = as_confidence("confidence", confidence)
    wrong = ~as_flags("correct", correct)
    n = stated.shape[0]
    same_length("correct", wrong, "confidence", n)
    check_fraction("error_rate", error_rate)
    check_fraction("confidence_level", confidence_level)
    check_count("n_candidates", n_candidates)
    if correction not in ("holm", "none"):
        raise InputError(f"correction is {correction!r}; expected 'holm' or 'none'")
    thresholds = _candidates(stated, n_candidates)
    answered = stated[None, :] >= thresholds[:, None]
    n_answered = answered.sum(axis=1)
    n_wrong = (answered & wrong).sum(axis=1)
    effect = _design_effects(answered, wrong, clusters)
    tails = _binomial_tails(n_wrong / effect, n_answered / effect, error_rate)
    alpha = 1.0 - confidence_level
    allowed = _holm_levels(tails, alpha) if correction == "holm" else tails * 0 + alpha
    passed = np.flatnonzero(tails <= allowed)
    chosen = int(passed[-1]) if passed.size else None  # thresholds descend
    common: dict[str, Any] = {
        "error_rate": float(error_rate),
        "confidence_level": float(confidence_level),
        "n_photos": n,
        "n_candidates": int(thresholds.shape[0]),
        "correction": correction,
    }
    if chosen is None:
        return SelectiveThreshold(
            threshold=None,
            observed_error=None,
            upper_bound=None,
            coverage=0.0,
            n_answered=0,
            design_effect=float(effect[-1]),
            **common,
        )
    count, bad, factor = n_answered[chosen], n_wrong[chosen], float(effect[chosen])
    return SelectiveThreshold(
        threshold=float(thresholds[chosen]),
        observed_error=float(bad / count),
        upper_bound=clopper_pearson_upper(
            float(bad / factor), float(count / factor), 1.0 - float(allowed[chosen])
        ),
        coverage=float(count / n),
        n_answered=int(count),
        design_effect=factor,
        **common,
    )


def _candidates(confidence: Float64Array, n_candidates: int) -> Float64Array:
    """Return descending thresholds at even steps of coverage."""
    descending = np.sort(confidence)[::-1]
    steps = np.arange(1, n_candidates + 1)
    last = -(-steps * descending.shape[0] // n_candidates) - 1
    return np.unique(descending[last])[::-1]


def _design_effects(
    answered: BoolArray, wrong: BoolArray, clusters: npt.ArrayLike | None
) -> Float64Array:
    """Return Kish's design effect of the photographs answered at each threshold."""
    if clusters is None:
        return np.ones(answered.shape[0])
    codes, _ = as_group_codes("clusters", clusters)
    same_length("clusters", codes, "confidence", wrong.shape[0])
    rho = intraclass_correlation(wrong.astype(np.float64), codes)
    effects = [1.0 + (_mean_size(codes[row]) - 1.0) * rho for row in answered]
    return np.array(effects)


def _mean_size(codes: IntArray) -> float:
    """Return the size of the cluster a random photograph is in, on average."""
    count = np.bincount(codes).astype(np.float64)
    return float(count @ count / count.sum())


def _binomial_tails(
    n_wrong: Float64Array, n_answered: Float64Array, rate: float
) -> Float64Array:
    """Return ``P(Binomial(n, rate) <= k)``, continued to fractional counts."""
    from scipy.special import betainc

    n_right = n_answered - n_wrong
    # Where all are wrong the tail is 1, and the beta function has no parameter 0.
    tails = betainc(np.where(n_right > 0, n_right, 1.0), n_wrong + 1.0, 1.0 - rate)
    return np.where(n_right > 0, tails, 1.0)


def _holm_levels(tails: Float64Array, alpha: float) -> Float64Array:
    """Return the level each test is held to by Holm's procedure; 0 once one fails."""
    order = np.argsort(tails, kind="stable")
    levels = np.zeros(tails.shape)
    remaining = tails.shape[0]
    for index in order:
        if tails[index] > alpha / remaining:
            break
        levels[index] = alpha / remaining
        remaining -= 1
    return levels


def photographs_needed(
    error_rate: float, *, confidence_level: float = 0.95, n_candidates: int = 1
) -> int:
    """Return how many faultless, independent answers support an error rate.

    Parameters
    ----------
    error_rate : float
        The rate to be promised, in (0, 1).
    confidence_level : float, default 0.95
        Probability that the promise holds.
    n_candidates : int, default 1
        Thresholds tried; the first to pass pays for all of them.

    Returns
    -------
    int
        Smallest n with ``(1 - error_rate) ** n <= (1 - confidence_level) /
        n_candidates``.

    Raises
    ------
    InputError
        If a rate is outside (0, 1) or ``n_candidates < 1``.

    Examples
    --------
    >>> photographs_needed(0.05), photographs_needed(0.05, n_candidates=20)
    (59, 117)
    """
    check_fraction("error_rate", error_rate)
    check_fraction("confidence_level", confidence_level)
    check_count("n_candidates", n_candidates)
    allowed = (1.0 - confidence_level) / n_candidates
    return math.ceil(math.log(allowed) / math.log1p(-error_rate))
