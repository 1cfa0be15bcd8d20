"""The file of an unfinished fingerprint: sums of pictures, and a checksum."""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from whichcam._typing import FloatArray, PathLike
from whichcam.errors import (
    ArtifactError,
    ArtifactNotFoundError,
    ChecksumMismatchError,
    IncompatibleArtifactError,
)

_KIND: Final = "whichcam fingerprint state 1"
_ARRAYS: Final = ("numerator", "denominator")
_FACTS: Final = "facts"
_LARGEST_FACTS = 4096  # bytes; ours are some 300
_LARGEST_SIDE = 2**17  # px
_CHUNK = 2**22  # bytes


def write(
    path: PathLike,
    facts: dict[str, Any],
    numerator: FloatArray,
    denominator: FloatArray,
) -> None:
    """Write a file that appears whole or not at all."""
    target = Path(path)
    arrays = dict(zip(_ARRAYS, (numerator, denominator), strict=True))
    whole = {"kind": _KIND, **facts}
    whole["sha256"] = _digest(facts, numerator, denominator)
    text = json.dumps(whole, sort_keys=True).encode()
    scratch = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=target.parent, prefix=f".{target.name}.", delete=False
        ) as file:
            scratch = Path(file.name)
            facts_array = np.frombuffer(text, np.uint8)
            # named: positional arrays would take the names arr_0, arr_1
            np.savez(file, allow_pickle=False, **{_FACTS: facts_array}, **arrays)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(target)
    except OSError as error:
        if scratch is not None:
            scratch.unlink(missing_ok=True)
        raise ArtifactError(
            f"{target} cannot be written: {error}; free space or choose another folder"
        ) from error


def read(path: PathLike) -> tuple[dict[str, Any], FloatArray, FloatArray]:
    """Return facts and sums of a file, if they are those it was written with."""
    source = Path(path)
    try:
        with zipfile.ZipFile(source) as archive:
            facts = _read_facts(archive, source)
            shape = (2, *facts["shape"])
            numerator, denominator = (
                _read_array(archive, name, shape, source) for name in _ARRAYS
            )
    except FileNotFoundError as error:
        raise ArtifactNotFoundError(f"{source} does not exist") from error
    except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise IncompatibleArtifactError(
            f"{source} cannot be read as a fingerprint's state: {error}; enrol the "
            "pictures again"
        ) from error
    stated = facts.pop("sha256")
    del facts["kind"]
    if stated != _digest(facts, numerator, denominator):
        raise ChecksumMismatchError(
            f"the contents of {source} are not those it was written with; it was "
            "damaged or changed: enrol the pictures again"
        )
    return facts, numerator, denominator


def _digest(facts: dict[str, Any], *arrays: FloatArray) -> str:
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for array in arrays:
        digest.update(array.data)
    return digest.hexdigest()


def _read_facts(archive: zipfile.ZipFile, source: Path) -> dict[str, Any]:
    """Return the facts of a file, of their kinds and in range."""
    stored = _stored(archive, _FACTS, source)
    if stored.file_size > _LARGEST_FACTS:
        raise _not_ours(source, f"its facts take {stored.file_size} bytes")
    with archive.open(stored) as file:
        shape, dtype = _array_header(file, source)
        if dtype != np.uint8 or len(shape) != 1:
            raise _not_ours(source, "its facts are no text")
        text = file.read()
    try:
        facts = json.loads(text)
    except ValueError as error:
        raise _not_ours(source, "its facts are no JSON") from error
    if not isinstance(facts, dict) or facts.get("kind") != _KIND:
        raise _not_ours(source, f"it does not call itself {_KIND!r}")
    kinds = {"noise_version": int, "n_photos": int, "saturated": float, "sha256": str}
    for name, kind in kinds.items():
        if type(facts.get(name)) is not kind:
            raise _not_ours(source, f"{name} is {facts.get(name)!r}")
    sides = facts.get("shape")
    if not (
        isinstance(sides, list)
        and len(sides) == 2
        and all(type(side) is int and 0 < side <= _LARGEST_SIDE for side in sides)
    ):
        raise _not_ours(source, f"shape is {sides!r}")
    return facts


def _read_array(
    archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], source: Path
) -> FloatArray:
    """Return an array of the expected shape, checked before room is made for it."""
    stored = _stored(archive, name, source)
    with archive.open(stored) as file:
        found, dtype = _array_header(file, source)
        n_bytes = math.prod(shape) * 4
        if found != shape or dtype != np.float32 or stored.file_size < n_bytes:
            raise _not_ours(source, f"{name} is {dtype} {found}, not float32 {shape}")
        array: FloatArray = np.empty(shape, np.float32)
        room = array.reshape(-1).view(np.uint8)
        for start in range(0, n_bytes, _CHUNK):
            part = file.read(min(_CHUNK, n_bytes - start))
            if len(part) != min(_CHUNK, n_bytes - start):
                raise _not_ours(source, f"{name} ends early")
            room[start : start + len(part)] = np.frombuffer(part, np.uint8)
        file.read(1)  # at its end the archive checks its own sum
    return array


def _stored(archive: zipfile.ZipFile, name: str, source: Path) -> zipfile.ZipInfo:
    """Return a member that is no larger than the file it lies in."""
    try:
        info = archive.getinfo(f"{name}.npy")
    except KeyError as error:
        raise _not_ours(source, f"it holds no {name}") from error
    if (
        info.compress_type != zipfile.ZIP_STORED
        or info.file_size > source.stat().st_size
    ):
        raise _not_ours(source, f"{name} is compressed")
    return info


def _array_header(file: IO[bytes], source: Path) -> tuple[tuple[int, ...], Any]:
    try:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise _not_ours(source, f"its arrays are of version {version}")
        shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
    except ValueError as error:
        raise _not_ours(source, str(error)) from error
    if is_fortran:
        raise _not_ours(source, "its arrays are stored by columns")
    return shape, dtype


def _not_ours(source: Path, why: str) -> IncompatibleArtifactError:
    return IncompatibleArtifactError(
        f"{source} is no fingerprint state that this program wrote: {why}; "
        "enrol the pictures again"
    )
