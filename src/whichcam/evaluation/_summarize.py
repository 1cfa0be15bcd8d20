"""Computing the figures of an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

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
from whichcam.evaluation._records import (
    CROP_ALONE,
    LEVELS,
    UNTOUCHED,
    EvaluationRow,
)
from whichcam.evaluation._summary import (
    EvaluationSummary,
    LevelSummary,
    ManipulationSummary,
    SplitSummary,
    UnknownSummary,
)
from whichcam.scoring import (
    ClassReport,
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

Scores: TypeAlias = list[float]

ACCEPTANCE: Final = 0.95
"""Share of known cameras' pictures that are accepted where rejection is measured."""


def summarize(result: EvaluationResult, *, n_resamples: int) -> EvaluationSummary:
    """Compute the figures of a result."""
    return EvaluationSummary(
        splits=tuple(
            _split(result, name, (name,), n_resamples)
            for name in (*result.known_splits, *result.extra_splits)
        ),
        crops_alone=tuple(
            part
            for name in (*result.known_splits, *result.extra_splits)
            for part in [_split(result, name, (name,), n_resamples, CROP_ALONE)]
            if part.n_photos
        ),
        known=_split(result, "known", result.known_splits, n_resamples),
        unknown=_unknown(result),
        unknown_crops_alone=_unknown(result, CROP_ALONE),
        levels=_levels(result),
        manipulations=tuple(
            _manipulation(result, split, name)
            for split in result.known_splits
            for name in (UNTOUCHED, *_crop_alone(result), *result.manipulations)
        ),
        models=_models(result),
    )


def _mean(flags: Sequence[bool] | Any) -> float | None:
    return float(np.mean(flags)) if len(flags) else None


def _crop_alone(result: EvaluationResult) -> tuple[str, ...]:
    """Return the manipulation of files without their frame's size, if any was."""
    there = any(row.manipulation == CROP_ALONE for row in result.rows)
    return (CROP_ALONE,) if there else ()


def _split(
    result: EvaluationResult,
    name: str,
    splits: Sequence[str],
    n_resamples: int,
    view: str = UNTOUCHED,
) -> SplitSummary:
    rows = pick(result, splits, keep=is_known, manipulation=view)
    scores = known_scores(result, rows)
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


def _unknown(
    result: EvaluationResult, view: str = UNTOUCHED
) -> tuple[UnknownSummary, ...]:
    def score(splits: Sequence[str], keep: Callable[[EvaluationRow], bool]) -> Scores:
        rows = pick(result, splits, keep=keep, manipulation=view)
        return [row.known_score for row in rows]

    known = score(result.known_splits, is_known)
    names = dict.fromkeys((*result.unknown_splits, *result.known_splits))
    groups = {"unknown cameras": tuple(names)} | {name: (name,) for name in names}
    found = []
    for name, splits in groups.items():
        scores = score(splits, is_unknown)
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


def is_wrong(row: EvaluationRow) -> bool:
    """Say whether the answer given is untrue, at the level it was given."""
    if row.level == "unknown":
        return is_known(row)
    if is_known(row):
        return row.camera_model not in row.members
    if row.level != "make" or not row.make:
        return True
    return make_of(row.answer).casefold() != make_of(row.make).casefold()


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
            wrong = [is_wrong(row) for row in answered]
            found.append(
                LevelSummary(
                    cameras=cameras,
                    level=level,
                    n_photos=len(answered),
                    share=len(answered) / len(rows),
                    n_wrong=sum(wrong),
                    error_rate=_mean(wrong),
                    promised_error_rate=_mean(
                        [
                            row.error_rate
                            for row in answered
                            if row.error_rate is not None
                        ]
                    ),
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
