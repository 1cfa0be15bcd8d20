"""Routes that look into a picture: examine and localize."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from whichcam.localize import LOCALIZERS
from whichcam.web import _examples
from whichcam.web._describe import (
    AllowTruncated,
    Background,
    FileName,
    answers,
    binary,
    errors,
    photo_body,
)
from whichcam.web._routes_jobs import sent
from whichcam.web._routes_photos import accepted, respond
from whichcam.web._schemas import ExaminationAnswer, JobAnswer
from whichcam.web._server import Server

router = APIRouter(tags=["pictures"])

_JOB = answers(JobAnswer, _examples.JOB, "The job, with `background`.", status=202)
Method = Literal[tuple(sorted(LOCALIZERS))]  # type: ignore[valid-type]


@router.post(
    "/examine",
    summary="Everything about a picture",
    responses=answers(
        ExaminationAnswer, _examples.EXAMINATION, "Claims against evidence."
    )
    | _JOB
    | errors(404, 409, work=True),
    openapi_extra=photo_body(),
)
async def examine(
    request: Request,
    *,
    name: FileName = "",  # noqa: ARG001 - read with the body
    maps: Annotated[
        bool, Query(description="Also draw heat maps, which takes most of the time.")
    ] = True,
    allow_truncated: AllowTruncated = False,
    background: Background = False,
) -> Response:
    """Set side by side what the pixels, the file and the enrolled cameras say.

    In the background its job also keeps `files`: the heat maps, the peak of the best
    device's correlation, and a preview of formats that browsers do not show.
    """
    params = {"maps": maps, "allow_truncated": allow_truncated}
    return await respond(
        request.app.state.server, request, "examine", params, background=background
    )


@router.post(
    "/report",
    response_class=Response,
    summary="A report to hand on",
    responses=binary(
        "text/html", "application/pdf", text="One page that needs no other file."
    )
    | _JOB
    | errors(404, 409, work=True),
    openapi_extra=photo_body(),
)
async def report(
    request: Request,
    *,
    name: FileName = "",  # noqa: ARG001 - read with the body
    format: Annotated[
        Literal["html", "pdf"], Query(description="A page, or for paper.")
    ] = "html",
    maps: Annotated[bool, Query(description="With heat maps.")] = True,
    allow_truncated: AllowTruncated = False,
    background: Background = False,
) -> Response:
    """Examine a picture and write what was found as HTML or PDF.

    In the background the report is the job's file `report.html` or `report.pdf`.
    """
    server: Server = request.app.state.server
    params = {"format": format, "maps": maps, "allow_truncated": allow_truncated}
    job = await server.begin(request, "report", params)
    if background:
        return accepted(job)
    return await sent(server, request, job, f"report.{format}")


@router.post(
    "/localize",
    response_class=Response,
    summary="Where a picture disagrees with itself",
    responses=binary("image/png", text="The heat map, of the picture's size.")
    | _JOB
    | errors(404, 409, work=True),
    openapi_extra=photo_body(),
)
async def localize(
    request: Request,
    *,
    name: FileName = "",  # noqa: ARG001 - read with the body
    method: Annotated[
        Method, Query(description="Which traces to compare.")  # type: ignore[valid-type]
    ] = "fusion",
    camera: Annotated[
        str | None,
        Query(max_length=512, description="For prnu_absence: the enrolled camera."),
    ] = None,
    style: Annotated[
        Literal["colours", "values"],
        Query(description="In colours for people, or grey: 0 to 255 for 0 to 1."),
    ] = "colours",
    upright: Annotated[
        bool, Query(description="Turned as EXIF wants the picture shown.")
    ] = False,
    max_side: Annotated[
        int | None, Query(ge=64, le=20_000, description="Longest side of the map, px.")
    ] = None,
    allow_truncated: AllowTruncated = False,
    background: Background = False,
) -> Response:
    """Draw where the traces of a picture disagree with those of the rest of it.

    In the background its job's result has score, thresholds and labels as well, and
    the map is its file `heatmap.png`.
    """
    server: Server = request.app.state.server
    params: dict[str, Any] = {
        "method": method,
        "camera": camera,
        "style": style,
        "upright": upright,
        "max_side": max_side,
        "allow_truncated": allow_truncated,
    }
    job = await server.begin(request, "localize", params)
    if background:
        return accepted(job)
    return await sent(server, request, job, "heatmap.png")
