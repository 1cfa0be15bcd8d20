"""What the API's description says of bodies, options and errors, in one place."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

from fastapi import Query
from pydantic import BaseModel

from whichcam.web import _examples
from whichcam.web._schemas import ErrorAnswer
from whichcam.web._upload import FIELD

# Any request can be refused for who asks, and any for what the server is at.
_ALWAYS: Final = (401, 403)
_WORK: Final = (400, 408, 413, 415, 422, 500, 501, 503, 504, 507)
_REASONS: Final = {
    400: "The request's body is damaged.",
    401: "The server has a token, and the request does not carry it.",
    403: "Asked by another web page, or under a name that is not the server's.",
    404: "There is no such thing.",
    408: "The upload came too slowly.",
    409: "It cannot be done as things stand.",
    413: "Larger than the server's limits.",
    415: "Not a picture of a supported format, judged by content.",
    422: "An option or the picture cannot be used; the message says why.",
    500: "The worker broke down over it, or a bug of ours.",
    501: "This installation lacks an optional library; `details.extra` names it.",
    503: "The line is full; `Retry-After` says when to try again.",
    504: "It took longer than a request may.",
    507: "No room for the upload.",
}

TopK: TypeAlias = Annotated[
    int, Query(ge=1, le=1000, description="Length of the ranking.")
]
AllowTruncated: TypeAlias = Annotated[
    bool, Query(description="Use a damaged file as far as it goes, and say so.")
]
FileName: TypeAlias = Annotated[
    str,
    Query(
        max_length=512,
        description="What the file is called, where the body is the file itself; for "
        "display only.",
    ),
]
Background: TypeAlias = Annotated[
    bool,
    Query(
        description="Answer 202 with a job at once instead of waiting for the result."
    ),
]
CameraName: TypeAlias = Annotated[
    str, Query(max_length=512, description="The name it is enrolled under.")
]
FalseAlarmRate: TypeAlias = Annotated[
    float,
    Query(
        gt=0,
        lt=1,
        description="Share of comparisons with other cameras that may reach the "
        "threshold.",
    ),
]


def errors(*more: int, work: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return what a route's errors look like, with an example of each."""
    statuses = sorted({*_ALWAYS, *(_WORK if work else ()), *more})
    return {
        status: {
            "model": ErrorAnswer,
            "description": _REASONS[status],
            "content": {
                "application/json": {"example": {"error": _examples.ERRORS[status]}}
            },
        }
        for status in statuses
    }


def answers(
    model: type[BaseModel], example: dict[str, Any], text: str, *, status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """Return what a route's answer looks like."""
    return {
        status: {
            "model": model,
            "description": text,
            "content": {"application/json": {"example": example}},
        }
    }


def binary(*kinds: str, text: str) -> dict[int | str, dict[str, Any]]:
    """Return what a route's answer looks like that is a file."""
    file = {"schema": {"type": "string", "format": "binary"}}
    return {200: {"description": text, "content": dict.fromkeys(kinds, file)}}


def textual(kind: str, text: str, example: str) -> dict[int | str, dict[str, Any]]:
    """Return what a route's answer looks like that is plain text."""
    content = {kind: {"schema": {"type": "string"}, "example": example}}
    return {200: {"description": text, "content": content}}


def nothing(text: str) -> dict[int | str, dict[str, Any]]:
    """Return what a route's answer looks like that has no body."""
    return {204: {"description": text}}


def photo_body(*, several: bool = False) -> dict[str, Any]:
    """Return the description of a body that is one picture, or a form with some."""
    file = {"type": "string", "format": "binary"}
    form = {
        "type": "object",
        "required": [FIELD],
        "properties": {FIELD: {"type": "array", "items": file} if several else file},
    }
    content: dict[str, Any] = {"multipart/form-data": {"schema": form}}
    if not several:
        content["application/octet-stream"] = {"schema": file}
        content["image/*"] = {"schema": file}
    return {"requestBody": {"required": True, "content": content}}
