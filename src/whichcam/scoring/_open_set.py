"""How well known cameras are told from unknown ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam.errors import InputError
from whichcam.scoring._validation import Float64Array, as_flags, as_floats, same_length


def auroc(positive_scores: npt.ArrayLike, negative_scores: npt.ArrayLike) -> float:
    """Return the area under the ROC curve, exactly, ties counted as a half.

    Parameters
    ----------
    positive_scores : array_like of shape (n,), float
        Scores that should be high (photographs of known cameras); may be infinite.
    negative_scores : array_like of shape (m,), float
        Scores that should be low (photographs of unknown cameras).

    Returns
    -------
    float
        Probability in [0, 1] that a random positive outscores a random negative; 0.5 is
        chance.

    Raises
    ------
    InsufficientEvidenceError
        If either set is empty.
    InputError
        If a score is NaN.

    Notes
    -----
    The Mann-Whitney statistic divided by ``n * m``: depends on ranks only. The count is
    kept in integers; cost O((n + m) log m).

    References
    ----------
    .. [1] J. Hanley, B. McNeil, "The meaning and use of the area under a receiver
       operating characteristic (ROC) curve", Radiology 143, 1982,
       doi:10.1148/radiology.143.1.7063747.

    Examples
    --------
    >>> auroc([0.9, 0.5], [0.5, 0.1])
    0.875
    """
    positive = as_floats("positive_scores", positive_scores, ndim=1)
    negative = np.sort(as_floats("negative_scores", negative_scores, ndim=1))
    below = int(np.searchsorted(negative, positive, side="left").sum())
    not_above = int(np.searchsorted(negative, positive, side="right").sum())
    n_pairs = int(positive.shape[0]) * int(negative.shape[0])
    return (below + not_above) / (2 * n_pairs)


def rejection_at_acceptance(
    known_scores: npt.ArrayLike,
    unknown_scores: npt.ArrayLike,
    acceptance: float = 0.95,
) -> float:
    """Return the share of unknown cameras rejected while most known ones are accepted.

    Parameters
    ----------
    known_scores : array_like of shape (n,), float
        Scores of photographs of known cameras; accepted when at or above the threshold.
    unknown_scores : array_like of shape (m,), float
        Scores of photographs of unknown cameras.
    acceptance : float, default 0.95
        Share of known photographs that must be accepted, in (0, 1].

    Returns
    -------
    float
        Share of the unknown strictly below the highest threshold that accepts at least
        ``acceptance`` of the known, in [0, 1].

    Raises
    ------
    InsufficientEvidenceError
        If either set is empty.
    InputError
        If a score is NaN or ``acceptance`` is outside (0, 1].

    Examples
    --------
    >>> rejection_at_acceptance([0.9, 0.8, 0.7, 0.1], [0.75, 0.6], acceptance=0.75)
    0.5
    """
    known = np.sort(as_floats("known_scores", known_scores, ndim=1))
    unknown = as_floats("unknown_scores", unknown_scores, ndim=1)
    if not 0.0 < acceptance <= 1.0:
        raise InputError(f"acceptance is {acceptance}; expected a share in (0, 1]")
    # 1e-9: without it 0.07 * 100 = 7.000000000000001 would ask for eight.
    n_accepted = max(1, math.ceil(acceptance * known.shape[0] - 1e-9))
    threshold = known[known.shape[0] - n_accepted]
    return float(np.mean(unknown < threshold))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenSetCurve:
    """Right answers on known cameras against answers given to unknown ones.

    Attributes
    ----------
    threshold : ndarray of shape (t,), float64
        Descending; the first is infinite: nothing is answered.
    correct_classification_rate : ndarray of shape (t,), float64
        Share of known photographs answered rightly, at or above the threshold.
    false_positive_rate : ndarray of shape (t,), float64
        Share of unknown photographs answered at all.
    """

    threshold: Float64Array
    correct_classification_rate: Float64Array
    false_positive_rate: Float64Array

    @property
    def area(self) -> float:
        """Area under the curve in [0, closed-set accuracy], by trapezoids.

        Equal to the AUROC where every known photograph is answered rightly.
        """
        return float(
            np.trapezoid(self.correct_classification_rate, self.false_positive_rate)
        )

    def at_false_positive_rate(self, rate: float) -> float:
        """Return the highest correct rate at a false-positive rate of at most ``rate``.

        Parameters
        ----------
        rate : float
            Share of unknown photographs that may be answered, in [0, 1].

        Returns
        -------
        float
            Share of known photographs answered rightly, in [0, 1].

        Raises
        ------
        InputError
            If ``rate`` is outside [0, 1].
        """
        if not 0.0 <= rate <= 1.0:
            raise InputError(f"rate is {rate}; expected a share in [0, 1]")
        allowed = self.false_positive_rate <= rate
        return float(self.correct_classification_rate[allowed].max())

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as JSON-ready lists; the infinite threshold as None."""
        return {
            "threshold": [None, *self.threshold[1:].tolist()],
            "correct_classification_rate": self.correct_classification_rate.tolist(),
            "false_positive_rate": self.false_positive_rate.tolist(),
            "area": self.area,
        }


