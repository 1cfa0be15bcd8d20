"""The few XMP properties that say who wrote the file."""

from __future__ import annotations

import re

from whichcam.media._text import clean_bytes

XMP_HEADER = b"http://ns.adobe.com/xap/1.0/\0"

_MAX_XMP_BYTES = 1 << 16
# XML is not parsed: a packet can be hostile, and few names are wanted.
# A property is an attribute or an element; every repetition is bounded.
_PROPERTY = re.compile(
    rb"(?:xmp|tiff|photoshop|stEvt|xmpMM|Iptc4xmpExt|exifEX|GCamera|dcterms):"
    rb"(CreatorTool|ModifyDate|CreateDate|softwareAgent|DigitalSourceType"
    rb"|Make|Model|BodySerialNumber|OriginalDocumentID|DocumentID"
    rb"|MotionPhoto|MicroVideo|provenance)"
    rb"(?:\s{0,8}=\s{0,8}[\"']|>)([^\"'<>]{1,1024})"
)


def read_xmp(packet: bytes) -> dict[str, str]:
    """Return tags such as ``"XMP CreatorTool"``; of a property set twice, the last."""
    found = _PROPERTY.findall(packet[:_MAX_XMP_BYTES])
    return {f"XMP {name.decode()}": clean_bytes(value) for name, value in found}
