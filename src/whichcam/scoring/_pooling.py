"""Several opinions made one: pooled, weighed on held-out photos, adapted to a set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from whichcam.errors import InputError, InsufficientEvidenceError, ShapeMismatchError
from whichcam.scoring._validation import as_finite, as_labels

Float64Array = npt.NDArray[np.float64]

_FLOOR = 1e-6  # a probability of 0 would be a veto that nothing could outweigh
_LARGEST_WEIGHT = 10.0
_ROUNDS, _SETTLED = 200, 1e-6


def log_linear_pool(
    opinions: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> Float64Array:
    """Return the weighted geometric mean of probabilities, normalised.

    An opinion that calls all classes equally likely changes nothing.

    Parameters
    ----------
    opinions : array_like of shape (m, n, c), float
        Probabilities of m judges about n photos and c classes, in [0, 1]; those below
        1e-6 are raised to it.
    weights : array_like of shape (m,), float, optional
        Not negative and not all zero. Default: equal weights that sum to 1.

    Returns
    -------
    ndarray of shape (n, c), float64
        Rows sum to 1.

    Raises
    ------
    ShapeMismatchError
        If opinions are not three-dimensional, or there is not a weight a judge.
    InputError
        If a value is out of range.

    Notes
    -----
    The logarithmic opinion pool [1]_.

    References
    ----------
    .. [1] C. Genest, J. V. Zidek, "Combining probability distributions: a critique and
       an annotated bibliography", Statistical Science 1(1), 1986.
       doi:10.1214/ss/1177013825

    Examples
    --------
    >>> log_linear_pool([[[0.8, 0.2]], [[0.5, 0.5]]], [1, 1]).round(3).tolist()
    [[0.8, 0.2]]
    """
    logs = _logs(opinions)
    n_judges = len(logs)
    if weights is None:
        shares = np.full(n_judges, 1 / max(n_judges, 1))
    else:
        shares = as_finite("weights", weights, ndim=1)
    if shares.shape != (n_judges,):
        raise ShapeMismatchError(
            f"weights have shape {shares.shape} for {n_judges} opinions; expected one "
            "each"
        )
    if (shares < 0).any() or not shares.any():
        raise InputError(
            f"weights are {shares.tolist()}; expected numbers >= 0, not all 0"
        )
    return _softmax(np.tensordot(shares, logs, axes=1))


def fit_pool_weights(opinions: npt.ArrayLike, labels: npt.ArrayLike) -> Float64Array:
    """Return the weights of a log-linear pool under which the truth is most probable.

    Parameters
    ----------
    opinions : array_like of shape (m, n, c), float
        Probabilities about photos that no judge has learnt from.
    labels : array_like of shape (n,), int
        True classes, counted from 0. Classes weigh the same.

    Returns
    -------
    ndarray of shape (m,), float64
        In [0, 10]; a weight above 1 sharpens a judge, 0 silences it.

    Raises
    ------
    InsufficientEvidenceError
        If there is no photo.
    ShapeMismatchError, InputError
        If the values do not fit each other.
    """
    from scipy.optimize import minimize

    logs = _logs(opinions)
    n_judges, n_photos, n_classes = logs.shape
    truth = as_labels("labels", labels, n_classes=n_classes, unknown=False)
    if not n_photos or len(truth) != n_photos:
        raise InsufficientEvidenceError(
            f"{n_photos} photos and {len(truth)} labels; expected one each, and some"
        )
    share = 1.0 / np.bincount(truth, minlength=n_classes)[truth]
    share /= share.sum()
    rows = np.arange(n_photos)

    def loss(weights: Float64Array) -> tuple[float, Float64Array]:
        pooled = _softmax(np.tensordot(weights, logs, axes=1))
        own = np.log(np.maximum(pooled[rows, truth], 1e-300))
        slope = logs[:, rows, truth] - (logs * pooled).sum(2)
        return float(-(share * own).sum()), -(slope * share).sum(1)

    start = np.full(n_judges, 1 / n_judges)
    bounds = [(0.0, _LARGEST_WEIGHT)] * n_judges
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return np.asarray(found if found.any() else start, dtype=np.float64)


def adapt_to_set(probabilities: npt.ArrayLike) -> Float64Array:
    """Adapt answers about a set of photos to how often each class is in the set.

    Each photo's answer serves as its soft label; from these the shares of classes are
    estimated, from the shares new answers, until they settle. The answers about one
    photo then depend on all others: fit for a competition, not for a finding.

    Parameters
    ----------
    probabilities : array_like of shape (n, c), float
        Answers of a classifier whose classes weigh the same.

    Returns
    -------
    ndarray of shape (n, c), float64
        Rows sum to 1.

    Raises
    ------
    ShapeMismatchError, InputError
        If these are no probabilities.

    Notes
    -----
    Expectation maximisation over priors [1]_, one photo of each class added to the
    counts so that a class that was never answered stays possible.

    References
    ----------
    .. [1] M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a
       classifier to new a priori probabilities: a simple procedure", Neural
       Computation 14(1), 2002. doi:10.1162/089976602753284446
    """
    first = np.exp(_logs(np.asarray(probabilities, dtype=np.float64)[None])[0])
    first /= first.sum(1, keepdims=True)
    n_photos, n_classes = first.shape
    shares = np.full(n_classes, 1 / max(n_classes, 1))
    adapted = first
    for _ in range(_ROUNDS):
        adapted = first * shares
        adapted /= adapted.sum(1, keepdims=True)
        counts = adapted.sum(0) + 1.0
        new = counts / (n_photos + n_classes)
        if np.abs(new - shares).max() < _SETTLED:
            break
        shares = new
    return np.asarray(adapted)


def _logs(opinions: npt.ArrayLike | Sequence[npt.ArrayLike]) -> Float64Array:
    values = np.asarray(opinions, dtype=np.float64)
    if values.ndim != 3:
        raise ShapeMismatchError(
            f"opinions have shape {values.shape}; expected (judges, photos, classes)"
        )
    if not np.isfinite(values).all() or (values < 0).any() or (values > 1 + 1e-6).any():
        raise InputError("opinions hold values outside [0, 1]")
    return np.log(np.maximum(values, _FLOOR))


def _softmax(logs: Float64Array) -> Float64Array:
    raised = np.exp(logs - logs.max(1, keepdims=True, initial=-np.inf))
    return np.asarray(raised / raised.sum(1, keepdims=True))
