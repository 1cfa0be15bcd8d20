"""Routes about the gallery: the cameras that are enrolled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from whichcam.errors import ArtifactNotFoundError
from whichcam.gallery import EnrolledCamera, Gallery
from whichcam.web import _examples
from whichcam.web._describe import answers, binary, errors, nothing
from whichcam.web._schemas import CameraAnswer, CameraList, NewName
from whichcam.web._server import Server
from whichcam.web._spool import remove

router = APIRouter(tags=["cameras"])

T = TypeVar("T")
Name = Annotated[
    str, Path(max_length=512, description="The name, percent-encoded in the address.")
]


async def in_gallery(request: Request, work: Callable[[Gallery], T]) -> T:
    """Do something with the gallery, in a thread of its own."""
    server: Server = request.app.state.server

    def opened() -> T:
        with Gallery.open(server.settings.gallery) as gallery:
            return work(gallery)

    return await run_in_threadpool(opened)


@router.get(
    "/cameras",
    summary="The enrolled cameras",
    responses=answers(CameraList, _examples.CAMERAS, "In alphabetical order.")
    | errors(409, 500),
)
async def list_cameras(request: Request) -> Response:
    """List the enrolled cameras; none where there is no gallery yet."""

    def listed(gallery: Gallery) -> tuple[tuple[EnrolledCamera, ...], tuple[str, ...]]:
        return gallery.list(), gallery.unfinished()

    try:
        cameras, unfinished = await in_gallery(request, listed)
    except ArtifactNotFoundError:
        cameras, unfinished = (), ()
    return JSONResponse(
        {
            "cameras": [camera.to_dict() for camera in cameras],
            "unfinished": list(unfinished),
        }
    )


@router.get(
    "/cameras/{name:path}",
    summary="One camera",
    responses=answers(CameraAnswer, _examples.CAMERA, "The camera.")
    | errors(404, 409, 422, 500),
)
async def get_camera(request: Request, name: Name) -> Response:
    """Say what is known of an enrolled camera."""
    camera = await in_gallery(request, lambda gallery: gallery.get(name))
    return JSONResponse(camera.to_dict())


@router.patch(
    "/cameras/{name:path}",
    summary="Rename a camera",
    responses=answers(CameraAnswer, _examples.CAMERA, "The camera, renamed.")
    | errors(404, 409, 422, 500),
)
async def rename_camera(request: Request, name: Name, new: NewName) -> Response:
    """Give a camera another name."""
    camera = await in_gallery(request, lambda gallery: gallery.rename(name, new.name))
    return JSONResponse(camera.to_dict())


@router.delete(
    "/cameras/{name:path}",
    status_code=204,
    summary="Remove a camera",
    responses=nothing("Removed; nothing of it stays on disk.")
    | errors(404, 409, 422, 500),
)
async def remove_camera(request: Request, name: Name) -> Response:
    """Delete a camera and its fingerprints."""
    await in_gallery(request, lambda gallery: gallery.remove(name))
    return Response(status_code=204)


@router.get(
    "/export",
    response_class=FileResponse,
    summary="Export a camera",
    responses=binary("application/zip", text="A file for another gallery to import.")
    | errors(404, 409, 422, 500),
)
async def export_camera(
    request: Request,
    camera: Annotated[str, Query(max_length=512, description="Its name.")],
) -> Response:
    """Return a camera as one file, for another gallery to import."""
    server: Server = request.app.state.server
    folder = server.spool.new_folder()
    path = folder / "camera.zip"
    try:
        await in_gallery(request, lambda gallery: gallery.export(camera, path))
    except BaseException:
        remove(folder)
        raise
    return FileResponse(
        path,
        media_type="application/zip",
        filename=f"{camera}.zip",
        background=BackgroundTask(remove, folder),
    )


@router.post(
    "/import",
    summary="Import a camera",
    status_code=201,
    responses=answers(CameraAnswer, _examples.CAMERA, "The camera.", status=201)
    | errors(404, 409, work=True),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {
                    "schema": {"type": "string", "format": "binary"}
                }
            },
        }
    },
)
async def import_camera(
    request: Request,
    camera: Annotated[
        str | None,
        Query(max_length=512, description="A new name; by default the one it had."),
    ] = None,
) -> Response:
    """Add a camera that was exported, from this gallery or another."""
    server: Server = request.app.state.server
    found = await server.answer(request, "import", {"camera": camera})
    return JSONResponse(found, 201)
