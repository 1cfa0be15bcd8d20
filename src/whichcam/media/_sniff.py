"""Which format the bytes are in: by their content, never by the file's name."""

from __future__ import annotations

from whichcam.errors import UnsupportedFormatError

_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"}
)
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_RAW_STARTS = (
    b"FUJIFILMCCD-RAW",
    b"IIRO",  # Olympus ORF, in its three forms
    b"IIRS",
    b"MMOR",
    b"IIU\0",  # Panasonic RW2
    b"FOVb",  # Sigma X3F
    b"\0MRM",  # Minolta MRW
)
_REFUSED = (
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"8BPS", "Photoshop PSD"),
    (b"\x1a\x45\xdf\xa3", "Matroska or WebM video"),
)


def sniff_format(name: str, data: bytes) -> str:
    """Return the name of the format, as `PhotoHeader.format` spells it.

    ``"TIFF"`` is said of every TIFF container; whether it holds a RAW picture is seen
    once its directories are read.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(_TIFF_STARTS):
        return "TIFF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith(_RAW_STARTS):
        return "RAW"
    if data[4:8] == b"ftyp":
        found = _sniff_boxes(data)
        if found:
            return found
    raise UnsupportedFormatError(
        f"{name}: {_what_it_looks_like(data)}; expected JPEG, PNG, TIFF, WebP, HEIC, "
        "AVIF or a camera's RAW format"
    )


def _sniff_boxes(data: bytes) -> str | None:
    end = min(int.from_bytes(data[:4], "big"), len(data), 4096)
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))}
    if b"crx " in brands:
        return "RAW"
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIC" if brands & _HEIF_BRANDS else None


def _what_it_looks_like(data: bytes) -> str:
    for start, kind in _REFUSED:
        if data.startswith(start):
            return f"this looks like {kind}, which is not supported"
    if data[4:8] == b"ftyp":
        return "this looks like a video (MP4 or QuickTime), which is not supported"
    head = data[:512]
    if all(byte in b"\t\n\r\f" or 32 <= byte < 127 for byte in head):
        return "this is a text file, not a picture"
    shown = head[:8].hex(" ")
    return f"this is not a picture of a known format (it begins with {shown})"
