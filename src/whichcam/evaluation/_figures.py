"""Arrays of a result's rows, and the figures that several tables share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from whichcam._typing import BoolArray, IntArray
from whichcam.evaluation._records import UNTOUCHED, EvaluationRow
from whichcam.scoring import (
    UNKNOWN,
    ReliabilityCurve,
    confusion_matrix,
    level_probabilities,
    reliability_curve,
    top_k_accuracy,
)

if TYPE_CHECKING:
    from whichcam.evaluation._result import EvaluationResult


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownScores:
    """Pictures of known cameras as arrays; n may be 0.

    Attributes
    ----------
    probabilities : ndarray of shape (n, c), float64
    labels, predictions : ndarray of shape (n,), int64
    correct, make_correct : ndarray of shape (n,), bool
        Whether the most probable class, and the make with the highest summed
        probability, is right.
    confidence : ndarray of shape (n,), float64
        The highest probability.
    devices : tuple of str
        The device of each, or a name for all of a model's where it is blank.
    cameras : tuple of str
    """

    probabilities: npt.NDArray[np.float64]
    labels: IntArray
    predictions: IntArray
    correct: BoolArray
    make_correct: BoolArray
    confidence: npt.NDArray[np.float64]
    devices: tuple[str, ...]
    cameras: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.labels.shape[0])

    def top_k(self, k: int) -> float | None:
        """Return the share whose class is among the k most probable."""
        if not len(self):
            return None
        return top_k_accuracy(self.probabilities, self.labels, k)


def cluster_of(row: EvaluationRow) -> str:
    """Return a row's device; where blank, all of its model may be one device."""
    return row.device or f"\0{row.camera_model}"


def pick(
    result: EvaluationResult,
    splits: Collection[str],
    *,
    keep: Callable[[EvaluationRow], bool],
    manipulation: str = UNTOUCHED,
) -> list[EvaluationRow]:
    """Return the rows of some splits under one manipulation that are to be kept."""
    return [
        row
        for row in result.rows
        if row.manipulation == manipulation and row.split in splits and keep(row)
    ]


def is_known(row: EvaluationRow) -> bool:
    """Say whether the camera is one of the classes."""
    return row.label != UNKNOWN


def is_unknown(row: EvaluationRow) -> bool:
    """Say whether the camera is none of the classes."""
    return row.label == UNKNOWN


def known_scores(
    result: EvaluationResult, rows: Sequence[EvaluationRow]
) -> KnownScores:
    """Return rows of known cameras as arrays."""
    n_classes = len(result.classes)
    probabilities = np.array([row.probabilities for row in rows], dtype=np.float64)
    probabilities = probabilities.reshape(len(rows), n_classes)
    labels = np.array([row.label for row in rows], dtype=np.int64)
    if len(rows):
        predictions = probabilities.argmax(axis=1)
        codes = np.unique(np.array(result.makes), return_inverse=True)[1].reshape(-1)
        makes = level_probabilities(probabilities, codes).argmax(axis=1)
        make_correct = makes == codes[labels]
        confidence = np.minimum(probabilities.max(axis=1), 1.0)
    else:
        predictions, make_correct = labels, labels == 0
        confidence = np.zeros(0)
    return KnownScores(
        probabilities=probabilities,
        labels=labels,
        predictions=predictions,
        correct=predictions == labels,
        make_correct=make_correct,
        confidence=confidence,
        devices=tuple(cluster_of(row) for row in rows),
        cameras=tuple(row.camera_model for row in rows),
    )


def headline_scores(result: EvaluationResult) -> KnownScores:
    """Return untouched pictures of known cameras of the known splits together."""
    return known_scores(result, pick(result, result.known_splits, keep=is_known))


def confusion(result: EvaluationResult) -> IntArray:
    """Return the closed-set confusion matrix of the known splits."""
    scores, n_classes = headline_scores(result), len(result.classes)
    if not len(scores):
        return np.zeros((n_classes, n_classes), dtype=np.int64)
    counts = confusion_matrix(scores.labels, scores.predictions, n_classes)
    return counts[:n_classes, :n_classes]


def reliability(result: EvaluationResult, *, n_bins: int) -> ReliabilityCurve:
    """Return the reliability curve of the known splits."""
    scores = headline_scores(result)
    return reliability_curve(scores.confidence, scores.correct, n_bins=n_bins)
