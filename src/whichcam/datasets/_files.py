"""Where pictures lie: paths as written, as opened, and whether files are there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_HASH_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedFile:
    """A file that a builder could not take, and why."""

    path: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Return the fields, ready for JSON."""
        return {"path": self.path, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProblem:
    """A row of a manifest whose file is not as the row says."""

    row: int
    path: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return {"row": self.row, "path": self.path, "reason": self.reason}


def absolute(path: Path, resolve: Callable[[Path], str]) -> Path:
    """Return a path without ``..``, folders that need it looked up by ``resolve``."""
    # ".." after a linked folder means the link's target to the system, so it cannot
    # be folded away in the text alone.
    if ".." not in path.parts:
        return path
    return Path(resolve(path.parent)) / path.name


def relative(path: Path, folder: Path) -> str:
    """Return a path relative to a folder, with forward slashes."""
    if path.is_relative_to(folder):
        return path.relative_to(folder).as_posix()
    real_folder = os.path.realpath(folder)
    try:
        parent = os.path.relpath(os.path.realpath(path.parent), real_folder)
    except ValueError:  # another drive
        return path.as_posix()
    return (Path(parent) / path.name).as_posix()


def below_common_folder(paths: Sequence[Path]) -> list[str]:
    """Return paths relative to the deepest folder that holds them all."""
    if not paths:
        return []
    try:
        common = os.path.commonpath({path.parent for path in paths})
    except ValueError:  # several drives
        return [path.as_posix() for path in paths]
    return [path.relative_to(common).as_posix() for path in paths]


def file_problem(path: Path, digest: str) -> str:
    """Say what is wrong with a file, or return an empty text."""
    if not path.exists():
        return "missing"
    if not path.is_file():
        return "not a regular file"
    if not digest:
        return ""
    found = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_HASH_BLOCK):
                found.update(block)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if found.hexdigest() != digest:
        return f"changed: SHA-256 {found.hexdigest()}, the manifest says {digest}"
    return ""


def file_problems(
    paths: Sequence[Path], digests: Sequence[str]
) -> tuple[FileProblem, ...]:
    """Return what is wrong with files, row by row; blank digests are not compared."""
    problems = []
    for row, (path, digest) in enumerate(zip(paths, digests, strict=True)):
        reason = file_problem(path, digest)
        if reason:
            problems.append(FileProblem(row=row, path=str(path), reason=reason))
    return tuple(problems)
