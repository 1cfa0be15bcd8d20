"""Bytes to `Photo`: pixels as the sensor lay, EXIF, and the structure of a JPEG.

Every file is taken to be hostile. What cannot be used raises one clear error of
`whichcam.errors`; what had to be changed or left out stands in ``Photo.warnings``.
"""

from __future__ import annotations

from whichcam.media._exif import Exif
from whichcam.media._jpeg_types import (
    HuffmanTable,
    JpegComponent,
    JpegSegment,
    JpegStructure,
)
from whichcam.media._limits import Limits
from whichcam.media._photo import Photo, PhotoHeader, open_photo, read_header

__all__ = [
    "Exif",
    "HuffmanTable",
    "JpegComponent",
    "JpegSegment",
    "JpegStructure",
    "Limits",
    "Photo",
    "PhotoHeader",
    "open_photo",
    "read_header",
]
