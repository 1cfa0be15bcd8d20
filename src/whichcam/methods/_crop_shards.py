"""Regions of photos in packed files: a block of pixels and an index for each shard."""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeGuard

import numpy as np

from whichcam._typing import PixelArray
from whichcam.errors import (
    ArtifactError,
    ChecksumMismatchError,
    IncompatibleArtifactError,
)
from whichcam.gallery._files import sha256_of, sync_folder, to_disk

FORMAT: Final = "whichcam.crops/1"
SHARD_BYTES: Final = 1 << 28  # some 150 regions of 768 px: what a kill can cost
PART: Final = ".part"

_LARGEST_INDEX_BYTES: Final = 1 << 24
_LARGEST_PX: Final = 4096  # of a side, as the settings of the methods have it
_CHANNELS: Final = 3

Policy = Mapping[str, int]
"""How regions are cut: numbers by name."""


class Place(NamedTuple):
    """Where a region lies in its shard."""

    offset: int
    height: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shard:
    """A packed file of regions, and what its index says of it.

    Attributes
    ----------
    index, pixels : Path
        Its two files.
    sha256 : str
        Of the file of pixels.
    places : dict of str to Place
        By the SHA-256 of the photo's file.
    """

    index: Path
    pixels: Path
    sha256: str
    places: Mapping[str, Place]

    @property
    def n_bytes(self) -> int:
        """Bytes that the file of pixels must have."""
        return sum(_size(place.height, place.width) for place in self.places.values())

    def check(self) -> None:
        """Read the pixels once.

        Raises
        ------
        ChecksumMismatchError
            If they are not those that were packed.
        """
        try:
            found = sha256_of(self.pixels)
        except OSError as error:
            raise ChecksumMismatchError(f"{self.pixels}: {error.strerror}") from error
        if found != self.sha256:
            raise ChecksumMismatchError(
                f"{self.pixels} has SHA-256 {found}; its index promises {self.sha256}"
            )

    def mapped(self) -> PixelArray:
        """Map the file of pixels, read-only: shape (n_bytes,), uint8.

        Raises
        ------
        ChecksumMismatchError
            If it is not as long as the index says, or is gone.
        """
        _check_length(self.pixels, self.n_bytes)
        mapping = np.memmap(self.pixels, np.uint8, mode="r", shape=(self.n_bytes,))
        return np.asarray(mapping)


def region_of(mapped: PixelArray, place: Place) -> PixelArray:
    """Return one region of a mapped shard: (H, W, 3), uint8, read-only, no copy."""
    end = place.offset + _size(place.height, place.width)
    return mapped[place.offset : end].reshape(place.height, place.width, _CHANNELS)


def read_shard(index: Path, policy: Policy) -> Shard:
    """Read a shard's index, believing nothing it says.

    Parameters
    ----------
    index : Path
        As `ShardWriter` writes it.
    policy : mapping
        By which its regions must have been cut.

    Raises
    ------
    IncompatibleArtifactError
        If it is no such index, or of another policy.
    ChecksumMismatchError
        If the file of pixels is missing, or longer or shorter than the index says.
    """
    try:
        with index.open("rb") as file:
            text = file.read(_LARGEST_INDEX_BYTES + 1)
        if len(text) > _LARGEST_INDEX_BYTES:
            raise IncompatibleArtifactError(
                f"{index} has more than {_LARGEST_INDEX_BYTES} bytes"
            )
        about = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise IncompatibleArtifactError(f"{index} cannot be read: {error}") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise IncompatibleArtifactError(f"{index} is no index of the format {FORMAT}")
    if about.get("policy") != dict(policy):
        raise IncompatibleArtifactError(
            f"{index} is of the policy {str(about.get('policy'))[:200]}; expected "
            f"{dict(policy)}"
        )
    digest, photos = about.get("sha256"), about.get("photos")
    if not _is_digest(digest) or not isinstance(photos, list) or not photos:
        raise IncompatibleArtifactError(f"{index} names no pixels or no photos")
    places: dict[str, Place] = {}
    offset = 0
    for entry in photos:
        if not _is_entry(entry) or entry[0] in places:
            raise IncompatibleArtifactError(
                f"{index} holds {str(entry)[:100]}; expected the SHA-256 of a photo, "
                f"named once, and two sides of 1 to {_LARGEST_PX} px"
            )
        key, height, width = entry
        places[key] = Place(offset, height, width)
        offset += _size(height, width)
    pixels = index.with_suffix(".u8")
    _check_length(pixels, offset)
    return Shard(index=index, pixels=pixels, sha256=digest, places=places)


