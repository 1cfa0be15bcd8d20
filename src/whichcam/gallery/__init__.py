"""Enrolled cameras in one folder: SQLite for what is known of them, arrays as files.

A gallery stores patterns, their sign bits and what is said of them; how a pattern is
made and compared is not its business.
"""

from __future__ import annotations

from whichcam.gallery._gallery import Gallery
from whichcam.gallery._place import default_gallery_dir
from whichcam.gallery._records import (
    EnrolledCamera,
    GalleryCheck,
    GalleryProblem,
    StoredFingerprint,
)
from whichcam.gallery._select import SignShape
from whichcam.gallery._signs import SignMatrix
from whichcam.gallery._view import GalleryView

__all__ = [
    "EnrolledCamera",
    "Gallery",
    "GalleryCheck",
    "GalleryProblem",
    "GalleryView",
    "SignMatrix",
    "SignShape",
    "StoredFingerprint",
    "default_gallery_dir",
]
