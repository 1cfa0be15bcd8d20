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
from whichcam.media._video import Video, open_video
from whichcam.media._video_limits import VideoLimits
from whichcam.media._video_types import FrameQuality, VideoFrame, VideoHeader

__all__ = [
    "Exif",
    "FrameQuality",
    "HuffmanTable",
    "JpegComponent",
    "JpegSegment",
    "JpegStructure",
    "Limits",
    "Photo",
    "PhotoHeader",
    "Video",
    "VideoFrame",
    "VideoHeader",
    "VideoLimits",
    "open_photo",
    "open_video",
    "read_header",
]
