"""What a file says of itself, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

CredentialState: TypeAlias = Literal[
    "absent", "valid", "invalid", "not_checked", "unreadable"
]
"""What is known of a C2PA manifest. "valid": signature and hashes hold, which says
nothing of who may be trusted; "not_checked": there is one and the extra ``c2pa`` or
the file's bytes are missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedTimes:
    """All times the file names.

    EXIF's are the camera's local time, without a zone, fractions of a second included
    where the file has them.

    Parameters
    ----------
    original, digitized, modified : datetime or None
        DateTimeOriginal, DateTimeDigitized, DateTime; None where absent or no date.
    offset : str
        OffsetTimeOriginal, else OffsetTime, such as ``"+02:00"``; empty where absent.
    gps : datetime or None
        GPS date and time, UTC.
    xmp_created, xmp_modified : datetime or None
        Of XMP; with a zone where the file gives one.
    """

    original: datetime | None = None
    digitized: datetime | None = None
    modified: datetime | None = None
    offset: str = ""
    gps: datetime | None = None
    xmp_created: datetime | None = None
    xmp_modified: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; times in ISO 8601."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in (
                ("original", self.original),
                ("digitized", self.digitized),
                ("modified", self.modified),
                ("offset", self.offset),
                ("gps", self.gps),
                ("xmp_created", self.xmp_created),
                ("xmp_modified", self.xmp_modified),
            )
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedPlace:
    """Where the file says it was taken.

    Parameters
    ----------
    latitude, longitude : float
        Degrees, north and east positive.
    altitude_m : float or None
        Above sea level, metres.
    """

    latitude: float
    longitude: float
    altitude_m: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "latitude": self.latitude,
            "longitude": self.longitude,
            "altitude_m": self.altitude_m,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ThumbnailFacts:
    """The small picture inside EXIF.

    Parameters
    ----------
    is_jpeg : bool
        False for the old uncompressed kind, which is not looked into.
    n_bytes : int or None
        Size of the JPEG.
    width, height : int or None
        Of the JPEG; None where its header cannot be read.
    """

    is_jpeg: bool
    n_bytes: int | None = None
    width: int | None = None
    height: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "is_jpeg": self.is_jpeg,
            "n_bytes": self.n_bytes,
            "width": self.width,
            "height": self.height,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentCredentials:
    """What a C2PA manifest inside the file says.

    Parameters
    ----------
    state : {"absent", "valid", "invalid", "not_checked", "unreadable"}
        Most files have none: "absent" says nothing against them.
    generator : str
        The program that wrote the claim.
    issuer : str
        Who the signing certificate was issued by, as the certificate says.
    actions : tuple of str
        What the manifest says was done, such as ``"c2pa.created"``.
    problems : tuple of str
        Codes of the checks that failed.
    remote_url : str
        Where the file says its manifest is; never fetched.
    """

    state: CredentialState
    generator: str = ""
    issuer: str = ""
    actions: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    remote_url: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "state": self.state,
            "generator": self.generator,
            "issuer": self.issuer,
            "actions": list(self.actions),
            "problems": list(self.problems),
            "remote_url": self.remote_url,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a file says of itself; nothing here is believed for being there.

    Parameters
    ----------
    make, model : str
        As the file spells them; empty where absent.
    camera_model : str or None
        Make and model under their canonical name; None where no model is named.
    lens, software : str
        Empty where absent.
    serial_number : str
        Of the body; empty where absent.
    times : ClaimedTimes
        All times named.
    width, height : int
        Of the stored pixels.
    exif_width, exif_height : int or None
        The size EXIF says the camera wrote.
    orientation : int or None
        1 to 8, EXIF's way of numbering them.
    place : ClaimedPlace or None
        From GPS tags.
    thumbnail : ThumbnailFacts or None
        None where there is none.
    has_maker_note : bool
        Whether there is a maker note.
    comments : tuple of str
        EXIF's description and comment, and JPEG comment segments.
    credentials : ContentCredentials
        The C2PA manifest.
    has_metadata : bool
        Whether the file says anything at all: EXIF, XMP or content credentials.
    """

    make: str
    model: str
    camera_model: str | None
    lens: str
    software: str
    serial_number: str
    times: ClaimedTimes
    width: int
    height: int
    exif_width: int | None
    exif_height: int | None
    orientation: int | None
    place: ClaimedPlace | None
    thumbnail: ThumbnailFacts | None
    has_maker_note: bool
    comments: tuple[str, ...]
    credentials: ContentCredentials
    has_metadata: bool

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "make": self.make,
            "model": self.model,
            "camera_model": self.camera_model,
            "lens": self.lens,
            "software": self.software,
            "serial_number": self.serial_number,
            "times": self.times.to_dict(),
            "width": self.width,
            "height": self.height,
            "exif_width": self.exif_width,
            "exif_height": self.exif_height,
            "orientation": self.orientation,
            "place": self.place.to_dict() if self.place else None,
            "thumbnail": self.thumbnail.to_dict() if self.thumbnail else None,
            "has_maker_note": self.has_maker_note,
            "comments": list(self.comments),
            "credentials": self.credentials.to_dict(),
            "has_metadata": self.has_metadata,
        }
