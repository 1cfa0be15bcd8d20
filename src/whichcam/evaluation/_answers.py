"""What one method answered, in the form that figures are drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whichcam._typing import IntArray
from whichcam.scoring import ReliabilityCurve, confusion_matrix, reliability_curve


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodAnswers:
    """The answers of one method on untouched photos of known cameras, to be drawn.

    Attributes
    ----------
    classes, makes : tuple of str
        Camera models, and the make of each.
    labels, answers : ndarray of shape (n,), int64
        True and answered class of each photo that could be answered.
    confidence : ndarray of shape (n,), float64
        Probability of the answer.
    """

    classes: tuple[str, ...]
    makes: tuple[str, ...]
    labels: IntArray
    answers: IntArray
    confidence: npt.NDArray[np.float64]

    def confusion(self) -> IntArray:
        """Return (n_classes, n_classes) counts, ``[true, answered]``."""
        n = len(self.classes)
        return confusion_matrix(self.labels, self.answers, n)[:n, :n]

    def reliability(self) -> ReliabilityCurve:
        """Return the share right as a function of the confidence stated."""
        return reliability_curve(
            np.clip(self.confidence, 0.0, 1.0), self.labels == self.answers
        )
