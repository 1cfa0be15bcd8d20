"""Rows of the database to records, and back."""

from __future__ import annotations

import difflib
import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from whichcam.errors import ArtifactError, InputError, UnknownNameError
from whichcam.gallery._names import pattern_path
from whichcam.gallery._pattern import MAX_EXPONENT, check_shape
from whichcam.gallery._records import EnrolledCamera, StoredFingerprint

MAX_PHOTOS: Final = 100_000
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_DIGEST_BYTES: Final = 32

_COLUMNS: Final = (
    "c.name, c.camera_model, c.created, c.note, f.id, f.height, f.width, f.exponent, "
    "f.n_photos, f.quality, f.noise_version, f.photo_sha256s, f.warnings, f.metadata, "
    "f.created, f.whichcam_version, f.pattern_sha256, f.sign_sha256"
)


def now() -> str:
    """Return the time, UTC, to the second, as ISO 8601 has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def names_of(connection: sqlite3.Connection) -> list[str]:
    """Return the names of all cameras, in alphabetical order."""
    rows = connection.execute("SELECT name FROM camera ORDER BY name")
    return [row[0] for row in rows]


def camera_id(connection: sqlite3.Connection, name: str) -> int | None:
    """Return the row of a camera, if there is one of this name."""
    row = connection.execute("SELECT id FROM camera WHERE name = ?", (name,)).fetchone()
    return None if row is None else int(row[0])


def known_camera_id(connection: sqlite3.Connection, name: str) -> int:
    """Return the row of a camera, or list the names that there are."""
    found = camera_id(connection, name)
    if found is None:
        raise unknown(connection, name)
    return found


def unknown(connection: sqlite3.Connection, name: str) -> UnknownNameError:
    """Return the error for a name that is not enrolled, with those most like it."""
    names = names_of(connection)
    if not names:
        return UnknownNameError(
            f"no camera {name!r}: the gallery is empty; enrol one first"
        )
    # Bounded: comparing a name with each of 100,000 would take minutes.
    like = difflib.get_close_matches(name, names[:1000], n=3)
    start = "those most like it" if like else "it has" if len(names) <= 10 else "e.g."
    shown = ", ".join(map(repr, like or names[:10]))
    return UnknownNameError(
        f"no camera {name!r} among the {len(names)} of the gallery; {start}: {shown}"
    )


def load_camera(
    connection: sqlite3.Connection, folder: Path, name: str
) -> EnrolledCamera:
    """Return a camera, or list the names that there are."""
    found = load_cameras(connection, folder, name)
    if not found:
        raise unknown(connection, name)
    return found[0]


def load_cameras(
    connection: sqlite3.Connection, folder: Path, name: str | None = None
) -> list[EnrolledCamera]:
    """Return one camera or all, sorted by name; none if the name is unknown.

    Raises
    ------
    ArtifactError
        If a row does not hold what a gallery writes.
    """
    query = (
        f"SELECT {_COLUMNS} FROM camera c JOIN fingerprint f ON f.camera = c.id "  # noqa: S608
        "WHERE ?1 IS NULL OR c.name = ?1 "
        "ORDER BY c.name, f.height * f.width DESC, f.height"
    )
    cameras: dict[str, tuple[Any, Any, Any, list[StoredFingerprint]]] = {}
    for row in connection.execute(query, (name,)):
        try:
            one = _fingerprint(row, folder)
        except (InputError, TypeError, ValueError, RecursionError) as error:
            raise ArtifactError(
                f"the database of the gallery {folder} holds a damaged row for "
                f"{row[0]!r:.60} ({error}); restore a copy of the folder"
            ) from error
        cameras.setdefault(row[0], (*row[1:4], []))[3].append(one)
    return [
        EnrolledCamera(
            name=name,
            camera_model=model,
            created=created,
            note=str(note),
            fingerprints=tuple(fingerprints),
        )
        for name, (model, created, note, fingerprints) in cameras.items()
    ]


def _fingerprint(row: Sequence[Any], folder: Path) -> StoredFingerprint:
    camera, _, _, _, identity, height, width, exponent, n_photos, *rest = row
    quality, noise_version, photos, warnings, metadata, created, version, *shas = rest
    check_shape((height, width), f"the fingerprint of {camera!r}")
    if abs(exponent) > MAX_EXPONENT:
        raise ValueError(f"exponent {exponent}")
    return StoredFingerprint(
        camera=camera,
        shape=(height, width),
        n_photos=int(n_photos),
        quality=float(quality),
        noise_version=int(noise_version),
        photo_sha256s=unpack_sha256s(photos),
        warnings=tuple(map(str, json.loads(warnings))),
        created=str(created),
        whichcam_version=str(version),
        pattern_sha256=str(shas[0]),
        sign_sha256=str(shas[1]),
        exponent=int(exponent),
        metadata_json=str(metadata),
        path=pattern_path(folder, identity),
    )


def cameras_by_photo(
    connection: sqlite3.Connection, sha256s: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Return the cameras that pictures enrolled; pictures of none are left out."""
    found = {}
    for digest in dict.fromkeys(sha256s):
        rows = connection.execute(
            "SELECT DISTINCT c.name FROM photo p "
            "JOIN fingerprint f ON f.id = p.fingerprint "
            "JOIN camera c ON c.id = f.camera WHERE p.sha256 = ? ORDER BY c.name",
            (pack_sha256s([digest]),),
        )
        if names := tuple(row[0] for row in rows):
            found[digest] = names
    return found


def pack_sha256s(digests: Iterable[str]) -> bytes:
    """Return hexadecimal digests as bytes in a row, or say which is none."""
    packed = bytearray()
    for digest in digests:
        if not isinstance(digest, str) or not _SHA256.fullmatch(digest.lower()):
            raise InputError(
                f"photo_sha256s has {digest!r:.80}; expected 64 hexadecimal digits"
            )
        packed += bytes.fromhex(digest)
        if len(packed) > MAX_PHOTOS * _DIGEST_BYTES:
            raise InputError(f"photo_sha256s has more than {MAX_PHOTOS} entries")
    return bytes(packed)


def unpack_sha256s(packed: bytes) -> tuple[str, ...]:
    """Return the hexadecimal digests that `pack_sha256s` packed."""
    return tuple(digest.hex() for digest in split_sha256s(packed))


def split_sha256s(packed: bytes) -> list[bytes]:
    """Return digests in a row one by one."""
    if len(packed) % _DIGEST_BYTES:
        raise ValueError(f"{len(packed)} bytes of photo hashes")
    starts = range(0, len(packed), _DIGEST_BYTES)
    return [packed[k : k + _DIGEST_BYTES] for k in starts]
