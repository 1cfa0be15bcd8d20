"""The pictures that a folder, a manifest or a list stands for, here or elsewhere."""

from __future__ import annotations

import io
import posixpath
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from whichcam.datasets import Manifest
from whichcam.datasets._files import SkippedFile
from whichcam.datasets._walk import SUFFIXES, walk_pictures
from whichcam.errors import (
    DatasetNotFoundError,
    InputError,
    ManifestError,
    MissingDependencyError,
    PhotoNotFoundError,
)
from whichcam.media import Limits, Photo, open_photo
from whichcam.media._source import read_source

MANIFESTS: Final = (".csv", ".parquet")
LISTS: Final = (".txt", ".lst")
_TABLES: Final = "a manifest (.csv, .parquet) or a list (.txt, .lst)"
_LONGEST_LINE: Final = 4096  # characters of a path or address
_LARGEST_MANIFEST: Final = 1 << 30  # bytes, of one that is fetched
_BLOCK: Final = 1 << 20
_LIMITS: Final = Limits()


class Entry(NamedTuple):
    """One picture of a source, and what is known to be wrong with it, if anything."""

    path: str
    problem: str = ""


def is_address(text: str) -> bool:
    """Say whether a text is an address for fsspec, such as ``s3://bucket/folder``."""
    return "://" in text


def entries_of(source: str) -> Iterator[Entry]:
    """Yield the pictures of a source, in an order that is always the same.

    Parameters
    ----------
    source : str
        A folder, which is walked whole; a manifest (``.csv``, ``.parquet``); a list
        (``.txt``, ``.lst``: one path or address a line, relative ones from the list's
        own folder; the same picture may stand there more than once). A local path or
        an address for fsspec.

    Raises
    ------
    DatasetNotFoundError
        If there is no such source.
    ManifestError, InputError
        If a manifest or a list cannot be read.
    MissingDependencyError
        If an address needs a package that is not installed.
    """
    kind = posixpath.splitext(source.lower())[1]
    if is_address(source):
        if kind in LISTS:
            return _of_remote_list(source)
        return _of_remote_manifest(source) if kind in MANIFESTS else _of_address(source)
    path = Path(source)
    if path.is_dir():
        return _of_folder(path)
    if not path.is_file():
        raise DatasetNotFoundError(
            f"there is no {source}; expected a folder, {_TABLES}"
        )
    if kind in MANIFESTS:
        return (Entry(str(p)) for p in Manifest.read(path).paths)
    if kind in LISTS:
        return _of_list(path)
    raise InputError(
        f"{source}: expected a folder, {_TABLES}; a single picture is for "
        "`whichcam identify`"
    )


def _of_folder(folder: Path) -> Iterator[Entry]:
    for found in walk_pictures(folder):
        if isinstance(found, SkippedFile):
            yield Entry(str(folder / found.path), found.reason)
        else:
            yield Entry(str(folder / found))


def _of_list(path: Path) -> Iterator[Entry]:
    with path.open("rb") as stream:
        for line in _lines(stream, str(path)):
            yield Entry(line if is_address(line) else str(path.parent / line))


def _of_remote_list(source: str) -> Iterator[Entry]:
    system, inside = file_system(source)
    try:
        with system.open(inside, "rb") as stream:
            for line in _lines(stream, source):
                yield _beside(source, line)
    except FileNotFoundError as error:
        raise DatasetNotFoundError(f"there is no list {source}") from error


def _of_remote_manifest(source: str) -> Iterator[Entry]:
    system, inside = file_system(source)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / posixpath.basename(source)
        try:
            with system.open(inside, "rb") as stream, copy.open("wb") as file:
                _copy(stream, file, source)
        except FileNotFoundError as error:
            raise DatasetNotFoundError(f"there is no manifest {source}") from error
        column = Manifest.read(copy).column("path")
    for path in column:
        yield _beside(source, str(path))


