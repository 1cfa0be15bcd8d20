"""Put fingerprints into the tables of a gallery, and take them out."""

from __future__ import annotations

import json
import math
import operator
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, SupportsIndex

import whichcam
from whichcam.errors import InputError, ShapeMismatchError
from whichcam.gallery._files import make_folder, sync_folder, write_new
from whichcam.gallery._matrices import matrices
from whichcam.gallery._metadata import encode_metadata
from whichcam.gallery._names import new_id, signs_path
from whichcam.gallery._pattern import Shape
from whichcam.gallery._rows import camera_id, now, pack_sha256s, split_sha256s
from whichcam.gallery._signs import (
    SignBits,
    append_row,
    bits_as_bytes,
    bits_sha256,
)
from whichcam.gallery._store import Change, Store
from whichcam.gallery._text import clean_note

_LARGEST_INTEGER: Final = 2**63 - 1  # of SQLite
_MAX_WARNINGS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a fingerprint, checked and as it is stored."""

    n_photos: int
    quality: float
    noise_version: int
    photos: bytes
    warnings_json: str
    metadata_json: str
    created: str
    whichcam_version: str


def checked_facts(
    *,
    n_photos: SupportsIndex,
    quality: float,
    noise_version: SupportsIndex,
    photo_sha256s: Iterable[str],
    warnings: Iterable[str],
    metadata: Mapping[str, Any] | None,
    created: str | None = None,
    whichcam_version: str | None = None,
) -> Facts:
    """Return facts fit to be stored, or raise `InputError` for one that is not."""
    try:
        value = float(quality)
    except (TypeError, ValueError) as error:
        raise InputError(f"quality is {type(quality).__name__}: {error}") from error
    if not (math.isfinite(value) and 0.0 <= value <= 1.0):
        raise InputError(f"quality is {value}; expected a number in [0, 1]")
    if isinstance(warnings, str):
        raise InputError("warnings is one text; expected a sequence of texts")
    notes = [clean_note(text, "a warning") for text in warnings]
    if len(notes) > _MAX_WARNINGS:
        raise InputError(
            f"{len(notes)} warnings; at most {_MAX_WARNINGS} are kept: sum them up"
        )
    return Facts(
        n_photos=_whole(n_photos, "n_photos", at_least=1),
        quality=value,
        noise_version=_whole(noise_version, "noise_version", at_least=0),
        photos=pack_sha256s(photo_sha256s),
        warnings_json=json.dumps(notes),
        metadata_json=encode_metadata({} if metadata is None else metadata),
        created=now() if created is None else created,
        whichcam_version=whichcam_version or whichcam.__version__,
    )


def _whole(number: SupportsIndex, what: str, *, at_least: int) -> int:
    try:
        value = operator.index(number)
    except TypeError as error:
        raise InputError(
            f"{what} is {type(number).__name__}; expected a whole number"
        ) from error
    if not at_least <= value <= _LARGEST_INTEGER:
        raise InputError(f"{what} is {value}; expected at least {at_least}")
    return value


def ensure_camera(
    connection: sqlite3.Connection,
    name: str,
    model: str | None,
    created: str,
    note: str = "",
) -> int:
    """Return the row of a camera, new or not, and note its model.

    Raises
    ------
    InputError
        If it is enrolled as another model.
    """
    found = camera_id(connection, name)
    if found is None:
        cursor = connection.execute(
            "INSERT INTO camera (name, camera_model, created, note) "
            "VALUES (?, ?, ?, ?)",
            (name, model, created, note),
        )
        return int(cursor.lastrowid or 0)
    row = connection.execute("SELECT camera_model FROM camera WHERE id = ?", (found,))
    known = row.fetchone()[0]
    if known is not None and model is not None and known != model:
        raise InputError(
            f"{name!r} is enrolled as a {known!r} and cannot also be a {model!r}; "
            "enrol the new camera under a name of its own"
        )
    if known is None and model is not None:
        connection.execute(
            "UPDATE camera SET camera_model = ? WHERE id = ?", (model, found)
        )
    return found


def insert_fingerprint(
    store: Store,
    camera: int,
    identity: str,
    facts: Facts,
    *,
    shape: Shape,
    exponent: int,
    pattern_sha256: str,
    bits: SignBits,
) -> None:
    """Insert the row of a fingerprint whose pattern is on the disk already."""
    matrix, slot = _append_bits(store, shape, facts.noise_version, bits)
    store.connection.execute(
        "INSERT INTO fingerprint (id, camera, height, width, exponent, n_photos, "
        "quality, noise_version, photo_sha256s, warnings, metadata, created, "
        "whichcam_version, pattern_sha256, sign_sha256, matrix, slot) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(identity, camera, *shape, exponent),
            *(facts.n_photos, facts.quality, facts.noise_version, facts.photos),
            *(facts.warnings_json, facts.metadata_json),
            *(facts.created, facts.whichcam_version),
            *(pattern_sha256, bits_sha256(bits), matrix, slot),
        ),
    )
    store.connection.executemany(
        "INSERT OR IGNORE INTO photo (sha256, fingerprint) VALUES (?, ?)",
        ((digest, identity) for digest in split_sha256s(facts.photos)),
    )


def delete_fingerprints(
    connection: sqlite3.Connection, change: Change, camera: int, shape: Shape | None
) -> int:
    """Delete a camera's fingerprint of one shape, or all; say how many."""
    height, width = (None, None) if shape is None else shape
    chosen = "camera = ?1 AND (?2 IS NULL OR (height = ?2 AND width = ?3))"
    values = (camera, height, width)
    connection.execute(
        "INSERT INTO unwiped (matrix, slot) "  # noqa: S608
        f"SELECT matrix, slot FROM fingerprint WHERE {chosen}",
        values,
    )
    cursor = connection.execute(f"DELETE FROM fingerprint WHERE {chosen}", values)  # noqa: S608
    if cursor.rowcount:
        change.remove_files()
    return cursor.rowcount


def _append_bits(
    store: Store, shape: Shape, noise_version: int, bits: SignBits
) -> tuple[int, int]:
    """Write sign bits behind those of their shape; return the matrix and the row."""
    connection, folder = store.connection, store.folder
    for matrix in matrices(connection):
        if (matrix.shape, matrix.noise_version) == (shape, noise_version):
            break
    else:
        return _first_row(store, shape, noise_version, bits), 0
    if matrix.words != bits.size:
        raise ShapeMismatchError(
            f"sign_bits have {bits.size} words; those of shape {shape} and noise "
            f"version {noise_version} in this gallery have {matrix.words}: pack all in "
            "one way"
        )
    append_row(matrix.path(folder), matrix.n_rows, bits)
    connection.execute(
        "UPDATE matrix SET n_rows = n_rows + 1 WHERE id = ?", (matrix.id,)
    )
    return matrix.id, matrix.n_rows


def _first_row(store: Store, shape: Shape, noise_version: int, bits: SignBits) -> int:
    """Begin the sign bits of a shape; return their matrix."""
    file = new_id()
    path = signs_path(store.folder, file)
    make_folder(path.parent)
    write_new(path, [bits_as_bytes(bits)])
    sync_folder(path.parent)
    cursor = store.connection.execute(
        "INSERT INTO matrix (height, width, noise_version, words, file, n_rows) "
        "VALUES (?, ?, ?, ?, ?, 1)",
        (*shape, noise_version, bits.size, file),
    )
    return int(cursor.lastrowid or 0)
