"""One method in one fold: fitted, asked, and its answers written down."""

from __future__ import annotations

import json
import multiprocessing
import time
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from whichcam._threads import one_thread_each
from whichcam._typing import FloatArray, IntArray
from whichcam.datasets import Manifest
from whichcam.errors import DatasetError, WhichcamError, WhichcamWarning
from whichcam.evaluation._crossval_plan import FEWEST_PHOTOS
from whichcam.evaluation._crossval_records import FoldScores
from whichcam.evaluation._crossval_traces import (
    MethodSpec,
    TracedMethod,
    TraceStore,
    stacked,
)
from whichcam.evaluation._keeping import write_whole
from whichcam.evaluation._records import rounded
from whichcam.media import open_photo

TOP: Final = 5
_Task = TypeVar("_Task")
_Outcome = TypeVar("_Outcome")
_Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoldJob:
    """A method and a fold.

    Attributes
    ----------
    method : MethodSpec
        What is fitted.
    scheme, fold : str and int
        Where it is fitted.
    manifest : Manifest
        The readable photos, with their SHA-256.
    train, test : ndarray of int64
        Rows of the manifest.
    numbers : ndarray of shape (n_rows,), int64
        Index of each row among the photos of the result; -1 where it has none.
    classes, makes : tuple of str
        All camera models, and the make of each.
    store : TraceStore
        Where traces are kept.
    path : Path
        Where the scores are written.
    identity : str
        Digest of all that decides them.
    """

    method: MethodSpec
    scheme: str
    fold: int
    manifest: Manifest
    train: IntArray
    test: IntArray
    numbers: IntArray
    classes: tuple[str, ...]
    makes: tuple[str, ...]
    store: TraceStore
    path: Path
    identity: str

    @property
    def title(self) -> str:
        """What a person calls it."""
        return f"{self.method.name}, fold {self.fold + 1}, {self.scheme}"


def run_job(job: FoldJob) -> tuple[FoldJob, FoldScores | str]:
    """Return the scores of a job, or why it cannot be done; write the scores down."""
    try:
        with warnings.catch_warnings():
            # What a method could not look at is counted and stands in the tables.
            warnings.simplefilter("ignore", WhichcamWarning)
            scores = _scores(job)
    except WhichcamError as error:
        return job, str(error)
    text = json.dumps({"identity": job.identity, "scores": scores.to_dict()})
    try:
        job.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(job.path, text, overwrite=True)
    except OSError as error:
        return job, f"its scores cannot be written to {job.path}: {error.strerror}"
    return job, scores


def _scores(job: FoldJob) -> FoldScores:
    method = job.method.build()
    traced = bool(job.method.trace_key) and isinstance(method, TracedMethod)
    answer = _from_traces if traced else _from_photos
    start = time.perf_counter()
    P, known, able, train, unlearnt, fit_s = answer(job, method)
    predict_s = time.perf_counter() - start - fit_s
    column = {name: number for number, name in enumerate(known)}
    names = [str(name) for name in job.manifest.camera_model[job.test]]
    index = {name: number for number, name in enumerate(job.classes)}
    true_p, ranks, tops, makes = [], [], [], []
    make_of = [job.makes[index[name]] for name in known]
    for row, name in zip(P, names, strict=True):
        place = column.get(name)
        true_p.append(0.0 if place is None else rounded(float(row[place])))
        ranks.append(
            len(job.classes) if place is None else int((row >= row[place]).sum())
        )
        best = np.argsort(-row, kind="stable")[:TOP]
        tops.append(tuple((index[known[i]], rounded(float(row[i]))) for i in best))
        makes.append(_likely_make(row, make_of))
    numbers = job.numbers[job.test].tolist()
    return FoldScores(
        method=job.method.name,
        scheme=job.scheme,
        fold=job.fold,
        n_train=len(train),
        photos=tuple(numbers),
        true_probability=tuple(true_p),
        rank=tuple(ranks),
        top=tuple(tops),
        make=tuple(makes),
        unable=tuple(n for n, can in zip(numbers, able, strict=True) if not can),
        unlearnt=tuple(unlearnt),
        fit_s=round(fit_s, 3),
        predict_s=round(predict_s, 3),
    )


