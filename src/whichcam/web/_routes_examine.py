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
from whichcam.web._routes_photos import accepted, respond
from whichcam.web._schemas import ExaminationAnswer, JobAnswer
from whichcam.web._server import Server, file_of

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
    n_devices: Annotated[
        int, Query(ge=1, le=100, description="Enrolled cameras to list, at most.")
    ] = 5,
    allow_truncated: AllowTruncated = False,
    background: Background = False,
) -> Response:
    """Set side by side what the pixels, the file and the enrolled cameras say.

    In the background its job also keeps `files`: the peak of the best device's
    correlation, and a preview of formats that browsers do not show.
    """
    params = {"n_devices": n_devices, "allow_truncated": allow_truncated}
    return await respond(
        request.app.state.server, request, "examine", params, background=background
    )


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
    try:
        await server.finish(request, job)
        content = file_of(job, "heatmap.png").read_bytes()
    finally:
        server.jobs.forget(job)
    return Response(content, media_type="image/png")
