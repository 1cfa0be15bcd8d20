"""Change, remove or write EXIF tags in the bytes of a JPEG, nothing else.

For measuring: a tampered file must differ from the original in what was tampered with
alone. A new value is appended to the EXIF segment and its entry is pointed there, so
that every other offset, the maker note's own included, stays true.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from whichcam.errors import InputError

MAKE, MODEL, SOFTWARE = 0x010F, 0x0110, 0x0131
_DATE_TIME, _EXIF_IFD, _ORIGINAL = 0x0132, 0x8769, 0x9003
_WIDTH, _HEIGHT = 0xA002, 0xA003
_THUMBNAIL_AT, _THUMBNAIL_BYTES = 0x0201, 0x0202
_ASCII, _LONG = 2, 4
_ENTRY_BYTES: Final = 12
_LARGEST: Final = 65533  # payload of a segment: its length field counts itself
_HEADER: Final = b"Exif\0\0"
_APP0, _APP1, _SOS = 0xE0, 0xE1, 0xDA


@dataclass(frozen=True, slots=True)
class _Segment:
    marker: int
    start: int  # of the 0xFF
    end: int

    def body(self, data: bytes) -> bytes:
        return data[self.start + 4 : self.end]


def set_text(data: bytes, values: Mapping[int, str]) -> bytes:
    """Give ASCII tags of the first directory new values; those absent stay absent.

    Raises
    ------
    InputError
        If the file has no EXIF, or no room for the values.
    """
    segment, tiff = _exif(data)
    order = _order(tiff)
    first = _u32(tiff, order, 4)
    for tag, text in values.items():
        at = _entry(tiff, order, first, tag)
        if at is None:
            continue
        raw = text.encode("utf-8") + b"\0"
        if len(raw) <= 4:
            struct.pack_into(order + "HHI4s", tiff, at, tag, _ASCII, len(raw), raw)
        else:
            where = _append(tiff, raw)
            struct.pack_into(order + "HHII", tiff, at, tag, _ASCII, len(raw), where)
    return _with_exif(data, segment, tiff)


def remove_tag(data: bytes, tag: int) -> bytes:
    """Remove an entry of the first directory; its value's bytes are left, unused.

    Raises
    ------
    InputError
        If the file has no EXIF.
    """
    segment, tiff = _exif(data)
    order = _order(tiff)
    first = _u32(tiff, order, 4)
    at = _entry(tiff, order, first, tag)
    if at is not None:
        count = struct.unpack_from(order + "H", tiff, first)[0]
        end = first + 2 + count * _ENTRY_BYTES + 4  # the link to the next included
        tiff[at:end] = tiff[at + _ENTRY_BYTES : end] + bytes(_ENTRY_BYTES)
        struct.pack_into(order + "H", tiff, first, count - 1)
    return _with_exif(data, segment, tiff)


def replace_thumbnail(data: bytes, thumbnail: bytes) -> bytes:
    """Put another JPEG in the thumbnail's place.

    Raises
    ------
    InputError
        If the file has no JPEG thumbnail, or no room for the new one.
    """
    segment, tiff = _exif(data)
    order = _order(tiff)
    first = _u32(tiff, order, 4)
    count = struct.unpack_from(order + "H", tiff, first)[0]
    second = _u32(tiff, order, first + 2 + count * _ENTRY_BYTES)
    place = _entry(tiff, order, second, _THUMBNAIL_AT) if second else None
    size = _entry(tiff, order, second, _THUMBNAIL_BYTES) if second else None
    if place is None or size is None:
        raise InputError("the file has no JPEG thumbnail to replace")
    where = _append(tiff, thumbnail)
    entries = ((place, _THUMBNAIL_AT, where), (size, _THUMBNAIL_BYTES, len(thumbnail)))
    for at, tag, value in entries:
        struct.pack_into(order + "HHII", tiff, at, tag, _LONG, 1, value)
    return _with_exif(data, segment, tiff)


def write_exif(
    data: bytes, *, make: str, model: str, taken: str, size: tuple[int, int]
) -> bytes:
    """Give a JPEG a small EXIF of its own, as its first segment; JFIF is taken out.

    Parameters
    ----------
    data : bytes
        The file; its other segments are kept.
    make, model, taken : str
        Values of Make, Model, DateTime and DateTimeOriginal.
    size : (int, int)
        Width and height for PixelXDimension and PixelYDimension.
    """
    tiff = bytearray(b"II*\0\x08\0\0\0")
    texts = {MAKE: make, MODEL: model, _DATE_TIME: taken}
    tags = [*texts, _EXIF_IFD]
    tiff += bytes(2 + len(tags) * _ENTRY_BYTES + 4)
    struct.pack_into("<H", tiff, 8, len(tags))
    for number, tag in enumerate(tags):
        at = 10 + number * _ENTRY_BYTES
        if tag in texts:
            raw = texts[tag].encode("utf-8").ljust(4, b"\0") + b"\0"
            where = _append(tiff, raw)
            struct.pack_into("<HHII", tiff, at, tag, _ASCII, len(raw), where)
        else:
            inner = 2 + 3 * _ENTRY_BYTES + 4
            text_at = len(tiff) + len(tiff) % 2 + inner
            raw = taken.encode("ascii") + b"\0"
            block = struct.pack("<H", 3)
            block += struct.pack("<HHII", _ORIGINAL, _ASCII, len(raw), text_at)
            block += struct.pack("<HHII", _WIDTH, _LONG, 1, size[0])
            block += struct.pack("<HHII", _HEIGHT, _LONG, 1, size[1])
            where = _append(tiff, block + bytes(4) + raw)
            struct.pack_into("<HHII", tiff, at, tag, _LONG, 1, where)
    before, after = _around_first(data)
    return before + _framed(_HEADER + tiff) + after


def move_application_segments(source: bytes, target: bytes) -> bytes:
    """Give `target` the APPn segments of `source` in place of its own."""
    kept = b"".join(
        source[s.start : s.end] for s in _segments(source) if 0xE0 <= s.marker <= 0xEF
    )
    rest = b"".join(
        target[s.start : s.end]
        for s in _segments(target)
        if not 0xE0 <= s.marker <= 0xEF
    )
    end = _segments(target)[-1].end
    return b"\xff\xd8" + kept + rest + target[end:]


def _around_first(data: bytes) -> tuple[bytes, bytes]:
    """Return SOI, and all that follows but JFIF."""
    found = _segments(data)
    rest = b"".join(
        data[s.start : s.end]
        for s in found
        if not (s.marker == _APP0 and s.body(data).startswith((b"JFIF\0", b"JFXX\0")))
    )
    return b"\xff\xd8", rest + data[found[-1].end :]


def _segments(data: bytes) -> list[_Segment]:
    """Return the segments up to the first scan's header, which is the last."""
    found: list[_Segment] = []
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        found.append(_Segment(marker, at, end))
        at = end
        if marker == _SOS:
            return found
    raise InputError("the file's segments do not lead to a scan")


