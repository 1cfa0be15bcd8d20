"""The enrolled cameras of an examination: compare, and look for areas without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from whichcam._typing import PathLike
from whichcam.errors import (
    ArtifactError,
    ArtifactNotFoundError,
    ImageTooSmallError,
    InsufficientEvidenceError,
    ShapeMismatchError,
)
from whichcam.gallery import Gallery
from whichcam.localize import Localization
from whichcam.media import Photo
from whichcam.pipelines._devices import ask, opened_gallery
from whichcam.pipelines._examine_result import NotExamined
from whichcam.pipelines._localize import localize
from whichcam.pipelines._search import search
from whichcam.pipelines._verify import Verification, verify

_CANDIDATES: Final = 3  # of the gallery, where no camera is named
_WHAT: Final = "enrolled cameras"
_ABSENCE: Final = "prnu_absence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What comparing with enrolled cameras gave."""

    devices: tuple[Verification, ...] = ()
    localizations: tuple[Localization, ...] = ()
    not_examined: tuple[NotExamined, ...] = ()


def compared(
    photo: Photo,
    gallery: Gallery | PathLike | None,
    cameras: Sequence[str] | None,
    *,
    with_absence: bool,
) -> Compared:
    """Compare a picture with the cameras named, or with the likeliest of a gallery.

    The noise is taken out of the picture once. Reasons name no folder of the machine:
    they are handed on.

    Raises
    ------
    UnknownNameError
        If a named camera is not enrolled.
    ArtifactError
        If a gallery that was asked for cannot be used.
    """
    if cameras is not None and not cameras:
        return _nothing("none was asked for", with_absence=with_absence)
    try:
        with opened_gallery(gallery) as opened:
            devices, left_out = _devices(photo, opened, cameras)
            if not with_absence:
                return Compared(devices=devices, not_examined=left_out)
            maps, why = _absence(photo, opened, devices)
            return Compared(
                devices=devices, localizations=maps, not_examined=(*left_out, *why)
            )
    except ArtifactNotFoundError:
        if gallery is not None or cameras is not None:
            raise
        reason = "none is enrolled; `whichcam enroll` adds one"
    except InsufficientEvidenceError:  # its words may name the gallery's folder
        reason = (
            "the gallery holds no camera, or the picture is all burnt or black: there "
            "is no noise to compare"
        )
    except ShapeMismatchError:
        reason = (
            f"no fingerprint is of a picture of {photo.width}x{photo.height} px; "
            "`whichcam verify` can search over crops and scales"
        )
    return _nothing(reason, with_absence=with_absence)


def _devices(
    photo: Photo, gallery: Gallery, cameras: Sequence[str] | None
) -> tuple[tuple[Verification, ...], tuple[NotExamined, ...]]:
    asked = ask(photo)
    if cameras is None:
        hits = search(asked, gallery=gallery, k=_CANDIDATES).hits
        names: Sequence[str] = [hit.camera for hit in hits]
    else:
        names = tuple(dict.fromkeys(cameras))
    found, left_out = [], []
    for name in names:
        try:
            found.append(verify(asked, name, gallery=gallery))
        except ShapeMismatchError as error:
            left_out.append(NotExamined(what=f"enrolled camera {name}", why=str(error)))
    return tuple(found), tuple(left_out)


def _absence(
    photo: Photo, gallery: Gallery, devices: Sequence[Verification]
) -> tuple[tuple[Localization, ...], tuple[NotExamined, ...]]:
    """Map where the pattern of the best camera is missing, if it is there at all."""
    matching = [device for device in devices if device.reaches_threshold]
    if not matching:
        why = "no enrolled camera was found to match the picture as a whole"
        return (), (NotExamined(what=_ABSENCE, why=why),)
    best = max(matching, key=lambda device: device.score - device.threshold)
    try:
        found = localize(photo, method=_ABSENCE, gallery=gallery, camera=best.camera)
    except (ImageTooSmallError, ShapeMismatchError) as error:
        return (), (NotExamined(what=_ABSENCE, why=str(error)),)
    except ArtifactError:
        why = "the fingerprint of the matching camera cannot be read"
        return (), (NotExamined(what=_ABSENCE, why=why),)
    return (found,), ()


def _nothing(reason: str, *, with_absence: bool) -> Compared:
    left_out = [NotExamined(what=_WHAT, why=reason)]
    if with_absence:
        why = "it needs an enrolled camera that matches"
        left_out.append(NotExamined(what=_ABSENCE, why=why))
    return Compared(not_examined=tuple(left_out))
