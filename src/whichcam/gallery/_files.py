"""Files that are whole on the disk before anything refers to them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

BLOCK_BYTES: Final = 1 << 20


def write_new(path: Path, blocks: Iterable[bytes]) -> str:
    """Write a file that must not exist yet, and return its SHA-256.

    On return its bytes are on the disk. Call `sync_folder` for its name to be there.
    """
    digest = hashlib.sha256()
    with path.open("xb") as stream:
        for block in blocks:
            stream.write(block)
            digest.update(block)
        to_disk(stream)
    return digest.hexdigest()


def to_disk(stream: IO[bytes]) -> None:
    """Return when what was written lies on the disk and not in some cache."""
    stream.flush()
    os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Return when the names of the files in a folder are on the disk."""
    if os.name == "nt":  # folders cannot be opened there; NTFS journals names itself
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make a folder and see its name to the disk."""
    if not folder.is_dir():
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def blocks_of(stream: IO[bytes], n_bytes: int) -> Iterator[bytes]:
    """Yield up to ``n_bytes`` of an open file, a block at a time."""
    while n_bytes > 0:
        block = stream.read(min(BLOCK_BYTES, n_bytes))
        if not block:
            return
        n_bytes -= len(block)
        yield block


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, reading a block at a time."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to that takes the place of another when all went well."""
    part = path.with_name(f".{path.name[:100]}.{os.getpid()}.part")
    try:
        yield part
        with part.open("r+b") as stream:
            to_disk(stream)
        part.replace(path)
        sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)
