"""An ensemble of Fisher discriminants on random subspaces, for many classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from whichcam._typing import BoolArray, FloatArray, IntArray
from whichcam.errors import IncompatibleArtifactError, InputError
from whichcam.scoring import TemperatureScaling

Float64Array = npt.NDArray[np.float64]

_TRIAL_LEARNERS = 20  # of each size of subspace while the size is searched
_AS_GOOD = 0.002  # out-of-bag error within which the smallest subspace is taken
_WINDOW, _SATURATED = 30, 0.005  # the error moved less than this over so many learners
_SMALLEST_SPREAD = 1e-6  # of a column, so that a constant one divides
_LEAST = 1e-6  # probability below which a logarithm says nothing


class FisherEnsemble:
    """Average many linear discriminants, each on some columns and some photos.

    Parameters
    ----------
    subspace_sizes : tuple of int, default (100, 200, 400, 800)
        Numbers of columns to try; the smallest whose out-of-bag error is as good as
        the best is taken.
    max_learners : int, default 100
        Learners are added until the out-of-bag error settles, at most so many.
    shrinkage : float, default 0.01
        Share of a multiple of the identity in the covariance, in (0, 1].
    seed : int, default 0
        Decides subspaces and bootstrap samples.

    Attributes
    ----------
    subspace_size_ : int
        Columns each learner sees.
    n_learners_ : int
        Learners kept.
    oob_error_ : float
        Out-of-bag error, mean over classes.
    temperature_ : float
        Divides log probabilities.

    Notes
    -----
    As published [1]_: random subspaces, bootstrap samples, and both the size of the
    subspaces and the number of learners chosen by the out-of-bag error. Departures:

    - There are many classes, not two: a learner is a linear discriminant with a pooled
      covariance in which every class weighs the same, and learners are fused by the
      mean of their posterior probabilities rather than by votes. A temperature fitted
      out of bag makes the mean mean what it says.
    - A bootstrap sample draws whole groups (sessions or devices) where a class has
      several, else out-of-bag photos would have neighbours of their own series in the
      bag, and the error would measure memory.

    References
    ----------
    .. [1] J. Kodovský, J. Fridrich, V. Holub, "Ensemble classifiers for steganalysis
       of digital media", IEEE TIFS 7(2), 2012. doi:10.1109/TIFS.2011.2175919
    """

    def __init__(
        self,
        *,
        subspace_sizes: tuple[int, ...] = (100, 200, 400, 800),
        max_learners: int = 100,
        shrinkage: float = 0.01,
        seed: int = 0,
    ) -> None:
        self.subspace_sizes = subspace_sizes
        self.max_learners = max_learners
        self.shrinkage = shrinkage
        self.seed = seed

    def fit(
        self, features: FloatArray, labels: IntArray, groups: npt.NDArray[Any]
    ) -> Self:
        """Learn from traces.

        Parameters
        ----------
        features : ndarray of shape (n, D), float32
            Finite traces.
        labels : ndarray of shape (n,), int64
            Class indices; every class from 0 on has at least two rows.
        groups : ndarray of shape (n,)
            Rows of one class that share a value are drawn together.

        Returns
        -------
        FisherEnsemble
            Itself.

        Raises
        ------
        InputError
            If a setting is out of its range.
        """
        self._check_settings()
        self._centre = features.mean(0, dtype=np.float64).astype(np.float32)
        spread = features.std(0, dtype=np.float64).astype(np.float32)
        self._spread = np.maximum(spread, _SMALLEST_SPREAD)
        # by column: a learner takes some columns, which then are whole rows
        columns = np.ascontiguousarray(self._standardized(features).T)
        # a size beyond the columns there are is all of them
        sizes = sorted({min(size, len(columns)) for size in self.subspace_sizes})
        forests = []
        for size in sizes:
            forest = _Forest.empty(columns, labels, groups, size, self.seed)
            forest.grow(min(_TRIAL_LEARNERS, self.max_learners), self.shrinkage)
            forests.append(forest)
        least = min(forest.error() for forest in forests)
        best = next(f for f in forests if f.error() <= least + _AS_GOOD)
        while len(best.learners) < self.max_learners and not best.settled():
            best.grow(1, self.shrinkage)
        self.subspace_size_ = len(best.learners[0].columns)
        self.n_learners_ = len(best.learners)
        self.oob_error_ = best.error()
        self.temperature_ = best.temperature()
        self._columns = np.stack([learner.columns for learner in best.learners])
        self._weights = np.stack([learner.weights for learner in best.learners])
        self._offsets = np.stack([learner.offsets for learner in best.learners])
        return self

    def predict_proba(self, features: FloatArray) -> Float64Array:
        """Return calibrated probabilities.

        Parameters
        ----------
        features : ndarray of shape (n, D), float32
            Finite traces.

        Returns
        -------
        ndarray of shape (n, n_classes), float64
            Rows sum to 1.
        """
        standard = self._standardized(features)
        total = np.zeros((len(features), self._offsets.shape[1]))
        for columns, weights, offsets in zip(
            self._columns, self._weights, self._offsets, strict=True
        ):
            # in double precision a row's scores do not depend on its batch
            scores = standard[:, columns].astype(np.float64) @ weights + offsets
            total += _softmax(scores)
        mean = total / len(self._columns)
        return _softmax(np.log(np.maximum(mean, _LEAST)) / self.temperature_)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return what was learnt, as arrays to store."""
        return {
            "centre": self._centre,
            "spread": self._spread,
            "columns": self._columns,
            "weights": self._weights,
            "offsets": self._offsets,
            "summary": np.array([self.oob_error_, self.temperature_]),
        }

    def restore(
        self, arrays: Mapping[str, npt.NDArray[Any]], n_features: int, n_classes: int
    ) -> Self:
        """Take what `state` gave, checked for consistency.

        Raises
        ------
        IncompatibleArtifactError
            If shapes contradict each other.
        """
        columns, weights, offsets = (
            arrays[name] for name in ("columns", "weights", "offsets")
        )
        if (
            columns.ndim != 2
            or columns.dtype != np.int32
            or weights.shape[:2] != columns.shape
            or weights.shape[2:] != (n_classes,)
            or offsets.shape != (len(columns), n_classes)
            or arrays["centre"].shape != (n_features,)
            or arrays["spread"].shape != (n_features,)
            or arrays["summary"].shape != (2,)
            or not arrays["summary"][1] > 0
            or not arrays["spread"].min() > 0
            or not columns.size
            or not 0 <= columns.min() <= columns.max() < n_features
        ):
            raise IncompatibleArtifactError(
                "the stored ensemble's arrays contradict each other: weights of shape "
                f"{weights.shape} for columns of shape {columns.shape} of {n_features}"
            )
        self._centre, self._spread = arrays["centre"], arrays["spread"]
        self._columns, self._weights, self._offsets = columns, weights, offsets
        self.n_learners_, self.subspace_size_ = columns.shape
        self.oob_error_, self.temperature_ = map(float, arrays["summary"])
        return self

    def _check_settings(self) -> None:
        if not self.subspace_sizes or min(self.subspace_sizes) < 1:
            raise InputError(
                f"subspace_sizes is {self.subspace_sizes}; expected one or more "
                "numbers of columns, each at least 1"
            )
        if self.max_learners < 1 or not 0 < self.shrinkage <= 1:
            raise InputError(
                f"max_learners is {self.max_learners} and shrinkage {self.shrinkage}; "
                "expected 1 or more, and 0 < shrinkage <= 1"
            )

    def _standardized(self, features: FloatArray) -> FloatArray:
        standard = (features - self._centre) / self._spread
        return np.asarray(standard, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Learner:
    columns: npt.NDArray[np.int32]  # (d,)
    weights: FloatArray  # (d, n_classes)
    offsets: Float64Array  # (n_classes,)


@dataclass(slots=True, eq=False)
class _Forest:
    """Learners on subspaces of one size, and what they said out of bag."""

    columns: FloatArray  # (D, n), standardised
    labels: IntArray
    groups: npt.NDArray[Any]
    size: int
    rng: np.random.Generator
    learners: list[_Learner]
    errors: list[float]
    votes: Float64Array  # (n, n_classes): summed posteriors of rows out of bag
    n_votes: IntArray  # (n,)

    @classmethod
    def empty(
        cls,
        columns: FloatArray,
        labels: IntArray,
        groups: npt.NDArray[Any],
        size: int,
        seed: int,
    ) -> Self:
        shape = (len(labels), int(labels.max()) + 1)
        rng = np.random.default_rng([seed, size])
        zeros = np.zeros(len(labels), np.int64)
        return cls(columns, labels, groups, size, rng, [], [], np.zeros(shape), zeros)

    def grow(self, count: int, shrinkage: float) -> None:
        for _ in range(count):
            chosen = self.rng.choice(len(self.columns), self.size, replace=False)
            chosen = np.sort(chosen)  # nearer to the order of memory
            times = bootstrap_counts(self.labels, self.groups, self.rng)
            inside = times > 0
            part = self.columns[chosen]
            weights, offsets = discriminant(
                part[:, inside], self.labels[inside], times[inside], shrinkage
            )
            self.learners.append(_Learner(chosen.astype(np.int32), weights, offsets))
            outside = ~inside
            scores = part[:, outside].T.astype(np.float64) @ weights + offsets
            self.votes[outside] += _softmax(scores)
            self.n_votes[outside] += 1
            self.errors.append(self._error_now())

    def error(self) -> float:
        return self.errors[-1]

    def settled(self) -> bool:
        recent = self.errors[-_WINDOW:]
        return len(recent) == _WINDOW and max(recent) - min(recent) < _SATURATED

    def temperature(self) -> float:
        judged = self._judged()
        if not judged.any():
            return 1.0
        mean = self.votes[judged] / self.n_votes[judged, None]
        labels = self.labels[judged]
        balance = 1.0 / np.bincount(labels)[labels]
        scaling = TemperatureScaling()
        scaling.fit(np.log(np.maximum(mean, _LEAST)), labels, balance)
        return float(scaling.temperature_)

    def _judged(self) -> BoolArray:
        return self.n_votes > 0

    def _error_now(self) -> float:
        judged = self._judged()
        if not judged.any():
            return 1.0
        labels = self.labels[judged]
        wrong = self.votes[judged].argmax(1) != labels
        n_rows = np.bincount(labels)
        share = np.bincount(labels, weights=wrong) / np.maximum(n_rows, 1)
        return float(share[n_rows > 0].mean())


def bootstrap_counts(
    labels: IntArray, groups: npt.NDArray[Any], rng: np.random.Generator
) -> IntArray:
    """Draw a bootstrap sample of every class; return how often each row was drawn.

    Whole groups are drawn where a class has two or more, else rows.
    """
    times = np.zeros(len(labels), np.int64)
    for label in range(int(labels.max()) + 1):
        rows = np.flatnonzero(labels == label)
        names, member = np.unique(groups[rows], return_inverse=True)
        n_units = len(names) if len(names) > 1 else len(rows)
        drawn = np.bincount(rng.integers(n_units, size=n_units), minlength=n_units)
        times[rows] = drawn[member] if len(names) > 1 else drawn
    return times


def discriminant(
    columns: FloatArray, labels: IntArray, times: IntArray, shrinkage: float
) -> tuple[FloatArray, Float64Array]:
    """Return the weights (d, n_classes) and offsets of a linear discriminant.

    ``columns`` has shape (d, n); ``times`` weighs rows within their class, classes
    weigh the same, and every class has at least one row.
    """
    n_classes = int(labels.max()) + 1
    weight = times / np.bincount(labels, weights=times)[labels]
    members = np.zeros((len(labels), n_classes), np.float32)
    members[np.arange(len(labels)), labels] = weight
    means = columns @ members  # (d, n_classes)
    within = (columns - means[:, labels]) * np.sqrt(
        weight / n_classes, dtype=np.float32
    )
    covariance = (within @ within.T).astype(np.float64)
    scale = float(np.trace(covariance)) / len(covariance) + 1e-12
    covariance *= 1 - shrinkage
    covariance.flat[:: len(covariance) + 1] += shrinkage * scale
    weights = np.linalg.solve(covariance, means.astype(np.float64))
    offsets = -0.5 * (means * weights).sum(0)
    return weights.astype(np.float32), offsets.astype(np.float64)


def _softmax(scores: Float64Array) -> Float64Array:
    raised = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))
