"""What a manifest records of each file: size, hashes, and what EXIF says."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from whichcam.datasets._files import SkippedFile
from whichcam.datasets._manifest import Manifest
from whichcam.datasets._perceptual_hash import hash_of_bytes, perceptual_hash
from whichcam.errors import DatasetError, InputError, WhichcamError
from whichcam.media import PhotoHeader, open_photo, read_header

Progress: TypeAlias = Callable[[int, int], None]

_CHUNK: Final = 8  # files handed to a worker at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What one file says of itself."""

    width: int
    height: int
    n_bytes: int
    sha256: str
    perceptual_hash: str
    make: str
    model: str
    software: str
    serial: str
    owner: str
    taken: str

    def columns(self) -> dict[str, object]:
        """Return what a manifest records whatever the builder."""
        return {
            "width": self.width,
            "height": self.height,
            "n_bytes": self.n_bytes,
            "sha256": self.sha256,
            "perceptual_hash": self.perceptual_hash,
            "taken": self.taken,
        }


def describe_paths(
    root: Path,
    paths: Sequence[Path],
    *,
    progress: Progress | None = None,
    workers: int = 1,
) -> Iterator[Description | SkippedFile]:
    """Yield a description of each file in turn, or why there is none.

    Raises
    ------
    InputError
        If ``workers`` is less than 1.
    DatasetError
        If a worker process dies.
    """
    if workers < 1:
        raise InputError(f"workers is {workers}, expected 1 or more")
    tasks = [(str(root), path.as_posix()) for path in paths]
    for done, result in enumerate(_results(tasks, workers), start=1):
        yield result
        if progress is not None:
            progress(done, len(tasks))


def describe_files(
    manifest: Manifest, *, progress: Progress | None = None, workers: int = 1
) -> Manifest:
    """Fill in size, SHA-256, perceptual hash and date of every file of a manifest.

    Parameters
    ----------
    manifest : Manifest
        Its files are read; a ``taken`` that stands there already is kept.
    progress : callable, optional
        Called as ``progress(done, total)`` after each file.
    workers : int, default 1
        Processes to use. With more than one, a script needs the usual
        ``if __name__ == "__main__"`` guard: they are spawned.

    Returns
    -------
    Manifest
        Rows whose file cannot be read are left out and stand in ``skipped``.

    Raises
    ------
    DatasetError
        If a worker process dies.
    """
    paths = [Path(path) for path in manifest.column("path")]
    results = describe_paths(manifest.root, paths, progress=progress, workers=workers)
    rows: list[dict[str, Any]] = []
    skipped = list(manifest.skipped)
    for row, result in zip(manifest.rows(), results, strict=True):
        if isinstance(result, SkippedFile):
            skipped.append(result)
            continue
        found = result.columns()
        found["taken"] = row.get("taken") or found["taken"]
        rows.append(row | found)
    return Manifest.from_rows(rows, manifest.root, skipped=skipped)


def _results(
    tasks: Sequence[tuple[str, str]], workers: int
) -> Iterator[Description | SkippedFile]:
    if workers == 1 or len(tasks) <= _CHUNK:
        yield from map(_describe, tasks)
        return
    # Spawned, not forked: a fork of a process with threads (numba, ONNX) can hang.
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            yield from pool.map(_describe, tasks, chunksize=_CHUNK)
    except BrokenProcessPool as error:
        raise DatasetError(
            "a worker process died while reading pictures: out of memory, or the "
            'script lacks the guard `if __name__ == "__main__":` that spawned '
            "workers need; run again with workers=1 to see at which file"
        ) from error


def _describe(task: tuple[str, str]) -> Description | SkippedFile:
    root, relative = task
    path = Path(root) / relative
    try:
        header = read_header(path)
        seen = _perceptual_hash_of(path, header)
    except WhichcamError as error:
        return SkippedFile(path=relative, reason=str(error))
    except OSError as error:
        return SkippedFile(path=relative, reason=f"cannot be read ({error.strerror})")
    exif = header.exif
    return Description(
        width=header.width,
        height=header.height,
        n_bytes=header.n_bytes,
        sha256=header.sha256,
        perceptual_hash=seen,
        make=exif.make,
        model=exif.model,
        software=exif.software,
        serial=exif.body_serial_number,
        owner=exif.owner,
        taken=exif.taken.isoformat() if exif.taken else "",
    )


def _perceptual_hash_of(path: Path, header: PhotoHeader) -> str:
    if header.format == "JPEG":
        return hash_of_bytes(path.read_bytes())
    if header.format == "RAW":
        return ""  # developing takes seconds, and a RAW has no twin among its kind
    return perceptual_hash(open_photo(path).pixels)
