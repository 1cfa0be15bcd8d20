"""Jobs: what is under way, how far it is, what came of it, for a while."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from whichcam.web._errors import Problem, fail
from whichcam.web._pool import CANCELLED, Task, WorkerPool
from whichcam.web._settings import Settings
from whichcam.web._spool import remove

logger = logging.getLogger(__name__)

State: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED: Final = frozenset(("done", "failed", "cancelled"))


@dataclass(kw_only=True, eq=False)
class Job:
    """One piece of work that was asked for. Read and changed in the loop's thread."""

    id: str
    operation: str
    folder: Path
    created: str
    state: State = "queued"
    progress: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    problem: Problem | None = None
    ended_at: float | None = None
    version: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: Task | None = None
    is_unwanted: bool = False
    names: tuple[str, ...] = ()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED

    def tell(self, **changes: Any) -> None:
        """Change it, and wake who waits for that."""
        for name, value in changes.items():
            setattr(self, name, value)
        self.version += 1
        self.changed.set()
        self.changed = asyncio.Event()

    async def wait(self, longest_s: float) -> None:
        """Wait until it changed, or some time has passed."""
        try:
            await asyncio.wait_for(self.changed.wait(), longest_s)
        except TimeoutError:
            return

    def files(self) -> list[str]:
        """Return the names of the files that came of it."""
        return [] if self.result is None else list(self.result.get("files", ()))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "id": self.id,
            "operation": self.operation,
            "state": self.state,
            "created": self.created,
            "progress": self.progress,
            "result": self.result,
            "error": None if self.problem is None else self.problem.body()["error"],
        }


class Jobs:
    """The jobs of a server.

    Parameters
    ----------
    settings : Settings
        How many are kept, and how long.
    pool : WorkerPool
        Who does them.
    """

    def __init__(self, settings: Settings, pool: WorkerPool) -> None:
        self._settings = settings
        self._pool = pool
        self._jobs: dict[str, Job] = {}

    def begin(
        self,
        operation: str,
        params: dict[str, Any],
        folder: Path,
        *,
        is_long: bool = False,
        on_end: Callable[[Job], None] | None = None,
    ) -> Job:
        """Put a piece of work into the line; its folder is deleted with it."""
        loop = asyncio.get_running_loop()
        job = Job(
            id=secrets.token_urlsafe(12),
            operation=operation,
            folder=folder,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            names=tuple(params.get("names", {}).values()),
        )

        def later(function: Callable[..., None], *arguments: Any) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(function, *arguments)

        def ended(result: dict[str, Any] | None, problem: Problem | None) -> None:
            self._end(job, result, problem)
            if on_end is not None:
                on_end(job)

        limit = self._settings.time_limit_s
        job.task = Task(
            operation=operation,
            params=params,
            folder=folder,
            time_limit_s=self._settings.job_time_limit_s if is_long else limit,
            is_long=is_long,
            on_start=lambda: later(lambda: job.tell(state="running")),
            on_progress=lambda said: later(lambda: job.tell(progress=said)),
            on_end=lambda result, problem: later(ended, result, problem),
        )
        self._jobs[job.id] = job
        self._pool.submit(job.task)
        return job

    def _end(
        self, job: Job, result: dict[str, Any] | None, problem: Problem | None
    ) -> None:
        state: State = "done"
        if problem is not None:
            state = "cancelled" if problem.code == CANCELLED.code else "failed"
        # What was sent is not needed any more; what was made may be asked for.
        made = set(result.get("files", ())) if result else set()
        for path in job.folder.glob("*"):
            if path.name not in made:
                path.unlink(missing_ok=True)
        job.tell(
            state=state,
            result=result,
            problem=problem,
            ended_at=time.monotonic(),
            task=None,
        )
        if job.is_unwanted:
            self.forget(job)
        logger.info(
            "%s %s sha256=%s%s",
            job.operation,
            state if problem is None else f"{state}: {problem.code}",
            (result or {}).get("sha256", "-"),
            f" names={job.names}" if self._settings.log_names else "",
        )

    def get(self, identity: str) -> Job:
        """Return a job that is known.

        Raises
        ------
        ProblemError
            404 if it is not.
        """
        self.forget_old()
        job = self._jobs.get(identity)
        if job is None:
            raise fail(
                404,
                "unknown_job",
                "There is no such job: it was never begun here, or it ended a while "
                "ago and was forgotten. Begin it again.",
            )
        return job

    def list(self) -> list[Job]:
        """Return all that are known, the newest first."""
        self.forget_old()
        return list(reversed(self._jobs.values()))

    def cancel(self, job: Job) -> None:
        """Ask for its end; one that has ended is left as it is."""
        if job.task is not None:
            job.task.cancelled.set()
            self._pool.wake()

    def forget(self, job: Job) -> None:
        """Drop it with its files; one under way, when it ends."""
        if not job.has_ended:
            job.is_unwanted = True
            return
        self._jobs.pop(job.id, None)
        remove(job.folder)

    def forget_old(self) -> None:
        """Drop those that ended long ago, and the oldest of too many."""
        now = time.monotonic()
        ended = [job for job in self._jobs.values() if job.ended_at is not None]
        too_many = len(ended) - self._settings.max_jobs
        for number, job in enumerate(ended):
            if number < too_many or now - (job.ended_at or now) > self._settings.keep_s:
                self.forget(job)

    def count(self) -> dict[str, int]:
        """Return how many there are of each state."""
        states = dict.fromkeys(("queued", "running", "done", "failed", "cancelled"), 0)
        for job in self._jobs.values():
            states[job.state] += 1
        return states


async def changes(job: Job, *, quiet_s: float) -> AsyncIterator[Job | None]:
    """Yield a job now and whenever it changed, to its end; None after a quiet time."""
    seen = -1
    while True:
        if job.version != seen:
            seen = job.version
            yield job
            if job.has_ended:
                return
            continue
        await job.wait(quiet_s)
        if job.version == seen:
            yield None
