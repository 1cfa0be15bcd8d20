"""How far a measured share can be trusted: intervals over devices and counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from whichcam._typing import IntArray
from whichcam.errors import InputError, InsufficientEvidenceError, ShapeMismatchError
from whichcam.scoring._validation import (
    Float64Array,
    as_finite,
    as_group_codes,
    check_count,
    check_fraction,
    same_length,
)

Statistic: TypeAlias = (
    Literal["mean", "macro_mean"] | Callable[[npt.NDArray[np.float64]], float]
)

# Draws held at once: 4e6 int64 counts are 32 MB.
_DRAWS_PER_BLOCK: Final = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A statistic and the interval it may lie in.

    Attributes
    ----------
    estimate : float
        The statistic of the data as they are.
    low, high : float
        Ends of the interval, ``low <= high``.
    level : float
        Nominal coverage, in (0, 1).
    method : str
        How it was computed.
    n : int
        Units that count as independent: clusters (devices), or trials.
    """

    estimate: float
    low: float
    high: float
    level: float
    method: str
    n: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return asdict(self)


def cluster_bootstrap(
    values: npt.ArrayLike,
    clusters: npt.ArrayLike,
    statistic: Statistic = "mean",
    *,
    n_resamples: int = 2000,
    level: float = 0.95,
    seed: int,
) -> Interval:
    """Return a percentile interval that resamples whole clusters (devices).

    Photographs of one device succeed and fail together; resampling photographs would
    claim a certainty that no other device would confirm.

    Parameters
    ----------
    values : array_like of shape (n,) or (n, d), float
        One row per photograph, for example 1.0 where the answer was right.
    clusters : array_like of shape (n,)
        Device of each photograph.
    statistic : {"mean", "macro_mean"} or callable
        ``"mean"`` over photographs, ``"macro_mean"`` over devices (both vectorised), or
        a function of the resampled rows that returns a number (called
        ``n_resamples + 1`` times; a device drawn twice gives its rows twice).
    n_resamples : int, default 2000
        Bootstrap samples.
    level : float, default 0.95
        Nominal coverage.
    seed : int
        Seed of the resampling; the same seed gives the same interval.

    Returns
    -------
    Interval
        With ``n`` the number of clusters.

    Raises
    ------
    ShapeMismatchError
        If the lengths differ, or ``values`` has columns and the statistic is a name.
    InsufficientEvidenceError
        If there are fewer than two clusters: nothing says how clusters differ.
    InputError
        If a value is not finite, ``level`` is outside (0, 1), or the name of the
        statistic is unknown.

    Notes
    -----
    Percentile intervals are too narrow for few clusters (below about twenty) and do not
    correct the bias of statistics such as the calibration error, whose resamples lie
    above the estimate.

    References
    ----------
    .. [1] A. Davison, D. Hinkley, "Bootstrap Methods and their Application", 1997,
       sec. 3.8, doi:10.1017/CBO9780511802843.

    Examples
    --------
    >>> interval = cluster_bootstrap([1, 1, 0, 0], ["a", "a", "b", "b"], seed=0)
    >>> interval.estimate, interval.low, interval.high, interval.n
    (0.5, 0.0, 1.0, 2)
    """
    rows = as_finite("values", values, ndim=(1, 2))
    codes, n_clusters = as_group_codes("clusters", clusters)
    same_length("clusters", codes, "values", rows.shape[0])
    check_count("n_resamples", n_resamples)
    check_fraction("level", level)
    if n_clusters < 2:
        raise InsufficientEvidenceError(
            f"{n_clusters} cluster; at least 2 devices are needed to see how devices "
            "differ"
        )
    rng = np.random.default_rng(seed)
    if callable(statistic):
        estimate = float(statistic(rows))
        draws = _resample_rows(rows, codes, n_clusters, statistic, n_resamples, rng)
    else:
        if rows.ndim != 1:
            raise ShapeMismatchError(
                f"values has shape {rows.shape}; the statistic {statistic!r} needs "
                "(n,); pass a function for rows of several numbers"
            )
        estimate, draws = _resample_means(
            rows, codes, n_clusters, statistic, n_resamples, rng
        )
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(draws, [tail, 1.0 - tail])
    return Interval(
        estimate=estimate,
        low=float(low),
        high=float(high),
        level=level,
        method="cluster bootstrap, percentile",
        n=n_clusters,
    )


