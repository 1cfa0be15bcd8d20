"""A benchmark as one JSON file: raw scores, settings, times, seeds, versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import numpy as np

from whichcam.errors import IncompatibleArtifactError, UnknownNameError
from whichcam.evaluation._answers import MethodAnswers
from whichcam.evaluation._benchmark_records import (
    BenchmarkMethod,
    BenchmarkPhoto,
    BenchmarkScores,
)
from whichcam.evaluation._crossval_records import CrossvalFailure
from whichcam.evaluation._keeping import KeptResult
from whichcam.evaluation._records import UNTOUCHED

if TYPE_CHECKING:
    from whichcam.evaluation._benchmark_summary import BenchmarkSummary

SCHEMA: Final = "whichcam.benchmark/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkResult(KeptResult):
    """Raw scores of methods that learnt from one split, on other splits.

    Attributes
    ----------
    photos : tuple of BenchmarkPhoto
        Photos measured on.
    methods : tuple of BenchmarkMethod
        Every method asked for, those that failed too.
    scores : tuple of BenchmarkScores
        One a fitted method and manipulation.
    failures : tuple of CrossvalFailure
        Photos that could not be read.
    classes, makes : tuple of str
        Camera models learnt, and the make of each.
    train_split : str
        The split learnt from.
    known_splits, unknown_splits : tuple of str
        Splits measured on.
    manipulations : tuple of str
        What was done to the pixels, besides nothing.
    limit, train_limit : int or None
        At most so many photos of each split, and of each camera model learnt from.
    seed : int
        Of all draws.
    manifest_sha256, git_commit, versions, machine, created, duration_s
        As in `CrossvalResult`.
    """

    _ITEMS_ON_LINES: ClassVar = ("methods", "photos", "scores")

    photos: tuple[BenchmarkPhoto, ...]
    methods: tuple[BenchmarkMethod, ...]
    scores: tuple[BenchmarkScores, ...]
    failures: tuple[CrossvalFailure, ...]
    classes: tuple[str, ...]
    makes: tuple[str, ...]
    train_split: str
    known_splits: tuple[str, ...]
    unknown_splits: tuple[str, ...]
    manipulations: tuple[str, ...]
    limit: int | None
    train_limit: int | None
    seed: int
    manifest_sha256: str
    git_commit: str | None
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    created: str
    duration_s: float

    def of(self, method: str, manipulation: str = UNTOUCHED) -> BenchmarkScores:
        """Return the scores of a method under a manipulation.

        Raises
        ------
        UnknownNameError
            If there are none.
        """
        for scores in self.scores:
            if (scores.method, scores.manipulation) == (method, manipulation):
                return scores
        raise UnknownNameError(
            f"no scores of method {method!r} under {manipulation!r}; there are "
            f"{sorted({(s.method, s.manipulation) for s in self.scores})}"
        )

    def answers(self, method: str, splits: Sequence[str] = ()) -> MethodAnswers:
        """Return a method's answers on untouched photos of known cameras.

        Parameters
        ----------
        method : str
            Name of a method that has scores.
        splits : sequence of str, optional
            Splits wanted. Default: all of known cameras.

        Raises
        ------
        UnknownNameError
            If the method has no scores.
        """
        wanted = splits or self.known_splits
        scores = self.of(method)
        rows = [
            (self.photos[number].label, answer, confidence)
            for number, answer, confidence in zip(
                scores.photos, scores.answer, scores.confidence, strict=True
            )
            if answer >= 0
            and self.photos[number].label >= 0
            and self.photos[number].split in wanted
        ]
        return MethodAnswers(
            classes=self.classes,
            makes=self.makes,
            labels=np.array([row[0] for row in rows], dtype=np.int64),
            answers=np.array([row[1] for row in rows], dtype=np.int64),
            confidence=np.array([row[2] for row in rows], dtype=np.float64),
        )

    def summary(self, *, n_resamples: int = 2000) -> BenchmarkSummary:
        """Compute the figures.

        Parameters
        ----------
        n_resamples : int, default 2000
            Bootstrap samples of the intervals; seeded with the result's seed.
        """
        from whichcam.evaluation._benchmark_summary import summarize_benchmark

        return summarize_benchmark(self, n_resamples=n_resamples)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return {
            "schema": SCHEMA,
            "created": self.created,
            "duration_s": self.duration_s,
            "git_commit": self.git_commit,
            "versions": dict(self.versions),
            "machine": dict(self.machine),
            "manifest_sha256": self.manifest_sha256,
            "train_split": self.train_split,
            "known_splits": list(self.known_splits),
            "unknown_splits": list(self.unknown_splits),
            "manipulations": list(self.manipulations),
            "limit": self.limit,
            "train_limit": self.train_limit,
            "seed": self.seed,
            "classes": list(self.classes),
            "makes": list(self.makes),
            "failures": [item.to_dict() for item in self.failures],
            "methods": [item.to_dict() for item in self.methods],
            "photos": [item.to_dict() for item in self.photos],
            "scores": [item.to_dict() for item in self.scores],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the result of which these are the values.

        Raises
        ------
        IncompatibleArtifactError
            If a field is missing, unknown, or does not fit the others.
        """
        rest = dict(values)
        if rest.pop("schema", None) != SCHEMA:
            raise IncompatibleArtifactError(
                f"this is no benchmark of schema {SCHEMA!r}; expected a file written "
                "by BenchmarkResult.save of this version"
            )
        try:
            parts: dict[str, Any] = {
                "photos": tuple(BenchmarkPhoto(**p) for p in rest.pop("photos")),
                "methods": tuple(BenchmarkMethod(**m) for m in rest.pop("methods")),
                "scores": tuple(_scores(s) for s in rest.pop("scores")),
                "failures": tuple(CrossvalFailure(**f) for f in rest.pop("failures")),
            }
            for name in (
                *("classes", "makes", "known_splits", "unknown_splits"),
                "manipulations",
            ):
                parts[name] = tuple(str(item) for item in rest.pop(name))
            result = cls(**parts, **rest)
            _check(result)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise IncompatibleArtifactError(
                f"the benchmark cannot be used ({error}); expected a file written by "
                "BenchmarkResult.save of this version"
            ) from error
        return result


def _scores(values: Mapping[str, Any]) -> BenchmarkScores:
    fields = dict(values)
    for name in ("photos", "answer", "rank"):
        fields[name] = tuple(int(n) for n in fields[name])
    for name in ("confidence", "true_probability", "seconds"):
        fields[name] = tuple(float(x) for x in fields[name])
    scores = BenchmarkScores(**fields)
    lengths = {len(v) for v in fields.values() if isinstance(v, tuple)}
    if len(lengths) != 1:
        raise ValueError("scores have not one value of each kind a photo")
    return scores


def _check(result: BenchmarkResult) -> None:
    """Raise ValueError where fields do not fit each other."""
    n_classes = len(result.classes)
    if n_classes != len(result.makes):
        raise ValueError("classes and makes differ in length")
    if any(not -1 <= photo.label < n_classes for photo in result.photos):
        raise ValueError("a photo of a class that is not listed")
    names = {method.name for method in result.methods}
    for scores in result.scores:
        if scores.method not in names:
            raise ValueError(f"scores of an unlisted method {scores.method[:60]!r}")
        if any(not 0 <= n < len(result.photos) for n in scores.photos):
            raise ValueError("scores of a photo that is not listed")
        if any(not -1 <= answer < n_classes for answer in scores.answer):
            raise ValueError("an answer that is no class")
