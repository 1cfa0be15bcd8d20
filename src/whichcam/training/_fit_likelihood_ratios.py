"""From scores of known truth to a bounded map of likelihood ratios, by `lir`."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import metadata
from typing import Any, Final

import numpy as np
import numpy.typing as npt

import whichcam
from whichcam.errors import (
    InputError,
    InsufficientEvidenceError,
    MissingDependencyError,
)
from whichcam.scoring import LikelihoodRatioMap, scores_sha256, transform_scores

# lir's bounds compare every score with up to some hundred thresholds at once, in
# float64: more would take gigabytes.
_MAX_SCORES: Final = 200_000


def fit_likelihood_ratios(
    same_scores: npt.ArrayLike,
    different_scores: npt.ArrayLike,
    *,
    statistic: str,
    source: str,
    conditions: str,
    n_devices: int,
    transform: str = "identity",
    fitted: datetime | None = None,
) -> LikelihoodRatioMap:
    """Fit a map from a score to a bounded log10 likelihood ratio.

    Parameters
    ----------
    same_scores : array_like of shape (n,), float
        Finite scores of comparisons of pictures with the camera that took them, none of
        which helped to enrol it. Higher speaks for the same camera.
    different_scores : array_like of shape (m,), float
        Those of comparisons with other cameras.
    statistic : str
        What the score is: ``"pce"``, ``"z"``, ``"ncc"``.
    source, conditions : str
        What the pictures were, and how they were compared. Kept with the map.
    n_devices : int
        Devices the comparisons are of, at least 2.
    transform : {"identity", "signed_square_root"}
        What is done to the score first: nothing to a ``z``; energies (``pce``) are
        squares, whose roots are about normal where the cameras differ. The regression
        is penalized on that scale: it is meant for scores that spread by about 1 there,
        as both do and ``ncc`` does not.
    fitted : datetime, optional
        When, with its time zone. Default: now.

    Returns
    -------
    LikelihoodRatioMap
        Applies without `lir`.

    Raises
    ------
    MissingDependencyError
        If `lir` (extra ``train``) is not installed.
    InsufficientEvidenceError
        If a set is empty, there are fewer than two devices, or the scores of the same
        camera are no higher than the others'.
    ShapeMismatchError, InputError
        If a set is not of one axis or not finite, there are more than 200,000 scores,
        or a text is too long.

    See Also
    --------
    whichcam.scoring.PlattScaling : Unbounded, for calibration of known/unknown.

    Notes
    -----
    Logistic regression in which both kinds weigh the same, then the empirical upper and
    lower bounds of Vergeer et al. [1]_: no ratio stronger than one at which the
    decisions it supports would, with one more misleading comparison, be worse than
    those of saying nothing. Both are the implementation of the Netherlands Forensic
    Institute [2]_; m comparisons of different cameras allow at most ``log10(m + 1)``.

    References
    ----------
    .. [1] P. Vergeer, A. van Es, A. de Jongh, I. Alberink, R. Stoel, "Numerical
       likelihood ratios outputted by LR systems are often based on extrapolation: when
       to stop extrapolating?", Science and Justice 56, 2016,
       doi:10.1016/j.scijus.2016.06.003.
    .. [2] LiR, a toolkit for likelihood ratio systems, Apache-2.0,
       https://github.com/NetherlandsForensicInstitute/lir.
    """
    same = _scores("same_scores", same_scores)
    different = _scores("different_scores", different_scores)
    n = int(same.shape[0] + different.shape[0])
    if n > _MAX_SCORES:
        raise InputError(
            f"{n} scores; at most {_MAX_SCORES} can be fitted at once: pass a random "
            "sample of those of different cameras"
        )
    if n_devices < 2:
        raise InsufficientEvidenceError(
            f"the scores are of {n_devices} device(s); two or more are needed to know "
            "how other cameras score"
        )
    values = np.concatenate([same, different])
    slope, intercept, lower, upper = _fit_by_lir(
        transform_scores(values, transform),
        np.repeat([1, 0], [len(same), len(different)]),
    )
    if not slope > 0.0:
        raise InsufficientEvidenceError(
            f"{statistic} of {len(same)} comparisons of the same camera is no higher "
            f"than of {len(different)} of others; no likelihood ratio rises with it"
        )
    return LikelihoodRatioMap(
        statistic=statistic,
        transform=transform,
        slope=slope,
        intercept=intercept,
        lower_log10_lr=lower,
        upper_log10_lr=upper,
        n_same=len(same),
        n_different=len(different),
        n_devices=n_devices,
        score_range=(float(values.min()), float(values.max())),
        conditions=conditions,
        source=source,
        data_sha256=scores_sha256(same, different),
        fitted=(fitted or datetime.now(UTC)).isoformat(timespec="seconds"),
        software={
            "whichcam": whichcam.__version__,
            **{name: metadata.version(name) for name in ("lir", "scikit-learn")},
        },
    )


def _scores(name: str, scores: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return finite scores; the errors are those of `whichcam.scoring`."""
    scores_sha256(scores, [0.0])
    values = np.array(scores, dtype=np.float64)
    if not bool(np.isfinite(values).all()):
        raise InputError(f"{name} holds infinite values; expected finite numbers")
    return values


def _fit_by_lir(
    values: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]
) -> tuple[float, float, float, float]:
    """Return slope and intercept of the ln ratio, and the log10 bounds."""
    try:
        from lir.algorithms.bayeserror import ELUBBounder
        from lir.algorithms.logistic_regression import LogitCalibrator
        from lir.data.models import LLRData
        from threadpoolctl import threadpool_limits  # comes with scikit-learn
    except ImportError as error:
        raise MissingDependencyError(
            "lir", extra="train", purpose="fitting likelihood ratios"
        ) from error
    column = values.reshape(-1, 1)
    # Two unknowns: threads that wait for each other cost six times the fit.
    with threadpool_limits(limits=1):
        calibrator = LogitCalibrator().fit(column, labels)
        unbounded = calibrator.transform(column)
        # A copy: lir clips the ratios that it is handed.
        bounder = ELUBBounder().fit(LLRData(features=unbounded.copy(), labels=labels))
    line: Any = calibrator._logit
    return (
        float(line.coef_[0, 0]),
        float(line.intercept_[0]),
        float(bounder.lower_llr_bound),
        float(bounder.upper_llr_bound),
    )
