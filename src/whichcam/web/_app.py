"""The application: routes, the one error shape, and what lives with the server."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import whichcam
from whichcam.errors import WhichcamError
from whichcam.web import (
    _page,
    _routes_cameras,
    _routes_examine,
    _routes_jobs,
    _routes_photos,
    _routes_system,
)
from whichcam.web._errors import Problem, ProblemError, described
from whichcam.web._jobs import Jobs
from whichcam.web._lingering import Lingering
from whichcam.web._metrics import Metrics
from whichcam.web._pool import WorkerPool
from whichcam.web._security import Guard
from whichcam.web._server import Server
from whichcam.web._settings import Settings
from whichcam.web._spool import Spool

logger = logging.getLogger(__name__)

PREFIX = "/api/v1"
_ABOUT = """\
Which camera took a picture, how surely, and does its file tell the truth about it.

Send a picture as the body of a request (`Content-Type: application/octet-stream`), or
in the field `photo` of a multipart form; options go into the address. It is looked at
and deleted. Every error has one shape: `{"error": {"code", "message", "details"}}`.
"""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application, for any ASGI server.

    Parameters
    ----------
    settings : Settings, optional
        By default those of a server that only this machine can reach.

    Returns
    -------
    fastapi.FastAPI
        Its workers are started when the server starts it, and ended with it.
    """
    chosen = Settings() if settings is None else settings

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = WorkerPool(chosen)
        server = Server(
            settings=chosen,
            spool=Spool(chosen.temporary),
            pool=pool,
            jobs=Jobs(chosen, pool),
            metrics=metrics,
        )
        try:
            server.model = await pool.start()
            app.state.server = server
            yield
        except WhichcamError as error:
            app.state.failure = error
            raise
        finally:
            await pool.stop()
            server.spool.close()

    metrics = Metrics()
    app = FastAPI(
        title="whichcam",
        version=whichcam.__version__,
        summary="Which camera took this picture?",
        description=_ABOUT,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # theirs load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    for module in (
        _routes_photos,
        _routes_examine,
        _routes_cameras,
        _routes_jobs,
        _routes_system,
    ):
        app.include_router(module.router, prefix=PREFIX)
    app.include_router(_page.page_router())
    _handle_errors(app)
    app.add_middleware(_Counted, metrics=metrics)
    app.add_middleware(Guard, settings=chosen)
    app.add_middleware(Lingering, most_bytes=chosen.max_upload)
    return app


class _Counted:
    """Counts requests by route, and times them."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            took = time.perf_counter() - begun
            self._metrics.answered(scope["method"], route, status, took)


def _handle_errors(app: FastAPI) -> None:
    """Give every error the one shape."""

    async def ours(_: Request, error: Exception) -> Response:
        return shown(described(error))

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return shown(_invalid(error))

    async def http(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return shown(_http(error))

    async def gone(_: Request, error: Exception) -> Response:
        del error
        return Response(status_code=499)  # nobody reads it

    async def unexpected(_: Request, error: Exception) -> Response:
        logger.error("unexpected error", exc_info=error)
        return shown(described(error))

    app.add_exception_handler(ProblemError, ours)
    app.add_exception_handler(WhichcamError, ours)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(Exception, unexpected)


def shown(problem: Problem) -> JSONResponse:
    """Return an error as an answer."""
    return JSONResponse(problem.body(), problem.status, dict(problem.headers))


def _invalid(error: RequestValidationError) -> Problem:
    said: list[dict[str, Any]] = [
        {"where": ".".join(map(str, one["loc"])), "what": one["msg"]}
        for one in error.errors()
    ]
    first = said[0] if said else {"where": "request", "what": "not valid"}
    return Problem(
        status=422,
        code="bad_option",
        message=f"{first['where']}: {first['what']}",
        details={"errors": said},
    )


def _http(error: HTTPException) -> Problem:
    codes = {404: "not_found", 405: "method_not_allowed"}
    texts = {
        404: "There is nothing at this address.",
        405: "This cannot be asked in this way; see the API's description.",
    }
    return Problem(
        status=error.status_code,
        code=codes.get(error.status_code, "http_error"),
        message=texts.get(error.status_code, str(error.detail)),
        headers=error.headers or {},
    )
