"""What is done to files before their claims are checked, by seeded draws."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import simplejpeg

from whichcam.claims import CameraSignature
from whichcam.datasets import CameraName
from whichcam.evaluation._exif_bytes import (
    MAKE,
    MODEL,
    SOFTWARE,
    move_application_segments,
    remove_tag,
    replace_thumbnail,
    set_text,
    write_exif,
)
from whichcam.media import JpegStructure, open_photo

_QUALITIES: Final = (70, 75, 80, 85, 90, 95)
_TAKEN: Final = "2015:06:01 12:00:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A file, what is known of it, and what may be put in its place.

    Parameters
    ----------
    data : bytes
        The file.
    camera : CameraName
        Which took it.
    size : (int, int)
        Width and height for an EXIF that is written.
    cameras : sequence of CameraSignature
        Cameras whose names may be claimed instead.
    thumbnails : sequence of bytes
        Of other pictures.
    rng : random.Random
        Of this file and tampering alone, so that the order of files plays no part.
    """

    data: bytes
    camera: CameraName
    size: tuple[int, int]
    cameras: Sequence[CameraSignature]
    thumbnails: Sequence[bytes]
    rng: random.Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampered:
    """A tampered file, what it claims now, and what was done in words."""

    data: bytes
    claimed: str
    detail: str = ""


Tampering: TypeAlias = Callable[[Material], Tampered | None]
"""Tampers with a file; None where it cannot be done to this one."""


def untouched(material: Material) -> Tampered:
    """Leave the file as it is."""
    return Tampered(data=material.data, claimed=material.camera.camera_model)


def make_swapped(material: Material) -> Tampered | None:
    """Claim a camera of another maker; the maker is drawn first, then the model."""
    makes = sorted({c.make for c in material.cameras} - {material.camera.make})
    return _swapped(material, material.rng.choice(makes)) if makes else None


def model_swapped(material: Material) -> Tampered | None:
    """Claim another camera of the same maker."""
    return _swapped(material, material.camera.make)


def software_removed(material: Material) -> Tampered | None:
    """Remove the Software tag."""
    return Tampered(
        data=remove_tag(material.data, SOFTWARE),
        claimed=material.camera.camera_model,
    )


def thumbnail_replaced(material: Material) -> Tampered | None:
    """Put the thumbnail of another picture in the place of the file's."""
    if not material.thumbnails:
        return None
    thumbnail = material.rng.choice(list(material.thumbnails))
    return Tampered(
        data=replace_thumbnail(material.data, thumbnail),
        claimed=material.camera.camera_model,
    )


def resaved(material: Material) -> Tampered:
    """Compress again at a drawn quality, and move all of the metadata over."""
    photo = open_photo(material.data)
    quality = material.rng.choice(_QUALITIES)
    subsampling = _subsampling(photo.jpeg)
    again = simplejpeg.encode_jpeg(
        photo.pixels, quality=quality, colorsubsampling=subsampling
    )
    return Tampered(
        data=move_application_segments(material.data, again),
        claimed=material.camera.camera_model,
        detail=f"quality {quality}",
    )


def true_claim(material: Material) -> Tampered:
    """Write an EXIF that tells the truth into a file that has none."""
    return _written(material, material.camera.make, material.camera.model)


def false_make(material: Material) -> Tampered | None:
    """Write an EXIF that claims a camera of another maker."""
    makes = sorted({c.make for c in material.cameras} - {material.camera.make})
    chosen = _choose(material, material.rng.choice(makes)) if makes else None
    return _written(material, *chosen) if chosen else None


def false_model(material: Material) -> Tampered | None:
    """Write an EXIF that claims another camera of the same maker."""
    chosen = _choose(material, material.camera.make)
    return _written(material, *chosen) if chosen else None


OF_ORIGINALS: Final[Mapping[str, Tampering]] = {
    "untouched": untouched,
    "make_swapped": make_swapped,
    "model_swapped": model_swapped,
    "thumbnail_replaced": thumbnail_replaced,
    "resaved": resaved,
}
"""Done to whole camera originals."""

OF_EDITED: Final[Mapping[str, Tampering]] = {
    "edited": untouched,
    "software_removed": software_removed,
}
"""Done to files that were edited or saved again."""

OF_CROPS: Final[Mapping[str, Tampering]] = {
    "true_claim": true_claim,
    "false_make": false_make,
    "false_model": false_model,
}
"""Done to files without metadata whose camera is known."""


def _swapped(material: Material, make: str) -> Tampered | None:
    chosen = _choose(material, make)
    if chosen is None:
        return None
    make, model = chosen
    return Tampered(
        data=set_text(material.data, {MAKE: make, MODEL: model}),
        claimed=f"{make} {model}",
    )


def _choose(material: Material, make: str) -> tuple[str, str] | None:
    models = [
        camera.camera_model.removeprefix(make).strip()
        for camera in material.cameras
        if camera.make == make and camera.camera_model != material.camera.camera_model
    ]
    return (make, material.rng.choice(models)) if models else None


def _written(material: Material, make: str, model: str) -> Tampered:
    data = write_exif(
        material.data, make=make, model=model, taken=_TAKEN, size=material.size
    )
    return Tampered(data=data, claimed=f"{make} {model}")


def _subsampling(jpeg: JpegStructure | None) -> str:
    wanted = jpeg.subsampling.replace(":", "") if jpeg else "420"
    known = {"444": "444", "422": "422", "420": "420", "440": "440", "411": "411"}
    return known.get(wanted, "420")
