"""Whether probabilities mean what they say: calibration errors and proper scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from whichcam._typing import BoolArray, IntArray
from whichcam.scoring._validation import (
    Float64Array,
    as_confidence,
    as_flags,
    as_labels,
    as_probabilities,
    check_count,
    same_length,
)

Binning: TypeAlias = Literal["equal_width", "equal_mass"]

_SMALLEST: Final = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReliabilityCurve:
    """Confidence against the share right, bin by bin; empty bins are left out.

    Attributes
    ----------
    confidence : ndarray of shape (b,), float64
        Mean confidence of each bin, ascending.
    accuracy : ndarray of shape (b,), float64
        Share right in each bin.
    n_photos : ndarray of shape (b,), int64
        Photographs in each bin.
    """

    confidence: Float64Array
    accuracy: Float64Array
    n_photos: IntArray

    @property
    def error(self) -> float:
        """Mean absolute gap between confidence and accuracy, weighted by count."""
        gap = np.abs(self.confidence - self.accuracy)
        return float(np.average(gap, weights=self.n_photos))

    @property
    def largest_error(self) -> float:
        """Largest gap of any bin: the maximum calibration error."""
        return float(np.abs(self.confidence - self.accuracy).max())

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as JSON-ready lists."""
        return {
            "confidence": self.confidence.tolist(),
            "accuracy": self.accuracy.tolist(),
            "n_photos": self.n_photos.tolist(),
        }


def reliability_curve(
    confidence: npt.ArrayLike,
    correct: npt.ArrayLike,
    *,
    n_bins: int = 15,
    binning: Binning = "equal_width",
) -> ReliabilityCurve:
    """Return the share right as a function of the confidence stated.

    Parameters
    ----------
    confidence : array_like of shape (n,), float
        Probability given to the answer, in [0, 1].
    correct : array_like of shape (n,), bool
        Whether the answer was right. A photograph of an unknown camera answered with a
        class is wrong.
    n_bins : int, default 15
        Number of bins; 15 as in Guo et al. 2017.
    binning : {"equal_width", "equal_mass"}
        Bins ``(i / n_bins, (i + 1) / n_bins]``, or bins of about as many photographs
        each; equal confidences are never parted.

    Returns
    -------
    ReliabilityCurve
        The bins that hold a photograph.

    Raises
    ------
    ShapeMismatchError
        If the lengths differ.
    InputError
        If a confidence is outside [0, 1] or ``n_bins < 1``.
    InsufficientEvidenceError
        If there is no photograph.

    See Also
    --------
    expected_calibration_error : The curve as one number.
    """
    stated, right = _paired(confidence, correct)
    check_count("n_bins", n_bins)
    if binning == "equal_width":
        inner = np.linspace(0.0, 1.0, n_bins + 1)[1:-1]
    else:
        # Edges are confidences that occur, so ties fall on one side of an edge and
        # the result does not depend on the order of the photographs.
        ranks = np.arange(1, n_bins) * stated.shape[0] // n_bins
        ordered = np.sort(stated)
        inner = ordered[np.maximum(ranks - 1, 0)] if n_bins > 1 else ordered[:0]
    bins = np.searchsorted(inner, stated, side="left")
    count = np.bincount(bins, minlength=n_bins)
    filled = count > 0
    share = np.bincount(bins, weights=right, minlength=n_bins)[filled] / count[filled]
    mean = np.bincount(bins, weights=stated, minlength=n_bins)[filled] / count[filled]
    return ReliabilityCurve(confidence=mean, accuracy=share, n_photos=count[filled])


def expected_calibration_error(
    confidence: npt.ArrayLike, correct: npt.ArrayLike, n_bins: int = 15
) -> float:
    """Return the expected calibration error of the answers given (top label).

    Parameters
    ----------
    confidence : array_like of shape (n,), float
        Probability given to the answer, in [0, 1].
    correct : array_like of shape (n,), bool
        Whether the answer was right.
    n_bins : int, default 15
        Bins of equal width.

    Returns
    -------
    float
        Mean over photographs of ``|confidence - accuracy|`` of their bin, in [0, 1];
        0 is perfect.

    Raises
    ------
    ShapeMismatchError, InputError, InsufficientEvidenceError
        As in `reliability_curve`.

    See Also
    --------
    adaptive_calibration_error : Less blind where confidences crowd near 1.
    brier_score, log_loss : Proper scores, which cannot be gamed by stating the mean.

    Notes
    -----
    The estimate is biased upwards on few photographs: even a perfect forecaster has
    about ``sqrt(n_bins / n)`` times a constant below one.

    References
    ----------
    .. [1] M. Naeini, G. Cooper, M. Hauskrecht, "Obtaining well calibrated
       probabilities using Bayesian binning", AAAI 2015, doi:10.1609/aaai.v29i1.9602.
    .. [2] C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural
       networks", ICML 2017, arXiv:1706.04599.

    Examples
    --------
    >>> expected_calibration_error([0.75, 0.75, 0.75, 0.75], [1, 1, 1, 0])
    0.0
    >>> expected_calibration_error([1.0, 1.0], [True, False])
    0.5
    """
    return reliability_curve(confidence, correct, n_bins=n_bins).error


