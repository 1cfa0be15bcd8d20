"""Answers about photos that were not learnt from, to calibrate a classifier with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, IntArray
from whichcam.scoring import TemperatureScaling

Float64Array = npt.NDArray[np.float64]
Scores = Callable[[FloatArray], Float64Array]
"""From features (n, D) to scores (n, n_classes)."""


def held_out_folds(
    labels: IntArray, groups: npt.NDArray[Any], n_folds: int, seed: int
) -> IntArray:
    """Return the fold of each row; no class is missing from the rows outside a fold.

    A class with two or more groups is dealt out by groups, one with a single group by
    rows: with two rows or more of each class, something to learn from always remains.
    """
    rng = np.random.default_rng(seed)
    folds = np.zeros(len(labels), np.int64)
    for label in range(int(labels.max()) + 1):
        rows = np.flatnonzero(labels == label)
        names, member = np.unique(groups[rows], return_inverse=True)
        if len(names) == 1:
            names = member = np.arange(len(rows))
        # where the dealing starts is drawn, else the first fold would be the largest
        place = (rng.permutation(len(names)) + rng.integers(n_folds)) % n_folds
        folds[rows] = place[member]
    return folds


def fit_temperature(
    fit: Callable[[FloatArray, IntArray], Scores],
    features: FloatArray,
    labels: IntArray,
    groups: npt.NDArray[Any],
    *,
    n_folds: int,
    seed: int,
) -> float:
    """Return the temperature of the scores of rows that were not learnt from.

    ``fit`` is called once a fold; classes weigh the same.
    """
    folds = held_out_folds(labels, groups, n_folds, seed)
    scores, rows = [], []
    for fold in np.unique(folds):
        out = np.flatnonzero(folds == fold)
        predict = fit(features[folds != fold], labels[folds != fold])
        scores.append(predict(features[out]))
        rows.append(out)
    order = np.concatenate(rows)
    balance = 1.0 / np.bincount(labels)[labels[order]]
    stacked = np.concatenate(scores)
    if np.ptp(stacked, axis=1).max() == 0:
        return 1.0  # features that tell nothing: no temperature is better than another
    scaling = TemperatureScaling().fit(stacked, labels[order], balance)
    return float(scaling.temperature_)


def softmax(scores: Float64Array) -> Float64Array:
    """Return probabilities of log probabilities, row by row."""
    raised = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))
