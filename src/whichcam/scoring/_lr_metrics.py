"""How good likelihood ratios are, and how well the scores behind them separate."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from whichcam.errors import InputError
from whichcam.scoring._lr_curves import both_kinds, pav_curve, share_reaching
from whichcam.scoring._validation import as_floats

_LN_2: Final = math.log(2.0)
_LN_10: Final = math.log(10.0)


def cllr(same_log10_lr: npt.ArrayLike, different_log10_lr: npt.ArrayLike) -> float:
    """Return the log likelihood ratio cost.

    Parameters
    ----------
    same_log10_lr : array_like of shape (n,), float
        Log10 likelihood ratios of comparisons of the same source; may be infinite.
    different_log10_lr : array_like of shape (m,), float
        Those of comparisons of different sources.

    Returns
    -------
    float
        Bits, >= 0: 0 is perfect, 1 is what ratios of 1 throughout cost, more is worse
        than saying nothing. Infinite where an infinite ratio misleads.

    Raises
    ------
    InsufficientEvidenceError
        If either set is empty.
    InputError
        If a value is NaN.

    See Also
    --------
    cllr_min : The part of it that no calibration could mend.

    Notes
    -----
    ``(mean log2(1 + 1 / LR_same) + mean log2(1 + LR_different)) / 2`` [1]_: both kinds
    weigh the same, however many there are.

    References
    ----------
    .. [1] N. Brummer, J. du Preez, "Application-independent evaluation of speaker
       detection", Computer Speech and Language 20, 2006,
       doi:10.1016/j.csl.2005.08.001.

    Examples
    --------
    >>> cllr([0.0, 0.0], [0.0])
    1.0
    """
    same = as_floats("same_log10_lr", same_log10_lr, ndim=1)
    different = as_floats("different_log10_lr", different_log10_lr, ndim=1)
    cost_same = np.logaddexp(0.0, -_LN_10 * same).mean()
    cost_different = np.logaddexp(0.0, _LN_10 * different).mean()
    return float((cost_same + cost_different) / (2.0 * _LN_2))


def cllr_min(same_scores: npt.ArrayLike, different_scores: npt.ArrayLike) -> float:
    """Return the cost that the best non-decreasing calibration would leave.

    Parameters
    ----------
    same_scores : array_like of shape (n,), float
        Scores, or log likelihood ratios, of comparisons of the same source; higher
        speaks for the same source; may be infinite.
    different_scores : array_like of shape (m,), float
        Those of comparisons of different sources.

    Returns
    -------
    float
        Bits in [0, 1]: 0 where one threshold separates them, 1 where nothing does.

    Raises
    ------
    InsufficientEvidenceError
        If either set is empty.
    InputError
        If a value is NaN.

    See Also
    --------
    pav_curve : The calibration.

    Notes
    -----
    `cllr` of the ratios of `pav_curve` [1]_. ``cllr - cllr_min`` is what a poor
    calibration costs. Fitted on the data it judges, it flatters where they are few.

    References
    ----------
    .. [1] N. Brummer, J. du Preez, "Application-independent evaluation of speaker
       detection", Computer Speech and Language 20, 2006,
       doi:10.1016/j.csl.2005.08.001.

    Examples
    --------
    >>> cllr_min([2.0, 3.0], [0.0, 1.0])
    0.0
    """
    curve = pav_curve(same_scores, different_scores)
    return cllr(
        np.repeat(curve.log10_lr, curve.n_same),
        np.repeat(curve.log10_lr, curve.n_different),
    )


def equal_error_rate(
    same_scores: npt.ArrayLike, different_scores: npt.ArrayLike
) -> float:
    """Return the rate at which misses and false alarms are equally frequent.

    Parameters
    ----------
    same_scores : array_like of shape (n,), float
        Scores of comparisons of the same source; higher speaks for the same source;
        may be infinite.
    different_scores : array_like of shape (m,), float
        Those of comparisons of different sources.

    Returns
    -------
    float
        Rate in [0, 1]; 0 where one threshold separates them, 0.5 is chance.

    Raises
    ------
    InsufficientEvidenceError
        If either set is empty.
    InputError
        If a value is NaN.

    Notes
    -----
    A comparison is accepted at or above the threshold. Where the two rates cross
    between two thresholds, both are interpolated linearly; some publications use the
    convex hull of the ROC curve, which is lower or equal.

    Examples
    --------
    >>> equal_error_rate([1.0, 3.0], [0.0, 2.0])
    0.5
    """
    same, different = both_kinds(same_scores, different_scores)
    thresholds = np.unique(np.concatenate([same, different]))
    # From "accept all" to "accept nothing".
    false_alarms = np.append(share_reaching(different, thresholds), 0.0)
    misses = np.append(1.0 - share_reaching(same, thresholds), 1.0)
    gap = misses - false_alarms  # from -1 to 1, non-decreasing
    after = int((gap >= 0.0).argmax())
    before = after - 1
    step = float(gap[after] - gap[before])
    share = float(-gap[before]) / step
    return float(misses[before] + share * (misses[after] - misses[before]))


def true_match_rate(
    same_scores: npt.ArrayLike,
    different_scores: npt.ArrayLike,
    false_alarm_rate: float = 1e-3,
) -> tuple[float, float]:
    """Return the share of true matches found at a false-alarm rate, and the threshold.

    Parameters
    ----------
    same_scores : array_like of shape (n,), float
        Scores of comparisons of the same source; higher speaks for the same source.
    different_scores : array_like of shape (m,), float
        Those of comparisons of different sources.
    false_alarm_rate : float, default 1e-3
        Share of the different sources that may be accepted, in [0, 1).

    Returns
    -------
    rate : float
        Share in [0, 1] of the same sources that score above the threshold.
    threshold : float
        The lowest score of different sources such that no more of them than allowed
        score above it.

    Raises
    ------
    InsufficientEvidenceError
        If either set is empty.
    InputError
        If a value is NaN or the rate is outside [0, 1).

    Notes
    -----
    Fewer than ``1 / false_alarm_rate`` comparisons of different sources allow none of
    them: the threshold is then their maximum, and says that no false alarm was seen,
    not that the rate is met.

    Examples
    --------
    >>> true_match_rate([1.0, 5.0], [0.0, 2.0])
    (0.5, 2.0)
    """
    same, different = both_kinds(same_scores, different_scores)
    if not 0.0 <= false_alarm_rate < 1.0:
        raise InputError(
            f"false_alarm_rate is {false_alarm_rate}; expected a share in [0, 1)"
        )
    m = int(different.shape[0])
    # A hair, for shares like 0.07 * 100 that should be whole.
    allowed = math.floor(false_alarm_rate * m + 1e-9)
    threshold = float(np.sort(different)[m - 1 - min(allowed, m - 1)])
    return float(np.mean(same > threshold)), threshold
