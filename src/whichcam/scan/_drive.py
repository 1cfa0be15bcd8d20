"""Shards to workers and rows back: every picture once, whoever dies."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import replace
from typing import Final, Protocol

from whichcam.errors import WhichcamError
from whichcam.scan._plan import Shard
from whichcam.scan._rows import Row, failed_row
from whichcam.scan._work import Job, Piece

_MOST_FAILED_STARTS: Final = 3
_MOST_DEATHS_ALONE: Final = 2
WORKER_DIED: Final = "WorkerDied"


class Worker(Protocol):
    """Something that looks at one piece at a time."""

    def ready(self) -> Future[list[Row]]:
        """Load what answers."""

    def ask(self, piece: Piece) -> Future[list[Row]]:
        """Have a piece looked at."""

    def stop(self) -> None:
        """End it."""


class Engine(Protocol):
    """Where workers come from."""

    n_workers: int

    @property
    def deaths(self) -> tuple[type[Exception], ...]:
        """Errors that mean a worker is gone, whatever it was doing."""

    def start(self, job: Job) -> Worker:
        """Start a worker; it need not be ready."""

    def close(self) -> None:
        """Give back what the workers had in common."""


def drive(
    engine: Engine, job: Job, shards: Iterator[Shard], *, start_timeout_s: float = 600.0
) -> Generator[tuple[Shard, list[Row]], None, None]:
    """Yield each shard with one row for each of its pictures, as they are finished.

    A worker has one piece at a time and the next shard is read when one is free, so
    that no more shards are in memory than there are workers. When a worker dies, what
    it had is tried again in two halves by others; a picture that was alone with two
    workers when they died gets a row that says so. A worker whose picture takes longer
    than the job's limit is one that died.

    Raises
    ------
    WhichcamError
        If workers cannot be started.
    ArtifactError
        If the model or the gallery is at fault.
    """
    crew = _Crew(engine, job)
    assembly = _Assembly(shards, job.time_limit_s)
    try:
        crew.hire(engine.n_workers)
        while True:
            crew.hand_out(assembly.next_piece)
            if assembly.is_finished:
                return
            for piece, rows in crew.wait(start_timeout_s):
                if rows is None:
                    yield from assembly.lost(piece)
                else:
                    yield from assembly.done(piece, rows)
    finally:
        crew.dismiss()


class _Crew:
    """The workers: which are idle, and what the others are at."""

    def __init__(self, engine: Engine, job: Job) -> None:
        self._engine = engine
        self._job = job
        self._idle: list[Worker] = []
        self._running: dict[Future[list[Row]], tuple[Worker, Piece | None]] = {}
        self._n_failed_starts = 0

    @property
    def is_busy(self) -> bool:
        return any(piece is not None for _, piece in self._running.values())

    def hire(self, n: int) -> None:
        for _ in range(n):
            worker = self._engine.start(self._job)
            self._running[worker.ready()] = worker, None

    def hand_out(self, next_piece: Callable[[], Piece | None]) -> None:
        while self._idle and (piece := next_piece()) is not None:
            worker = self._idle.pop()
            try:
                self._running[worker.ask(piece)] = worker, piece
            except self._engine.deaths as error:  # it died while it was idle
                gone: Future[list[Row]] = Future()
                gone.set_exception(error)
                self._running[gone] = worker, piece

    def wait(self, timeout_s: float) -> Iterator[tuple[Piece, list[Row] | None]]:
        """Yield what was finished, or lost with its worker (None)."""
        limit = None if self.is_busy else timeout_s
        done, _ = wait(self._running, limit, FIRST_COMPLETED)
        if not done:
            raise WhichcamError(
                f"no worker was ready within {timeout_s:g} s; see whether the machines "
                "have a free core and memory for one"
            )
        for future in done:
            worker, piece = self._running.pop(future)
            try:
                rows = future.result()
            except self._engine.deaths as error:
                worker.stop()
                if piece is None:
                    self._count_failed_start(error)
                self.hire(1)
                if piece is not None:
                    yield piece, None
            except BaseException:
                self._idle.append(worker)  # to be stopped with the others
                raise
            else:
                self._n_failed_starts = 0
                self._idle.append(worker)
                if piece is not None:
                    yield piece, rows

    def _count_failed_start(self, error: Exception) -> None:
        self._n_failed_starts += 1
        if self._n_failed_starts >= _MOST_FAILED_STARTS:
            raise WhichcamError(
                f"{self._n_failed_starts} workers died before they were ready: out of "
                'memory, or the script lacks the guard `if __name__ == "__main__":` '
                "that spawned workers need; try fewer workers"
            ) from error

    def dismiss(self) -> None:
        for worker in (*self._idle, *(worker for worker, _ in self._running.values())):
            worker.stop()


class _Assembly:
    """Pieces to be looked at, and shards of which some rows are there."""

    def __init__(self, shards: Iterator[Shard], time_limit_s: float | None) -> None:
        self._shards = shards
        self._time_limit_s = time_limit_s
        self._is_read = False
        self._again: deque[Piece] = deque()
        self._open: dict[int, tuple[Shard, list[Row]]] = {}

    @property
    def is_finished(self) -> bool:
        """Whether every shard was read and has been given back."""
        return self._is_read and not self._open

    def next_piece(self) -> Piece | None:
        if self._again:
            return self._again.popleft()
        shard = None if self._is_read else next(self._shards, None)
        if shard is None:
            self._is_read = True
            return None
        self._open[shard.number] = shard, []
        return Piece(shard=shard.number, first=shard.first, entries=shard.entries)

    def done(self, piece: Piece, rows: list[Row]) -> Iterator[tuple[Shard, list[Row]]]:
        shard, found = self._open[piece.shard]
        found += rows
        if len(found) == len(shard.entries):
            del self._open[piece.shard]
            yield shard, found

    def lost(self, piece: Piece) -> Iterator[tuple[Shard, list[Row]]]:
        n, first = len(piece.entries), piece.first
        if n > 1:
            for entries in (piece.entries[: n // 2], piece.entries[n // 2 :]):
                self._again.append(replace(piece, first=first, entries=entries))
                first += len(entries)
        elif piece.n_deaths + 1 < _MOST_DEATHS_ALONE:
            self._again.append(replace(piece, n_deaths=piece.n_deaths + 1))
        else:
            path = piece.entries[0].path
            said = f"{path}: {_MOST_DEATHS_ALONE} workers died while they looked at it"
            if self._time_limit_s is not None:
                said += f", or looked longer than {self._time_limit_s:g} s"
            yield from self.done(piece, [failed_row(first, path, WORKER_DIED, said)])
