"""The page: a few files of the package, held in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from whichcam.web._errors import fail

_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asset:
    content: bytes
    media_type: str
    tag: str


def _read() -> dict[str, _Asset]:
    found = {}
    for item in files("whichcam.web").joinpath("static").iterdir():
        kind = _TYPES.get(item.name.rpartition(".")[2])
        if kind is not None:
            content = item.read_bytes()
            tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            found[item.name] = _Asset(content=content, media_type=kind, tag=tag)
    return found


def page_router() -> APIRouter:
    """Return the routes of the page; no path of a request is a path on disk."""
    assets = _read()
    router = APIRouter(include_in_schema=False)

    def answer(request: Request, name: str) -> Response:
        asset = assets.get(name)
        if asset is None:
            raise fail(404, "not_found", "There is no such page.")
        headers = {"ETag": asset.tag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == asset.tag:
            return Response(status_code=304, headers=headers)
        return Response(asset.content, media_type=asset.media_type, headers=headers)

    @router.get("/")
    async def page(request: Request) -> Response:
        return answer(request, "index.html")

    @router.get("/static/{name}")
    async def asset(request: Request, name: str) -> Response:
        return answer(request, name)

    return router
