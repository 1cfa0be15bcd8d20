"""What a worker does: look at pictures, the next being read meanwhile."""

from __future__ import annotations

import signal
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeAlias

from whichcam.errors import ArtifactError, PhotoNotFoundError, WhichcamWarning
from whichcam.scan._rows import Row, failed_row, found_row
from whichcam.scan._sources import Entry, open_entry, read_entry
from whichcam.scan._tasks import Look, Seen, build_task

Kinds: TypeAlias = type[Exception] | tuple[type[Exception], ...]

_AHEAD: Final = 2  # decoded pictures that wait; one of 50 megapixels is 150 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What every worker of a scan is to do."""

    target: str
    settings: Mapping[str, Any]
    catch: Kinds = Exception
    time_limit_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A shard, or a part of one that is tried again because its worker died."""

    shard: int
    first: int
    entries: tuple[Entry, ...]
    n_deaths: int = 0


class Looker:
    """A task that is ready in this process, and pictures to put it to."""

    def __init__(self, job: Job) -> None:
        task = build_task(job.target, job.settings)
        self._look: Look = task.start()
        self._truncated = task.allow_truncated
        self._is_given_files = task.is_given_files
        self._catch = job.catch
        self._time_limit_s = job.time_limit_s
        # They stand in the results; thousands on stderr would hide all else.
        warnings.simplefilter("ignore", WhichcamWarning)

    def rows(
        self, piece: Piece, is_stopped: Callable[[], bool] = lambda: False
    ) -> list[Row]:
        """Return one row for each picture; those not reached when stopped are missing.

        Raises
        ------
        ArtifactError
            If the model or the gallery is at fault: every picture would fail alike.
        """
        found: list[Row] = []
        for k, opened in enumerate(self._read_ahead(piece.entries)):
            if is_stopped():
                break
            with ended_after(self._time_limit_s):
                row = self._row(piece.first + k, piece.entries[k].path, opened)
            found.append(row)
        return found

    def _read_ahead(self, entries: Sequence[Entry]) -> Iterator[Future[Seen]]:
        """Yield the pictures while a thread reads and decodes those that follow."""
        coming = iter(entries)
        waiting: deque[Future[Seen]] = deque()
        with ThreadPoolExecutor(1, thread_name_prefix="reader") as reader:
            try:
                while True:
                    for entry in islice(coming, _AHEAD - len(waiting)):
                        waiting.append(reader.submit(self._open, entry))
                    if not waiting:
                        return
                    yield waiting.popleft()
            finally:
                reader.shutdown(wait=True, cancel_futures=True)

    def _open(self, entry: Entry) -> Seen:
        if entry.problem:
            raise PhotoNotFoundError(f"{entry.path}: {entry.problem}")
        if self._is_given_files:
            return read_entry(entry.path)
        return open_entry(entry.path, allow_truncated=self._truncated)

    def _row(self, index: int, path: str, opened: Future[Seen]) -> Row:
        try:
            answer = self._look(opened.result())
        except ArtifactError:
            raise
        except self._catch as error:
            return failed_row(index, path, type(error).__name__, str(error))
        return found_row(index, path, **answer)


@contextmanager
def ended_after(seconds: float | None) -> Iterator[None]:
    """End this process where the block takes longer, whatever it is at.

    By an alarm that nobody handles: a decoder that never comes back gives no Python
    code a chance to run. Where a system has no such alarm, nothing happens.
    """
    if seconds is None or not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