def _resample_means(
    values: Float64Array,
    codes: IntArray,
    n_clusters: int,
    statistic: str,
    n_resamples: int,
    rng: np.random.Generator,
) -> tuple[float, Float64Array]:
    """Return the mean and its resamples, from the sums of the clusters alone."""
    # Differences from one value: identical values then give exactly zero width.
    origin = float(values[0])
    count: Float64Array = np.bincount(codes, minlength=n_clusters).astype(np.float64)
    total = np.bincount(codes, values - origin, minlength=n_clusters).astype(np.float64)
    if statistic == "macro_mean":
        total, count = total / count, np.ones(n_clusters)
    elif statistic != "mean":
        raise InputError(
            f"statistic is {statistic!r}; expected 'mean', 'macro_mean' or a function"
        )
    draws = np.empty(n_resamples)
    block = max(1, _DRAWS_PER_BLOCK // n_clusters)
    evenly = np.full(n_clusters, 1.0 / n_clusters)
    for start in range(0, n_resamples, block):
        size = min(block, n_resamples - start)
        # How often each cluster is drawn is all that a mean needs to know.
        times = rng.multinomial(n_clusters, evenly, size=size).astype(np.float64)
        draws[start : start + size] = (times @ total) / (times @ count)
    return origin + float(total.sum() / count.sum()), origin + draws


def _resample_rows(
    rows: Float64Array,
    codes: IntArray,
    n_clusters: int,
    statistic: Callable[[npt.NDArray[np.float64]], float],
    n_resamples: int,
    rng: np.random.Generator,
) -> Float64Array:
    """Return the statistic of resampled rows, one call each."""
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=n_clusters))
    members = np.split(order, ends[:-1])
    draws = np.empty(n_resamples)
    for i in range(n_resamples):
        drawn = rng.integers(n_clusters, size=n_clusters)
        draws[i] = statistic(rows[np.concatenate([members[j] for j in drawn])])
    return draws


def wilson_interval(n_successes: int, n_trials: int, level: float = 0.95) -> Interval:
    """Return Wilson's score interval of a share of independent trials.

    Parameters
    ----------
    n_successes, n_trials : int
        ``0 <= n_successes <= n_trials``, ``n_trials >= 1``.
    level : float, default 0.95
        Nominal coverage of the two-sided interval.

    Returns
    -------
    Interval
        Within [0, 1]; never of zero width.

    Raises
    ------
    InsufficientEvidenceError
        If there is no trial.
    InputError
        If the counts are impossible or ``level`` is outside (0, 1).

    See Also
    --------
    cluster_bootstrap : Where trials are photographs of few devices: not independent.

    References
    ----------
    .. [1] E. Wilson, "Probable inference, the law of succession, and statistical
       inference", JASA 22, 1927, doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> interval = wilson_interval(0, 10)
    >>> interval.low, round(interval.high, 4)
    (0.0, 0.2775)
    """
    _check_trials(n_successes, n_trials)
    check_fraction("level", level)
    from statistics import NormalDist  # brings in decimal and fractions

    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    share = n_successes / n_trials
    shrink = 1.0 + z * z / n_trials
    centre = (share + z * z / (2.0 * n_trials)) / shrink
    spread = share * (1.0 - share) / n_trials + z * z / (4.0 * n_trials**2)
    reach = z * math.sqrt(spread) / shrink
    return Interval(
        estimate=share,
        # At the ends of the range the formula gives 0 and 1 but for rounding.
        low=0.0 if n_successes == 0 else max(0.0, centre - reach),
        high=1.0 if n_successes == n_trials else min(1.0, centre + reach),
        level=level,
        method="Wilson score",
        n=n_trials,
    )