def adaptive_calibration_error(
    confidence: npt.ArrayLike, correct: npt.ArrayLike, n_bins: int = 15
) -> float:
    """Return the top-label calibration error over bins of equal mass.

    Parameters
    ----------
    confidence : array_like of shape (n,), float
        Probability given to the answer, in [0, 1].
    correct : array_like of shape (n,), bool
        Whether the answer was right.
    n_bins : int, default 15
        Bins of about ``n / n_bins`` photographs.

    Returns
    -------
    float
        Mean over photographs of ``|confidence - accuracy|`` of their bin, in [0, 1].

    Raises
    ------
    ShapeMismatchError, InputError, InsufficientEvidenceError
        As in `reliability_curve`.

    References
    ----------
    .. [1] J. Nixon et al., "Measuring calibration in deep learning", CVPR workshops
       2019, arXiv:1904.01685.

    Examples
    --------
    >>> adaptive_calibration_error([0.25, 0.75], [False, True], n_bins=2)
    0.25
    """
    return reliability_curve(
        confidence, correct, n_bins=n_bins, binning="equal_mass"
    ).error


def brier_score(probabilities: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Return the multi-class Brier score.

    Parameters
    ----------
    probabilities : array_like of shape (n, c), float
        Rows that sum to 1.
    labels : array_like of shape (n,), int
        True class index. Unknown cameras (-1) are refused: their outcome is none of
        the c events forecast.

    Returns
    -------
    float
        Mean over photographs of the squared distance to the one-hot outcome, in [0, 2];
        twice the two-class score of one column. 0 is perfect.

    Raises
    ------
    ShapeMismatchError, InputError, InsufficientEvidenceError
        If the lengths differ, rows are no distributions, a label is no class index, or
        there is no photograph.

    References
    ----------
    .. [1] G. Brier, "Verification of forecasts expressed in terms of probability",
       Monthly Weather Review 78, 1950.

    Examples
    --------
    >>> brier_score([[0.5, 0.5], [1.0, 0.0]], [0, 0])
    0.25
    """
    forecast, truth = _forecast(probabilities, labels)
    own = np.take_along_axis(forecast, truth[:, None], axis=1)[:, 0]
    squared = np.square(forecast).sum(axis=1) - 2.0 * own + 1.0
    # The expansion can miss an exact forecast by a rounding below zero.
    return max(0.0, float(squared.mean()))


def log_loss(probabilities: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Return the mean negative natural logarithm of the true class's probability.

    Parameters
    ----------
    probabilities : array_like of shape (n, c), float
        Rows that sum to 1. A probability below 2.2e-16 counts as that, so one
        certain error costs 36 nats and not infinitely much.
    labels : array_like of shape (n,), int
        True class index. Unknown cameras (-1) are refused.

    Returns
    -------
    float
        Nats per photograph, >= 0.

    Raises
    ------
    ShapeMismatchError, InputError, InsufficientEvidenceError
        As in `brier_score`.

    Examples
    --------
    >>> round(log_loss([[0.5, 0.5]], [1]), 6)
    0.693147
    """
    forecast, truth = _forecast(probabilities, labels)
    own = np.take_along_axis(forecast, truth[:, None], axis=1)[:, 0]
    return float(-np.mean(np.log(np.clip(own, _SMALLEST, 1.0))))


def _paired(
    confidence: npt.ArrayLike, correct: npt.ArrayLike
) -> tuple[Float64Array, BoolArray]:
    """Return checked confidences and outcomes of the same photographs."""
    stated = as_confidence("confidence", confidence)
    right = as_flags("correct", correct)
    same_length("correct", right, "confidence", stated.shape[0])
    return stated, right


def _forecast(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike
) -> tuple[Float64Array, IntArray]:
    """Return checked distributions and known labels of the same photographs."""
    forecast = as_probabilities("probabilities", probabilities)
    truth = as_labels("labels", labels, n_classes=forecast.shape[1], unknown=False)
    same_length("labels", truth, "probabilities", forecast.shape[0])
    return forecast, truth