def _likely_make(row: _Probabilities, makes: Sequence[str]) -> str:
    sums: dict[str, float] = {}
    for make, probability in zip(makes, row.tolist(), strict=True):
        sums[make] = sums.get(make, 0.0) + probability
    return max(sums, key=sums.__getitem__)


_Answer = tuple[
    _Probabilities, tuple[str, ...], list[bool], IntArray, tuple[str, ...], float
]


def _learnable(
    names: npt.NDArray[Any], usable: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.bool_], tuple[str, ...]]:
    """Return the rows of models with enough usable photos, and the other models."""
    counts = Counter(names[usable])
    few = {str(name) for name in names if counts[name] < FEWEST_PHOTOS}
    keep = usable & np.array([name not in few for name in names], dtype=bool)
    return keep, tuple(sorted(few - {""}))


def _from_traces(job: FoldJob, method: Any) -> _Answer:
    digests = job.manifest.column("sha256")
    rows = np.concatenate([job.train, job.test])
    X = stacked(job.store, job.method.trace_key, digests[rows].tolist())
    learn, ask = X[: len(job.train)], X[len(job.train) :]
    names = job.manifest.camera_model[job.train]
    named = np.array([bool(str(name).strip()) for name in names], dtype=bool)
    keep, few = _learnable(names, named & ~np.isnan(learn).any(1))
    start = time.perf_counter()
    groups = _fit_groups(job.manifest)[job.train[keep]]
    method.fit_features(_readable(learn[keep], job), list(names[keep]), groups=groups)
    fit_s = time.perf_counter() - start
    able = [not np.isnan(row).any() for row in ask]
    P = np.asarray(method.predict_features(ask), dtype=np.float64)
    return P, method.classes_, able, job.train[keep], few, fit_s


def _readable(X: FloatArray, job: FoldJob) -> FloatArray:
    if len(X):
        return X
    raise DatasetError(f"{job.method.name} can use none of the pictures of this fold")


def _fit_groups(manifest: Manifest) -> npt.NDArray[Any]:
    """Return what a method is told belongs together, as its own `fit` would say."""
    if "device_id" not in manifest:
        return np.zeros(len(manifest))
    return manifest.groups("session" if "session" in manifest else "device")


def _from_photos(job: FoldJob, method: Any) -> _Answer:
    """Fit a method that takes its own views of photos."""
    names = job.manifest.camera_model[job.train]
    named = np.array([bool(str(name).strip()) for name in names], dtype=bool)
    keep, few = _learnable(names, named)
    start = time.perf_counter()
    method.fit(job.manifest.select(job.train[keep]))
    fit_s = time.perf_counter() - start
    known = tuple(method.classes_)
    P = np.full((len(job.test), len(known)), 1 / len(known))
    able = [True] * len(job.test)
    paths = job.manifest.paths
    for number, row in enumerate(job.test.tolist()):
        try:
            P[number] = method.predict_proba([open_photo(paths[row])])[0]
        except (WhichcamError, OSError):
            able[number] = False
    return P, known, able, job.train[keep], few, fit_s


def in_processes(
    function: Callable[[_Task], _Outcome], tasks: Sequence[_Task], *, workers: int
) -> Generator[_Outcome, None, None]:
    """Yield the outcomes of tasks as they come, each process held to one thread.

    Raises
    ------
    DatasetError
        If a process dies.
    """
    if workers == 1 or len(tasks) < 2:
        for task in tasks:
            yield function(task)
        return
    # Spawned, not forked: a fork of a process with threads (numba, ONNX) can hang.
    context = multiprocessing.get_context("spawn")
    try:
        with (
            one_thread_each(),
            ProcessPoolExecutor(min(workers, len(tasks)), mp_context=context) as pool,
        ):
            futures = [pool.submit(function, task) for task in tasks]
            try:
                for future in as_completed(futures):
                    yield future.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
    except BrokenProcessPool as error:
        raise DatasetError(
            "a worker process died: out of memory, or the script lacks the guard "
            '`if __name__ == "__main__":` that spawned workers need; run again with '
            "fewer workers and resume=True"
        ) from error
