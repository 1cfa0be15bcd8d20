"""Routes that look at pictures: the verbs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from whichcam.web import _examples
from whichcam.web._describe import (
    AllowTruncated,
    Background,
    CameraName,
    FalseAlarmRate,
    FileName,
    TopK,
    answers,
    errors,
    photo_body,
)
from whichcam.web._jobs import Job
from whichcam.web._schemas import (
    EnrollmentAnswer,
    IdentificationAnswer,
    JobAnswer,
    SearchAnswer,
    VerificationAnswer,
)
from whichcam.web._server import Server

router = APIRouter(tags=["pictures"])

_JOB = answers(JobAnswer, _examples.JOB, "The job, with `background`.", status=202)

Shifts = Annotated[
    Literal["none", "window", "all"],
    Query(description="How far the picture may be shifted on the sensor."),
]
Window = Annotated[int, Query(ge=1, le=256, description="Pixels each way, for window.")]
AllTurns = Annotated[
    bool, Query(description="Also try it turned by a quarter; else upside down only.")
]
Crop = Annotated[
    bool, Query(description="Try a smaller picture at all places of the sensor.")
]


def accepted(job: Job) -> JSONResponse:
    """Return the answer that a job was begun."""
    place = {"Location": f"/api/v1/jobs/{job.id}"}
    return JSONResponse(job.to_dict(), 202, headers=place)


async def respond(
    server: Server,
    request: Request,
    operation: str,
    params: dict[str, Any],
    *,
    background: bool,
) -> Response:
    """Have a picture looked at; answer with what was found, or at once with a job."""
    if background:
        return accepted(await server.begin(request, operation, params))
    return JSONResponse(await server.answer(request, operation, params))


@router.post(
    "/identify",
    summary="Which camera model took a picture",
    responses=answers(
        IdentificationAnswer, _examples.IDENTIFICATION, "The finest answer supported."
    )
    | _JOB
    | errors(work=True),
    openapi_extra=photo_body(),
)
async def identify(
    request: Request,
    *,
    name: FileName = "",  # noqa: ARG001 - read with the body
    top_k: TopK = 5,
    allow_truncated: AllowTruncated = False,
    background: Background = False,
) -> Response:
    """Say which camera model took a picture, how surely, or that it is none known.

    The same file gives the same answer.
    """
    params = {"top_k": top_k, "allow_truncated": allow_truncated}
    return await respond(
        request.app.state.server, request, "identify", params, background=background
    )


@router.post(
    "/verify",
    summary="Did this very camera take a picture",
    responses=answers(
        VerificationAnswer, _examples.VERIFICATION, "The score and its threshold."
    )
    | _JOB
    | errors(404, 409, work=True),
    openapi_extra=photo_body(),
)
async def verify(
    request: Request,
    camera: CameraName,
    *,
    name: FileName = "",  # noqa: ARG001 - read with the body
    false_alarm_rate: FalseAlarmRate = 1e-4,
    shifts: Shifts = "none",
    window: Window = 16,
    all_turns: AllTurns = False,
    crop: Crop = False,
    allow_truncated: AllowTruncated = False,
    background: Background = False,
) -> Response:
    """Compare a picture with the fingerprint of an enrolled camera."""
    params = {
        "camera": camera,
        "false_alarm_rate": false_alarm_rate,
        "shifts": shifts,
        "window": window,
        "all_turns": all_turns,
        "crop": crop,
        "allow_truncated": allow_truncated,
    }
    return await respond(
        request.app.state.server, request, "verify", params, background=background
    )


@router.post(
    "/search",
    summary="Which of the enrolled cameras took a picture",
    responses=answers(SearchAnswer, _examples.SEARCH, "The best cameras, best first.")
    | _JOB
    | errors(404, 409, work=True),
    openapi_extra=photo_body(),
)
async def search(
    request: Request,
    *,
    name: FileName = "",  # noqa: ARG001 - read with the body
    top_k: TopK = 10,
    false_alarm_rate: FalseAlarmRate = 1e-4,
    shifts: Shifts = "none",
    window: Window = 16,
    all_turns: AllTurns = False,
    crop: Crop = False,
    allow_truncated: AllowTruncated = False,
    background: Background = False,
) -> Response:
    """Look for the camera of a picture among all that are enrolled."""
    params = {
        "top_k": top_k,
        "false_alarm_rate": false_alarm_rate,
        "shifts": shifts,
        "window": window,
        "all_turns": all_turns,
        "crop": crop,
        "allow_truncated": allow_truncated,
    }
    return await respond(
        request.app.state.server, request, "search", params, background=background
    )


@router.post(
    "/enroll",
    summary="Enrol a camera from its pictures",
    status_code=202,
    responses=answers(
        JobAnswer,
        _examples.JOB,
        "The job. Its result, once done, is an `Enrollment`.",
        status=202,
    )
    | errors(404, 409, work=True),
    openapi_extra=photo_body(several=True),
)
async def enroll(
    request: Request,
    camera: CameraName,
    *,
    align: Annotated[
        bool, Query(description="Turn pictures that are stored turned against others.")
    ] = False,
    keep_edited: Annotated[
        bool, Query(description="Also use pictures whose files say they were edited.")
    ] = False,
    replace: Annotated[
        bool, Query(description="Replace the camera's fingerprint of this size.")
    ] = False,
    camera_model: Annotated[
        str | None,
        Query(max_length=512, description="Where the pictures' metadata do not say."),
    ] = None,
) -> Response:
    """Make a camera's fingerprint of its pictures and keep it in the gallery.

    Always a job: watch it at `/jobs/{id}/events`. A cancelled one leaves the gallery
    as it was.
    """
    server: Server = request.app.state.server
    params = {
        "camera": camera,
        "align": align,
        "keep_edited": keep_edited,
        "replace": replace,
        "camera_model": camera_model,
    }
    job = await server.begin(
        request,
        "enroll",
        params,
        at_most=server.settings.max_photos,
        is_long=True,
    )
    return accepted(job)


# Named for the API's description, which shows it as what an enrolment's job holds.
DESCRIBED = (EnrollmentAnswer,)
