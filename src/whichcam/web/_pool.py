"""Processes that look at pictures: bounded, killable, one picture's fault its own."""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, Final

from whichcam._threads import one_thread_each
from whichcam.errors import ArtifactError
from whichcam.web import _worker
from whichcam.web._errors import Problem
from whichcam.web._settings import Settings

logger = logging.getLogger(__name__)

_START_S: Final = 300.0  # kernels may have to be compiled first
_LOOK_S: Final = 0.1  # between looks at whether a task was cancelled
_GRACE_S: Final = 3.0  # to stop by itself after being asked to
_LARGEST_REPLY: Final = 64 << 20
_MAX_FAILED_STARTS: Final = 3

CRASHED: Final = Problem(
    status=500,
    code="worker_crashed",
    message="The program that looked at this picture broke down over it. Other "
    "pictures are not affected. The file may be damaged, or made to do this.",
)
TIMED_OUT: Final = Problem(
    status=504,
    code="timed_out",
    message="Looking at this took longer than a request may take and was given up. "
    "Try a smaller picture.",
)
CANCELLED: Final = Problem(
    status=409, code="cancelled", message="The job was cancelled."
)
UNAVAILABLE: Final = Problem(
    status=503,
    code="no_worker",
    message="No worker can be started; the server's log says why.",
    headers={"Retry-After": "10"},
)


@dataclass(kw_only=True, eq=False)
class Task:
    """One piece of work, and whom to tell of it; told from the pool's threads."""

    operation: str
    params: dict[str, Any]
    folder: Path
    time_limit_s: float
    is_long: bool
    on_start: Callable[[], None]
    on_progress: Callable[[dict[str, Any]], None]
    on_end: Callable[[dict[str, Any] | None, Problem | None], None]
    cancelled: threading.Event = field(default_factory=threading.Event)


class _Worker:
    """One process, and the line to it. What it says is JSON: nothing is unpickled."""

    def __init__(self, settings: Settings) -> None:
        context = multiprocessing.get_context("spawn")
        self.line, theirs = context.Pipe()
        options = {
            "model": None if settings.model is None else str(settings.model),
            "gallery": None if settings.gallery is None else str(settings.gallery),
            "max_pixels": settings.max_pixels,
            "max_bytes": settings.max_upload,
            "max_memory": settings.max_memory,
        }
        # Spawned, not forked: a fork of a process with threads can hang.
        self.process = context.Process(
            target=_worker.main, args=(theirs, json.dumps(options)), daemon=True
        )
        with _one_start_at_a_time, one_thread_each():
            self.process.start()
        theirs.close()

    def listen(self, timeout_s: float) -> dict[str, Any] | None:
        """Return what it says next; None if it says nothing in time.

        Raises
        ------
        EOFError
            If it is dead, or says what it should not.
        """
        ready = wait([self.line, self.process.sentinel], max(timeout_s, 0.0))
        if self.line in ready:
            try:
                said = json.loads(self.line.recv_bytes(_LARGEST_REPLY))
            except (OSError, ValueError) as error:
                raise EOFError from error
            if not isinstance(said, dict):
                raise EOFError
            return said
        if ready:
            raise EOFError
        return None

    def say(self, what: dict[str, Any]) -> None:
        try:
            self.line.send_bytes(json.dumps(what).encode())
        except OSError as error:
            raise EOFError from error

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.line.close()
        self.process.close()


_one_start_at_a_time = threading.Lock()  # the environment is changed meanwhile


