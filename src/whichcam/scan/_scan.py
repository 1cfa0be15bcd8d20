"""Ask one thing of every picture of a source, however many there are."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import whichcam
from whichcam import _registry
from whichcam._typing import PathLike
from whichcam.errors import DatasetNotFoundError, InputError
from whichcam.scan._drive import Engine, drive
from whichcam.scan._plan import (
    SCHEMA,
    ScanPlan,
    Shard,
    check_pictures,
    read_shards,
    write_pictures,
)
from whichcam.scan._report import ScanProgress, ScanReport, report_of
from whichcam.scan._rows import Tally, table_of
from whichcam.scan._sources import entries_of, is_address
from whichcam.scan._store import ScanFolder
from whichcam.scan._tasks import TASKS, Task, build_task, settings_of
from whichcam.scan._work import Job, Kinds

if TYPE_CHECKING:
    import pyarrow as pa

ENGINES: Final = {
    "local": "whichcam.scan._local:LocalEngine",
    "ray": "whichcam.scan._ray:RayEngine",
}
"""Where workers run, and where each way is written down."""

SHARD_SIZE: Final = 128
TIME_LIMIT_S: Final = 600.0


def scan_photos(
    source: PathLike,
    *,
    task: str,
    out: PathLike,
    engine: str = "local",
    address: str | None = None,
    workers: int | None = None,
    shard_size: int = SHARD_SIZE,
    resume: bool = False,
    time_limit_s: float | None = TIME_LIMIT_S,
    progress: Callable[[ScanProgress], None] | None = None,
    catch: Kinds = Exception,
    **settings: Any,
) -> ScanReport:
    """Ask one thing of every picture of a source and keep a row for each.

    Parameters
    ----------
    source : path-like or str
        A folder, a manifest (``.csv``, ``.parquet``) or a list (``.txt``: a path or
        an address a line); a local path or an address that fsspec opens, such as
        ``s3://bucket/folder``.
    task : {"identify", "examine", "verify", "search", "fingerprint"}
        What is asked; see `TASKS`.
    out : path-like
        A new folder: ``plan.json``, the list of pictures, ``rows`` with a Parquet file
        a shard, and ``summary.json``.
    engine : {"local", "ray"}, default "local"
        Processes of this machine, or actors of a Ray cluster.
    address : str, optional
        Of the Ray cluster; without it one is started on this machine.
    workers : int, optional
        By default one a core, of this machine or of the cluster.
    shard_size : int, default 128
        Pictures a shard: what is lost at most, for each worker, by being killed.
    resume : bool, default False
        Go on with the scan in ``out``: shards that are whole are kept, others are
        done again. Where there is none yet, begin one.
    time_limit_s : float or None, default 600
        A worker that looks longer at one picture is ended, as if it had died over it;
        None for no limit. Not on Windows, which has no such alarm.
    progress : callable, optional
        Called with a `ScanProgress` after each shard.
    catch : exception type or tuple of them, default Exception
        Errors that become the row of their picture. An `ArtifactError` ends the scan:
        a model at fault would fail on every picture.
    **settings
        Of the task. identify: ``model``, ``top_k``; examine: ``model``, ``gallery``,
        ``methods``; verify: ``camera``, ``gallery``,
        ``false_alarm_rate``; search: ``gallery``, ``top_k``, ``false_alarm_rate``;
        fingerprint: ``side_px``; all: ``allow_truncated``.

    Returns
    -------
    ScanReport

    Raises
    ------
    InputError
        If ``out`` holds another scan, or something else; if an option is wrong.
    DatasetError
        If there is no such source, or no picture in it.
    ArtifactError
        If the model, the gallery or the folder cannot be used.
    MissingDependencyError
        If the engine or the address needs a package that is not installed.
    WhichcamError
        If workers cannot be started.

    See Also
    --------
    read_rows : The rows of a scan, shard by shard.

    Notes
    -----
    A script needs the usual ``if __name__ == "__main__"`` guard: workers are spawned.
    Memory does not grow with the source: a worker holds one shard's rows and at most
    three decoded pictures.
    """
    for name, value in (("workers", workers), ("shard_size", shard_size)):
        if value is not None and value < 1:
            raise InputError(f"{name} is {value}; expected at least 1")
    if time_limit_s is not None and not 0 < time_limit_s < math.inf:
        raise InputError(f"time_limit_s is {time_limit_s}; expected a number above 0")
    if task not in TASKS:
        _registry.load(TASKS, task, what="task")  # raises, and lists those there are
    if address is not None and engine != "ray":
        raise InputError(f"address is for the engine ray; the engine is {engine!r}")
    target = TASKS[task]
    asked = build_task(target, settings)
    job = Job(
        target=target,
        settings=settings_of(asked),
        catch=catch,
        time_limit_s=time_limit_s,
    )
    kind = _registry.load(ENGINES, engine, what="engine")
    folder = ScanFolder(Path(out))
    with folder.held(resume=resume):
        plan = _planned(folder, str(source), task, asked, shard_size)
        tally = Tally()
        todo = _unfinished(folder, plan, tally)
        started: Callable[[], Engine] = (
            (lambda: kind(workers, address=address))
            if engine == "ray"
            else (lambda: kind(workers or n_cores()))
        )
        run = _Run(folder, plan, asked, job, tally, progress)
        seconds = run(started, todo)
        assert tally.n_rows == plan.n_pictures, "one row a picture"
        report = report_of(
            str(folder.folder),
            plan,
            tally,
            n_resumed=run.n_resumed,
            seconds=seconds,
        )
        folder.write_json(folder.summary, report.to_dict())
    return report


def n_cores() -> int:
    """Return the number of cores that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _planned(
    folder: ScanFolder, source: str, task: str, asked: Task, shard_size: int
) -> ScanPlan:
    """Return the plan that stands, if it is this one, or make it."""
    wanted: dict[str, Any] = {
        "source": source if is_address(source) else str(Path(source).absolute()),
        "task": task,
        "settings": settings_of(asked),
        "asked_id": asked.identity(),
        "shard_size": shard_size,
        "whichcam_version": whichcam.__version__,
        "schema": SCHEMA,
    }
    if folder.plan_path.exists():
        plan = ScanPlan.read(folder.plan_path)
        plan.refuse_other(wanted, folder.folder)
        check_pictures(folder.pictures, plan)
        return plan
    folder.forget_listing()  # of a run that was killed before its plan was made
    count, digest = write_pictures(folder.pictures, entries_of(wanted["source"]))
    if not count:
        raise DatasetNotFoundError(
            f"no picture in {source}; expected files such as .jpg, .png or .tif"
        )
    plan = ScanPlan(**wanted, n_pictures=count, pictures_sha256=digest)
    folder.write_json(folder.plan_path, plan.to_dict())
    return plan


