"""Isotonic calibration: no shape assumed but that higher scores mean more likely."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from whichcam.errors import (
    IncompatibleArtifactError,
    InputError,
    InsufficientEvidenceError,
)
from whichcam.scoring._calibration import Calibrator, check_method, stored_number
from whichcam.scoring._validation import (
    Float64Array,
    as_confidence,
    as_finite,
    as_weights,
    same_length,
)


def pool_adjacent_violators(
    values: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> Float64Array:
    """Return the non-decreasing sequence nearest to the values.

    Parameters
    ----------
    values : array_like of shape (n,), float
        Finite, in the order of the predictor.
    weights : array_like of shape (n,), float, optional
        Positive weights. Default: equal.

    Returns
    -------
    ndarray of shape (n,), float64
        Minimizes the weighted sum of squared differences.

    Raises
    ------
    ShapeMismatchError
        If the lengths differ.
    InputError
        If a value is not finite or a weight not positive.
    InsufficientEvidenceError
        If there is no value.

    Notes
    -----
    One pass with a stack of blocks, O(n). Applying it twice changes nothing.

    References
    ----------
    .. [1] M. Ayer et al., "An empirical distribution function for sampling with
       incomplete information", Annals of Mathematical Statistics 26, 1955,
       doi:10.1214/aoms/1177728423.

    Examples
    --------
    >>> pool_adjacent_violators([1.0, 3.0, 2.0, 4.0]).tolist()
    [1.0, 2.5, 2.5, 4.0]
    """
    numbers = as_finite("values", values, ndim=1)
    mass = as_weights(weights, numbers.shape[0])
    if bool((mass <= 0.0).any()):
        raise InputError("weights must be positive; leave out rows of weight 0")
    # Blocks on a stack: mean, mass, length. A block lower than the one before joins it.
    means: list[float] = []
    masses: list[float] = []
    lengths: list[int] = []
    for value, weight in zip(numbers.tolist(), mass.tolist(), strict=True):
        mean, total, length = value, weight, 1
        while means and means[-1] > mean:
            joint = masses.pop() + total
            mean = means[-1] + (mean - means.pop()) * (total / joint)
            total = joint
            length += lengths.pop()
        means.append(mean)
        masses.append(total)
        lengths.append(length)
    return np.repeat(np.array(means, dtype=np.float64), lengths)


class IsotonicCalibration(Calibrator):
    """Map one score to a probability by the best non-decreasing function.

    Parameters
    ----------
    bounded : bool, default True
        Keep the probabilities within ``[1 / (n + 2), (n + 1) / (n + 2)]``: n
        photographs cannot support a stronger statement (Laplace's rule of succession).
        Without it the highest scores get probability 1.

    Attributes
    ----------
    scores_, probabilities_ : ndarray of shape (b,), float64, read-only
        Breakpoints, both non-decreasing. Between them the map is linear; outside it is
        constant.
    n_photos_ : int
        Photographs fitted on.

    See Also
    --------
    PlattScaling : Two parameters; better below some hundred photographs.

    References
    ----------
    .. [1] B. Zadrozny, C. Elkan, "Transforming classifier scores into accurate
       multiclass probability estimates", KDD 2002, doi:10.1145/775047.775151.

    Examples
    --------
    >>> isotonic = IsotonicCalibration(bounded=False)
    >>> isotonic.fit([1, 2, 3, 4], [0, 1, 0, 1]).transform([2.5, 3.5, 9]).tolist()
    [0.5, 0.75, 1.0]
    """

    method: ClassVar[str] = "isotonic_calibration"

    scores_: Float64Array
    probabilities_: Float64Array
    n_photos_: int

    def __init__(self, *, bounded: bool = True) -> None:
        self.bounded = bounded

    def fit(
        self,
        scores: npt.ArrayLike,
        outcomes: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
    ) -> Self:
        """Fit the breakpoints by pooling adjacent violators.

        Parameters
        ----------
        scores : array_like of shape (n,), float
            Finite. Equal scores are averaged first.
        outcomes : array_like of shape (n,), bool or float in [0, 1]
            What happened.
        sample_weight : array_like of shape (n,), float, optional
            Positive relative weights. Default: equal.

        Returns
        -------
        IsotonicCalibration
            Itself, frozen.

        Raises
        ------
        ShapeMismatchError, InputError
            If the lengths differ, a score is not finite, an outcome is outside [0, 1],
            a weight is not positive, or it is already fitted.
        InsufficientEvidenceError
            If all outcomes are the same: nothing says where they would change.
        """
        self._refuse_refit()
        values = as_finite("scores", scores, ndim=1)
        truth = as_confidence("outcomes", outcomes)
        n = values.shape[0]
        same_length("outcomes", truth, "scores", n)
        weights = as_weights(sample_weight, n)
        if bool((weights <= 0.0).any()):
            raise InputError("sample_weight must be positive; leave out rows of 0")
        if float(np.ptp(truth)) == 0.0:
            raise InsufficientEvidenceError(
                f"all {n} outcomes are {truth[0]:g}; both kinds are needed"
            )
        x, codes = np.unique(values, return_inverse=True)
        mass = np.bincount(codes, weights=weights)
        mean = np.bincount(codes, weights=weights * truth) / mass
        y = np.clip(pool_adjacent_violators(mean, mass), 0.0, 1.0)
        # Within a run of equal probabilities only the ends shape the map.
        inner = np.zeros(x.shape[0], dtype=np.bool_)
        inner[1:-1] = (y[1:-1] == y[:-2]) & (y[1:-1] == y[2:])
        low = 1.0 / (n + 2) if self.bounded else 0.0
        self.scores_ = _read_only(x[~inner])
        self.probabilities_ = _read_only(np.clip(y[~inner], low, 1.0 - low))
        self.n_photos_ = n
        return self._freeze()

    def transform(self, scores: npt.ArrayLike) -> Float64Array:
        """Return probabilities.

        Parameters
        ----------
        scores : array_like of shape (n,), float
            Finite.

        Returns
        -------
        ndarray of shape (n,), float64
            In [0, 1], non-decreasing in the score.

        Raises
        ------
        NotFittedError
            If it is not fitted.
        ShapeMismatchError, InputError, InsufficientEvidenceError
            If ``scores`` is not of one axis, not finite, or empty.
        """
        values = as_finite("scores", scores, ndim=1)
        return np.interp(values, self.scores_, self.probabilities_)

    def to_dict(self) -> dict[str, Any]:
        """Return parameters and breakpoints, ready for JSON.

        Raises
        ------
        NotFittedError
            If it is not fitted.
        """
        return {
            "method": self.method,
            "bounded": self.bounded,
            "scores": self.scores_.tolist(),
            "probabilities": self.probabilities_.tolist(),
            "n_photos": self.n_photos_,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the calibrator that `to_dict` described.

        Raises
        ------
        IncompatibleArtifactError
            If ``data`` is of another method, incomplete, or no non-decreasing map.
        """
        check_method(data, cls.method)
        try:
            x = np.array(data.get("scores"), dtype=np.float64)
            y = np.array(data.get("probabilities"), dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise IncompatibleArtifactError(
                f"stored breakpoints are not numbers ({error})"
            ) from error
        if (
            x.ndim != 1
            or x.shape != y.shape
            or x.shape[0] < 1
            or not bool(np.isfinite(x).all() and (np.diff(x) > 0).all())
            or not bool((np.diff(y) >= 0).all() and y[0] >= 0 and y[-1] <= 1)
        ):
            raise IncompatibleArtifactError(
                "stored breakpoints are no map: expected as many ascending scores as "
                "non-decreasing probabilities in [0, 1]"
            )
        new = cls(bounded=bool(data.get("bounded", True)))
        new.scores_ = _read_only(x)
        new.probabilities_ = _read_only(y)
        new.n_photos_ = int(stored_number(data, "n_photos", low=1))
        return new._freeze()


def _read_only(array: Float64Array) -> Float64Array:
    """Return the array, locked."""
    array.setflags(write=False)
    return array