class ShardWriter:
    """Packs regions into one shard after another.

    A shard is written under a name of its own, seen to the disk and renamed, the index
    after the pixels: what an index stands for is whole. Shards are named by what they
    hold.

    Parameters
    ----------
    folder : Path
        Where they lie; it exists.
    policy : mapping
        By which regions are cut.
    shard_bytes : int
        A shard is closed before it would pass this; a larger region has its own.
    """

    def __init__(
        self, folder: Path, policy: Policy, *, shard_bytes: int = SHARD_BYTES
    ) -> None:
        self._folder, self._policy = folder, dict(policy)
        self._shard_bytes = shard_bytes
        self._file: Any = None
        self._begin()

    def add(self, key: str, region: PixelArray) -> Shard | None:
        """Pack the region of a photo; return the shard that had to be closed, if any.

        Parameters
        ----------
        key : str
            SHA-256 of the photo's file, not yet packed.
        region : ndarray of shape (H, W, 3), uint8

        Raises
        ------
        ArtifactError
            If it cannot be written.
        """
        full = self._end and self._end + region.nbytes > self._shard_bytes
        done = self.close() if full else None
        try:
            if self._file is None:
                self._file = _part(self._folder)
            self._file.write(np.ascontiguousarray(region).data)
        except OSError as error:
            raise self._unwritable(error) from error
        self._digest.update(np.ascontiguousarray(region).data)
        height, width = region.shape[:2]
        self._places[key] = Place(self._end, height, width)
        self._end += region.nbytes
        return done

    def holds(self, key: str) -> bool:
        """Say whether a photo is in the shard in hand."""
        return key in self._places

    def close(self) -> Shard | None:
        """Finish the shard in hand and return it; None where there is none."""
        if self._file is None:
            return None
        digest = self._digest.hexdigest()
        pixels = self._folder / f"shard-{digest[:32]}.u8"
        index = pixels.with_suffix(".json")
        about = {
            "format": FORMAT,
            "policy": self._policy,
            "sha256": digest,
            "photos": [[key, p.height, p.width] for key, p in self._places.items()],
        }
        try:
            _settle(self._file, pixels)
            self._file = None
            file = _part(self._folder)
            file.write(json.dumps(about).encode())
            _settle(file, index)
            sync_folder(self._folder)
        except OSError as error:
            raise self._unwritable(error) from error
        done = Shard(index=index, pixels=pixels, sha256=digest, places=self._places)
        self._begin()
        return done

    def discard(self) -> None:
        """Drop the shard in hand."""
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)
        self._begin()

    def _begin(self) -> None:
        self._file = None
        self._places: dict[str, Place] = {}
        self._digest = hashlib.sha256()
        self._end = 0

    def _unwritable(self, error: OSError) -> ArtifactError:
        self.discard()
        return ArtifactError(
            f"crops cannot be kept in {self._folder}: {error.strerror}; free space, or "
            "name another folder"
        )


def _part(folder: Path) -> Any:
    return tempfile.NamedTemporaryFile(  # closed where it is settled
        dir=folder, suffix=PART, delete=False
    )


def _settle(file: Any, path: Path) -> None:
    """See a file to the disk and give it its name; it stays its owner's alone."""
    to_disk(file)
    file.close()
    Path(file.name).replace(path)


def _size(height: int, width: int) -> int:
    return math.prod((height, width, _CHANNELS))


def _check_length(path: Path, expected: int) -> None:
    found = path.stat().st_size if path.is_file() else None
    if found != expected:
        raise ChecksumMismatchError(
            f"{path} has {found} bytes; its index promises {expected}"
        )


def _is_digest(value: object) -> TypeGuard[str]:
    return (
        isinstance(value, str)
        and len(value) == 64
        and not set(value) - set("0123456789abcdef")
    )


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, list)
        and len(entry) == 3
        and _is_digest(entry[0])
        and all(type(side) is int and 1 <= side <= _LARGEST_PX for side in entry[1:])
    )