def _exif(data: bytes) -> tuple[_Segment, bytearray]:
    for segment in _segments(data):
        body = segment.body(data)
        if segment.marker == _APP1 and body.startswith(_HEADER):
            return segment, bytearray(body[len(_HEADER) :])
    raise InputError("the file has no EXIF to change")


def _with_exif(data: bytes, segment: _Segment, tiff: bytearray) -> bytes:
    framed = _framed(_HEADER + tiff)
    return data[: segment.start] + framed + data[segment.end :]


def _framed(body: bytes | bytearray) -> bytes:
    if len(body) > _LARGEST:
        raise InputError(
            f"the EXIF segment would have {len(body)} bytes, at most {_LARGEST} fit"
        )
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + bytes(body)


def _order(tiff: bytearray) -> str:
    return ">" if tiff[:2] == b"MM" else "<"


def _u32(tiff: bytearray, order: str, at: int) -> int:
    try:
        return int(struct.unpack_from(order + "I", tiff, at)[0])
    except struct.error as error:
        raise InputError("the EXIF directory lies outside its segment") from error


def _entry(tiff: bytearray, order: str, directory: int, tag: int) -> int | None:
    if directory + 2 > len(tiff):
        return None
    count = struct.unpack_from(order + "H", tiff, directory)[0]
    for number in range(count):
        at = directory + 2 + number * _ENTRY_BYTES
        if at + _ENTRY_BYTES > len(tiff):
            return None
        if struct.unpack_from(order + "H", tiff, at)[0] == tag:
            return at
    return None


def _append(tiff: bytearray, raw: bytes) -> int:
    tiff += bytes(len(tiff) % 2)  # values begin on even offsets
    where = len(tiff)
    tiff += raw
    return where
