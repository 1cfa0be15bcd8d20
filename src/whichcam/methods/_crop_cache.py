"""The regions that networks of patches look at: cut once, and kept for the next run."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

from whichcam._typing import PixelArray
from whichcam.errors import ArtifactError, ImageTooSmallError, InputError
from whichcam.gallery._files import sha256_of
from whichcam.gallery._locks import HeldLock
from whichcam.media import Photo
from whichcam.methods._crop_shards import (
    FORMAT,
    PART,
    SHARD_BYTES,
    Policy,
    Shard,
    ShardWriter,
    read_shard,
    region_of,
)
from whichcam.methods._prefetch import prefetched
from whichcam.methods._trace_inputs import read_traces

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
Take = Callable[[Photo], PixelArray]

_MAPPED: Final = 64  # shards at a time: each holds a file handle


class CropCache:
    """Regions of photos by the SHA-256 of their files, in packed shards.

    One process at a time packs; any number reads. A shard that is torn or damaged is
    forgotten, and its photos are decoded again.

    Parameters
    ----------
    folder : Path
        Where the shards of all policies lie; made if it is not there.
    policy : mapping of str to int
        By which regions are cut. Other policies have folders of their own.
    shard_bytes : int
        A shard has no more, save for one region that is larger.
    """

    def __init__(
        self, folder: Path, policy: Policy, *, shard_bytes: int = SHARD_BYTES
    ) -> None:
        text = json.dumps([FORMAT, dict(policy)], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        self.folder = folder / f"crops-{digest}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArtifactError(
                f"crops cannot be kept in {folder}: {error.strerror}; name another "
                "folder"
            ) from error
        self._where: dict[str, Shard] = {}
        self._writer = ShardWriter(self.folder, policy, shard_bytes=shard_bytes)
        self._lock: HeldLock | None = None
        self._mapped = lru_cache(_MAPPED)(Shard.mapped)
        for index in sorted(self.folder.glob("shard-*.json")):
            try:
                self._know(read_shard(index, policy))
            except ArtifactError as error:
                _warn(error)
                index.unlink(missing_ok=True)

    def __contains__(self, key: str) -> bool:
        return key in self._where

    def __len__(self) -> int:
        """Return how many photos have a region."""
        return len(self._where)

    def check(self, keys: Iterable[str]) -> None:
        """Read the shards of some photos once, and forget those that are damaged."""
        needed = {shard.index: shard for key in keys if (shard := self._where.get(key))}
        for index, shard in needed.items():
            try:
                shard.check()
            except ArtifactError as error:
                _warn(error)
                index.unlink(missing_ok=True)
                for key in shard.places:
                    self._where.pop(key, None)

    def region(self, key: str) -> PixelArray:
        """Return the region of a photo: (H, W, 3), uint8, read-only, mapped.

        Raises
        ------
        KeyError
            If it is not here, or not packed yet: see `flush`.
        ChecksumMismatchError
            If the shard was cut short meanwhile.
        """
        shard = self._where[key]
        return region_of(self._mapped(shard), shard.places[key])

    def add(self, key: str, region: PixelArray) -> None:
        """Pack the region of a photo, unless it is here.

        Raises
        ------
        InputError
            If another process is packing into the folder.
        ArtifactError
            If it cannot be written.
        """
        if key in self._where or self._writer.holds(key):
            return
        if self._lock is None:
            self._lock = self._locked()
        if done := self._writer.add(key, region):
            self._know(done)

    def flush(self) -> None:
        """Finish the shard in hand, so that all that was added can be read."""
        if done := self._writer.close():
            self._know(done)

    def close(self) -> None:
        """Let go of the files, and drop what was not flushed."""
        self._writer.discard()
        self._mapped.cache_clear()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _know(self, shard: Shard) -> None:
        self._where.update(dict.fromkeys(shard.places, shard))

    def _locked(self) -> HeldLock:
        """Take the sole right to pack, and remove what those before us left undone."""
        try:
            lock = HeldLock(self.folder / ".lock")
        except sqlite3.Error as error:
            raise InputError(
                f"another training is packing photos into {self.folder}; wait for it, "
                "or name another folder"
            ) from error
        indexed = {index.stem for index in self.folder.glob("shard-*.json")}
        for path in self.folder.iterdir():
            if path.suffix == PART or (
                path.suffix == ".u8" and path.stem not in indexed
            ):
                with suppress(OSError):  # Windows keeps what is mapped somewhere
                    path.unlink()
        return lock


class Regions(Sequence[PixelArray]):
    """Regions of photos in the order of a manifest, read as they are asked for."""

    def __init__(self, cache: CropCache, keys: Sequence[str]) -> None:
        self._cache = cache
        self.keys = tuple(keys)

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> PixelArray:  # type: ignore[override]
        return self._cache.region(self.keys[index])


@contextmanager
def opened_cache(folder: str, policy: Policy) -> Iterator[CropCache]:
    """Open the cache in a folder; without one, in a folder that goes at the end."""
    if folder:
        with closing(CropCache(Path(folder), policy)) as cache:
            yield cache
        return
    with (
        tempfile.TemporaryDirectory(prefix="whichcam-") as temporary,
        closing(CropCache(Path(temporary), policy)) as cache,
    ):
        yield cache


def pack_regions(
    paths: Sequence[Path],
    cache: CropCache,
    take: Take,
    *,
    workers: int,
    progress: Progress | None,
) -> tuple[Regions, list[int], list[tuple[str, str]]]:
    """Cut the regions of photos, each decoded once, save those that are kept already.

    Parameters
    ----------
    paths : sequence of Path
        Files of photos.
    cache : CropCache
        Where regions are looked up and packed.
    take : callable
        From a decoded photo to its region.
    workers : int
        Threads that read files; with 1 or less, this one does.
    progress : callable or None
        Called as ``progress("reading photos", done, total)``.

    Returns
    -------
    regions : Regions
        Of the photos that have one.
    rows : list of int
        Their places among the paths.
    skipped : list of (str, str)
        Path and reason of each of the others.

    Raises
    ------
    InputError
        If another process is packing into the folder.
    ArtifactError
        If a region cannot be written.
    """
    keys = [""] * len(paths)
    if len(cache):  # where nothing is kept there is nothing to look up
        threads = 0 if workers == 1 else workers
        keys = list(prefetched(_digest, paths, workers=threads))
        cache.check(keys)
    new = [row for row, key in enumerate(keys) if key not in cache]
    kept = len(paths) - len(new)
    if kept and progress is not None:
        progress("reading photos", kept, len(paths))

    def packed(photo: Photo) -> tuple[str, PixelArray] | str:
        try:  # a copy: a view would keep the whole photo in memory
            return photo.sha256, take(photo).copy()
        except ImageTooSmallError as error:
            return str(error)

    reasons: dict[int, str] = {}
    found = read_traces([paths[row] for row in new], packed, workers=workers)
    with closing(found):
        for done, (row, (_, what)) in enumerate(zip(new, found, strict=True), start=1):
            if isinstance(what, str):
                reasons[row] = what
            else:
                keys[row] = what[0]
                cache.add(*what)
            if progress is not None:
                progress("reading photos", kept + done, len(paths))
    cache.flush()
    rows = [row for row in range(len(paths)) if row not in reasons]
    skipped = [(str(paths[row]), reason) for row, reason in reasons.items()]
    return Regions(cache, [keys[row] for row in rows]), rows, skipped


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file; nothing where it cannot be read."""
    try:
        return sha256_of(path)
    except OSError:
        return ""  # opening it will say what is wrong


def _warn(error: ArtifactError) -> None:
    logger.warning("%s; its photos are decoded again", error)
