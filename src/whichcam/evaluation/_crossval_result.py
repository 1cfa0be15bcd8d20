"""A cross-validation as one JSON file: raw scores, folds, seeds, versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import numpy as np

from whichcam.errors import (
    IncompatibleArtifactError,
)
from whichcam.evaluation._answers import MethodAnswers
from whichcam.evaluation._crossval_plan import CHAINS, GROUPED
from whichcam.evaluation._crossval_records import (
    CrossvalFailure,
    CrossvalPhoto,
    FoldScores,
    SetAside,
)
from whichcam.evaluation._keeping import KeptResult

if TYPE_CHECKING:
    from whichcam.evaluation._crossval_figures import CrossvalSummary

SCHEMA: Final = "whichcam.crossval/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossvalResult(KeptResult):
    """Raw scores of every method on the same folds.

    Attributes
    ----------
    photos : tuple of CrossvalPhoto
        Photos that are tested, in the manifest's order.
    scores : tuple of FoldScores
        One a method, scheme and fold.
    set_aside : tuple of SetAside
        Camera models learnt from and never tested, and why.
    failures : tuple of CrossvalFailure
        Files that could not be read and are in no fold.
    not_done : tuple of CrossvalFailure
        Folds that a method could not do.
    classes, makes : tuple of str
        Camera models of all photos, and the make of each.
    methods : mapping of str to mapping
        Registry name to its settings and the key of its trace.
    group : str
        ``device``, ``session`` or ``source``.
    n_folds, seed : int
        Of the folds, and of methods that take a seed.
    n_photos : int
        Photos read, those that are never tested included.
    manifest_sha256 : str
        Digest of the manifest's content.
    git_commit : str or None
        Checked out where whichcam ran from its source.
    versions, machine : mapping
        As in `EvaluationResult`.
    created : str
        When it began, ISO 8601, UTC.
    duration_s : float
        How long it took; what an earlier run had finished took no time again.
    """

    _ITEMS_ON_LINES: ClassVar = ("photos", "scores")

    photos: tuple[CrossvalPhoto, ...]
    scores: tuple[FoldScores, ...]
    set_aside: tuple[SetAside, ...]
    failures: tuple[CrossvalFailure, ...]
    not_done: tuple[CrossvalFailure, ...]
    classes: tuple[str, ...]
    makes: tuple[str, ...]
    methods: Mapping[str, Mapping[str, Any]]
    group: str
    n_folds: int
    seed: int
    n_photos: int
    manifest_sha256: str
    git_commit: str | None
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    created: str
    duration_s: float

    def of(self, method: str, scheme: str) -> tuple[FoldScores, ...]:
        """Return the scores of a method in ``"grouped"`` or ``"ungrouped"`` folds."""
        return tuple(
            s for s in self.scores if s.method == method and s.scheme == scheme
        )

    def complete(self, scheme: str) -> tuple[str, ...]:
        """Return the methods that answered for every photo in a scheme's folds."""
        wanted = len(self.photos)
        return tuple(
            name
            for name in self.methods
            if sum(len(s.photos) for s in self.of(name, scheme)) == wanted
        )

    def answers(self, method: str) -> MethodAnswers:
        """Return a method's answers in grouped folds, those it was able to give.

        Parameters
        ----------
        method : str
            Its name; a method without scores has no answers.
        """
        index = {name: number for number, name in enumerate(self.classes)}
        rows = [
            (index[self.photos[number].camera_model], *top[0])
            for scores in self.of(method, GROUPED)
            for number, top in zip(scores.photos, scores.top, strict=True)
            if number not in set(scores.unable)
        ]
        return MethodAnswers(
            classes=self.classes,
            makes=self.makes,
            labels=np.array([row[0] for row in rows], dtype=np.int64),
            answers=np.array([row[1] for row in rows], dtype=np.int64),
            confidence=np.array([row[2] for row in rows], dtype=np.float64),
        )

    def summary(self, *, n_resamples: int = 2000) -> CrossvalSummary:
        """Compute the figures.

        Parameters
        ----------
        n_resamples : int, default 2000
            Bootstrap samples of the intervals; seeded with the result's seed.

        Returns
        -------
        CrossvalSummary
            Methods that failed in a fold are absent from it.
        """
        from whichcam.evaluation._crossval_figures import summarize_crossval

        return summarize_crossval(self, n_resamples=n_resamples)

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
            "group": self.group,
            "n_folds": self.n_folds,
            "seed": self.seed,
            "n_photos": self.n_photos,
            "methods": {name: dict(values) for name, values in self.methods.items()},
            "classes": list(self.classes),
            "makes": list(self.makes),
            "set_aside": [item.to_dict() for item in self.set_aside],
            "failures": [item.to_dict() for item in self.failures],
            "not_done": [item.to_dict() for item in self.not_done],
            "photos": [photo.to_dict() for photo in self.photos],
            "scores": [scores.to_dict() for scores in self.scores],
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
                f"this is no cross-validation of schema {SCHEMA!r}; expected a file "
                "written by CrossvalResult.save of this version"
            )
        try:
            parts: dict[str, Any] = {
                "photos": tuple(CrossvalPhoto(**p) for p in rest.pop("photos")),
                "scores": tuple(read_scores(s) for s in rest.pop("scores")),
                "set_aside": tuple(SetAside(**s) for s in rest.pop("set_aside")),
                "failures": tuple(CrossvalFailure(**f) for f in rest.pop("failures")),
                "not_done": tuple(CrossvalFailure(**f) for f in rest.pop("not_done")),
                "classes": tuple(str(c) for c in rest.pop("classes")),
                "makes": tuple(str(m) for m in rest.pop("makes")),
            }
            result = cls(**parts, **rest)
            _check(result)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise IncompatibleArtifactError(
                f"the cross-validation cannot be used ({error}); expected a file "
                "written by CrossvalResult.save of this version"
            ) from error
        return result


