"""Curves of likelihood ratios: what calibration bears out, what shares reach them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam.scoring._isotonic import pool_adjacent_violators
from whichcam.scoring._validation import Float64Array, as_floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PavCurve:
    """The likelihood ratios that non-decreasing calibration makes of some scores.

    Attributes
    ----------
    score : ndarray of shape (n,), float64
        Distinct scores, ascending.
    log10_lr : ndarray of shape (n,), float64
        Log10 likelihood ratio of each, non-decreasing; ``-inf`` below the lowest score
        of the same source and ``+inf`` above the highest of different sources.
    n_same, n_different : ndarray of shape (n,), int64
        Comparisons of each kind at the score.
    """

    score: Float64Array
    log10_lr: Float64Array
    n_same: npt.NDArray[np.int64]
    n_different: npt.NDArray[np.int64]

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as lists for JSON; infinities as ``"-inf"``, ``"inf"``."""
        return {
            "score": [_json_number(value) for value in self.score.tolist()],
            "log10_lr": [_json_number(value) for value in self.log10_lr.tolist()],
            "n_same": self.n_same.tolist(),
            "n_different": self.n_different.tolist(),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TippettCurve:
    """What shares of comparisons reach each likelihood ratio.

    Attributes
    ----------
    log10_lr : ndarray of shape (n,), float64
        Distinct values that occur, ascending.
    same_share, different_share : ndarray of shape (n,), float64
        Shares in [0, 1] of the comparisons of the same source, and of different ones,
        whose log10 likelihood ratio is at or above each value; non-increasing.
    misleading_same, misleading_different : float
        Share of the comparisons of the same source with a log10 likelihood ratio below
        0, and of different sources with one above 0.
    n_same, n_different : int
        Comparisons of each kind.
    """

    log10_lr: Float64Array
    same_share: Float64Array
    different_share: Float64Array
    misleading_same: float
    misleading_different: float
    n_same: int
    n_different: int

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as values for JSON; infinities as ``"-inf"``, ``"inf"``."""
        return {
            "log10_lr": [_json_number(value) for value in self.log10_lr.tolist()],
            "same_share": self.same_share.tolist(),
            "different_share": self.different_share.tolist(),
            "misleading_same": self.misleading_same,
            "misleading_different": self.misleading_different,
            "n_same": self.n_same,
            "n_different": self.n_different,
        }


def pav_curve(same_scores: npt.ArrayLike, different_scores: npt.ArrayLike) -> PavCurve:
    """Return the log likelihood ratios of the best non-decreasing calibration.

    Parameters
    ----------
    same_scores : array_like of shape (n,), float
        Scores, or log likelihood ratios, of comparisons of the same source; higher
        speaks for the same source; may be infinite.
    different_scores : array_like of shape (m,), float
        Those of comparisons of different sources.

    Returns
    -------
    PavCurve
        One value per distinct score.

    Raises
    ------
    InsufficientEvidenceError
        If either set is empty.
    InputError
        If a value is NaN.

    See Also
    --------
    whichcam.reporting.pav_figure : Draws it against the ratios a system states.

    Notes
    -----
    Pools adjacent violators of the posterior probability, each kind weighing one half
    in all, so that the logarithm of the odds is that of the likelihood ratio [1]_.
    Cost O((n + m) log(n + m)).

    References
    ----------
    .. [1] N. Brummer, J. du Preez, "The PAV algorithm optimizes binary proper scoring
       rules", 2013, arXiv:1304.2331.

    Examples
    --------
    >>> pav_curve([1.0, 2.0], [0.0, 1.0]).log10_lr.tolist()
    [-inf, 0.0, inf]
    """
    same, different = both_kinds(same_scores, different_scores)
    score, codes = np.unique(np.concatenate([same, different]), return_inverse=True)
    codes = codes.reshape(-1)
    n_same = np.bincount(codes[: same.shape[0]], minlength=score.shape[0])
    n_different = np.bincount(codes[same.shape[0] :], minlength=score.shape[0])
    mass_same = n_same / same.shape[0]
    mass = mass_same + n_different / different.shape[0]
    pooled = pool_adjacent_violators(mass_same / mass, mass)
    # Means of ones and zeros; rounding may leave a hair above 1.
    posterior = np.clip(pooled, 0.0, 1.0)
    with np.errstate(divide="ignore"):
        log10_lr = np.log10(posterior) - np.log10(1.0 - posterior)
    return PavCurve(
        score=score,
        log10_lr=log10_lr,
        n_same=n_same.astype(np.int64),
        n_different=n_different.astype(np.int64),
    )


def tippett(
    same_log10_lr: npt.ArrayLike, different_log10_lr: npt.ArrayLike
) -> TippettCurve:
    """Return the shares of comparisons that reach each likelihood ratio.

    Parameters
    ----------
    same_log10_lr : array_like of shape (n,), float
        Log10 likelihood ratios of comparisons of the same source; may be infinite.
    different_log10_lr : array_like of shape (m,), float
        Those of comparisons of different sources.

    Returns
    -------
    TippettCurve
        One point per distinct value.

    Raises
    ------
    InsufficientEvidenceError
        If either set is empty.
    InputError
        If a value is NaN.

    See Also
    --------
    whichcam.reporting.tippett_figure : Draws it.

    References
    ----------
    .. [1] C. Tippett et al., "The evidential value of the comparison of paint flakes
       from sources other than vehicles", Journal of the Forensic Science Society 8,
       1968, doi:10.1016/S0015-7368(68)70442-4.
    .. [2] D. Meuwly, D. Ramos, R. Haraksim, "A guideline for the validation of
       likelihood ratio methods used for forensic evidence evaluation", Forensic Science
       International 276, 2017, doi:10.1016/j.forsciint.2016.03.048.

    Examples
    --------
    >>> curve = tippett([-1.0, 2.0], [-2.0, -2.0])
    >>> curve.same_share.tolist(), curve.different_share.tolist()
    ([1.0, 1.0, 0.5], [1.0, 0.0, 0.0])
    """
    same = as_floats("same_log10_lr", same_log10_lr, ndim=1)
    different = as_floats("different_log10_lr", different_log10_lr, ndim=1)
    values = np.unique(np.concatenate([same, different]))
    return TippettCurve(
        log10_lr=values,
        same_share=share_reaching(same, values),
        different_share=share_reaching(different, values),
        misleading_same=float(np.mean(same < 0.0)),
        misleading_different=float(np.mean(different > 0.0)),
        n_same=int(same.shape[0]),
        n_different=int(different.shape[0]),
    )


def both_kinds(
    same_scores: npt.ArrayLike, different_scores: npt.ArrayLike
) -> tuple[Float64Array, Float64Array]:
    """Return checked scores of both kinds."""
    return (
        as_floats("same_scores", same_scores, ndim=1),
        as_floats("different_scores", different_scores, ndim=1),
    )


def share_reaching(scores: Float64Array, thresholds: Float64Array) -> Float64Array:
    """Return the share of scores at or above each threshold."""
    below = np.searchsorted(np.sort(scores), thresholds, side="left")
    shares: Float64Array = 1.0 - below / float(scores.shape[0])
    return shares


def _json_number(value: float) -> float | str:
    return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