class WorkerPool:
    """A few workers, and a line of tasks before them.

    Parameters
    ----------
    settings : Settings
        How many, and their bounds.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._waiting: deque[Task] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._n_long = 0
        self._threads: list[threading.Thread] = []
        self._ready: list[dict[str, Any]] = []
        self._refused: list[str] = []
        self.n_busy = 0
        self.n_restarts = 0
        self.pids: dict[int, int] = {}

    @property
    def n_waiting(self) -> int:
        """Tasks that wait for a worker."""
        return len(self._waiting)

    @property
    def n_ready(self) -> int:
        """Workers that are alive."""
        return len(self.pids)

    async def start(self) -> dict[str, Any]:
        """Start all workers; return what the first says of its model.

        Raises
        ------
        ArtifactError
            If a worker cannot load the model.
        """
        for number in range(self._settings.workers):
            thread = threading.Thread(
                target=self._keep, args=(number,), name=f"worker-{number}", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        while len(self._ready) < self._settings.workers and not self._refused:
            await asyncio.sleep(0.02)
        if self._refused:
            message = self._refused[0]
            await self.stop()
            raise ArtifactError(message)
        return self._ready[0]

    async def stop(self) -> None:
        """Kill all workers; what they were at ends as cancelled."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def submit(self, task: Task) -> None:
        """Put a task into the line."""
        with self._changed:
            self._waiting.append(task)
            self._changed.notify_all()

    def wake(self) -> None:
        """Look at once whether a waiting task was cancelled."""
        with self._changed:
            self._changed.notify_all()

    # Below here: the threads, one for each worker.

    def _keep(self, number: int) -> None:
        if hasattr(signal, "pthread_sigmask"):
            # Inherited by the worker: Ctrl-C is for the server to act upon.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        worker: _Worker | None = None
        n_failed = 0
        try:
            while not self._closing:
                if worker is None:
                    worker = self._start(number)
                    n_failed = 0 if worker is not None else n_failed + 1
                    if worker is None:
                        if not self._threads_started():
                            return
                        self._after_failed_start(n_failed)
                        continue
                task = self._take()
                if task is None:
                    return
                if not self._attend(worker, task):
                    self._drop(number, worker)
                    worker = None
                    self.n_restarts += 1
        finally:
            if worker is not None:
                self._drop(number, worker)

    def _threads_started(self) -> bool:
        return len(self._ready) >= self._settings.workers

    def _drop(self, number: int, worker: _Worker) -> None:
        self.pids.pop(number, None)
        worker.kill()

    def _start(self, number: int) -> _Worker | None:
        worker = _Worker(self._settings)
        try:
            deadline = time.monotonic() + _START_S
            said = None
            while said is None and not self._closing and time.monotonic() < deadline:
                said = worker.listen(_LOOK_S)
        except EOFError:
            said = {"refused": "a worker process died while it was starting"}
        if said is not None and "ready" in said:
            self.pids[number] = worker.process.pid or 0
            self._ready.append(said["ready"])
            return worker
        if not self._closing:
            reason = str((said or {}).get("refused", "a worker did not start in time"))
            if self._threads_started():
                logger.error("a worker could not be started: %s", reason)
            self._refused.append(reason)
        worker.kill()
        return None

    def _after_failed_start(self, n_failed: int) -> None:
        """Wait a little; tell those who wait once it seems hopeless."""
        with self._changed:
            self._changed.wait(min(2.0**n_failed, 30.0))
            if n_failed < _MAX_FAILED_STARTS or self.pids:
                return
            hopeless = list(self._waiting)
            self._waiting.clear()
        for task in hopeless:
            task.on_end(None, UNAVAILABLE)

    def _take(self) -> Task | None:
        """Return the next task that may begin; long ones leave a worker to others."""
        most_long = max(1, self._settings.workers - 1)
        with self._changed:
            while not self._closing:
                for task in list(self._waiting):
                    if task.cancelled.is_set():
                        self._waiting.remove(task)
                        task.on_end(None, CANCELLED)
                    elif not task.is_long or self._n_long < most_long:
                        self._waiting.remove(task)
                        self._n_long += task.is_long
                        self.n_busy += 1
                        return task
                self._changed.wait()
        return None

    def _attend(self, worker: _Worker, task: Task) -> bool:
        """See a task to its end; return whether the worker is still good."""
        result: dict[str, Any] | None = None
        problem: Problem | None = CRASHED
        is_good = False
        try:
            task.on_start()
            result, problem, is_good = self._converse(worker, task)
        except EOFError:
            problem = CANCELLED if task.cancelled.is_set() else CRASHED
            logger.warning("a worker died over %s", task.operation)
        finally:
            with self._changed:
                self.n_busy -= 1
                self._n_long -= task.is_long
                self._changed.notify_all()
            task.on_end(result, problem)
        return is_good

    def _converse(
        self, worker: _Worker, task: Task
    ) -> tuple[dict[str, Any] | None, Problem | None, bool]:
        worker.say(
            {
                "operation": task.operation,
                "params": task.params,
                "folder": str(task.folder),
            }
        )
        deadline = time.monotonic() + task.time_limit_s
        asked_to_stop = False
        while True:
            if self._closing:
                return None, CANCELLED, False
            if task.cancelled.is_set() and not asked_to_stop:
                asked_to_stop = True
                worker.say({"cancel": True})
                deadline = min(deadline, time.monotonic() + _GRACE_S)
            said = worker.listen(min(_LOOK_S, deadline - time.monotonic()))
            is_over = said is not None and "progress" not in said
            if not is_over and time.monotonic() >= deadline:
                return None, CANCELLED if asked_to_stop else TIMED_OUT, False
            if said is None:
                continue
            if not is_over:
                task.on_progress(said["progress"])
            elif "result" in said:
                return said["result"], None, True
            elif said.get("cancelled"):
                return None, CANCELLED, True
            else:
                return None, Problem(**said["problem"]), True
