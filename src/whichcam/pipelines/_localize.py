"""Show which part of a picture does not go with the rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from whichcam._typing import PathLike, PhotoSource
from whichcam.errors import InputError
from whichcam.gallery import Gallery
from whichcam.localize import Localization, LocalizationParameters, build_localizer
from whichcam.media import Photo, open_photo
from whichcam.models import CameraModel
from whichcam.pipelines._devices import Asked, fingerprint_of, fitting, opened_gallery
from whichcam.pipelines._identify import as_model
from whichcam.prnu import PhotoNoise, SearchRange

_FITTED = ("fusion", "camera_consistency")
_OF_A_DEVICE = "prnu_absence"


def localize(
    photo: PhotoSource | Photo,
    *,
    method: str = "fusion",
    gallery: Gallery | PathLike | None = None,
    camera: str | None = None,
    search: SearchRange | None = None,
    model: CameraModel | PathLike | None = None,
    parameters: LocalizationParameters | PathLike | None = None,
    allow_truncated: bool = False,
) -> Localization:
    """Show which part of a picture disagrees with the rest.

    Parameters
    ----------
    photo : path, bytes, binary file object or Photo
        The picture.
    method : str, default "fusion"
        A key of `whichcam.localize.LOCALIZERS`.
    gallery : Gallery or path-like, optional
        For ``prnu_absence``; by default that of `whichcam.gallery.default_gallery_dir`.
    camera : str, optional
        For ``prnu_absence``: the name of the enrolled camera that took the picture.
    search : SearchRange, optional
        For ``prnu_absence``: where the picture may lie on the sensor.
    model : CameraModel or path, optional
        Names the areas in ``fusion`` and ``camera_consistency``; the bundled one by
        default.
    parameters : LocalizationParameters or path, optional
        What was fitted, for the same two; the bundled ones by default.
    allow_truncated : bool, default False
        Decode a damaged file as far as it goes, and say so in the warnings.

    Returns
    -------
    Localization

    Raises
    ------
    PhotoNotFoundError, InputError
        If the photo cannot be used, or an option does not go with the method.
    UnknownNameError
        If there is no such method or camera.
    ImageTooSmallError
        If a side is shorter than 128 px.
    ShapeMismatchError
        If no fingerprint of the camera fits the picture's size.
    ArtifactError
        If gallery, model or parameters cannot be used.

    Notes
    -----
    A map shows where traces disagree. Retouching, a strong local filter, an in-camera
    panorama and an area that is burnt, flat or out of focus can do that too.
    """
    _check_options(
        method,
        {"camera": camera, "gallery": gallery, "search": search},
        {"model": model, "parameters": parameters},
    )
    settings: dict[str, Any] = {}
    if method in _FITTED:
        settings = {"model": as_model(model), "parameters": parameters}
    opened = (
        photo
        if isinstance(photo, Photo)
        else open_photo(photo, allow_truncated=allow_truncated)
    )
    if method == _OF_A_DEVICE:
        assert camera is not None  # _check_options has seen to it
        settings = _enrolled(opened, camera, gallery, search)
    return build_localizer(method, **settings).localize(opened)


def _check_options(
    method: str, of_device: dict[str, object], of_fitted: dict[str, object]
) -> None:
    """Refuse options that the method would ignore, and the lack of one it needs."""
    foreign = {} if method == _OF_A_DEVICE else of_device
    foreign = foreign | ({} if method in _FITTED else of_fitted)
    given = [name for name, value in foreign.items() if value is not None]
    if given:
        raise InputError(f"{given[0]} means nothing to the method {method!r}")
    if method == _OF_A_DEVICE and of_device["camera"] is None:
        raise InputError(
            f"the method {method!r} needs the name of an enrolled camera: camera=..."
        )


def _enrolled(
    photo: Photo,
    camera: str,
    gallery: Gallery | PathLike | None,
    search: SearchRange | None,
) -> dict[str, Any]:
    """Return the fingerprint that fits the photo, and where to lay it."""
    with opened_gallery(gallery) as opened:
        asked = Asked(header=photo.header, noise=_of_size(photo), warnings=())
        enrolled = opened.get(camera)
        stored, places = fitting(asked, enrolled, search or SearchRange())
        return {"fingerprint": fingerprint_of(stored), "search": places}


def _of_size(photo: Photo) -> PhotoNoise:
    """Return noise of the photo's size and no content: only its shape is asked for."""
    nothing = np.broadcast_to(np.float32(0), (photo.height, photo.width))
    return PhotoNoise(
        residual=nothing,
        intensity=nothing,
        saturated_share=0.0,
        dark_share=0.0,
        mean_level=0.0,
        name=photo.name,
    )