def clopper_pearson_upper(
    n_successes: float, n_trials: float, level: float = 0.95
) -> float:
    """Return the exact one-sided upper confidence bound of a share.

    Parameters
    ----------
    n_successes, n_trials : float
        Counts; effective counts may be fractional (Korn & Graubard 1998).
    level : float, default 0.95
        Confidence that the true share is not above the bound.

    Returns
    -------
    float
        Bound in (0, 1]; ``1 - (1 - level) ** (1 / n)`` without a success.

    Raises
    ------
    InsufficientEvidenceError
        If there is no trial.
    InputError
        If the counts are impossible or ``level`` is outside (0, 1).

    References
    ----------
    .. [1] C. Clopper, E. Pearson, "The use of confidence or fiducial limits illustrated
       in the case of the binomial", Biometrika 26, 1934, doi:10.1093/biomet/26.4.404.
    .. [2] E. Korn, B. Graubard, "Confidence intervals for proportions with small
       expected number of positive counts estimated from survey data", Survey
       Methodology 24, 1998.

    Examples
    --------
    >>> round(clopper_pearson_upper(0, 59), 4)
    0.0495
    """
    _check_trials(n_successes, n_trials)
    check_fraction("level", level)
    if n_successes == n_trials:
        return 1.0
    from scipy.special import betaincinv

    return float(betaincinv(n_successes + 1.0, n_trials - n_successes, level))


def intraclass_correlation(values: npt.ArrayLike, clusters: npt.ArrayLike) -> float:
    """Return how alike the photographs of one device are, by analysis of variance.

    Parameters
    ----------
    values : array_like of shape (n,), float
        One number per photograph, for example 1.0 where the answer was right.
    clusters : array_like of shape (n,)
        Device of each photograph.

    Returns
    -------
    float
        0 (photographs of a device are as different as any) to 1 (all the same), the
        estimate clipped to that range; 0 where it cannot be estimated because nothing
        varies or every device has one photograph.

    Raises
    ------
    ShapeMismatchError, InputError
        If the lengths differ or a value is not finite.
    InsufficientEvidenceError
        If there are fewer than two clusters.

    References
    ----------
    .. [1] A. Donner, "A review of inference procedures for the intraclass correlation
       coefficient in the one-way random effects model", International Statistical
       Review 54, 1986, doi:10.2307/1403259.

    Examples
    --------
    >>> intraclass_correlation([1, 1, 0, 0], ["a", "a", "b", "b"])
    1.0
    """
    numbers = as_finite("values", values, ndim=1)
    codes, n_clusters = as_group_codes("clusters", clusters)
    same_length("clusters", codes, "values", numbers.shape[0])
    if n_clusters < 2:
        raise InsufficientEvidenceError(f"{n_clusters} cluster; at least 2 are needed")
    n = numbers.shape[0]
    if n == n_clusters:
        return 0.0
    numbers = numbers - numbers[0]  # identical values then vary by exactly nothing
    count = np.bincount(codes).astype(np.float64)
    mean = np.bincount(codes, weights=numbers) / count
    between = float(count @ np.square(mean - numbers.mean())) / (n_clusters - 1)
    within = float(np.square(numbers - mean[codes]).sum()) / (n - n_clusters)
    typical = (n - float(count @ count) / n) / (n_clusters - 1)
    spread = between + (typical - 1.0) * within
    return min(1.0, max(0.0, (between - within) / spread)) if spread > 0.0 else 0.0


def _check_trials(n_successes: float, n_trials: float) -> None:
    """Refuse impossible counts."""
    if n_trials <= 0:
        raise InsufficientEvidenceError(f"{n_trials} trials; at least one is needed")
    if not 0 <= n_successes <= n_trials:
        raise InputError(
            f"{n_successes} successes in {n_trials} trials; expected 0 to {n_trials}"
        )
