"""Fit one method, and ask all of them about one photo; in this process or another."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from whichcam._threads import one_thread_each
from whichcam.datasets import Manifest
from whichcam.datasets.manipulations import manipulate
from whichcam.errors import WhichcamError, WhichcamWarning
from whichcam.evaluation._benchmark_records import BenchmarkMethod
from whichcam.evaluation._crossval_traces import MethodSpec
from whichcam.evaluation._keeping import write_whole
from whichcam.evaluation._records import UNTOUCHED, rounded
from whichcam.media import Photo, open_photo
from whichcam.methods import load_method

# What libraries below a method may throw; one method's fault must not cost the others.
FAULTS: Final = (
    *(WhichcamError, ArithmeticError, LookupError, MemoryError),
    *(OSError, RuntimeError, TypeError, ValueError, AttributeError),
)
Answer = tuple[int, float, float, int, float]
"""Index of the answer, its probability, that of the truth, its rank, seconds."""

_Task = TypeVar("_Task")
_Outcome = TypeVar("_Outcome")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitJob:
    """A method to fit on photos, and the folder it is kept in."""

    method: MethodSpec
    manifest: Manifest
    folder: Path

    @property
    def model(self) -> Path:
        """Where the method saves itself."""
        return self.folder / "model"


def finished(job: FitJob) -> BenchmarkMethod | None:
    """Return what an earlier run has fitted and kept; None if there is nothing."""
    try:
        values = json.loads((job.folder / "fitted.json").read_bytes())
        return BenchmarkMethod(**values)
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def fit(job: FitJob) -> BenchmarkMethod:
    """Fit a method and keep it; a fault is written down instead of thrown."""
    name, settings = job.method.name, dict(job.method.settings)
    if job.folder.exists():
        shutil.rmtree(job.folder)  # half a fit: nothing in it can be trusted
    job.folder.mkdir(parents=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", WhichcamWarning)
            start = time.perf_counter()
            method = job.method.build().fit(job.manifest)
            fit_s = time.perf_counter() - start
        method.save(job.model)
    except FAULTS as error:
        return BenchmarkMethod(name=name, settings=settings, error=_said(error))
    found = BenchmarkMethod(
        name=name,
        settings=settings,
        n_train=len(job.manifest),
        fit_s=round(fit_s, 2),
        size_bytes=sum(p.stat().st_size for p in job.model.rglob("*") if p.is_file()),
    )
    text = json.dumps(found.to_dict(), default=str)
    write_whole(job.folder / "fitted.json", text, overwrite=True)
    return found


def _said(error: BaseException) -> str:
    if isinstance(error, WhichcamError):
        return str(error)
    return f"unexpected {type(error).__name__}: {error}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AskJob:
    """A photo and the methods to be asked about it.

    Attributes
    ----------
    number : int
        Index of the photo.
    file : Path
        The photo.
    label : int
        Index of its camera among the classes, -1 for none of them.
    manipulations : tuple of str
        What is done to it besides.
    models : mapping of str to Path
        Folder of each method.
    classes : tuple of str
        All classes.
    seed : int
        Of random manipulations.
    path : Path
        Where the answers are written.
    """

    number: int
    file: Path
    label: int
    manipulations: tuple[str, ...]
    models: Mapping[str, Path]
    classes: tuple[str, ...]
    seed: int
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the methods said of a photo; ``answers[method][manipulation]``."""

    number: int
    error: str
    answers: Mapping[str, Mapping[str, Answer]]


def answered(job: AskJob) -> Asked | None:
    """Return the answers an earlier run has written down; None without."""
    try:
        values = json.loads(job.path.read_bytes())
        answers = {
            str(method): {str(name): _answer(a) for name, a in given.items()}
            for method, given in values["answers"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return Asked(number=job.number, error="", answers=answers)


def _answer(values: Sequence[Any]) -> Answer:
    answer, confidence, true, rank, seconds = values
    return int(answer), float(confidence), float(true), int(rank), float(seconds)


def ask(job: AskJob) -> Asked:
    """Decode a photo once, manipulate it once each, and ask every method."""
    try:
        photo = open_photo(job.file)
    except WhichcamError as error:
        return Asked(number=job.number, error=str(error), answers={})
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
        return Asked(number=job.number, error=reason, answers={})
    answers: dict[str, dict[str, Answer]] = {name: {} for name in job.models}
    for manipulation in (UNTOUCHED, *job.manipulations):
        seen = photo
        if manipulation != UNTOUCHED:
            pixels = manipulate(photo.pixels, manipulation, seed=job.seed)
            seen = Photo.from_pixels(pixels, name=photo.name)
        for name, folder in job.models.items():
            answers[name][manipulation] = _one(job, str(folder), seen)
    text = json.dumps({"answers": answers})
    job.path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(job.path, text, overwrite=True)
    return Asked(number=job.number, error="", answers=answers)


def _one(job: AskJob, folder: str, photo: Photo) -> Answer:
    start = time.perf_counter()
    try:
        with warnings.catch_warnings():
            # What a method could not look at is counted and stands in the tables.
            warnings.simplefilter("ignore", WhichcamWarning)
            method = _loaded(folder)
            start = time.perf_counter()
            row = np.asarray(method.predict_proba([photo])[0], dtype=np.float64)
    except FAULTS:
        return -1, 0.0, 0.0, 0 if job.label < 0 else len(job.classes), 0.0
    seconds = round(time.perf_counter() - start, 4)
    known = tuple(method.classes_)
    best = int(row.argmax())
    # A method that calls all classes equally likely has not answered.
    answer = job.classes.index(known[best]) if np.ptp(row) > 0 else -1
    true, rank = 0.0, 0
    if job.label >= 0:
        name = job.classes[job.label]
        rank = len(job.classes)
        if name in known:
            place = known.index(name)
            true, rank = float(row[place]), int((row >= row[place]).sum())
    return answer, rounded(float(row[best])), rounded(true), rank, seconds


@lru_cache(maxsize=32)
def _loaded(folder: str) -> Any:
    return load_method(folder)


def apart(
    function: Callable[[_Task], _Outcome], tasks: Sequence[_Task], *, workers: int
) -> Iterator[tuple[_Task, _Outcome | None]]:
    """Yield tasks with their outcomes as they come, each in a process of its own.

    A process that dies, out of memory for example, takes its own task with it only: its
    outcome is None. With one worker nothing is started, and tasks run here.
    """
    if workers == 1:
        for task in tasks:
            yield task, function(task)
        return
    with one_thread_each(), ThreadPoolExecutor(workers) as threads:
        futures = {threads.submit(_in_process, function, task): task for task in tasks}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            threads.shutdown(wait=True, cancel_futures=True)


def _in_process(function: Callable[[_Task], _Outcome], task: _Task) -> _Outcome | None:
    # Spawned, not forked: a fork of a process with threads (numba, ONNX) can hang.
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            return pool.submit(function, task).result()
    except BrokenProcessPool:
        return None
