"""Which camera took this picture, and how sure are we.

The verbs of the command line are functions here. They are imported when first used,
so that ``import whichcam`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from whichcam.datasets import Manifest
    from whichcam.evaluation import evaluate
    from whichcam.gallery import Gallery
    from whichcam.localize import Localization
    from whichcam.media import Photo, open_photo
    from whichcam.models import CameraModel
    from whichcam.pipelines import (
        Comparison,
        Enrollment,
        Examination,
        GallerySearch,
        Identification,
        PhotoClusters,
        Verification,
        cluster,
        compare,
        enroll,
        examine,
        identify,
        identify_many,
        search,
        verify,
        verify_many,
    )
    from whichcam.scan import scan_photos
    from whichcam.training import train

_WHERE = {
    "CameraModel": "models",
    "Comparison": "pipelines",
    "Enrollment": "pipelines",
    "Examination": "pipelines",
    "Gallery": "gallery",
    "GallerySearch": "pipelines",
    "Identification": "pipelines",
    "Localization": "localize",
    "Manifest": "datasets",
    "Photo": "media",
    "PhotoClusters": "pipelines",
    "Verification": "pipelines",
    "cluster": "pipelines",
    "compare": "pipelines",
    "enroll": "pipelines",
    "evaluate": "evaluation",
    "examine": "pipelines",
    "identify": "pipelines",
    "identify_many": "pipelines",
    "open_photo": "media",
    "scan_photos": "scan",
    "search": "pipelines",
    "train": "training",
    "verify": "pipelines",
    "verify_many": "pipelines",
}

__all__ = [
    "CameraModel",
    "Comparison",
    "Enrollment",
    "Examination",
    "Gallery",
    "GallerySearch",
    "Identification",
    "Localization",
    "Manifest",
    "Photo",
    "PhotoClusters",
    "Verification",
    "__version__",
    "cluster",
    "compare",
    "enroll",
    "evaluate",
    "examine",
    "identify",
    "identify_many",
    "open_photo",
    "scan_photos",
    "search",
    "train",
    "verify",
    "verify_many",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
