"""Routes about jobs: how far they are, what came of them, and their end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse

from whichcam.web import _examples
from whichcam.web._describe import answers, binary, errors, textual
from whichcam.web._jobs import Job, changes
from whichcam.web._schemas import JobAnswer, JobList
from whichcam.web._server import Server, file_of

router = APIRouter(prefix="/jobs", tags=["jobs"])

_QUIET_S: Final = 15.0  # a sign of life for what lies between, and to meet a hang-up
_TYPES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".html": "text/html; charset=utf-8",
    ".pdf": "application/pdf",
    ".json": "application/json",
}
_KINDS: Final = tuple(kind.partition(";")[0] for kind in _TYPES.values())
# A report carries its own style and pictures; it runs no script whatever is in it.
_SANDBOX: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
)

JobId = Annotated[str, InPath(max_length=64, description="As `Location` gave it.")]


@router.get(
    "",
    summary="All jobs",
    responses=answers(JobList, {"jobs": [_examples.JOB]}, "The newest first.")
    | errors(),
)
async def list_jobs(request: Request) -> Response:
    """List the jobs that are known, the newest first."""
    server: Server = request.app.state.server
    return JSONResponse({"jobs": [job.to_dict() for job in server.jobs.list()]})


@router.get(
    "/{job_id}",
    summary="One job",
    responses=answers(JobAnswer, _examples.JOB, "The job as it is now.")
    | errors(404, 422),
)
async def get_job(request: Request, job_id: JobId) -> Response:
    """Say how far a job is, or what came of it."""
    server: Server = request.app.state.server
    return JSONResponse(server.jobs.get(job_id).to_dict())


@router.delete(
    "/{job_id}",
    summary="Cancel a job",
    responses=answers(JobAnswer, _examples.JOB, "The job; it may take a moment.")
    | errors(404, 422),
)
async def cancel_job(request: Request, job_id: JobId) -> Response:
    """Cancel a job. One that has ended is left as it is; to ask twice is the same."""
    server: Server = request.app.state.server
    job = server.jobs.get(job_id)
    server.jobs.cancel(job)
    return JSONResponse(job.to_dict())


@router.get(
    "/{job_id}/events",
    summary="Watch a job",
    response_class=StreamingResponse,
    responses=textual(
        "text/event-stream",
        "Server-sent events: the whole job, at once and whenever it changes, until it "
        "ends. Each event's name is the job's state.",
        f"event: running\ndata: {json.dumps(_examples.JOB)}\n\n",
    )
    | errors(404, 422),
)
async def watch_job(request: Request, job_id: JobId) -> Response:
    """Send a job as server-sent events until it ends."""
    server: Server = request.app.state.server
    job = server.jobs.get(job_id)
    return StreamingResponse(_events(job), media_type="text/event-stream")


async def _events(job: Job) -> AsyncIterator[str]:
    async for changed in changes(job, quiet_s=_QUIET_S):
        if changed is None:
            yield ": still here\n\n"
            continue
        data = json.dumps(changed.to_dict())
        yield f"id: {changed.version}\nevent: {changed.state}\ndata: {data}\n\n"


@router.get(
    "/{job_id}/files/{file_name}",
    summary="A file that came of a job",
    response_class=FileResponse,
    responses=binary(*_KINDS, text="The file.") | errors(404, 422),
)
async def get_file(
    request: Request,
    job_id: JobId,
    file_name: Annotated[
        str, InPath(max_length=100, description="One of the result's `files`.")
    ],
) -> Response:
    """Return a heat map, preview or report that a job made."""
    server: Server = request.app.state.server
    path = file_of(server.jobs.get(job_id), file_name)
    return FileResponse(path, media_type=_TYPES[path.suffix], headers=_guards(path))


async def sent(server: Server, request: Request, job: Job, name: str) -> Response:
    """Wait for a job that makes one file, and answer with that."""
    try:
        await server.finish(request, job)
        path = file_of(job, name)
        content = path.read_bytes()
    finally:
        server.jobs.forget(job)
    return Response(content, media_type=_TYPES[path.suffix], headers=_guards(path))


def _guards(path: Path) -> dict[str, str]:
    """Return the headers that keep a report from being a page of ours."""
    if path.suffix not in (".html", ".pdf"):
        return {}
    return {
        "Content-Security-Policy": _SANDBOX,
        "Content-Disposition": f'attachment; filename="whichcam-{path.name}"',
    }
