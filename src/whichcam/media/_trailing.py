"""What stands after the end of a JPEG picture, by its first and last bytes."""

from __future__ import annotations

_LOOKED_AT = 1 << 16

_STARTS = (
    (b"\xff\xd8\xff", "JPEG picture"),
    (b"\x89PNG\r\n\x1a\n", "PNG picture"),
    (b"PK\x03\x04", "ZIP archive"),
    (b"Rar!\x1a\x07", "RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
    (b"%PDF-", "PDF document"),
    (b"MZ", "Windows program"),
    (b"\x7fELF", "Linux program"),
    (b"CANON OPTIONAL DATA", "Canon edit data"),
    (b"MotionPhoto_Data", "video"),
)


def name_trailing(data: bytes, start: int) -> str:
    """Return what follows the picture: "padding", "video", "JPEG picture" and so on.

    "data" is what has no name here; empty if nothing follows. Only the first 64 KiB
    are looked at.
    """
    head = data[start : start + _LOOKED_AT]
    if not head:
        return ""
    if len(set(head)) == 1:
        return "padding"
    rest = head.lstrip(b"\0\xff")
    lead = len(head) - len(rest)
    # A padding of 0xFF runs into the mark of a JPEG.
    for place in (lead, max(0, lead - 1)):
        for begin, name in _STARTS:
            if head.startswith(begin, place):
                return name
    if rest[3:7] == b"ftyp" or head[4:8] == b"ftyp":
        return "video"
    if data.endswith(b"SEFT"):  # Samsung: records first, their directory last
        return "Samsung data"
    text = rest[:512].lstrip().lower()
    if text.startswith((b"<?php", b"<script", b"<html", b"<!doctype", b"#!")):
        return "script or web page"
    return "data"
