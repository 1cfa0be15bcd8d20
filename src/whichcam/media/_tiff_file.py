"""TIFF files: size, sample format and EXIF of the first page; RAW told apart."""

from __future__ import annotations

from dataclasses import dataclass

from whichcam.errors import ImageDecodeError
from whichcam.media._exif import ExifReading, read_exif
from whichcam.media._tiff import Directory, TiffReader

_CFA, _LINEAR_RAW = 32803, 34892
# Compressions that only RAW files have: Sony, Samsung, Nikon, Pentax, Kodak.
_RAW_COMPRESSIONS = frozenset({32767, 32769, 32770, 34713, 65535, 65000})


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffHeader:
    """What the first directory says."""

    width: int
    height: int
    bits: int
    n_pages: int  # 2 stands for "two or more"
    orientation_at: tuple[int, int] | None  # offset and size of tag 274's value
    is_raw: bool
    missing_bytes: bool  # RAW data said to lie beyond the end of the file
    exif: ExifReading


def parse_tiff(name: str, data: bytes) -> TiffHeader:
    """Return the header of the first page.

    Raises
    ------
    ImageDecodeError
        If the first directory is missing or declares no size.
    """
    reader = TiffReader(data, 0, len(data))
    first, next_offset = reader.directory(reader.first_offset())
    if not first:
        raise ImageDecodeError(
            f"{name}: the TIFF is truncated or damaged: no directory where the header "
            "says it is"
        )
    second: Directory = reader.directory(next_offset)[0] if next_offset else {}
    inner = [
        reader.directory(offset)[0]
        for offset in reader.integers(first.get(0x014A), limit=8)
    ]
    raw_pages = [page for page in (first, *inner) if _is_raw_page(reader, page)]
    is_raw = bool(raw_pages) or 0xC612 in first or data[8:10] == b"CR"
    sizes = (reader.integer(first.get(tag)) for tag in (0x0100, 0x0101))
    width, height = (size or 0 for size in sizes)
    if not is_raw and (width < 1 or height < 1):
        raise ImageDecodeError(
            f"{name}: the first page of the TIFF declares {width} x {height} pixels"
        )
    orientation = first.get(0x0112)
    return TiffHeader(
        width=width,
        height=height,
        bits=max(reader.integers(first.get(0x0102)), default=1),
        n_pages=2 if second else 1,
        orientation_at=(orientation.offset, orientation.size) if orientation else None,
        is_raw=is_raw,
        missing_bytes=any(_strips_missing(reader, page) for page in raw_pages),
        exif=read_exif(data, 0, len(data)),
    )


def _is_raw_page(reader: TiffReader, page: Directory) -> bool:
    photometric = reader.integer(page.get(0x0106))
    compression = reader.integer(page.get(0x0103))
    return photometric in (_CFA, _LINEAR_RAW) or compression in _RAW_COMPRESSIONS


def _strips_missing(reader: TiffReader, page: Directory) -> bool:
    for at_tag, size_tag in ((0x0111, 0x0117), (0x0144, 0x0145)):
        starts = reader.integers(page.get(at_tag), limit=1 << 16)
        sizes = reader.integers(page.get(size_tag), limit=1 << 16)
        # strict=False: of a damaged file the two lists may differ in length.
        for start, size in zip(starts, sizes, strict=False):
            if start + size > reader.end:
                return True
    return False
