"""Read the markers of a JPEG file (ITU-T T.81, annex B) without decoding it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from whichcam.errors import ImageDecodeError
from whichcam.media._exif import NO_EXIF, ExifReading, read_exif
from whichcam.media._jpeg_types import (
    HuffmanTable,
    JpegComponent,
    JpegSegment,
    JpegStructure,
)
from whichcam.media._text import clean_bytes
from whichcam.media._trailing import name_trailing
from whichcam.media._xmp import XMP_HEADER, read_xmp

MAX_SEGMENTS = 8192
"""Most marker segments read. The largest real files (depth maps in extended XMP)
have some hundreds; a file of nothing but markers could declare millions."""

_MAX_COMMENTS = 16
# A marker that ends entropy-coded data: not a stuffed zero, a restart, fill or a
# reserved code. One compiled search keeps 4 MB of data at a few milliseconds.
_ENTROPY_END = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
_NOT_FF = re.compile(rb"[^\xff]")
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SOI, _EOI, _SOS, _DQT, _DHT, _DRI, _COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xFE
_NAMES = {_SOI: "SOI", _EOI: "EOI", _SOS: "SOS", _DQT: "DQT", _DHT: "DHT"}
_NAMES |= {_DRI: "DRI", _COM: "COM", 0xCC: "DAC", 0xDC: "DNL", 0xDE: "DHP"}
_NAMES |= {0xDF: "EXP", 0xC8: "JPG"}
_NAMES |= {code: f"SOF{code - 0xC0}" for code in _SOF}
_NAMES |= {0xE0 + n: f"APP{n}" for n in range(16)}

_IDENTIFIERS = (
    (0xE0, b"JFIF\0", "JFIF"),
    (0xE0, b"JFXX\0", "JFXX"),
    (0xE1, b"Exif\0", "EXIF"),
    (0xE1, XMP_HEADER, "XMP"),
    (0xE1, b"http://ns.adobe.com/xmp/extension/\0", "XMP extension"),
    (0xE2, b"ICC_PROFILE\0", "ICC"),
    (0xE2, b"MPF\0", "MPF"),
    (0xE2, b"FPXR\0", "FlashPix"),
    (0xEB, b"JP", "JUMBF"),
    (0xEC, b"Ducky", "Ducky"),
    (0xED, b"Photoshop 3.0\0", "Photoshop"),
    (0xEE, b"Adobe", "Adobe"),
)

_SUBSAMPLING = {
    (1, 1): "4:4:4",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
    (1, 2): "4:4:0",
    (4, 1): "4:1:1",
    (4, 2): "4:1:0",
    (1, 4): "4:4:1",
}


def _zigzag() -> npt.NDArray[np.intp]:
    """Return, for each row-major place of an 8x8 block, its place in zig-zag order."""
    cells = [(row, column) for row in range(8) for column in range(8)]
    # Along each anti-diagonal, upwards on even ones and downwards on odd ones.
    walk = sorted(cells, key=lambda c: (sum(c), c[0] if sum(c) % 2 else c[1]))
    order = np.empty(64, dtype=np.intp)
    for place, (row, column) in enumerate(walk):
        order[8 * row + column] = place
    return order


_ROW_MAJOR = _zigzag()


@dataclass(slots=True)
class _Found:
    """What has been read so far."""

    segments: list[JpegSegment] = field(default_factory=list)
    tables: dict[int, npt.NDArray[np.uint16]] = field(default_factory=dict)
    huffman: list[HuffmanTable] = field(default_factory=list)
    components: tuple[JpegComponent, ...] = ()
    width: int = 0
    height: int = 0
    precision: int = 0
    process: int = 0
    restart_interval: int = 0
    adobe_transform: int | None = None
    comments: list[str] = field(default_factory=list)
    exif: ExifReading | None = None
    exif_span: tuple[int, int] | None = None
    xmp: dict[str, str] = field(default_factory=dict)
    n_scans: int = 0
    entropy_bytes: int = 0
    end: int | None = None  # where the byte after EOI stands
    notes: dict[str, None] = field(default_factory=dict)  # an ordered set


def parse_jpeg(
    name: str, data: bytes
) -> tuple[JpegStructure, ExifReading, tuple[str, ...]]:
    """Return the structure, the EXIF and notes on what is odd.

    Raises
    ------
    ImageDecodeError
        If there is no usable frame header, or the markers are beyond reason.
    """
    found = _Found()
    found.segments.append(JpegSegment(marker=_SOI, name="SOI", offset=0, length=2))
    _walk(name, data, found)
    if not found.process:
        raise ImageDecodeError(
            f"{name}: this begins like a JPEG, but has no frame header (SOF) before "
            f"it ends or breaks off; {len(data)} bytes, {len(found.segments)} segments"
        )
    exif = NO_EXIF
    if found.exif_span or found.xmp:
        start, end = found.exif_span or (0, 0)
        exif = read_exif(data, start, end, found.xmp)
        for complaint in exif.complaints:
            found.notes[f"damaged EXIF: {complaint}"] = None
    return _structure(data, found, exif), exif, tuple(found.notes)


def _walk(name: str, data: bytes, found: _Found) -> None:
    position = 2
    while True:
        position = data.find(b"\xff", position)
        match = _NOT_FF.search(data, position) if position >= 0 else None
        if match is None:
            return
        position = match.start() - 1
        marker = data[position + 1]
        if marker in _STANDALONE or marker == 0:
            found.notes["stray bytes between segments"] = None
            position += 2
            continue
        if len(found.segments) >= MAX_SEGMENTS:
            raise ImageDecodeError(
                f"{name}: more than {MAX_SEGMENTS} JPEG segments; no camera or editor "
                "writes that many"
            )
        if marker in (_SOI, _EOI):
            found.segments.append(_segment(marker, position, 2))
            position += 2
            if marker == _EOI:
                found.end = position
                return
            found.notes["a second SOI marker inside the picture"] = None
            continue
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if end < position + 4 or end > len(data):
            found.notes[f"the {_name(marker)} segment is cut off or damaged"] = None
            return
        _read_segment(data, marker, position, end, found)
        position = end
        if marker == _SOS:
            found.n_scans += 1
            stop = _ENTROPY_END.search(data, end)
            position = stop.start() if stop else len(data)
            found.entropy_bytes += position - end


def _name(marker: int) -> str:
    return _NAMES.get(marker) or f"0xFF{marker:02X}"


def _segment(
    marker: int, offset: int, length: int, identifier: str = ""
) -> JpegSegment:
    return JpegSegment(
        marker=marker,
        name=_name(marker),
        identifier=identifier,
        offset=offset,
        length=length,
    )


def _read_segment(
    data: bytes, marker: int, start: int, end: int, found: _Found
) -> None:
    body = start + 4
    identifier = ""
    if 0xE0 <= marker <= 0xEF:
        identifier = _identify(data, marker, body, end)
        _read_application(data, identifier, body, end, found)
    elif marker == _DQT:
        _read_dqt(data[body:end], found)
    elif marker == _DHT:
        _read_dht(data[body:end], found)
    elif marker in _SOF:
        _read_sof(data[body:end], marker, found)
    elif marker == _DRI and end - body >= 2 and not found.restart_interval:
        found.restart_interval = int.from_bytes(data[body : body + 2], "big")
    elif marker == _COM and len(found.comments) < _MAX_COMMENTS:
        found.comments.append(clean_bytes(data[body : min(end, body + 4096)]))
    found.segments.append(_segment(marker, start, end - start, identifier))


def _identify(data: bytes, marker: int, body: int, end: int) -> str:
    for code, start, name in _IDENTIFIERS:
        if code == marker and data.startswith(start, body, end):
            return name
    return clean_bytes(data[body : min(end, body + 32)], limit=16)


def _read_application(
    data: bytes, identifier: str, body: int, end: int, found: _Found
) -> None:
    if identifier == "EXIF" and found.exif_span is None:
        found.exif_span = (body + 6, end)
    elif identifier == "XMP" and not found.xmp:
        found.xmp = read_xmp(data[body + len(XMP_HEADER) : end])
    elif identifier == "Adobe" and end - body >= 12 and found.adobe_transform is None:
        found.adobe_transform = data[body + 11]


def _read_dqt(body: bytes, found: _Found) -> None:
    position = 0
    while position < len(body):
        wide, table_id = divmod(body[position], 16)
        size = 128 if wide else 64
        raw = body[position + 1 : position + 1 + size]
        if wide > 1 or table_id > 3 or len(raw) < size:
            found.notes["a quantization table is damaged"] = None
            return
        values = np.frombuffer(raw, dtype=">u2" if wide else np.uint8)
        table = values.astype(np.uint16)[_ROW_MAJOR].reshape(8, 8)
        table.flags.writeable = False
        if found.n_scans == 0 or table_id not in found.tables:
            found.tables[table_id] = table
        position += 1 + size


def _read_dht(body: bytes, found: _Found) -> None:
    position = 0
    while position < len(body):
        kind, table_id = divmod(body[position], 16)
        counts = tuple(body[position + 1 : position + 17])
        symbols = body[position + 17 : position + 17 + sum(counts)]
        broken = len(counts) < 16 or len(symbols) < sum(counts) or len(symbols) > 256
        if kind > 1 or table_id > 3 or broken:
            found.notes["a Huffman table is damaged"] = None
            return
        found.huffman.append(
            HuffmanTable(
                kind="ac" if kind else "dc",
                table_id=table_id,
                counts=counts,
                symbols=symbols,
            )
        )
        position += 17 + len(symbols)


def _read_sof(body: bytes, marker: int, found: _Found) -> None:
    if found.process:
        found.notes["a second frame header"] = None
        return
    n_components = body[5] if len(body) > 5 else 0
    if n_components == 0 or len(body) < 6 + 3 * n_components:
        found.notes["the frame header is damaged"] = None
        return
    found.process = marker
    found.precision = body[0]
    found.height = int.from_bytes(body[1:3], "big")
    found.width = int.from_bytes(body[3:5], "big")
    found.components = tuple(
        JpegComponent(
            id=body[at], h=body[at + 1] >> 4, v=body[at + 1] & 15, tq=body[at + 2]
        )
        for at in range(6, 6 + 3 * n_components, 3)
    )


def _subsampling(components: tuple[JpegComponent, ...]) -> str:
    if len(components) == 1:
        return "4:0:0"
    first, rest = components[0], components[1:3]
    same = all((c.h, c.v) == (rest[0].h, rest[0].v) for c in rest)
    if same and rest[0].h and rest[0].v and len(components) <= 4:
        across, left_h = divmod(first.h, rest[0].h)
        down, left_v = divmod(first.v, rest[0].v)
        if not left_h and not left_v and (across, down) in _SUBSAMPLING:
            return _SUBSAMPLING[across, down]
    return ",".join(f"{c.h}x{c.v}" for c in components)


def _structure(data: bytes, found: _Found, exif: ExifReading) -> JpegStructure:
    offset = found.process - 0xC0
    identifiers = {segment.identifier for segment in found.segments}
    ids = tuple(sorted(found.tables))
    return JpegStructure(
        segments=tuple(found.segments),
        width=found.width,
        height=found.height,
        precision=found.precision,
        process=f"SOF{offset}",
        quantization_tables=tuple(found.tables[i] for i in ids),
        quantization_table_ids=ids,
        huffman_tables=tuple(found.huffman),
        components=found.components,
        subsampling=_subsampling(found.components),
        progressive=offset in (2, 6, 10, 14),
        arithmetic=offset >= 9,
        restart_interval=found.restart_interval,
        has_jfif="JFIF" in identifiers,
        has_adobe="Adobe" in identifiers,
        adobe_transform=found.adobe_transform,
        comments=tuple(found.comments),
        thumbnail=exif.thumbnail,
        trailing_bytes=0 if found.end is None else len(data) - found.end,
        trailing="" if found.end is None else name_trailing(data, found.end),
        truncated=found.end is None,
        n_scans=found.n_scans,
        entropy_bytes=found.entropy_bytes,
    )