def _of_address(source: str) -> Iterator[Entry]:
    system, inside = file_system(source)
    if not system.isdir(inside):
        raise DatasetNotFoundError(
            f"there is no folder {source}; expected one with pictures"
        )
    scheme = source.partition("://")[0]
    for folder, inner, names in system.walk(inside):
        # Sorted in place: the walk goes on in this order, and not into hidden ones.
        if isinstance(inner, list):
            inner[:] = sorted(name for name in inner if not _is_hidden(name))
        if any(map(_is_hidden, folder.removeprefix(inside).split("/"))):
            continue
        for name in sorted(names):
            if not _is_hidden(name) and posixpath.splitext(name)[1].lower() in SUFFIXES:
                yield Entry(f"{scheme}://{folder.rstrip('/')}/{name}")


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _lines(stream: Any, source: str) -> Iterator[str]:
    # Remote files have no readline that is bounded.
    with io.BufferedReader(stream) as lines:
        yield from _lines_of(lines, source)


def _lines_of(lines: io.BufferedReader, source: str) -> Iterator[str]:
    number = 0
    while raw := lines.readline(_LONGEST_LINE + 1):
        number += 1
        if len(raw) > _LONGEST_LINE:
            raise InputError(
                f"{source}: line {number} is longer than {_LONGEST_LINE} bytes; "
                "expected one path or address a line"
            )
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{source}: line {number} is not UTF-8; save the list as UTF-8"
            ) from error
        if "\0" in line:
            raise InputError(f"{source}: line {number} holds a zero byte; no path does")
        if line.strip():
            yield line


def _beside(source: str, path: str) -> Entry:
    """Return an entry of a remote table: relative, or of the same kind of address.

    Whoever can write to a bucket shall not make this machine open its own files.
    """
    scheme = source.partition("://")[0]
    if is_address(path):
        if path.partition("://")[0] != scheme:
            return Entry(path, f"a table at {scheme}:// may name such addresses only")
        return Entry(path)
    if path.startswith("/") or ".." in path.split("/"):
        return Entry(path, f"a table at {scheme}:// names no paths of this machine")
    return Entry(f"{posixpath.dirname(source)}/{path}")


def _copy(stream: BinaryIO, file: BinaryIO, source: str) -> None:
    n_bytes = 0
    while block := stream.read(_BLOCK):
        n_bytes += len(block)
        if n_bytes > _LARGEST_MANIFEST:
            raise ManifestError(
                f"{source}: more than {_LARGEST_MANIFEST} bytes; use a list (.txt), "
                "which is read line by line"
            )
        file.write(block)


def file_system(address: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it.

    Raises
    ------
    InputError
        If the address is chained or of no known kind.
    MissingDependencyError
        If its package is not installed.
    """
    if "::" in address:
        raise InputError(f"{address}: chained addresses (::) are not opened")
    scheme = address.partition("://")[0]
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingDependencyError(
            "fsspec", extra="scale", purpose=f"an address of {scheme}://"
        ) from error
    try:
        system, inside = url_to_fs(address)
    except ImportError as error:
        raise MissingDependencyError(
            f"the fsspec package for {scheme}", extra="scale", purpose=f"{scheme}://"
        ) from error
    except ValueError as error:
        raise InputError(f"{address}: {error}") from error
    return system, str(inside)


class NamedFile(io.BytesIO):
    """The bytes of a picture, with its file's name."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def read_entry(path: str) -> NamedFile:
    """Read the file at a path or an address, within the usual limits.

    Raises
    ------
    PhotoNotFoundError, InputError
        If it cannot be read, or is too large.
    """
    if not is_address(path):
        name, data = read_source(path, _LIMITS)
        return NamedFile(data, name)
    system, inside = file_system(path)
    try:
        stream = system.open(inside, "rb")
    except FileNotFoundError as error:
        raise PhotoNotFoundError(f"{path}: there is no such file") from error
    except OSError as error:
        raise PhotoNotFoundError(f"{path}: cannot be read: {error}") from error
    with stream:
        return NamedFile(read_source(stream, _LIMITS)[1], posixpath.basename(path))


def open_entry(path: str, *, allow_truncated: bool = False) -> Photo:
    """Read and decode the picture at a path or an address.

    Raises
    ------
    PhotoNotFoundError, InputError
        If it cannot be used; see `whichcam.media.open_photo`.
    """
    source = read_entry(path) if is_address(path) else path
    return open_photo(source, allow_truncated=allow_truncated)
