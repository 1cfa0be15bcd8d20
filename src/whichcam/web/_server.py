"""What the routes share: the pool, the jobs, the room for uploads, the bounds."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request

from whichcam.web._errors import ProblemError, fail
from whichcam.web._jobs import Job, Jobs
from whichcam.web._metrics import Metrics
from whichcam.web._pool import WorkerPool
from whichcam.web._settings import Settings
from whichcam.web._spool import Spool, remove
from whichcam.web._upload import Upload, receive

_LOOK_S = 0.5  # between looks at whether who asked is still there


@dataclass(kw_only=True, eq=False)
class Server:
    """Everything that lives as long as the server does."""

    settings: Settings
    spool: Spool
    pool: WorkerPool
    jobs: Jobs
    metrics: Metrics
    model: dict[str, Any] = field(default_factory=dict)
    n_open: int = 0

    async def begin(
        self,
        request: Request,
        operation: str,
        params: dict[str, Any],
        *,
        at_most: int = 1,
        is_long: bool = False,
    ) -> Job:
        """Take a request's pictures in and put the work into the line.

        Raises
        ------
        ProblemError
            503 if the line is full, before anything of the body is read; else as
            `receive`.
        """
        self._admit()
        folder = self.spool.new_folder()
        try:
            uploads = await receive(request, folder, self.settings, at_most=at_most)
        except BaseException:
            self._let_go()
            remove(folder)
            raise
        self.metrics.received(sum(one.n_bytes for one in uploads))
        return self.jobs.begin(
            operation,
            params | _files(uploads),
            folder,
            is_long=is_long,
            on_end=self._ended,
        )

    async def finish(self, request: Request, job: Job) -> dict[str, Any]:
        """Wait for a job's result, which is then the caller's to `forget`.

        Raises
        ------
        ProblemError
            If it failed.
        ClientDisconnect
            If nobody waits for it any more.
        """
        while not job.has_ended:
            await job.wait(_LOOK_S)
            if not job.has_ended and await request.is_disconnected():
                self.jobs.cancel(job)
                raise ClientDisconnect
        if job.problem is not None:
            raise ProblemError(job.problem)
        return job.result or {}

    async def answer(
        self, request: Request, operation: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        """Take a picture in, have it looked at, and return what was found."""
        job = await self.begin(request, operation, params)
        try:
            return await self.finish(request, job)
        finally:
            self.jobs.forget(job)

    def _admit(self) -> None:
        if self.n_open >= self.settings.workers + self.settings.max_queue:
            wait_s = 1 + self.pool.n_waiting // self.settings.workers
            raise fail(
                503,
                "busy",
                "All workers are busy and the line is full; try again in "
                f"{wait_s} seconds.",
                headers={"Retry-After": str(wait_s), "Connection": "close"},
                retry_after_s=wait_s,
            )
        self.n_open += 1

    def _let_go(self) -> None:
        self.n_open -= 1

    def _ended(self, job: Job) -> None:
        self._let_go()
        self.metrics.ended(job.operation, job.state)

    def abilities(self) -> dict[str, bool]:
        """Return what this installation can do."""
        found = {name: _has(module) for name, module in _NEEDS.items()}
        place = files("whichcam.localize") / "bundled" / "localization.json"
        return {**found, "fusion": place.is_file()}


_NEEDS = {
    "report": "jinja2",
    "pdf": "weasyprint",
    "heic": "pi_heif",
    "raw": "rawpy",
}


def _has(module: str) -> bool:
    with suppress(ImportError):
        return importlib.util.find_spec(module) is not None
    return False


def _files(uploads: Iterable[Upload]) -> dict[str, Any]:
    """Return the parameters that say where the pictures of a task lie."""
    names = {str(one.path): one.name for one in uploads}
    return {"paths": list(names), "path": next(iter(names)), "names": names}


def file_of(job: Job, name: str) -> Path:
    """Return a file that came of a job.

    Raises
    ------
    ProblemError
        404 if it made none of that name.
    """
    if name not in job.files():
        raise fail(
            404, "unknown_file", f"The job has no file {name!r}.", files=job.files()
        )
    return job.folder / name
