"""One camera as one file: a zip of stored members, every size known beforehand.

``camera.json`` says what the camera is and gives the SHA-256 of the members
``pattern-0.npy``, ``signs-0.u64``, ``pattern-1.npy``, ... Nothing is compressed: noise
does not compress, and a size that is stated twice can be checked.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Final

from whichcam.errors import (
    ArtifactNotFoundError,
    ChecksumMismatchError,
    IncompatibleArtifactError,
    InputError,
)
from whichcam.gallery._files import blocks_of, replacing
from whichcam.gallery._pattern import file_bytes
from whichcam.gallery._records import EnrolledCamera, StoredFingerprint

FORMAT: Final = "whichcam camera"
FORMAT_VERSION: Final = 1
DESCRIPTION: Final = "camera.json"
MAX_FINGERPRINTS: Final = 64
MAX_FILE_BYTES: Final = 2**31 - 1  # beyond, a zip has a second table of contents
MAX_DESCRIPTION_BYTES: Final = 8 * 2**20
_MAX_DIRECTORY_BYTES: Final = 1 << 16
_END: Final = struct.Struct("<4s4H2LH")  # PKWARE APPNOTE 4.3.16
_END_SIGNATURE: Final = b"PK\x05\x06"
_LOCATOR_SIGNATURE: Final = b"PK\x06\x07"
_LOCATOR_BYTES: Final = 20
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # the same camera gives the same bytes


def pattern_member(k: int) -> str:
    """Return the name of the member with the k-th pattern."""
    return f"pattern-{k}.npy"


def signs_member(k: int) -> str:
    """Return the name of the member with the k-th sign bits."""
    return f"signs-{k}.u64"


def write_export(path: Path, camera: EnrolledCamera, signs: Iterable[bytes]) -> None:
    """Write a camera, its sign bits given in the order of its fingerprints.

    Raises
    ------
    InputError
        If it would take more than 2 GiB.
    ChecksumMismatchError
        If a stored pattern is damaged; nothing is written then.
    """
    bits = list(signs)
    description = json.dumps(_described(camera, bits), indent=1).encode("ascii")
    n_bytes = sum(file_bytes(one.shape) for one in camera.fingerprints)
    n_bytes += sum(map(len, bits)) + len(description)
    if (
        n_bytes > MAX_FILE_BYTES - (1 << 20)
        or len(description) > MAX_DESCRIPTION_BYTES
        or len(camera.fingerprints) > MAX_FINGERPRINTS
    ):
        raise InputError(
            f"{camera.name!r} with {len(camera.fingerprints)} fingerprints takes "
            f"{n_bytes} bytes, more than one file may hold; export one shape at a time"
        )
    with (
        replacing(path) as part,
        zipfile.ZipFile(part, "w", zipfile.ZIP_STORED, allowZip64=False) as archive,
    ):
        archive.writestr(_entry(DESCRIPTION), description)
        for k, (one, row) in enumerate(zip(camera.fingerprints, bits, strict=True)):
            _copy_pattern(archive, pattern_member(k), one)
            archive.writestr(_entry(signs_member(k)), row)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EARLIEST)
    entry.external_attr = 0o644 << 16  # else unzip makes files nobody may read
    return entry


def _described(camera: EnrolledCamera, bits: list[bytes]) -> dict[str, Any]:
    fingerprints = []
    for one, row in zip(camera.fingerprints, bits, strict=True):
        if hashlib.sha256(row).hexdigest() != one.sign_sha256:
            raise ChecksumMismatchError(
                f"the sign bits of {camera.name!r} ({one.shape}) are not those stored; "
                "the gallery is damaged: enrol the camera again"
            )
        fingerprints.append(
            {**one.to_dict(), "exponent": one.exponent, "sign_bytes": len(row)}
        )
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": camera.name,
        "camera_model": camera.camera_model,
        "created": camera.created,
        "note": camera.note,
        "fingerprints": fingerprints,
    }


def _copy_pattern(
    archive: zipfile.ZipFile, member: str, fingerprint: StoredFingerprint
) -> None:
    digest = hashlib.sha256()
    expected = file_bytes(fingerprint.shape)
    with (
        fingerprint.path.open("rb") as source,
        archive.open(_entry(member), "w") as target,
    ):
        for block in blocks_of(source, expected + 1):
            target.write(block)
            digest.update(block)
    if digest.hexdigest() != fingerprint.pattern_sha256:
        raise ChecksumMismatchError(
            f"the pattern of {fingerprint.camera!r} at {fingerprint.path} is not the "
            "one stored: it was changed or damaged, and was not exported"
        )


def open_export(stream: IO[bytes], path: Path) -> zipfile.ZipFile:
    """Open an exported file if its table of contents is small and of one kind only.

    Raises
    ------
    IncompatibleArtifactError
        If it is no file that `write_export` writes.
    """
    size = stream.seek(0, 2)
    if not _END.size <= size <= MAX_FILE_BYTES:
        raise not_ours(path, f"it has {size} bytes")
    start = max(0, size - _END.size - _LOCATOR_BYTES)
    stream.seek(start)
    tail = stream.read(_END.size + _LOCATOR_BYTES)
    end = _END.unpack(tail[-_END.size :])
    signature, _, _, _, n_members, n_bytes, offset, _ = end
    # zipfile would read a table of any size, or look for one elsewhere.
    if (
        signature != _END_SIGNATURE
        or tail.startswith(_LOCATOR_SIGNATURE)
        or n_members > 1 + 2 * MAX_FINGERPRINTS
        or n_bytes > _MAX_DIRECTORY_BYTES
        or offset + n_bytes + _END.size != size
    ):
        raise not_ours(path, "it does not end as one")
    try:
        archive = zipfile.ZipFile(stream)
    except ZIP_ERRORS as error:
        raise not_ours(path, str(error)) from error
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    if total > size or any(
        m.file_size != m.compress_size or m.compress_type or m.flag_bits & 1
        for m in members
    ):
        archive.close()
        raise not_ours(path, "its members are compressed, encrypted or overlap")
    return archive


# What zipfile raises on damaged files, by version of Python.
ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    EOFError,
    LookupError,
    OverflowError,
    struct.error,
)


def not_ours(path: Path, reason: str) -> IncompatibleArtifactError:
    """Return the error for a file that is no exported camera."""
    return IncompatibleArtifactError(
        f"{path} is no camera exported by whichcam, or damaged: {reason}; give a file "
        "written by `whichcam gallery export`"
    )


def opened(path: Path) -> IO[bytes]:
    """Open a file to import, or say that it is not there."""
    try:
        if not path.is_file():
            raise ArtifactNotFoundError(
                f"no file {path}; give one written by `whichcam gallery export`"
            )
        return path.open("rb")
    except PermissionError as error:
        raise ArtifactNotFoundError(f"{path} cannot be read: {error}") from error
