"""Find the pictures under a folder, in an order that is always the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from whichcam._typing import PathLike
from whichcam.datasets._files import SkippedFile
from whichcam.errors import DatasetNotFoundError

SUFFIXES: Final = frozenset(
    (
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".tif", ".tiff", ".webp"),
        *(".heic", ".heif", ".hif", ".avif"),
        *(".dng", ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".orf", ".rw2", ".raf"),
        *(".pef", ".srw"),
    )
)


def find_pictures(root: PathLike) -> tuple[list[Path], list[SkippedFile]]:
    """Return the relative paths of all pictures under a folder, sorted.

    A file is taken for a picture by its suffix; what begins with a dot and folders
    named ``__MACOSX`` are passed over. Linked folders are followed, each real folder
    once, so that loops end.

    Parameters
    ----------
    root : path-like
        The folder.

    Returns
    -------
    pictures : list of Path
        Relative to ``root``.
    skipped : list of SkippedFile
        Folders that cannot be read, and pictures that are no regular files or whose
        names are not UTF-8.

    Raises
    ------
    DatasetNotFoundError
        If there is no such folder, or no picture in it.
    """
    pictures: list[Path] = []
    skipped: list[SkippedFile] = []
    for found in walk_pictures(root):
        if isinstance(found, SkippedFile):
            skipped.append(found)
        else:
            pictures.append(found)
    if not pictures and not skipped:
        raise DatasetNotFoundError(
            f"no pictures under {root}; expected files such as .jpg, .png or .tif"
        )
    return sorted(pictures), sorted(skipped, key=lambda item: item.path)


def walk_pictures(root: PathLike) -> Iterator[Path | SkippedFile]:
    """Yield what `find_pictures` finds, folder by folder as it is met.

    Of one folder at a time the names are in memory. The order is always the same.

    Raises
    ------
    DatasetNotFoundError
        If there is no such folder.
    """
    folder = Path(root)
    if not folder.is_dir():
        raise DatasetNotFoundError(f"no folder {folder}; expected one with pictures")
    visited: set[tuple[int, int]] = set()
    waiting = [Path()]
    while waiting:
        inside = waiting.pop()
        try:
            entries = _entries(folder / inside, visited)
        except OSError as error:
            yield _skip(inside, f"folder cannot be read ({error.strerror})")
            continue
        for entry in entries:
            path = inside / entry.name
            if entry.name.startswith(".") or entry.name == "__MACOSX":
                continue
            if entry.is_dir():
                waiting.append(path)
            elif path.suffix.lower() in SUFFIXES:
                reason = _unusable(entry, path)
                yield _skip(path, reason) if reason else path


def _entries(folder: Path, visited: set[tuple[int, int]]) -> list[os.DirEntry[str]]:
    status = folder.stat()
    key = (status.st_dev, status.st_ino)
    if key in visited:
        return []
    visited.add(key)
    with os.scandir(folder) as found:
        return sorted(found, key=lambda entry: entry.name)


def _unusable(entry: os.DirEntry[str], path: Path) -> str:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return "its name or folder is not UTF-8; rename it"
    if not entry.is_file():
        return "not a regular file, or a link to nothing"
    return ""


def _skip(path: Path, reason: str) -> SkippedFile:
    readable = path.as_posix().encode("utf-8", "backslashreplace").decode()
    return SkippedFile(path=readable, reason=reason)
