"""Workers as processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ClassVar, Final

from whichcam._threads import interrupts_held_back, one_thread_each
from whichcam.scan._rows import Row
from whichcam.scan._work import Job, Looker, Piece

# Of a worker process: what it was started with, and what it has loaded.
_own: Final[dict[str, Any]] = {}


class LocalEngine:
    """Each worker is a pool of one process, so that one's death is its own.

    Spawned, not forked: a fork of a process with threads (numba, ONNX) can hang.
    """

    deaths: ClassVar[tuple[type[Exception], ...]] = (BrokenProcessPool,)

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers

        self._started: list[LocalWorker] = []

    def start(self, job: Job) -> LocalWorker:
        """Start a worker."""
        worker = LocalWorker(job)
        self._started.append(worker)
        return worker

    def close(self) -> None:
        """Wait until all processes have ended."""
        for worker in self._started:
            worker.stop()
        for worker in self._started:
            worker.join()


class LocalWorker:
    """A process that has loaded what answers, and is asked for one piece at a time."""

    def __init__(self, job: Job) -> None:
        context = multiprocessing.get_context("spawn")
        self._stopped = context.Event()
        self._pool = ProcessPoolExecutor(
            1, mp_context=context, initializer=_begin, initargs=(job, self._stopped)
        )

    def ready(self) -> Future[list[Row]]:
        """Start the process and load; the future ends when it can be asked."""
        with one_thread_each(), interrupts_held_back():
            return self._pool.submit(_load)

    def ask(self, piece: Piece) -> Future[list[Row]]:
        """Have a piece looked at."""
        with one_thread_each(), interrupts_held_back():
            return self._pool.submit(_look, piece)

    def stop(self) -> None:
        """Let the process end after the picture it is at; `join` waits for that."""
        self._stopped.set()

    def join(self) -> None:
        """Wait until it has ended.

        One that is still starting too: it would complain of what is gone when it is
        ready.
        """
        self._pool.shutdown(wait=True, cancel_futures=True)


def _begin(job: Job, stopped: Any) -> None:
    # Where signals cannot be held back while a process starts.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _own["job"], _own["stopped"] = job, stopped
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the process that started this one is killed and cannot say so."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _load() -> list[Row]:
    # Not in the initializer: there an error would be told as the process's death.
    _own["looker"] = Looker(_own["job"])
    return []


def _look(piece: Piece) -> list[Row]:
    looker: Looker = _own["looker"]
    return looker.rows(piece, _own["stopped"].is_set)
