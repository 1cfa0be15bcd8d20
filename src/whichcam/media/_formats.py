"""One way in for every format: header first, pixels after the limits were checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from whichcam._typing import PixelArray
from whichcam.errors import ImageDecodeError
from whichcam.media._boxes import has_high_bit_depth, is_cut_off, without_turns
from whichcam.media._exif import NO_EXIF, Exif, ExifReading, read_exif
from whichcam.media._jpeg import parse_jpeg
from whichcam.media._jpeg_pixels import check_decodable, decode_jpeg
from whichcam.media._jpeg_types import JpegStructure
from whichcam.media._limits import Limits
from whichcam.media._png import parse_png
from whichcam.media._sniff import sniff_format
from whichcam.media._tiff_file import parse_tiff
from whichcam.media._webp import parse_webp

# Pillow, libheif and LibRaw are imported where they are used: none of them is needed
# for a JPEG.

_CUT_OFF = "its last box declares more bytes"
_FIRST_FRAME = "animated: only the first frame is used"
_SIXTEEN_BIT = "16 bits a sample: reduced to 8 (the high byte of each)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedHeader:
    """What each format's parser gives.

    ``incomplete`` says why the pixels cannot all be there, empty if they may be.
    ``patches`` are bytes to overwrite before a decoder sees the file, as offset and
    replacement: how Pillow is kept from turning a TIFF.
    """

    format: str
    width: int
    height: int
    exif: Exif
    jpeg: JpegStructure | None = None
    notes: tuple[str, ...] = ()
    incomplete: str = ""
    patches: tuple[tuple[int, bytes], ...] = ()


def parse_header(name: str, data: bytes, limits: Limits) -> ParsedHeader:
    """Find out the format and read the header; no pixel is decoded."""
    parsed = _PARSERS[sniff_format(name, data)](name, data)
    limits.check_size(name, parsed.width, parsed.height)
    return parsed


def decode_pixels(
    name: str, data: bytes, parsed: ParsedHeader, *, allow_truncated: bool
) -> tuple[PixelArray, tuple[str, ...]]:
    """Decode `data`, whose header was checked against the limits."""
    if parsed.jpeg is not None:
        return decode_jpeg(name, data, parsed.jpeg, allow_truncated=allow_truncated)
    if parsed.incomplete and not allow_truncated:
        raise ImageDecodeError(
            f"{name}: the {parsed.format} is truncated or damaged: "
            f"{parsed.incomplete}; pass allow_truncated=True to decode as far as it "
            "goes"
        )
    if parsed.format == "HEIC":
        from whichcam.media._heif import decode_heif

        pixels, said = decode_heif(name, data)
    elif parsed.format == "RAW":
        from whichcam.media._raw import decode_raw

        pixels, said = decode_raw(name, data)
    else:
        from whichcam.media._pillow import decode_pillow

        pixels, said = decode_pillow(
            name,
            parsed.format,
            _for_decoder(data, parsed),
            allow_truncated=allow_truncated,
        )
    if parsed.incomplete:
        said = (
            f"the {parsed.format} is truncated or damaged ({parsed.incomplete}): "
            "decoded as far as it goes",
            *said,
        )
    return pixels, said


def _for_decoder(data: bytes, parsed: ParsedHeader) -> bytes:
    if parsed.format == "AVIF":
        return without_turns(data)
    if not parsed.patches:
        return data
    patched = bytearray(data)
    for offset, replacement in parsed.patches:
        patched[offset : offset + len(replacement)] = replacement
    return bytes(patched)


def _exif_notes(reading: ExifReading) -> tuple[str, ...]:
    return tuple(f"damaged EXIF: {complaint}" for complaint in reading.complaints)


def _parse_jpeg(name: str, data: bytes) -> ParsedHeader:
    jpeg, reading, notes = parse_jpeg(name, data)
    check_decodable(name, jpeg)
    return ParsedHeader(
        format="JPEG",
        width=jpeg.width,
        height=jpeg.height,
        exif=reading.exif,
        jpeg=jpeg,
        notes=notes,
    )


def _parse_png(name: str, data: bytes) -> ParsedHeader:
    png = parse_png(name, data)
    notes = _exif_notes(png.exif)
    if png.bits == 16:
        notes += (_SIXTEEN_BIT,)
    if png.animated:
        notes += (_FIRST_FRAME,)
    return ParsedHeader(
        format="PNG",
        width=png.width,
        height=png.height,
        exif=png.exif.exif,
        notes=notes,
        incomplete=png.damaged or ("" if png.complete else "it has no IEND chunk"),
    )


def _parse_webp(name: str, data: bytes) -> ParsedHeader:
    webp = parse_webp(name, data)
    return ParsedHeader(
        format="WEBP",
        width=webp.width,
        height=webp.height,
        exif=webp.exif.exif,
        notes=_exif_notes(webp.exif) + ((_FIRST_FRAME,) if webp.animated else ()),
        incomplete="" if webp.complete else "its header declares more bytes",
    )


def _parse_tiff(name: str, data: bytes) -> ParsedHeader:
    tiff = parse_tiff(name, data)
    notes = _exif_notes(tiff.exif)
    if tiff.is_raw:
        return _raw_header(
            name,
            data,
            tiff.exif.exif,
            notes,
            "sensor data lie beyond its end" if tiff.missing_bytes else "",
        )
    if tiff.bits == 16:
        notes += (_SIXTEEN_BIT,)
    if tiff.n_pages > 1:
        notes += ("more than one page: only the first is used",)
    patches: tuple[tuple[int, bytes], ...] = ()
    if tiff.orientation_at is not None and tiff.exif.exif.orientation != 1:
        offset, size = tiff.orientation_at
        one = (1).to_bytes(size, "little" if data.startswith(b"II") else "big")
        patches = ((offset, one),)
    return ParsedHeader(
        format="TIFF",
        width=tiff.width,
        height=tiff.height,
        exif=tiff.exif.exif,
        notes=notes,
        patches=patches,
    )


def _parse_raw(name: str, data: bytes) -> ParsedHeader:
    # Olympus and Panasonic keep TIFF directories behind a mark of their own.
    is_tiff_like = data.startswith((b"IIRO", b"IIRS", b"MMOR", b"IIU\0"))
    reading = read_exif(data, 0, len(data)) if is_tiff_like else None
    notes = _exif_notes(reading) if reading else ()
    return _raw_header(name, data, reading.exif if reading else Exif(), notes, "")


def _raw_header(
    name: str, data: bytes, exif: Exif, notes: tuple[str, ...], incomplete: str
) -> ParsedHeader:
    from whichcam.media._raw import raw_size

    width, height = raw_size(name, data)
    return ParsedHeader(
        format="RAW",
        width=width,
        height=height,
        exif=exif,
        notes=notes,
        incomplete=incomplete,
    )


def _parse_heic(name: str, data: bytes) -> ParsedHeader:
    from whichcam.media._heif import heif_facts, open_heif

    file = open_heif(name, data)
    facts = heif_facts(file)
    reading = _boxed_exif(facts.exif)
    return ParsedHeader(
        format="HEIC",
        width=facts.width,
        height=facts.height,
        exif=reading.exif,
        notes=_exif_notes(reading) + facts.notes,
        incomplete=_CUT_OFF if is_cut_off(data) else "",
    )


def _parse_avif(name: str, data: bytes) -> ParsedHeader:
    from whichcam.media._pillow import open_plugin

    image = open_plugin(name, "AVIF", without_turns(data))
    raw = image.info.get("exif", b"")
    reading = _boxed_exif(raw)
    notes = _exif_notes(reading)
    if has_high_bit_depth(data):
        notes += ("10 or 12 bits a sample: reduced to 8",)
    if getattr(image, "n_frames", 1) > 1:
        notes += (_FIRST_FRAME,)
    return ParsedHeader(
        format="AVIF",
        width=image.size[0],
        height=image.size[1],
        exif=reading.exif,
        notes=notes,
        incomplete=_CUT_OFF if is_cut_off(data) else "",
    )


def _boxed_exif(raw: bytes) -> ExifReading:
    """Read EXIF as HEIF's libraries give it, with or without JPEG's header."""
    if not raw:
        return NO_EXIF
    return read_exif(raw, 6 if raw.startswith(b"Exif\0\0") else 0, len(raw))


_PARSERS: dict[str, Callable[[str, bytes], ParsedHeader]] = {
    "JPEG": _parse_jpeg,
    "PNG": _parse_png,
    "WEBP": _parse_webp,
    "TIFF": _parse_tiff,
    "HEIC": _parse_heic,
    "AVIF": _parse_avif,
    "RAW": _parse_raw,
}
