"""The figures of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from whichcam.datasets.manipulations import SP_CUP
from whichcam.evaluation._figures import (
    KnownScores,
    headline_scores,
    is_known,
    is_unknown,
    known_scores,
    pick,
)
from whichcam.evaluation._plan import make_of
from whichcam.evaluation._records import LEVELS, UNTOUCHED, EvaluationRow
from whichcam.scoring import (
    ClassReport,
    Interval,
    auroc,
    cluster_bootstrap,
    expected_calibration_error,
    macro_accuracy,
    per_class_report,
    rejection_at_acceptance,
    sp_cup_score,
)

if TYPE_CHECKING:
    from whichcam.evaluation._result import EvaluationResult

ACCEPTANCE: Final = 0.95
"""Share of known cameras' pictures that are accepted where rejection is measured."""


def _to_dict(record: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(record, field.name)) for field in fields(record)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.to_dict() if hasattr(value, "to_dict") else value


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSummary:
    """Untouched pictures of the known cameras of one split.

    Attributes
    ----------
    split : str
        Its name; ``"known"`` for the known splits together.
    n_photos, n_devices, n_models : int
        What the figures rest on. Where no device is named a model counts as one.
    n_failed : int
        Pictures that could not be evaluated; they are in no figure.
    top1, top5 : float or None
        Share whose camera model is the most probable, among the five most probable.
    top1_interval : Interval or None
        95 % interval of `top1`, whole devices resampled; None with fewer than two.
    macro_devices, macro_models : float or None
        Mean over devices, over camera models, of the share right within each.
    make : float or None
        Share whose make has the highest summed probability.
    calibration_error : float or None
        Expected calibration error of the top probability, 15 bins.
    mean_confidence : float or None
        Mean top probability.
    sp_cup : float or None
        0.7 of the accuracy untouched and 0.3 of that under the eight manipulations of
        the SP Cup; None unless all eight were measured.
    """

    split: str
    n_photos: int
    n_devices: int
    n_models: int
    n_failed: int
    top1: float | None
    top1_interval: Interval | None
    macro_devices: float | None
    macro_models: float | None
    top5: float | None
    make: float | None
    calibration_error: float | None
    mean_confidence: float | None
    sp_cup: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return _to_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownSummary:
    """How well cameras the model does not know are told from those it does.

    Attributes
    ----------
    split : str
        The unknown cameras' split; ``"unknown cameras"`` for all of them together.
    n_known, n_unknown : int
        Pictures compared.
    n_failed : int
        Pictures of the split that could not be evaluated.
    auroc : float
        Probability that a known camera's picture has the higher known score.
    rejection : float
        Share of the unknown rejected where 95 % of the known are accepted.
    """

    split: str
    n_known: int
    n_unknown: int
    n_failed: int
    auroc: float
    rejection: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return _to_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelSummary:
    """What was answered at one level, and how much of it was wrong.

    Attributes
    ----------
    cameras : str
        ``"known"`` or ``"unknown"``.
    level : str
        ``"model"``, ``"family"``, ``"make"`` or ``"unknown"``.
    n_photos : int
        Pictures answered at this level.
    share : float
        Of all pictures of these cameras.
    n_wrong : int
        Answers that are not true.
    error_rate : float or None
        ``n_wrong / n_photos``.
    promised_error_rate : float or None
        Mean error rate stated with these answers.

    Notes
    -----
    For an unknown camera any model or family is wrong, its own make is right and
    "unknown" is right; for a known one "unknown" is wrong.
    """

    cameras: str
    level: str
    n_photos: int
    share: float
    n_wrong: int
    error_rate: float | None
    promised_error_rate: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return _to_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManipulationSummary:
    """Known cameras' pictures of one split under one manipulation.

    Attributes
    ----------
    split, manipulation : str
        ``"untouched"`` is the file as it is, ``"none"`` its pixels alone.
    n_photos, n_failed : int
        Evaluated, and not.
    top1, top5, make : float or None
        As in `SplitSummary`.
    """

    split: str
    manipulation: str
    n_photos: int
    n_failed: int
    top1: float | None
    top5: float | None
    make: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return _to_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSummary:
    """All figures of an evaluation.

    Attributes
    ----------
    splits : tuple of SplitSummary
        Known splits, then extra ones.
    known : SplitSummary
        The known splits together.
    unknown : tuple of UnknownSummary
        All unknown cameras together first, then split by split; empty without any.
    levels : tuple of LevelSummary
        Of known cameras in the known splits, and of unknown ones.
    manipulations : tuple of ManipulationSummary
        The untouched row of each known split before its manipulations.
    models : tuple of ClassReport
        Classes that were shown or answered, closed set, known splits together.
    """

    splits: tuple[SplitSummary, ...]
    known: SplitSummary
    unknown: tuple[UnknownSummary, ...]
    levels: tuple[LevelSummary, ...]
    manipulations: tuple[ManipulationSummary, ...]
    models: tuple[ClassReport, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return _to_dict(self)


def summarize(result: EvaluationResult, *, n_resamples: int) -> EvaluationSummary:
    """Compute the figures of a result."""
    return EvaluationSummary(
        splits=tuple(
            _split(result, name, (name,), n_resamples)
            for name in (*result.known_splits, *result.extra_splits)
        ),
        known=_split(result, "known", result.known_splits, n_resamples),
        unknown=_unknown(result),
        levels=_levels(result),
        manipulations=tuple(
            _manipulation(result, split, name)
            for split in result.known_splits
            for name in (UNTOUCHED, *result.manipulations)
        ),
        models=_models(result),
    )


def _mean(flags: Sequence[bool] | Any) -> float | None:
    return float(np.mean(flags)) if len(flags) else None


def _split(
    result: EvaluationResult, name: str, splits: Sequence[str], n_resamples: int
) -> SplitSummary:
    scores = known_scores(result, pick(result, splits, keep=is_known))
    n_devices = len(set(scores.devices))
    interval = None
    if n_devices > 1:
        interval = cluster_bootstrap(
            scores.correct,
            scores.devices,
            n_resamples=n_resamples,
            seed=result.seed,
        )
    some = len(scores) > 0
    return SplitSummary(
        split=name,
        n_photos=len(scores),
        n_devices=n_devices,
        n_models=len(set(scores.cameras)),
        n_failed=_n_failed(result, splits, UNTOUCHED),
        top1=_mean(scores.correct),
        top1_interval=interval,
        macro_devices=macro_accuracy(scores.correct, scores.devices) if some else None,
        macro_models=macro_accuracy(scores.correct, scores.cameras) if some else None,
        top5=scores.top_k(5),
        make=_mean(scores.make_correct),
        calibration_error=(
            expected_calibration_error(scores.confidence, scores.correct)
            if some
            else None
        ),
        mean_confidence=_mean(scores.confidence),
        sp_cup=_sp_cup(result, splits, scores),
    )


def _n_failed(
    result: EvaluationResult, splits: Sequence[str], manipulation: str
) -> int:
    return sum(
        failure.manipulation == manipulation and failure.split in splits
        for failure in result.failures
    )


def _sp_cup(
    result: EvaluationResult, splits: Sequence[str], untouched: KnownScores
) -> float | None:
    parts = [
        known_scores(result, pick(result, splits, keep=is_known, manipulation=name))
        for name in SP_CUP
    ]
    if not len(untouched) or not all(len(part) for part in parts):
        return None
    manipulated = np.concatenate([part.correct for part in parts])
    return sp_cup_score(untouched.correct, manipulated)


def _unknown(result: EvaluationResult) -> tuple[UnknownSummary, ...]:
    known = [
        row.known_score for row in pick(result, result.known_splits, keep=is_known)
    ]
    names = dict.fromkeys((*result.unknown_splits, *result.known_splits))
    groups = {"unknown cameras": tuple(names)} | {name: (name,) for name in names}
    found = []
    for name, splits in groups.items():
        scores = [row.known_score for row in pick(result, splits, keep=is_unknown)]
        if known and scores:
            found.append(
                UnknownSummary(
                    split=name,
                    n_known=len(known),
                    n_unknown=len(scores),
                    n_failed=_n_failed(result, splits, UNTOUCHED),
                    auroc=auroc(known, scores),
                    rejection=rejection_at_acceptance(known, scores, ACCEPTANCE),
                )
            )
    return tuple(found)


def _differ(first: str, second: str) -> bool:
    return first.casefold() != second.casefold()


def is_wrong(result: EvaluationResult, row: EvaluationRow) -> bool:
    """Say whether the answer given is untrue, at the level it was given."""
    known = is_known(row)
    if row.level == "unknown":
        return known
    if row.level == "make":
        return not row.make or _differ(make_of(row.answer), make_of(row.make))
    if not known:
        return True
    names = result.families if row.level == "family" else result.classes
    return _differ(row.answer, names[row.label])


def _levels(result: EvaluationResult) -> tuple[LevelSummary, ...]:
    unknown_splits = {*result.unknown_splits, *result.known_splits}
    groups = {
        "known": pick(result, result.known_splits, keep=is_known),
        "unknown": pick(result, unknown_splits, keep=is_unknown),
    }
    found = []
    for cameras, rows in groups.items():
        for level in LEVELS if rows else ():
            answered = [row for row in rows if row.level == level]
            wrong = [is_wrong(result, row) for row in answered]
            found.append(
                LevelSummary(
                    cameras=cameras,
                    level=level,
                    n_photos=len(answered),
                    share=len(answered) / len(rows),
                    n_wrong=sum(wrong),
                    error_rate=_mean(wrong),
                    promised_error_rate=_mean([row.error_rate for row in answered]),
                )
            )
    return tuple(found)


def _manipulation(
    result: EvaluationResult, split: str, name: str
) -> ManipulationSummary:
    rows = pick(result, (split,), keep=is_known, manipulation=name)
    scores = known_scores(result, rows)
    return ManipulationSummary(
        split=split,
        manipulation=name,
        n_photos=len(scores),
        n_failed=_n_failed(result, (split,), name),
        top1=_mean(scores.correct),
        top5=scores.top_k(5),
        make=_mean(scores.make_correct),
    )


def _models(result: EvaluationResult) -> tuple[ClassReport, ...]:
    scores = headline_scores(result)
    if not len(scores):
        return ()
    reports = per_class_report(scores.labels, scores.predictions, result.classes)
    return tuple(r for r in reports if r.n_photos or r.n_answered)
