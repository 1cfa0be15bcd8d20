"""What a manifest records of each file: size, hashes, and what EXIF says."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Final, TypeAlias

from whichcam._typing import PathLike
from whichcam.datasets._description import Description
from whichcam.datasets._files import SkippedFile
from whichcam.datasets._journal import Journal
from whichcam.datasets._manifest import Manifest
from whichcam.datasets._perceptual_hash import hash_of_bytes, perceptual_hash
from whichcam.errors import DatasetError, InputError, WhichcamError
from whichcam.media import PhotoHeader, open_photo, read_header

Progress: TypeAlias = Callable[[int, int], None]

_CHUNK: Final = 8  # files handed to a worker at a time


def describe_paths(
    root: Path,
    paths: Sequence[Path],
    *,
    progress: Progress | None = None,
    workers: int = 1,
    journal: PathLike | None = None,
) -> Iterator[Description | SkippedFile]:
    """Yield a description of each file in turn, or why there is none.

    What ``journal`` holds of files that have not changed is not done again.

    Raises
    ------
    InputError
        If ``workers`` is less than 1.
    DatasetError
        If a worker process dies.
    """
    if workers < 1:
        raise InputError(f"workers is {workers}, expected 1 or more")
    found = (
        _results(root, paths, workers)
        if journal is None
        else _kept_results(root, paths, workers, Path(journal))
    )
    for done, result in enumerate(found, start=1):
        yield result
        if progress is not None:
            progress(done, len(paths))


def describe_files(
    manifest: Manifest,
    *,
    progress: Progress | None = None,
    workers: int = 1,
    journal: PathLike | None = None,
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
    journal : path, optional
        A file that descriptions are written to as they are made; where it is there
        already, what it holds of unchanged files (by size and time of change) is not
        done again. Remove it when the manifest is written.

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
    results = describe_paths(
        manifest.root, paths, progress=progress, workers=workers, journal=journal
    )
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


def _kept_results(
    root: Path, paths: Sequence[Path], workers: int, place: Path
) -> Iterator[Description | SkippedFile]:
    """Yield what the journal knows and what is found out, in the order of paths."""
    with Journal(place, root) as journal:
        known = [journal.find(path) for path in paths]
        rest = [path for path, old in zip(paths, known, strict=True) if old is None]
        fresh = _results(root, rest, workers)
        for path, old in zip(paths, known, strict=True):
            result = next(fresh) if old is None else old
            if old is None and isinstance(result, Description):
                journal.keep(path, result)
            yield result


def _results(
    root: Path, paths: Sequence[Path], workers: int
) -> Iterator[Description | SkippedFile]:
    tasks = [(str(root), path.as_posix()) for path in paths]
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
