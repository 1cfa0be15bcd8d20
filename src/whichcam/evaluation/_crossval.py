"""Every method on the same folds."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from whichcam._typing import PathLike
from whichcam.datasets import Manifest
from whichcam.errors import DatasetError, InputError
from whichcam.evaluation import _environment
from whichcam.evaluation._crossval_jobs import FoldJob, in_processes, run_job
from whichcam.evaluation._crossval_plan import (
    GROUPED,
    NOT_TESTED,
    UNGROUPED,
    CrossvalPlan,
    plan_folds,
)
from whichcam.evaluation._crossval_records import (
    CrossvalFailure,
    CrossvalPhoto,
    FoldScores,
    SetAside,
)
from whichcam.evaluation._crossval_result import CrossvalResult, read_scores
from whichcam.evaluation._crossval_setup import (
    deciding_versions,
    described,
    keeping_in,
    makes_of,
    method_specs,
    n_processors,
)
from whichcam.evaluation._crossval_traces import (
    MethodSpec,
    TraceStore,
    TraceTask,
    take_traces,
)

Progress = Callable[[str, int, int], None]

_STORED_FORM: Final = 1  # of the scores of a fold on disk


def crossvalidate(
    manifest: Manifest,
    methods: Sequence[str],
    *,
    group: str = "device",
    n_folds: int = 5,
    seed: int = 0,
    work: PathLike | None = None,
    resume: bool = False,
    workers: int | None = None,
    ungrouped: bool = True,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    progress: Progress | None = None,
) -> CrossvalResult:
    """Fit and test methods on the same folds, no group on both sides of one.

    Parameters
    ----------
    manifest : Manifest
        Needs ``camera_model`` and the column of ``group``. Pictures are neither
        copied nor moved.
    methods : sequence of str
        Keys of `whichcam.methods.METHODS`.
    group : {"device", "session", "source"}, default "device"
        What is on one side of a fold. Camera models with a single one are reported
        apart, tested by the next finer unit (source, device, session) of which they
        have several, or not tested; they are learnt from all the same.
    n_folds : int, default 5
        Number of folds, at most that of the groups.
    seed : int, default 0
        Of the folds, and of methods that take a seed.
    work : path-like, optional
        Folder for traces and finished folds, made where it is not there. Default: a
        temporary one.
    resume : bool, default False
        Take over what an earlier run in ``work`` has finished: the same pictures,
        folds, methods, and version and commit of whichcam (changes that are not
        committed do not show). Traces are always taken over.
    workers : int, optional
        Processes, each held to one thread. Default: the processors there are. With
        more than one, a script needs the usual ``if __name__ == "__main__"`` guard.
    ungrouped : bool, default True
        Also compute what a split by pictures would have claimed; doubles the fits.
    settings : mapping of str to mapping, optional
        Constructor arguments of methods, JSON-ready.
    progress : callable, optional
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    CrossvalResult
        Raw scores; files that could not be read; folds that could not be done.

    Raises
    ------
    UnknownNameError
        If a method is not registered.
    InputError
        If no method is named, one twice, or a number is out of range.
    DatasetError
        If there are fewer than two camera models, no model has two groups, no file
        can be read, or every method failed.
    SplitLeakageError
        If the same bytes stand on both sides of a fold.
    """
    began, created = time.perf_counter(), datetime.now(UTC)
    specs = method_specs(methods, settings or {}, seed)
    n_workers = n_processors() if workers is None else workers
    if n_workers < 1 or seed < 0:
        raise InputError(f"workers is {n_workers} and seed {seed}; expected >= 1, >= 0")
    # Said now rather than after an hour of taking traces.
    plan_folds(manifest, group=group, n_folds=n_folds, seed=seed)
    with TemporaryDirectory(prefix="whichcam-crossval-") as temporary:
        folder = Path(temporary if work is None else work)
        store = TraceStore(folder=folder / "traces")
        specs = keeping_in(specs, folder / "traces")
        readable, failures = _read(manifest, specs, store, n_workers, progress)
        plan = plan_folds(readable, group=group, n_folds=n_folds, seed=seed)
        classes = tuple(sorted({str(c) for c in readable.camera_model if c.strip()}))
        makes = makes_of(readable, classes)
        jobs = _jobs(
            readable, plan, specs, classes, makes, store, folder, ungrouped=ungrouped
        )
        scores, not_done = _run(jobs, n_workers, resume=resume, progress=progress)
    if not scores:
        raise DatasetError(f"no method could be fitted; {not_done[0].reason}")
    return CrossvalResult(
        photos=_photos(readable, plan, dict(zip(classes, makes, strict=True))),
        scores=scores,
        set_aside=_set_aside(readable, plan),
        failures=failures,
        not_done=not_done,
        classes=classes,
        makes=makes,
        methods={s.name: described(s) for s in specs},
        group=group,
        n_folds=n_folds,
        seed=seed,
        n_photos=len(readable),
        manifest_sha256=manifest.sha256,
        git_commit=_environment.git_commit(),
        versions=deciding_versions(),
        machine=_environment.machine() | {"workers": n_workers},
        created=created.isoformat(timespec="seconds"),
        duration_s=round(time.perf_counter() - began, 1),
    )


def _read(
    manifest: Manifest,
    specs: Sequence[MethodSpec],
    store: TraceStore,
    workers: int,
    progress: Progress | None,
) -> tuple[Manifest, tuple[CrossvalFailure, ...]]:
    """Return the photos that can be read, their traces kept, and the other files."""
    traced = tuple(spec for spec in specs if spec.trace_key or spec.cache)
    tasks = [
        TraceTask(row=row, file=file, methods=traced, store=store)
        for row, file in enumerate(manifest.paths)
    ]
    digests, failures = [""] * len(tasks), []
    with closing(in_processes(take_traces, tasks, workers=workers)) as outcomes:
        for done, outcome in enumerate(outcomes, 1):
            digests[outcome.row] = outcome.sha256
            if outcome.error:
                failures.append((outcome.row, outcome.error))
            if progress is not None:
                progress("taking traces", done, len(tasks))
    names = manifest.column("path")
    failed = tuple(
        CrossvalFailure(what=str(names[row]), reason=reason)
        for row, reason in sorted(failures)
    )
    kept = [row for row, digest in enumerate(digests) if digest]
    if not kept:
        raise DatasetError(
            f"none of {len(tasks)} pictures can be read; the first: {failed[0].reason}"
        )
    return manifest.select(kept).with_column(
        "sha256", [digests[r] for r in kept]
    ), failed


def _jobs(
    manifest: Manifest,
    plan: CrossvalPlan,
    specs: Sequence[MethodSpec],
    classes: tuple[str, ...],
    makes: tuple[str, ...],
    store: TraceStore,
    folder: Path,
    *,
    ungrouped: bool,
) -> list[FoldJob]:
    tested = np.flatnonzero(plan.folds != NOT_TESTED)
    numbers = np.full(len(manifest), -1, dtype=np.int64)
    numbers[tested] = np.arange(len(tested))
    base = {
        "form": _STORED_FORM,
        "manifest": manifest.sha256,
        "order": manifest.column("path").tolist(),
        "versions": deciding_versions(),
        "commit": _environment.git_commit(),
    }
    jobs = []
    for spec in specs:
        for scheme in (GROUPED, UNGROUPED) if ungrouped else (GROUPED,):
            for fold in range(plan.n_folds):
                train = plan.train_rows(scheme, fold)
                test = plan.test_rows(scheme, fold)
                if not len(test):
                    continue
                rows = {"train": train.tolist(), "test": test.tolist()}
                method = described(spec) | {"where": spec.where}
                identity = _digest(base | rows | {"method": method})
                name = f"{spec.name}-{scheme}-{fold + 1}-{identity[:12]}.json"
                jobs.append(
                    FoldJob(
                        method=spec,
                        scheme=scheme,
                        fold=fold,
                        manifest=manifest,
                        train=train,
                        test=test,
                        numbers=numbers,
                        classes=classes,
                        makes=makes,
                        store=store,
                        path=folder / "folds" / name,
                        identity=identity,
                    )
                )
    return jobs


def _digest(values: Mapping[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _run(
    jobs: Sequence[FoldJob], workers: int, *, resume: bool, progress: Progress | None
) -> tuple[tuple[FoldScores, ...], tuple[CrossvalFailure, ...]]:
    """Return the scores of all jobs in their order, and those that failed."""
    finished: dict[str, FoldScores] = {}
    if resume:
        found = {job.title: _finished(job) for job in jobs}
        finished = {title: s for title, s in found.items() if s is not None}
    failed: dict[str, str] = {}
    left = [job for job in jobs if job.title not in finished]
    if progress is not None:
        progress("fitting", len(finished), len(jobs))
    with closing(in_processes(run_job, left, workers=workers)) as outcomes:
        for job, outcome in outcomes:
            if isinstance(outcome, str):
                failed[job.title] = outcome
            else:
                finished[job.title] = outcome
            if progress is not None:
                progress("fitting", len(finished) + len(failed), len(jobs))
    titles = [job.title for job in jobs]
    return (
        tuple(finished[title] for title in titles if title in finished),
        tuple(
            CrossvalFailure(what=title, reason=failed[title])
            for title in titles
            if title in failed
        ),
    )


def _finished(job: FoldJob) -> FoldScores | None:
    """Return the scores an earlier run wrote; None if they are not these, or broken."""
    try:
        values = json.loads(job.path.read_bytes())
        if values["identity"] != job.identity:
            return None
        scores = read_scores(values["scores"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    expected = tuple(job.numbers[job.test].tolist())
    return scores if scores.photos == expected else None


def _photos(
    manifest: Manifest, plan: CrossvalPlan, make_of_class: Mapping[str, str]
) -> tuple[CrossvalPhoto, ...]:
    blank = [""] * len(manifest)
    column = {
        name: manifest.column(name).tolist() if name in manifest else blank
        for name in ("path", "sha256", "camera_model", "device_id", "session", "source")
    }
    return tuple(
        CrossvalPhoto(
            path=column["path"][row],
            sha256=column["sha256"][row],
            camera_model=column["camera_model"][row],
            make=make_of_class[column["camera_model"][row]],
            device=column["device_id"][row],
            session=column["session"][row],
            source=column["source"][row],
            unit=plan.units[row],
            fold=int(plan.folds[row]),
            ungrouped_fold=int(plan.ungrouped_folds[row]),
        )
        for row in np.flatnonzero(plan.folds != NOT_TESTED).tolist()
    )


def _set_aside(manifest: Manifest, plan: CrossvalPlan) -> tuple[SetAside, ...]:
    names = manifest.camera_model.tolist()
    counts = Counter((names[row], reason) for row, reason in plan.set_aside)
    return tuple(
        SetAside(camera_model=name, reason=reason, n_photos=count)
        for (name, reason), count in sorted(counts.items())
    )
