"""How a folder of pictures is laid out, and the manifest that gives."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from whichcam import datasets
from whichcam.errors import DatasetNotFoundError, WhichcamError

if TYPE_CHECKING:
    from whichcam.cli._console import Report

_SAMPLE: Final = 20  # headers read to find out whether pictures name their cameras


class Layout(StrEnum):
    """Ways in which pictures can say what camera took them."""

    auto = "auto"
    folders = "folders"
    kaggle = "kaggle"
    exif = "exif"
    csv = "csv"


def detect_layout(source: Path) -> tuple[Layout, str]:
    """Return the layout of a folder or table, and the reason in words."""
    from whichcam.cli._inputs import MANIFEST_SUFFIXES

    if source.is_file() and source.suffix.lower() in MANIFEST_SUFFIXES:
        return Layout.csv, "it is a table"
    if not source.is_dir():
        raise DatasetNotFoundError(
            f"no folder {source}; expected one with pictures, or a .csv or .parquet "
            "file that lists them"
        )
    inside, _ = datasets.find_pictures(source)
    # More than one folder below train/, or test pictures by the Cup's own pattern.
    if any(
        (path.parts[0] == "train" and len(path.parts) == 3)
        or (path.parts[0] == "test" and path.stem.endswith(("_unalt", "_manip")))
        for path in inside
    ):
        return Layout.kaggle, "it has the SP Cup's folders train/<model> or test"
    step = max(1, len(inside) // _SAMPLE)
    sample = inside[::step][:_SAMPLE]
    named = sum(_names_camera(source / path) for path in sample)
    share = f"{named} of {len(sample)} pictures looked at name their camera in EXIF"
    if 2 * named >= len(sample):
        return Layout.exif, share
    return Layout.folders, f"only {share}, so folders are taken for cameras"


def _names_camera(path: Path) -> bool:
    from whichcam.media import read_header

    try:
        exif = read_header(path).exif
        datasets.canonical_camera(exif.make, exif.model)
    except (WhichcamError, OSError):
        return False
    return True


def make_manifest(
    source: Path,
    layout: Layout,
    report: Report,
    workers: int,
    journal: Path | None = None,
) -> datasets.Manifest:
    """Return the manifest of a folder or table whose layout is known."""
    indexers: dict[Layout, Callable[..., datasets.Manifest]] = {
        Layout.kaggle: datasets.index_kaggle,
        Layout.exif: datasets.index_exif,
        Layout.csv: datasets.index_csv,
    }
    index = indexers.get(layout, datasets.index_folders)
    return index(source, progress=report, workers=workers, journal=journal)