def _unfinished(folder: ScanFolder, plan: ScanPlan, tally: Tally) -> list[int]:
    """Return the shards that are to be done, and count the rows of the others."""
    todo = []
    for number in range(plan.n_shards):
        table = folder.read_shard(plan, number)
        if table is None:
            todo.append(number)
        else:
            tally.add(table)
    return todo


class _Run:
    """The shards that are left, to the workers and to the disk."""

    def __init__(
        self,
        folder: ScanFolder,
        plan: ScanPlan,
        asked: Task,
        job: Job,
        tally: Tally,
        progress: Callable[[ScanProgress], None] | None,
    ) -> None:
        self._folder, self._plan, self._asked = folder, plan, asked
        self._job, self._tally, self._progress = job, tally, progress
        self.n_resumed = tally.n_rows

    def __call__(self, start: Callable[[], Engine], todo: list[int]) -> float:
        """Do it and return how long it took, in seconds."""
        begun = time.monotonic()
        self._tell(0.0)
        if not todo:
            return 0.0
        engine = start()
        try:
            engine.n_workers = min(engine.n_workers, len(todo))
            with closing(drive(engine, self._job, self._shards(set(todo)))) as done:
                for shard, rows in done:
                    table = table_of(rows, self._asked.columns)
                    self._folder.write_shard(self._plan, shard.number, table)
                    self._tally.add(table)
                    self._tell(time.monotonic() - begun)
        finally:
            engine.close()
        return time.monotonic() - begun

    def _shards(self, wanted: set[int]) -> Iterator[Shard]:
        for shard in read_shards(self._folder.pictures, self._plan):
            if shard.number in wanted:
                yield shard

    def _tell(self, seconds: float) -> None:
        if self._progress is not None:
            self._progress(
                ScanProgress(
                    n_done=self._tally.n_rows,
                    n_pictures=self._plan.n_pictures,
                    n_failed=self._tally.n_failed,
                    n_resumed=self.n_resumed,
                    seconds=seconds,
                )
            )


def read_rows(folder: PathLike) -> Generator[pa.Table, None, None]:
    """Yield the rows of a scan, a shard at a time, in the order of the source.

    Parameters
    ----------
    folder : path-like
        As it was given to `scan_photos`; the scan may be unfinished.

    Yields
    ------
    pyarrow.Table
        Columns ``index``, ``path``, ``sha256``, ``answer``, ``is_unknown``, ``score``,
        ``error_code``, ``error``, ``result`` (JSON), and those of the task. Shards
        that are missing or damaged are passed over.

    Raises
    ------
    IncompatibleArtifactError
        If the folder holds no scan.
    """
    kept = ScanFolder(Path(folder))
    plan = ScanPlan.read(kept.plan_path)
    for number in range(plan.n_shards):
        table = kept.read_shard(plan, number)
        if table is not None:
            yield table
