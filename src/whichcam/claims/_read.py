"""Collect what a file says of itself."""

from __future__ import annotations

import math
from collections.abc import Mapping

from whichcam._typing import PhotoSource
from whichcam.claims._credentials import read_credentials
from whichcam.claims._times import rationals, read_times
from whichcam.claims._types import ClaimedPlace, Claims, ThumbnailFacts
from whichcam.datasets import canonical_camera
from whichcam.errors import InputError
from whichcam.media import Exif, Limits, Photo, PhotoHeader, read_header
from whichcam.media._source import read_source

_COMMENT_TAGS = ("Image ImageDescription", "EXIF UserComment", "Image XPComment")
_MAX_COMMENTS = 8


def read_claims(
    photo: PhotoSource | Photo | PhotoHeader, *, source: PhotoSource | None = None
) -> Claims:
    """Collect what a file says of itself: camera, times, place, who wrote it.

    Parameters
    ----------
    photo : path, bytes, binary file object, Photo or PhotoHeader
        The file; pixels are not decoded.
    source : path, bytes or binary file object, optional
        The file's bytes where `photo` is a `Photo` or `PhotoHeader`, which keep none:
        a C2PA manifest is checked against all of them. Without, a manifest that is
        there is reported as not checked.

    Returns
    -------
    Claims
        A file without metadata is a normal one: `Claims.has_metadata` is False and
        the fields are empty.

    Raises
    ------
    InputError
        If the file is no picture or damaged beyond reading; see `read_header`.
    PhotoNotFoundError
        If there is no such file.

    Notes
    -----
    No text here is to be believed for being there. All of it is bounded in length and
    has its control characters escaped. A C2PA manifest that lies elsewhere is never
    fetched.

    References
    ----------
    .. [1] CIPA DC-008, "Exchangeable image file format for digital still cameras".
    .. [2] Coalition for Content Provenance and Authenticity, "C2PA Technical
       Specification".
    """
    if isinstance(photo, Photo):
        header = photo.header
    elif isinstance(photo, PhotoHeader):
        header = photo
    else:
        source = photo if source is None else source
        _, data = read_source(source, Limits())  # once: a stream has no second time
        header = read_header(data)
        source = data
    exif, jpeg = header.exif, header.jpeg
    credentials = read_credentials(header, source)
    comments = [exif.tags.get(name, "") for name in _COMMENT_TAGS]
    comments += jpeg.comments if jpeg else ()
    return Claims(
        make=exif.make,
        model=exif.model,
        camera_model=claimed_camera(exif),
        lens=exif.tags.get("EXIF LensModel", ""),
        software=exif.software or exif.tags.get("XMP CreatorTool", ""),
        serial_number=exif.body_serial_number,
        times=read_times(exif.tags),
        width=header.width,
        height=header.height,
        exif_width=exif.pixel_width,
        exif_height=exif.pixel_height,
        orientation=exif.orientation,
        place=_place(exif.tags),
        thumbnail=_thumbnail(header),
        has_maker_note=exif.has_maker_note,
        comments=tuple(filter(None, map(str.strip, comments)))[:_MAX_COMMENTS],
        credentials=credentials,
        has_metadata=not exif.is_empty or credentials.state != "absent",
    )


def claimed_camera(exif: Exif) -> str | None:
    """Return the camera that the EXIF names, under its canonical name."""
    try:
        return canonical_camera(exif.make, exif.model).camera_model
    except InputError:  # no model
        return None


def _place(tags: Mapping[str, str]) -> ClaimedPlace | None:
    latitude = _degrees(tags, "Latitude", "S", 90.0)
    longitude = _degrees(tags, "Longitude", "W", 180.0)
    if latitude is None or longitude is None:
        return None
    height = rationals(tags.get("GPS GPSAltitude", ""))
    below = tags.get("GPS GPSAltitudeRef", "").startswith("1")
    altitude = (-height[0] if below else height[0]) if len(height) == 1 else None
    return ClaimedPlace(latitude=latitude, longitude=longitude, altitude_m=altitude)


def _degrees(
    tags: Mapping[str, str], name: str, negative: str, largest: float
) -> float | None:
    parts = rationals(tags.get(f"GPS GPS{name}", ""))
    if not 1 <= len(parts) <= 3:
        return None
    value = math.fsum(part / 60**place for place, part in enumerate(parts))
    if not 0 <= value <= largest:
        return None
    reference = tags.get(f"GPS GPS{name}Ref", "").strip().upper()
    return round(-value if reference.startswith(negative) else value, 7)


def _thumbnail(header: PhotoHeader) -> ThumbnailFacts | None:
    if not header.exif.has_thumbnail:
        return None
    data = header.jpeg.thumbnail if header.jpeg else None
    if data is None:
        return ThumbnailFacts(is_jpeg=False)
    try:
        small = read_header(data)
    except InputError:
        return ThumbnailFacts(is_jpeg=True, n_bytes=len(data))
    return ThumbnailFacts(
        is_jpeg=True, n_bytes=len(data), width=small.width, height=small.height
    )
