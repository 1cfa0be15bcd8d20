"""What can be drawn: `whichcam.evaluation.EvaluationResult` can."""

from __future__ import annotations

from typing import Protocol

from whichcam._typing import IntArray
from whichcam.scoring import ReliabilityCurve


class HasConfusion(Protocol):
    """Something with a confusion matrix."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Name of each class."""

    @property
    def makes(self) -> tuple[str, ...]:
        """Make of each class."""

    def confusion(self) -> IntArray:
        """Return (n_classes, n_classes) counts, ``[true, answered]``."""


class HasReliability(Protocol):
    """Something that states confidences and is right or wrong."""

    def reliability(self) -> ReliabilityCurve:
        """Return the share right as a function of the confidence stated."""
