"""Analysing pictures, in this process or in several."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final, TypeAlias

from whichcam._threads import one_thread_each
from whichcam._typing import PathLike
from whichcam.datasets.manipulations import manipulate
from whichcam.errors import DatasetError, WhichcamError, WhichcamWarning
from whichcam.evaluation._plan import Task
from whichcam.evaluation._protocols import EvaluableModel
from whichcam.evaluation._records import (
    CROP_ALONE,
    UNTOUCHED,
    EvaluationRow,
    RowFailure,
    rounded,
)
from whichcam.media import Photo, open_photo

Outcome: TypeAlias = tuple[EvaluationRow | RowFailure, ...]
Loader: TypeAlias = Callable[[PathLike], EvaluableModel]

_CHUNK: Final = 4
# The model of a worker process, loaded once by its initializer.
_loaded: dict[str, EvaluableModel] = {}


def run_tasks(
    model: EvaluableModel, tasks: Sequence[Task], *, workers: int
) -> Iterator[Outcome]:
    """Yield the outcome of every task, in order.

    Raises
    ------
    DatasetError
        If a worker process dies.
    """
    if workers == 1 or len(tasks) <= _CHUNK:
        for task in tasks:
            yield score_photo(model, task)
        return
    # Spawned, not forked: a fork of a process with threads (numba, ONNX) can hang.
    context = multiprocessing.get_context("spawn")
    loader: Loader = type(model).load
    try:
        with (
            one_thread_each(),
            ProcessPoolExecutor(
                workers,
                mp_context=context,
                initializer=_start,
                initargs=(loader, model.folder),
            ) as pool,
        ):
            yield from pool.map(_score, tasks, chunksize=_CHUNK)
    except BrokenProcessPool as error:
        raise DatasetError(
            "a worker process died while evaluating: out of memory, the model folder "
            'changed, or the script lacks the guard `if __name__ == "__main__":` that '
            "spawned workers need; run again with workers=1 to see more"
        ) from error


def _start(loader: Loader, folder: Path) -> None:
    _loaded["model"] = loader(folder)


def _score(task: Task) -> Outcome:
    return score_photo(_loaded["model"], task)


def score_photo(model: EvaluableModel, task: Task) -> Outcome:
    """Open a picture once and analyse it untouched and under each manipulation."""
    try:
        photo = open_photo(task.file)
    except WhichcamError as error:
        return (_failure(task, UNTOUCHED, str(error)),)
    except OSError as error:
        return (_failure(task, UNTOUCHED, f"cannot be read ({error.strerror})"),)
    outcomes = [_analyse(model, task, photo, UNTOUCHED)]
    if task.frame_size is not None and getattr(outcomes[0], "frame_size_used", False):
        outcomes.append(_analyse(model, task, photo, CROP_ALONE))
    for name in task.manipulations:
        outcomes.append(_analyse(model, task, photo, name))
    return tuple(outcomes)


def _analyse(
    model: EvaluableModel, task: Task, photo: Photo, manipulation: str
) -> EvaluationRow | RowFailure:
    try:
        if manipulation not in (UNTOUCHED, CROP_ALONE):
            pixels = manipulate(photo.pixels, manipulation, seed=task.seed)
            photo = Photo.from_pixels(pixels, name=photo.name)
        with warnings.catch_warnings():
            # They stand in the evidence; thousands on stderr would hide the rest.
            warnings.simplefilter("ignore", WhichcamWarning)
            size = task.frame_size if manipulation == UNTOUCHED else None
            evidence = model.analyse(photo, frame_size=size)
            decision = model.decide(evidence)
    except WhichcamError as error:
        return _failure(task, manipulation, str(error))
    return EvaluationRow(
        path=task.path,
        split=task.split,
        camera_model=task.camera_model,
        make=task.make,
        device=task.device,
        session=task.session,
        label=task.label,
        manipulation=manipulation,
        probabilities=tuple(rounded(float(p)) for p in evidence.probabilities),
        known_score=rounded(float(evidence.known_score)),
        unknown_probability=rounded(float(evidence.unknown_probability)),
        level=str(decision.level),
        answer=str(decision.answer),
        members=tuple(decision.members),
        confidence=rounded(float(decision.confidence)),
        error_rate=(
            None if decision.error_rate is None else rounded(decision.error_rate)
        ),
        n_crops=int(evidence.n_crops),
        file_statistics_used=bool(evidence.file_statistics_used),
        frame_size_used=bool(evidence.frame_size_used),
        warnings=tuple(evidence.warnings),
    )


def _failure(task: Task, manipulation: str, reason: str) -> RowFailure:
    return RowFailure(
        path=task.path, split=task.split, manipulation=manipulation, reason=reason
    )