def read_scores(values: Mapping[str, Any]) -> FoldScores:
    """Return the scores of a fold as they were written.

    Raises
    ------
    KeyError, TypeError, ValueError
        If these are none.
    """
    fields = dict(values)
    fields["photos"] = tuple(int(n) for n in fields["photos"])
    fields["unable"] = tuple(int(n) for n in fields["unable"])
    fields["rank"] = tuple(int(n) for n in fields["rank"])
    fields["true_probability"] = tuple(float(p) for p in fields["true_probability"])
    fields["make"] = tuple(str(make) for make in fields["make"])
    fields["unlearnt"] = tuple(str(name) for name in fields["unlearnt"])
    fields["top"] = tuple(
        tuple((int(label), float(p)) for label, p in top) for top in fields["top"]
    )
    scores = FoldScores(**fields)
    columns = (scores.true_probability, scores.rank, scores.make, scores.top)
    if any(len(column) != len(scores.photos) for column in columns):
        raise ValueError("a fold has not one value of each kind a photo")
    return scores


def _check(result: CrossvalResult) -> None:
    """Raise ValueError where fields do not fit each other."""
    if result.group not in CHAINS:
        raise ValueError(f"group is {str(result.group)[:60]!r}")
    if len(result.classes) != len(result.makes):
        raise ValueError("classes and makes differ in length")
    units = CHAINS[result.group]
    if any(photo.unit not in units for photo in result.photos):
        raise ValueError("a photo is held out by an unknown unit")
    for scores in result.scores:
        if scores.method not in result.methods:
            raise ValueError(f"scores of an unlisted method {scores.method[:60]!r}")
        if any(not 0 <= n < len(result.photos) for n in scores.photos):
            raise ValueError("scores of a photo that is not listed")
        labels = [label for top in scores.top for label, _ in top]
        if any(not 0 <= label < len(result.classes) for label in labels):
            raise ValueError("an answer that is no class")
