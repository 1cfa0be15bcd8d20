"""Every method, learnt from one split and measured on splits it never saw."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from whichcam._typing import PathLike
from whichcam.datasets import Manifest
from whichcam.datasets.manipulations import SP_CUP, parse_chain
from whichcam.errors import DatasetError, InputError
from whichcam.evaluation import _environment
from whichcam.evaluation._benchmark_jobs import (
    Asked,
    AskJob,
    FitJob,
    answered,
    apart,
    ask,
    finished,
    fit,
)
from whichcam.evaluation._benchmark_records import (
    BenchmarkMethod,
    BenchmarkPhoto,
    BenchmarkScores,
)
from whichcam.evaluation._benchmark_result import BenchmarkResult
from whichcam.evaluation._benchmark_rows import (
    check_leakage,
    learnt_from,
    measured_on,
    photos_of,
)
from whichcam.evaluation._crossval_jobs import in_processes
from whichcam.evaluation._crossval_records import CrossvalFailure
from whichcam.evaluation._crossval_setup import (
    deciding_versions,
    described,
    makes_of,
    method_specs,
    n_processors,
)
from whichcam.evaluation._records import UNTOUCHED

Progress = Callable[[str, int, int], None]

KNOWN_SPLITS: Final = ("test_device", "test_scene")
UNKNOWN_SPLITS: Final = ("unknown", "unknown_chart")


def benchmark(
    manifest: Manifest,
    methods: Sequence[str],
    *,
    train_split: str = "train",
    known_splits: Sequence[str] = KNOWN_SPLITS,
    unknown_splits: Sequence[str] = UNKNOWN_SPLITS,
    manipulations: Sequence[str] = SP_CUP,
    limit: int | None = None,
    train_limit: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    work: PathLike | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> BenchmarkResult:
    """Fit methods on one split and measure them on others.

    Parameters
    ----------
    manifest : Manifest
        With the columns ``camera_model`` and ``split``.
    methods : sequence of str
        Keys of `whichcam.methods.METHODS`.
    train_split : str, default "train"
        The rows learnt from. No other row is used to fit or to choose anything.
    known_splits, unknown_splits : sequence of str
        Splits measured on, of cameras that are learnt and of cameras that are not.
        Those without a row are passed over.
    manipulations : sequence of str, default the eight of the SP Cup
        What is done to the pixels of every photo measured on, besides leaving the file
        as it is.
    limit, train_limit : int, optional
        At most so many photos of each split measured on, and of each camera model
        learnt from; drawn by the seed.
    seed : int, default 0
        Of draws, manipulations, and of methods that take one.
    settings : mapping of str to mapping, optional
        Constructor arguments of methods, JSON-ready.
    work : path-like, optional
        Folder for fitted methods and answers. A run in a folder takes over what an
        earlier run has finished there on the same photos with the same settings and
        commit. Default: a temporary one.
    workers : int, optional
        Processes, each held to one thread. Default: the processors there are. With
        more than one, a script needs the usual ``if __name__ == "__main__"`` guard.
    progress : callable, optional
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    BenchmarkResult
        Raw scores. A method that could not be fitted is there with its error.

    Raises
    ------
    UnknownNameError
        If a method or manipulation does not exist.
    InputError
        If no method is named, one twice, or a number is out of range.
    DatasetError
        If a split is empty, no photo can be read, or every method failed.
    SplitLeakageError
        If a device of ``test_device``, or the bytes of any file measured on, are in
        the split learnt from.
    """
    began, created = time.perf_counter(), datetime.now(UTC)
    n_workers = n_processors() if workers is None else workers
    bounds = (n_workers, 1 if limit is None else limit, train_limit or 1)
    if min(bounds) < 1 or seed < 0:
        raise InputError(
            f"workers, limit and train_limit are {n_workers}, {limit} and "
            f"{train_limit}, seed is {seed}; expected >= 1, and a seed >= 0"
        )
    for name in manipulations:
        parse_chain(name)
    specs = method_specs(methods, settings or {}, seed)
    train = learnt_from(manifest, train_split, train_limit, seed)
    classes = tuple(sorted({str(name) for name in train.camera_model}))
    makes = makes_of(train, classes)
    names = (*known_splits, *unknown_splits)
    rows = measured_on(manifest, names, limit, seed)
    check_leakage(manifest, train, rows)
    photos = photos_of(manifest, rows, classes, known_splits, unknown_splits)
    with TemporaryDirectory(prefix="whichcam-benchmark-") as temporary:
        folder = Path(temporary if work is None else work)
        folder.mkdir(parents=True, exist_ok=True)
        jobs = [_fit_job(spec, train, folder) for spec in specs]
        fitted = _fit_all(jobs, n_workers, progress)
        models = {
            job.method.name: job.model
            for job in jobs
            if not fitted[job.method.name].error
        }
        if not models:
            raise DatasetError(
                f"no method could be fitted; {next(iter(fitted.values())).error}"
            )
        asks = _ask_jobs(
            manifest, rows, photos, models, classes, manipulations, seed, folder
        )
        found = _ask_all(asks, n_workers, progress)
    read = [item for item in found if not item.error]
    if not read:
        raise DatasetError(
            f"none of {len(found)} pictures can be read; the first: {found[0].error}"
        )
    return BenchmarkResult(
        photos=photos,
        methods=tuple(fitted[spec.name] for spec in specs),
        scores=_scores(read, tuple(models), (UNTOUCHED, *manipulations)),
        failures=tuple(
            CrossvalFailure(what=photos[item.number].path, reason=item.error)
            for item in found
            if item.error
        ),
        classes=classes,
        makes=makes,
        train_split=train_split,
        known_splits=tuple(known_splits),
        unknown_splits=tuple(unknown_splits),
        manipulations=tuple(manipulations),
        limit=limit,
        train_limit=train_limit,
        seed=seed,
        manifest_sha256=manifest.sha256,
        git_commit=_environment.git_commit(),
        versions=deciding_versions(),
        machine=_environment.machine() | {"workers": n_workers},
        created=created.isoformat(timespec="seconds"),
        duration_s=round(time.perf_counter() - began, 1),
    )


def _fit_job(spec: Any, train: Manifest, folder: Path) -> FitJob:
    identity = _digest(
        {
            "photos": list(map(str, train.column("path").tolist())),
            "manifest": train.sha256,
            "method": described(spec) | {"where": spec.where},
            "versions": deciding_versions(),
            "commit": _environment.git_commit(),
        }
    )
    place = folder / "methods" / f"{spec.name}-{identity[:12]}"
    return FitJob(method=spec, manifest=train, folder=place)


def _fit_all(
    jobs: Sequence[FitJob], workers: int, progress: Progress | None
) -> dict[str, BenchmarkMethod]:
    found: dict[str, BenchmarkMethod] = {}
    for job in jobs:
        if (kept := finished(job)) is not None:
            found[job.method.name] = kept
    left = [job for job in jobs if job.method.name not in found]
    if progress is not None:
        progress("fitting", len(found), len(jobs))
    for job, outcome in apart(fit, left, workers=workers):
        name = job.method.name
        found[name] = outcome or BenchmarkMethod(
            name=name,
            settings=dict(job.method.settings),
            error="its process died, perhaps for want of memory; give it smaller "
            "settings or fewer workers",
        )
        if progress is not None:
            progress("fitting", len(found), len(jobs))
    return found


def _ask_jobs(
    manifest: Manifest,
    rows: Sequence[int],
    photos: Sequence[BenchmarkPhoto],
    models: Mapping[str, Path],
    classes: tuple[str, ...],
    manipulations: Sequence[str],
    seed: int,
    folder: Path,
) -> list[AskJob]:
    files = manifest.paths
    asked = {"models": sorted(path.parent.name for path in models.values())}
    asked |= {"manipulations": list(manipulations), "seed": [str(seed)]}
    identity = _digest(asked)[:12]
    jobs = []
    for number, (row, photo) in enumerate(zip(rows, photos, strict=True)):
        name = hashlib.sha256(photo.path.encode()).hexdigest()
        jobs.append(
            AskJob(
                number=number,
                file=files[row],
                label=photo.label,
                manipulations=tuple(manipulations),
                models=models,
                classes=classes,
                # from the path: a photo keeps its draw whatever else is measured
                seed=int.from_bytes(bytes.fromhex(name)[:4]) ^ seed,
                path=folder / "answers" / identity / f"{name}.json",
            )
        )
    return jobs


def _ask_all(
    jobs: Sequence[AskJob], workers: int, progress: Progress | None
) -> list[Asked]:
    """Return what was said of every photo, in the order of the photos."""
    kept = [found for job in jobs if (found := answered(job)) is not None]
    done = {item.number: item for item in kept}
    left = [job for job in jobs if job.number not in done]
    if progress is not None:
        progress("measuring", len(done), len(jobs))
    with closing(in_processes(ask, left, workers=workers)) as outcomes:
        for item in outcomes:
            done[item.number] = item
            if progress is not None:
                progress("measuring", len(done), len(jobs))
    return [done[number] for number in range(len(jobs))]


def _scores(
    found: Sequence[Asked], methods: Sequence[str], manipulations: Sequence[str]
) -> tuple[BenchmarkScores, ...]:
    scores = []
    for method in methods:
        for name in manipulations:
            rows = [(item.number, *item.answers[method][name]) for item in found]
            number, answer, confidence, true, rank, seconds = zip(*rows, strict=True)
            scores.append(
                BenchmarkScores(
                    method=method,
                    manipulation=name,
                    photos=number,
                    answer=answer,
                    confidence=confidence,
                    true_probability=true,
                    rank=rank,
                    seconds=seconds,
                )
            )
    return tuple(scores)


def _digest(values: Mapping[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
