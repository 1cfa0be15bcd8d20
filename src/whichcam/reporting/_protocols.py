"""What can be drawn: `whichcam.evaluation.EvaluationResult` can."""

from __future__ import annotations

from collections.abc import Sequence
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


class HasAnswers(HasConfusion, HasReliability, Protocol):
    """The answers of one method."""

    @property
    def labels(self) -> IntArray:
        """True class of each photo."""


class HasInterval(Protocol):
    """The ends of an interval."""

    @property
    def low(self) -> float:
        """Lower end."""

    @property
    def high(self) -> float:
        """Upper end."""


class HasCell(Protocol):
    """The figures of a method on a split under a manipulation."""

    @property
    def method(self) -> str:
        """Name of the method."""

    @property
    def split(self) -> str:
        """Name of the split."""

    @property
    def manipulation(self) -> str:
        """Name of the manipulation."""

    @property
    def top1(self) -> float:
        """Share right."""

    @property
    def top1_interval(self) -> HasInterval | None:
        """Its interval."""


class HasCells(Protocol):
    """The figures of a benchmark."""

    @property
    def cells(self) -> Sequence[HasCell]:
        """One a method, split and manipulation."""


class HasBenchmark(Protocol):
    """A benchmark: `whichcam.evaluation.BenchmarkResult` is one."""

    @property
    def known_splits(self) -> Sequence[str]:
        """Splits of known cameras."""

    @property
    def manipulations(self) -> Sequence[str]:
        """What was done to the pixels."""

    def summary(self) -> HasCells:
        """Return the figures."""

    def answers(self, method: str) -> HasAnswers:
        """Return a method's answers on untouched photos."""


class HasFoldFigures(Protocol):
    """The figures of a method over folds."""

    @property
    def method(self) -> str:
        """Name of the method."""

    @property
    def unit(self) -> str:
        """By what photos were held out."""

    @property
    def top1(self) -> float:
        """Share right."""

    @property
    def top1_interval(self) -> HasInterval | None:
        """Its interval."""

    @property
    def ungrouped_top1(self) -> float | None:
        """What a split that leaks would have claimed."""


class HasMethods(Protocol):
    """The figures of a cross-validation."""

    @property
    def methods(self) -> Sequence[HasFoldFigures]:
        """One a method and unit."""


class HasCrossval(Protocol):
    """A cross-validation: `whichcam.evaluation.CrossvalResult` is one."""

    def summary(self) -> HasMethods:
        """Return the figures."""

    def complete(self, scheme: str) -> Sequence[str]:
        """Return the methods that answered for every photo."""

    def answers(self, method: str) -> HasAnswers:
        """Return a method's answers in grouped folds."""


class HasManipulation(Protocol):
    """The figures of a split under a manipulation."""

    @property
    def split(self) -> str:
        """Name of the split."""

    @property
    def manipulation(self) -> str:
        """Name of the manipulation."""

    @property
    def n_photos(self) -> int:
        """Photos answered."""

    @property
    def top1(self) -> float | None:
        """Share right."""


class HasManipulations(Protocol):
    """The figures of an evaluation."""

    @property
    def manipulations(self) -> Sequence[HasManipulation]:
        """One a split and manipulation."""


class HasEvaluation(HasConfusion, HasReliability, Protocol):
    """An evaluation: `whichcam.evaluation.EvaluationResult` is one."""

    def summary(self) -> HasManipulations:
        """Return the figures."""
