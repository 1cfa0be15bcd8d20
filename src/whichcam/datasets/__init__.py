"""Manifests of pictures, how to build, screen and split them.

A dataset is a table (:class:`Manifest`): which picture, which camera model, which
device, which session. Pictures stay where they are. Modules load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichcam.datasets._builders import index_csv, index_folders, index_kaggle
    from whichcam.datasets._describe import describe_files
    from whichcam.datasets._files import FileProblem, SkippedFile
    from whichcam.datasets._frame_sizes import (
        FrameSize,
        frame_sizes,
        listed_frame_sizes,
    )
    from whichcam.datasets._index_exif import index_exif
    from whichcam.datasets._labels import CameraName, canonical_camera
    from whichcam.datasets._leakage import check_split
    from whichcam.datasets._manifest import Manifest
    from whichcam.datasets._near_duplicates import near_duplicates
    from whichcam.datasets._perceptual_hash import perceptual_hash
    from whichcam.datasets._screen_rules import ScreeningReason
    from whichcam.datasets._screening import Screening, screen, screen_manifest
    from whichcam.datasets._splices import (
        SPLICE_SAVINGS,
        make_splices,
        read_splice_truth,
    )
    from whichcam.datasets._splits import (
        GroupedKFold,
        Holdout,
        LeaveDeviceOut,
        LeaveSessionOut,
    )
    from whichcam.datasets._walk import find_pictures

_WHERE = {
    "CameraName": "_labels",
    "FileProblem": "_files",
    "FrameSize": "_frame_sizes",
    "GroupedKFold": "_splits",
    "Holdout": "_splits",
    "LeaveDeviceOut": "_splits",
    "LeaveSessionOut": "_splits",
    "Manifest": "_manifest",
    "SPLICE_SAVINGS": "_splices",
    "Screening": "_screening",
    "ScreeningReason": "_screen_rules",
    "SkippedFile": "_files",
    "canonical_camera": "_labels",
    "check_split": "_leakage",
    "describe_files": "_describe",
    "find_pictures": "_walk",
    "frame_sizes": "_frame_sizes",
    "listed_frame_sizes": "_frame_sizes",
    "index_csv": "_builders",
    "index_exif": "_index_exif",
    "index_folders": "_builders",
    "index_kaggle": "_builders",
    "make_splices": "_splices",
    "near_duplicates": "_near_duplicates",
    "perceptual_hash": "_perceptual_hash",
    "read_splice_truth": "_splices",
    "screen": "_screening",
    "screen_manifest": "_screening",
}

__all__ = [
    "SPLICE_SAVINGS",
    "CameraName",
    "FileProblem",
    "FrameSize",
    "GroupedKFold",
    "Holdout",
    "LeaveDeviceOut",
    "LeaveSessionOut",
    "Manifest",
    "Screening",
    "ScreeningReason",
    "SkippedFile",
    "canonical_camera",
    "check_split",
    "describe_files",
    "find_pictures",
    "frame_sizes",
    "index_csv",
    "index_exif",
    "index_folders",
    "index_kaggle",
    "listed_frame_sizes",
    "make_splices",
    "near_duplicates",
    "perceptual_hash",
    "read_splice_truth",
    "screen",
    "screen_manifest",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