def open_set_classification_rate(
    known_scores: npt.ArrayLike,
    known_correct: npt.ArrayLike,
    unknown_scores: npt.ArrayLike,
) -> OpenSetCurve:
    """Return the open-set classification rate (OSCR) curve.

    Parameters
    ----------
    known_scores : array_like of shape (n,), float
        Confidence in the answer for photographs of known cameras; finite.
    known_correct : array_like of shape (n,), bool
        Whether that answer names the right class.
    unknown_scores : array_like of shape (m,), float
        Confidence in the answer for photographs of unknown cameras; finite.

    Returns
    -------
    OpenSetCurve
        One point per distinct score, from "answer nothing" to "answer everything".

    Raises
    ------
    ShapeMismatchError
        If scores and outcomes of the known differ in length.
    InsufficientEvidenceError
        If either set is empty.
    InputError
        If a score is not finite.

    References
    ----------
    .. [1] A. Dhamija, M. Guenther, T. Boult, "Reducing network agnostophobia", NeurIPS
       2018, arXiv:1811.04110, sec. 4.

    Examples
    --------
    >>> curve = open_set_classification_rate([0.9, 0.6], [True, False], [0.5])
    >>> curve.correct_classification_rate.tolist(), curve.area
    ([0.0, 0.5, 0.5, 0.5], 0.5)
    """
    known = as_floats("known_scores", known_scores, ndim=1)
    right = as_flags("known_correct", known_correct)
    same_length("known_correct", right, "known_scores", known.shape[0])
    unknown = as_floats("unknown_scores", unknown_scores, ndim=1)
    if not (np.isfinite(known).all() and np.isfinite(unknown).all()):
        raise InputError("scores are infinite; expected finite confidences")
    thresholds = np.unique(np.concatenate([known, unknown]))[::-1]
    answered_right = _share_at_or_above(known[right], thresholds, known.shape[0])
    answered_unknown = _share_at_or_above(unknown, thresholds, unknown.shape[0])
    return OpenSetCurve(
        threshold=np.concatenate([[np.inf], thresholds]),
        correct_classification_rate=np.concatenate([[0.0], answered_right]),
        false_positive_rate=np.concatenate([[0.0], answered_unknown]),
    )


def _share_at_or_above(
    scores: Float64Array, thresholds: Float64Array, total: int
) -> Float64Array:
    """Return how many scores reach each threshold, as a share of ``total``."""
    ordered = np.sort(scores)
    below = np.searchsorted(ordered, thresholds, side="left")
    shares: Float64Array = (ordered.shape[0] - below) / float(total)
    return shares
