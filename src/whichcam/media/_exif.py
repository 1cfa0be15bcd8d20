"""What the file says about itself in EXIF."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from whichcam.media import _exif_tags, _maker_notes
from whichcam.media._text import clean_bytes, clean_text
from whichcam.media._tiff import Directory, Entry, TiffReader

MAX_COMPLAINTS = 4
_MAX_THUMBNAIL_BYTES = 1 << 20
_DATE = re.compile(r"(\d{4})[:/-](\d\d)[:/-](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)


class Tags(Mapping[str, str]):
    """A mapping that cannot be changed, from the name of a tag to its safe text.

    Names are those of the standard after the name of the directory, such as
    ``"Image Make"`` or ``"EXIF DateTimeOriginal"``; a tag without a name shows its
    number, ``"EXIF 0xfde8"``.
    """

    __slots__ = ("_texts",)

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)

    def __getitem__(self, name: str) -> str:
        return self._texts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __hash__(self) -> int:
        return hash(frozenset(self._texts.items()))

    def __repr__(self) -> str:
        return f"Tags({self._texts!r})"


_NO_TAGS = Tags({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exif:
    """The EXIF fields that say which camera took the picture, and all tags as text.

    All text was written by whoever made the file: unprintable characters are escaped
    and lengths are bounded, yet nothing in it is to be believed for being there.

    Parameters
    ----------
    make, model, software : str
        As the file spells them; empty where absent.
    body_serial_number, owner : str
        From EXIF's own fields, else from the maker note where its layout is known
        (Canon, Nikon); empty where absent.
    taken : datetime or None
        DateTimeOriginal, else DateTimeDigitized, else DateTime; the camera's local
        time, without a zone. None where none of them is a date.
    orientation : int or None
        1 to 8 as the standard numbers them; None where absent or out of range. It is
        reported only: pixels are never turned by it.
    pixel_width, pixel_height : int or None
        PixelXDimension and PixelYDimension: the size the camera says it wrote.
    has_maker_note, has_thumbnail : bool
        Whether there is a maker note, and an embedded thumbnail inside the file.
    tags : Mapping of str to str
        All tags as short text.
    """

    make: str = ""
    model: str = ""
    software: str = ""
    body_serial_number: str = ""
    owner: str = ""
    taken: datetime | None = None
    orientation: int | None = None
    pixel_width: int | None = None
    pixel_height: int | None = None
    has_maker_note: bool = False
    has_thumbnail: bool = False
    tags: Mapping[str, str] = field(default=_NO_TAGS)

    @property
    def is_empty(self) -> bool:
        """Whether the file holds no tag at all."""
        return not self.tags

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values; ``taken`` in ISO 8601."""
        return {
            "make": self.make,
            "model": self.model,
            "software": self.software,
            "body_serial_number": self.body_serial_number,
            "owner": self.owner,
            "taken": self.taken.isoformat() if self.taken else None,
            "orientation": self.orientation,
            "pixel_width": self.pixel_width,
            "pixel_height": self.pixel_height,
            "has_maker_note": self.has_maker_note,
            "has_thumbnail": self.has_thumbnail,
            "tags": dict(self.tags),
        }


@dataclass(frozen=True, slots=True)
class ExifReading:
    """EXIF, the thumbnail's bytes if it is a JPEG, and what was wrong on the way."""

    exif: Exif
    thumbnail: bytes | None = None
    complaints: tuple[str, ...] = ()


NO_EXIF = ExifReading(Exif())


def read_exif(
    data: bytes, start: int, end: int, extra: Mapping[str, str] | None = None
) -> ExifReading:
    """Read the TIFF structure at ``data[start:end]``; never fails, only complains.

    `extra` are tags from elsewhere in the file (XMP, PNG text) to list as well.
    """
    reader = TiffReader(data, start, end)
    image, next_offset = reader.directory(reader.first_offset())
    exif, _ = reader.directory(reader.integer(image.get(0x8769)) or 0)
    gps, _ = reader.directory(reader.integer(image.get(0x8825)) or 0)
    interop, _ = reader.directory(reader.integer(exif.get(0xA005)) or 0)
    small, _ = reader.directory(next_offset)
    tags: dict[str, str] = {}
    for prefix, directory, names in (
        ("Image", image, _exif_tags.IMAGE),
        ("EXIF", exif, _exif_tags.EXIF),
        ("GPS", gps, _exif_tags.GPS),
        ("Interop", interop, _exif_tags.INTEROP),
        ("Thumbnail", small, _exif_tags.IMAGE),
    ):
        for tag, entry in directory.items():
            name = names.get(tag) or f"{tag:#06x}"
            tags[f"{prefix} {name}"] = _show(reader, tag, entry)
    note = exif.get(0x927C)
    make = reader.string(image.get(0x010F))
    known = _maker_notes.read_maker_note(reader, note, make)
    tags.update(known)
    if extra:
        tags.update(extra)
    thumbnail, has_thumbnail = _thumbnail(reader, small)
    orientation = reader.integer(image.get(0x0112))
    return ExifReading(
        Exif(
            make=make,
            model=reader.string(image.get(0x0110)),
            software=reader.string(image.get(0x0131)),
            body_serial_number=reader.string(exif.get(0xA431))
            or reader.string(image.get(0xC62F))
            or known.get("MakerNote SerialNumber", ""),
            owner=reader.string(exif.get(0xA430))
            or known.get("MakerNote OwnerName", ""),
            taken=_first_date(tags),
            orientation=orientation if orientation in range(1, 9) else None,
            pixel_width=reader.integer(exif.get(0xA002)),
            pixel_height=reader.integer(exif.get(0xA003)),
            has_maker_note=note is not None and note.size > 0,
            has_thumbnail=has_thumbnail,
            tags=Tags(tags),
        ),
        thumbnail,
        tuple(dict.fromkeys(reader.complaints))[:MAX_COMPLAINTS],
    )


def _show(reader: TiffReader, tag: int, entry: Entry) -> str:
    if tag == 0x9286:  # UserComment: eight bytes name the character code
        head = reader.raw(entry, 2048)
        if head.startswith(b"UNICODE\0"):
            order = "utf-16-le" if reader.order == "<" else "utf-16-be"
            return clean_text(head[8:].decode(order, "replace").rstrip("\0"))
        return clean_bytes(head[8:])
    if 0x9C9B <= tag <= 0x9C9F:  # the XP... tags are UTF-16, little-endian always
        text = reader.raw(entry, 2048).decode("utf-16-le", "replace")
        return clean_text(text.rstrip("\0"))
    return reader.show(entry)


def _first_date(tags: Mapping[str, str]) -> datetime | None:
    for name in ("EXIF DateTimeOriginal", "EXIF DateTimeDigitized", "Image DateTime"):
        match = _DATE.match(tags.get(name, ""))
        if match:
            try:
                return datetime(*map(int, match.groups()))  # type: ignore[arg-type]
            except ValueError:  # a month 13, or cameras' 0000:00:00
                continue
    return None


def _thumbnail(reader: TiffReader, small: Directory) -> tuple[bytes | None, bool]:
    offset, length = (reader.integer(small.get(tag)) for tag in (0x0201, 0x0202))
    if offset and length:
        at = reader.start + offset
        inside = length > 0 and 0 <= at <= reader.end - length
        if not inside:
            reader.complaints.append("the thumbnail lies outside the file")
            return None, False
        head = reader.data[at : at + min(length, _MAX_THUMBNAIL_BYTES)]
        return (head if head.startswith(b"\xff\xd8") else None), True
    strip = reader.integer(small.get(0x0111))
    return None, bool(strip and 0 < reader.start + strip < reader.end)
