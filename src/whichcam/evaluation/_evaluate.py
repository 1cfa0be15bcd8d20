"""Run a model over the splits of a manifest."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from whichcam.datasets import Manifest
from whichcam.datasets.manipulations import SP_CUP, parse_chain
from whichcam.errors import InputError
from whichcam.evaluation import _environment
from whichcam.evaluation._plan import Splits, plan, refuse_trained_devices, splits_of
from whichcam.evaluation._protocols import EvaluableModel
from whichcam.evaluation._records import EvaluationRow, RowFailure
from whichcam.evaluation._result import EvaluationResult
from whichcam.evaluation._worker import run_tasks

MEASURED_MANIPULATIONS: Final[tuple[str, ...]] = ("none", *SP_CUP)
"""``"none"`` (the pixels without their file) and the eight of the SP Cup."""


def evaluate(
    model: EvaluableModel,
    manifest: Manifest,
    *,
    known_splits: Sequence[str] = ("test_device", "test_scene"),
    unknown_splits: Sequence[str] = ("unknown", "unknown_chart"),
    extra_splits: Sequence[str] = ("converted",),
    manipulations: Sequence[str] = MEASURED_MANIPULATIONS,
    limit_per_split: int | None = None,
    workers: int = 1,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> EvaluationResult:
    """Ask a model for the camera of every picture of a manifest's test splits.

    Parameters
    ----------
    model : CameraModel
        Or anything with the same attributes (`EvaluableModel`). With ``workers > 1``
        each process loads it again from ``model.folder``.
    manifest : Manifest
        Needs ``camera_model``; ``device_id``, ``session``, ``make`` and ``split`` are
        used where present. A row is of a known camera where its ``camera_model`` is
        one of ``model.classes``, whatever its split is called. Without a column
        ``split`` all rows are one split, ``"all"``.
    known_splits : sequence of str
        Splits whose known cameras make the headline figures, and which are measured
        under manipulations. Names the manifest lacks are passed over.
    unknown_splits : sequence of str
        Splits of cameras the model does not know. A row of a known camera in them is
        recorded as a failure.
    extra_splits : sequence of str
        Splits reported beside, in no pooled figure.
    manipulations : sequence of str
        Names or chains for `whichcam.datasets.manipulations.manipulate`. Each is done
        to the pixels of an opened photograph, so that the model sees no file. Empty
        for none.
    limit_per_split : int, optional
        Evaluate a seeded random sample of so many rows of each split.
    workers : int, default 1
        Processes, each held to one thread. With more than one, a script needs the
        usual ``if __name__ == "__main__"`` guard: they are spawned.
    seed : int, default 0
        Of the manipulations' random parts and of ``limit_per_split``.
    progress : callable, optional
        Called as ``progress(done, total)`` after each picture.

    Returns
    -------
    EvaluationResult
        Raw scores in the manifest's order, and the files that failed.

    Raises
    ------
    InputError
        If no row can be evaluated, a split is named twice, or a number is out of
        range.
    UnknownNameError, ConfigError
        If a manipulation is not known.
    SplitLeakageError
        If the model says it was trained on a device of split ``test_device``.
    DatasetError
        If a worker process dies.

    See Also
    --------
    EvaluationResult.summary : The figures.
    """
    _check_numbers(limit_per_split=limit_per_split, workers=workers, seed=seed)
    names = tuple(dict.fromkeys(manipulations))
    for name in names:
        parse_chain(name)
    splits = splits_of(
        manifest,
        Splits(
            known=tuple(known_splits),
            unknown=tuple(unknown_splits),
            extra=tuple(extra_splits),
        ),
    )
    tasks, failures = plan(
        manifest,
        splits,
        classes=model.classes,
        makes=model.makes,
        manipulations=names,
        limit_per_split=limit_per_split,
        seed=seed,
    )
    refuse_trained_devices(model.spec.to_dict(), tasks)
    if not tasks:
        raise InputError(
            f"no row of splits {list(splits.names)} can be evaluated; "
            + (
                f"the first says: {failures[0].reason}"
                if failures
                else "they are empty"
            )
        )
    created, start = datetime.now(UTC), time.perf_counter()
    rows: list[EvaluationRow] = []
    for done, outcome in enumerate(run_tasks(model, tasks, workers=workers), start=1):
        rows += [item for item in outcome if isinstance(item, EvaluationRow)]
        failures += [item for item in outcome if isinstance(item, RowFailure)]
        if progress is not None:
            progress(done, len(tasks))
    return EvaluationResult(
        rows=tuple(rows),
        failures=tuple(failures),
        classes=tuple(model.classes),
        makes=tuple(model.makes),
        families=tuple(model.families),
        known_splits=splits.known,
        unknown_splits=splits.unknown,
        extra_splits=splits.extra,
        manipulations=names,
        limit_per_split=limit_per_split,
        seed=seed,
        model_id=model.model_id,
        manifest_sha256=manifest.sha256,
        git_commit=_environment.git_commit(),
        versions=_environment.versions(),
        machine={**_environment.machine(), "workers": workers},
        created=created.isoformat(timespec="seconds"),
        duration_s=round(time.perf_counter() - start, 3),
    )


def _check_numbers(*, limit_per_split: int | None, workers: int, seed: int) -> None:
    if workers < 1:
        raise InputError(f"workers is {workers}, expected 1 or more")
    if seed < 0:
        raise InputError(f"seed is {seed}, expected 0 or more")
    if limit_per_split is not None and limit_per_split < 1:
        raise InputError(
            f"limit_per_split is {limit_per_split}, expected 1 or more, or None for all"
        )
