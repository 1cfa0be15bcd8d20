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

import numpy as np

from whichcam._typing import PathLike
from whichcam.datasets import Manifest
from whichcam.datasets.manipulations import SP_CUP, parse_chain
from whichcam.errors import DatasetError, InputError, SplitLeakageError
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
    train = _learnt_from(manifest, train_split, train_limit, seed)
    classes = tuple(sorted({str(name) for name in train.camera_model}))
    makes = makes_of(train, classes)
    names = (*known_splits, *unknown_splits)
    rows = _measured_on(manifest, names, limit, seed)
    _check_leakage(manifest, train, rows)
    photos = _photos(manifest, rows, classes, known_splits, unknown_splits)
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


def _learnt_from(
    manifest: Manifest, split: str, limit: int | None, seed: int
) -> Manifest:
    """Return the rows to learn from, with a limit some of each camera model."""
    if "split" not in manifest:
        raise DatasetError(
            "the manifest has no column 'split', so what is learnt and what is "
            "measured cannot be told apart; add one (train, test_device, unknown)"
        )
    train = manifest.where(split=split)
    names = [str(name).strip() for name in train.camera_model]
    if len(set(names) - {""}) < 2:
        raise DatasetError(
            f"the split {split!r} has {len(set(names) - {''})} camera model(s); "
            "at least two are needed to tell one from another"
        )
    rng = np.random.default_rng((seed, 1))
    kept: list[int] = []
    for name in sorted(set(names) - {""}):
        rows = [row for row, given in enumerate(names) if given == name]
        if limit is not None and len(rows) > limit:
            rows = rng.choice(rows, size=limit, replace=False).tolist()
        kept += rows
    return train.select(sorted(kept))


def _measured_on(
    manifest: Manifest, splits: Sequence[str], limit: int | None, seed: int
) -> list[int]:
    given = manifest.column("split").tolist()
    chosen: list[int] = []
    for number, name in enumerate(splits):
        rows = [row for row, split in enumerate(given) if split == name]
        if limit is not None and len(rows) > limit:
            rng = np.random.default_rng((seed, 2, number))
            rows = rng.choice(rows, size=limit, replace=False).tolist()
        chosen += rows
    if not chosen:
        raise DatasetError(
            f"no row is of a split measured on ({', '.join(splits)}); the manifest has "
            f"{sorted(set(given))}"
        )
    return sorted(chosen)


def _check_leakage(manifest: Manifest, train: Manifest, rows: Sequence[int]) -> None:
    """Raise where what is measured on was learnt from."""
    tested = manifest.select(rows)
    shared = set(map(str, train.paths)) & set(map(str, tested.paths))
    if not shared and "sha256" in manifest:
        learnt = set(train.column("sha256").tolist()) - {""}
        shared = learnt & set(tested.column("sha256").tolist())
    if shared:
        raise SplitLeakageError(
            f"{len(shared)} file(s) are both learnt from and measured on, such as "
            f"{min(shared)}; give each one split"
        )
    if "device_id" not in manifest:
        return
    new = tested.select(
        np.flatnonzero(tested.column("split") == "test_device").tolist()
    )
    devices = set(new.column("device_id").tolist()) - {""}
    known = devices & set(train.column("device_id").tolist())
    if known:
        raise SplitLeakageError(
            f"{len(known)} device(s) of split 'test_device' are in the split learnt "
            f"from, such as {min(known)!r}; the figure would measure memory"
        )


def _photos(
    manifest: Manifest,
    rows: Sequence[int],
    classes: Sequence[str],
    known: Sequence[str],
    unknown: Sequence[str],
) -> tuple[BenchmarkPhoto, ...]:
    index = {name: number for number, name in enumerate(classes)}
    blank = [""] * len(manifest)
    column = {
        name: manifest.column(name).tolist() if name in manifest else blank
        for name in ("path", "sha256", "camera_model", "device_id", "session", "split")
    }
    found = []
    for row in rows:
        name, split = str(column["camera_model"][row]), column["split"][row]
        label = index.get(name, -1)
        if (label < 0) != (split in unknown and split not in known):
            what = "is not learnt" if label < 0 else "is learnt"
            raise DatasetError(
                f"{column['path'][row]} of split {split!r} is by {name!r}, which "
                f"{what} from the training split; splits of known cameras hold "
                "known cameras only, those of unknown cameras none"
            )
        found.append(
            BenchmarkPhoto(
                path=str(column["path"][row]),
                sha256=str(column["sha256"][row]),
                camera_model=name,
                device=str(column["device_id"][row]),
                session=str(column["session"][row]),
                split=str(split),
                label=label,
            )
        )
    return tuple(found)


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
