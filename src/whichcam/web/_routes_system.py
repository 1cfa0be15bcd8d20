"""Routes about the server itself."""

from __future__ import annotations

import os

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

import whichcam
from whichcam.web import _examples
from whichcam.web._describe import answers, errors, textual
from whichcam.web._metrics import resident_bytes
from whichcam.web._schemas import Health, ModelList
from whichcam.web._server import Server

router = APIRouter(tags=["server"])


@router.get(
    "/health",
    summary="Whether the server can work",
    responses=answers(Health, _examples.HEALTH, "It can.") | errors(),
)
async def health(request: Request) -> Response:
    """Say whether the server can work, its limits, and what it is able to do."""
    server: Server = request.app.state.server
    settings = server.settings
    return JSONResponse(
        {
            "status": "ok" if server.pool.n_ready else "starting",
            "whichcam_version": whichcam.__version__,
            "workers": server.pool.n_ready,
            "workers_busy": server.pool.n_busy,
            "queue_length": server.pool.n_waiting,
            "limits": {
                "max_pixels": settings.max_pixels,
                "max_upload": settings.max_upload,
                "max_request": settings.max_request,
                "max_photos": settings.max_photos,
            },
            "abilities": server.abilities(),
        }
    )


@router.get(
    "/models",
    summary="The models",
    responses=answers(ModelList, _examples.MODELS, "The one that answers.") | errors(),
)
async def models(request: Request) -> Response:
    """Say which camera models are known, and which are told apart."""
    server: Server = request.app.state.server
    return JSONResponse({"models": [server.model]})


@router.get(
    "/metrics",
    response_class=Response,  # names no type that errors would be given as well
    summary="Counts, for Prometheus",
    responses=textual(
        "text/plain",
        "Prometheus' text format.",
        "# TYPE whichcam_workers gauge\nwhichcam_workers 2\n",
    )
    | errors(),
)
async def metrics(request: Request) -> Response:
    """Return counts of what the server did; nothing of any picture."""
    server: Server = request.app.state.server
    pool = server.pool
    gauges = {
        "whichcam_workers": pool.n_ready,
        "whichcam_workers_busy": pool.n_busy,
        "whichcam_worker_restarts_total": pool.n_restarts,
        "whichcam_queue_length": pool.n_waiting,
        "whichcam_memory_bytes": resident_bytes(os.getpid(), *pool.pids.values()),
    }
    return PlainTextResponse(
        server.metrics.text(gauges, server.jobs.count()),
        media_type="text/plain; version=0.0.4; charset=utf-8",
    )
