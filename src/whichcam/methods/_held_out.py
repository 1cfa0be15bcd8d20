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
    return temperature_of(np.concatenate(scores), labels[np.concatenate(rows)])


def temperature_of(scores: Float64Array, labels: IntArray) -> float:
    """Return the temperature of scores of rows not learnt from; classes weigh alike."""
    balance = 1.0 / np.bincount(labels)[labels]
    if np.ptp(scores, axis=1).max() == 0:
        return 1.0  # features that tell nothing: no temperature is better than another
    return float(TemperatureScaling().fit(scores, labels, balance).temperature_)


def held_out_rows(
    labels: IntArray, groups: npt.NDArray[Any], share: float, seed: int
) -> IntArray:
    """Return rows to validate on: whole groups of each class, about ``share`` of it.

    A class with a single group gives its last rows. At least one row of each class is
    held out, and at least one is left.
    """
    rng = np.random.default_rng(seed)
    held: list[int] = []
    for label in range(int(labels.max()) + 1):
        rows = np.flatnonzero(labels == label)
        wanted = max(1, round(share * len(rows)))
        names = rng.permutation(np.unique(groups[rows]))
        if len(names) == 1:
            held += rows[-min(wanted, len(rows) - 1) :].tolist()
            continue
        sizes = {name: int((groups[rows] == name).sum()) for name in names}
        # the fittest first, so that one large group does not take most of a class
        first = min(names, key=lambda name: abs(sizes[name] - wanted))
        chosen, count = {first}, sizes[first]
        for name in names:
            if name not in chosen and count + sizes[name] <= wanted:
                chosen.add(name)
                count += sizes[name]
        held += rows[np.isin(groups[rows], list(chosen))].tolist()
    return np.sort(np.array(held, dtype=np.int64))


def softmax(scores: Float64Array) -> Float64Array:
    """Return probabilities of log probabilities, row by row."""
    raised = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))
