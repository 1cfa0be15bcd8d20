"""Read the chunks of a PNG file (ISO/IEC 15948) without decoding it."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

from whichcam.errors import ImageDecodeError
from whichcam.media._exif import NO_EXIF, ExifReading, read_exif
from whichcam.media._text import clean_bytes, clean_text
from whichcam.media._xmp import read_xmp

MAX_CHUNKS = 200_000
_MAX_TEXTS = 64
_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT"})


@dataclass(slots=True)
class PngHeader:
    """What the chunks say."""

    width: int = 0
    height: int = 0
    bits: int = 0
    animated: bool = False
    complete: bool = False
    damaged: str = ""
    exif: ExifReading = NO_EXIF
    texts: dict[str, str] = field(default_factory=dict)
    trailing_bytes: int = 0


def parse_png(name: str, data: bytes) -> PngHeader:
    """Return the header; `complete` is false where the file is cut off.

    Raises
    ------
    ImageDecodeError
        If the first chunk is no valid IHDR, or there are absurdly many chunks.
    """
    if data[12:16] != b"IHDR" or len(data) < 33 or data[8:12] != b"\0\0\0\x0d":
        raise ImageDecodeError(f"{name}: the PNG header (IHDR) is damaged or cut off")
    found = PngHeader()
    found.width, found.height, found.bits = struct.unpack_from(">IIB", data, 16)
    if not found.width or not found.height:
        raise ImageDecodeError(
            f"{name}: the PNG header declares {found.width} x {found.height} pixels"
        )
    position, n_chunks = 8, 0
    exif_span: tuple[int, int] | None = None
    while position + 12 <= len(data):
        n_chunks += 1
        if n_chunks > MAX_CHUNKS:
            raise ImageDecodeError(f"{name}: more than {MAX_CHUNKS} PNG chunks")
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        body, end = position + 8, position + 8 + length
        if end + 4 > len(data):
            break
        if kind in _CRITICAL and not found.damaged and not _sound(data, body, end):
            found.damaged = f"the checksum of {kind.decode()} is wrong"
        if kind == b"eXIf" and exif_span is None:
            exif_span = (body, end)
        elif kind == b"acTL":
            found.animated = True
        elif kind in (b"tEXt", b"iTXt") and len(found.texts) < _MAX_TEXTS:
            _read_text(data[body : min(end, body + (1 << 16))], kind, found.texts)
        position = end + 4
        if kind == b"IEND":
            found.complete = True
            found.trailing_bytes = len(data) - position
            break
    if exif_span or found.texts:
        start, stop = exif_span or (0, 0)
        found.exif = read_exif(data, start, stop, found.texts)
    return found


def _sound(data: bytes, body: int, end: int) -> bool:
    view = memoryview(data)
    return zlib.crc32(view[body - 4 : end]) == int.from_bytes(
        data[end : end + 4], "big"
    )


def _read_text(body: bytes, kind: bytes, texts: dict[str, str]) -> None:
    keyword, _, rest = body.partition(b"\0")
    if kind == b"iTXt":
        if rest[:1] != b"\0":
            return  # compressed: not worth a decompressor's risk
        rest = rest[2:].split(b"\0", 2)[-1]
        if keyword == b"XML:com.adobe.xmp":
            texts.update(read_xmp(rest))
            return
        texts[f"PNG {clean_bytes(keyword, limit=79)}"] = clean_bytes(rest)
        return
    text = clean_text(rest[:1024].decode("latin-1"))
    texts[f"PNG {clean_bytes(keyword, limit=79)}"] = text
