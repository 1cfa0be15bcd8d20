"""Descriptions of files kept while they are made, so that a killed run loses none."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import IO, Final, Self

from whichcam.datasets._description import Description

_FIELDS: Final = {field.name: field.type for field in fields(Description)}
_MAX_LINE: Final = 64 * 1024  # bytes; a description is a few hundred


class Journal:
    """A text file of one description a line, in the order they were made.

    A line is believed as long as its file has the size and the time of change that
    it had. What a kill tore off the last line is not: that file is read again.

    Parameters
    ----------
    place : Path
        The file; continued if it is there.
    root : Path
        Folder that the paths of pictures start from.
    """

    def __init__(self, place: Path, root: Path) -> None:
        self._place = place
        self._root = root
        self._known = _read(place)
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self._file = self._place.open("a", encoding="utf-8")
        if self._file.tell():
            self._file.write("\n")  # ends what a kill may have torn
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def find(self, path: Path) -> Description | None:
        """Return what is known of a file, unless it has changed since."""
        entry = self._known.get(path.as_posix())
        if entry is None or entry[0] != self._stamp(path):
            return None
        return entry[1]

    def keep(self, path: Path, found: Description) -> None:
        """Write a description down; it is there if the next moment is the last."""
        if self._file is None:
            raise RuntimeError("the journal is not open")
        line = {"path": path.as_posix(), "stamp": self._stamp(path), **asdict(found)}
        self._file.write(json.dumps(line, ensure_ascii=True) + "\n")
        self._file.flush()

    def _stamp(self, path: Path) -> tuple[int, int] | None:
        try:
            status = (self._root / path).stat()
        except OSError:
            return None
        return status.st_size, status.st_mtime_ns


def _read(place: Path) -> dict[str, tuple[tuple[int, int], Description]]:
    known: dict[str, tuple[tuple[int, int], Description]] = {}
    if not place.is_file():
        return known
    with place.open("rb") as lines:
        while line := lines.readline(_MAX_LINE):
            entry = _entry(line)
            if entry is not None:
                path, stamp, found = entry
                known[path] = stamp, found
    return known


def _entry(line: bytes) -> tuple[str, tuple[int, int], Description] | None:
    """Return what a line says, None where it was torn or is not ours."""
    try:
        values = json.loads(line)
        path, (size, changed) = values.pop("path"), values.pop("stamp")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    kinds = {name: type(value).__name__ for name, value in values.items()}
    if kinds != _FIELDS or not isinstance(path, str):
        return None
    if type(size) is not int or type(changed) is not int:
        return None
    return path, (size, changed), Description(**values)
