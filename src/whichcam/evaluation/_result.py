"""An evaluation as one JSON file: raw scores and what they were computed with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from whichcam._typing import IntArray
from whichcam.evaluation import _parse
from whichcam.evaluation._keeping import KeptResult
from whichcam.evaluation._records import EvaluationRow, RowFailure

if TYPE_CHECKING:
    from whichcam.evaluation._summary import EvaluationSummary
    from whichcam.scoring import ReliabilityCurve

SCHEMA: Final = "whichcam.evaluation/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationResult(KeptResult):
    """Raw scores of every picture, and what they were computed with.

    Attributes
    ----------
    rows : tuple of EvaluationRow
        One a picture and manipulation, in the manifest's order.
    failures : tuple of RowFailure
        What could not be evaluated and is in no figure.
    classes, makes, families : tuple of str
        Of the model: camera models it knows, the make and the family of each.
    known_splits, unknown_splits, extra_splits : tuple of str
        The splits evaluated and what they were taken as.
    manipulations : tuple of str
        Done to pictures of known cameras in the known splits.
    limit_per_split : int or None
        Rows sampled of each split; None for all.
    seed : int
        Of manipulations and sampling.
    model_id, manifest_sha256 : str
        Digests of the model and of the manifest's content.
    git_commit : str or None
        Checked out where whichcam ran from its source.
    versions : mapping of str to str
        Of whichcam, Python and the libraries that decide scores.
    machine : mapping
        Processor, how many, system, and the worker processes used.
    created : str
        When it began, ISO 8601, UTC.
    duration_s : float
        How long it took.

    Notes
    -----
    Scores carry six significant digits, here and on disk: figures computed from a
    loaded result are those of the original to the last bit.
    """

    _ITEMS_ON_LINES: ClassVar = ("rows",)

    rows: tuple[EvaluationRow, ...]
    failures: tuple[RowFailure, ...]
    classes: tuple[str, ...]
    makes: tuple[str, ...]
    families: tuple[str, ...]
    known_splits: tuple[str, ...]
    unknown_splits: tuple[str, ...]
    extra_splits: tuple[str, ...]
    manipulations: tuple[str, ...]
    limit_per_split: int | None
    seed: int
    model_id: str
    manifest_sha256: str
    git_commit: str | None
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    created: str
    duration_s: float

    def summary(self, *, n_resamples: int = 2000) -> EvaluationSummary:
        """Compute the figures.

        Parameters
        ----------
        n_resamples : int, default 2000
            Bootstrap samples of the intervals; seeded with the result's seed.

        Returns
        -------
        EvaluationSummary
            Figures that have no data are None.
        """
        from whichcam.evaluation._summarize import summarize

        return summarize(self, n_resamples=n_resamples)

    def confusion(self) -> IntArray:
        """Count true against most probable class, untouched known pictures.

        Returns
        -------
        ndarray of shape (n_classes, n_classes), int64
            ``counts[true, answered]`` over the known splits together.
        """
        from whichcam.evaluation._figures import confusion

        return confusion(self)

    def reliability(self, *, n_bins: int = 15) -> ReliabilityCurve:
        """Return the share right against the top probability, as `confusion` counts.

        Raises
        ------
        InsufficientEvidenceError
            If no picture of a known camera was evaluated.
        """
        from whichcam.evaluation._figures import reliability

        return reliability(self, n_bins=n_bins)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return {
            "schema": SCHEMA,
            "created": self.created,
            "duration_s": self.duration_s,
            "git_commit": self.git_commit,
            "versions": dict(self.versions),
            "machine": dict(self.machine),
            "model_id": self.model_id,
            "manifest_sha256": self.manifest_sha256,
            "seed": self.seed,
            "limit_per_split": self.limit_per_split,
            "known_splits": list(self.known_splits),
            "unknown_splits": list(self.unknown_splits),
            "extra_splits": list(self.extra_splits),
            "manipulations": list(self.manipulations),
            "classes": list(self.classes),
            "makes": list(self.makes),
            "families": list(self.families),
            "failures": [failure.to_dict() for failure in self.failures],
            "rows": [row.to_dict() for row in self.rows],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the result of which these are the values.

        Raises
        ------
        IncompatibleArtifactError
            If a field is missing, of another type, or does not fit the others.
        """
        return cls(**_parse.result_fields(values, SCHEMA))
