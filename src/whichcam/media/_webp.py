"""Read the chunks of a WebP file (RFC 9649) without decoding it."""

from __future__ import annotations

from dataclasses import dataclass

from whichcam.errors import ImageDecodeError
from whichcam.media._exif import NO_EXIF, ExifReading, read_exif
from whichcam.media._xmp import read_xmp

MAX_CHUNKS = 50_000


@dataclass(slots=True)
class WebpHeader:
    """What the chunks say."""

    width: int
    height: int
    animated: bool
    complete: bool
    exif: ExifReading


def parse_webp(name: str, data: bytes) -> WebpHeader:
    """Return the header; `complete` is false where the file is cut off.

    Raises
    ------
    ImageDecodeError
        If the first chunk does not give a size, or there are absurdly many chunks.
    """
    width, height, animated = _size(name, data)
    declared = 8 + int.from_bytes(data[4:8], "little")
    exif_span: tuple[int, int] | None = None
    texts: dict[str, str] = {}
    position, stop = 12, min(declared, len(data))
    n_chunks = 0
    while position + 8 <= stop:
        n_chunks += 1
        if n_chunks > MAX_CHUNKS:
            raise ImageDecodeError(f"{name}: more than {MAX_CHUNKS} WebP chunks")
        kind = data[position : position + 4]
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        body, end = position + 8, position + 8 + length
        if end <= stop and kind == b"EXIF" and exif_span is None:
            # Some writers keep JPEG's "Exif" header in front.
            skip = 6 if data.startswith(b"Exif\0\0", body) else 0
            exif_span = (body + skip, end)
        elif end <= stop and kind == b"XMP " and not texts:
            texts = read_xmp(data[body : min(end, body + (1 << 16))])
        position = end + (length & 1)
    exif = NO_EXIF
    if exif_span or texts:
        start, end = exif_span or (0, 0)
        exif = read_exif(data, start, end, texts)
    return WebpHeader(width, height, animated, declared <= len(data), exif)


def _size(name: str, data: bytes) -> tuple[int, int, bool]:
    kind = data[12:16]
    if len(data) >= 30:
        if kind == b"VP8X":
            width = 1 + int.from_bytes(data[24:27], "little")
            height = 1 + int.from_bytes(data[27:30], "little")
            return width, height, bool(data[20] & 0x02)
        if kind == b"VP8L" and data[20] == 0x2F:
            bits = int.from_bytes(data[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), False
        if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
            width = int.from_bytes(data[26:28], "little") & 0x3FFF
            height = int.from_bytes(data[28:30], "little") & 0x3FFF
            if width and height:
                return width, height, False
    raise ImageDecodeError(f"{name}: the WebP header is damaged or cut off")
