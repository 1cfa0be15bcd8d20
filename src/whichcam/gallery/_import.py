"""Take a camera out of an exported file, believing nothing that it says of itself."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from whichcam.errors import (
    ArtifactError,
    ChecksumMismatchError,
    IncompatibleArtifactError,
    InputError,
)
from whichcam.gallery._exchange import (
    DESCRIPTION,
    FORMAT,
    FORMAT_VERSION,
    MAX_DESCRIPTION_BYTES,
    MAX_FINGERPRINTS,
    ZIP_ERRORS,
    not_ours,
    pattern_member,
    signs_member,
)
from whichcam.gallery._files import blocks_of, make_folder, sync_folder, write_new
from whichcam.gallery._insert import (
    Facts,
    checked_facts,
    ensure_camera,
    insert_fingerprint,
)
from whichcam.gallery._metadata import decode_json
from whichcam.gallery._names import PATTERNS, new_id, pattern_path
from whichcam.gallery._pattern import (
    MAX_EXPONENT,
    Shape,
    check_shape,
    file_bytes,
    header,
    is_scaled,
    map_pattern,
)
from whichcam.gallery._signs import bits_from_bytes, most_words
from whichcam.gallery._store import Store
from whichcam.gallery._text import clean_name, clean_note

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    """One fingerprint as the description has it, checked."""

    shape: Shape
    exponent: int
    pattern_sha256: str
    sign_sha256: str
    sign_bytes: int
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A camera as the description of an exported file has it, checked."""

    name: str
    camera_model: str | None
    created: str
    note: str
    fingerprints: tuple[_Member, ...]


def read_description(archive: zipfile.ZipFile, path: Path) -> Description:
    """Read and check ``camera.json``, and that the members are those it names.

    Raises
    ------
    IncompatibleArtifactError
        If anything is missing, of the wrong kind or size.
    """
    sizes = {member.filename: member.file_size for member in archive.infolist()}
    if not 0 < sizes.get(DESCRIPTION, 0) <= MAX_DESCRIPTION_BYTES:
        raise not_ours(path, f"{DESCRIPTION} is missing or too large")
    try:
        stated = decode_json(archive.read(DESCRIPTION))
    except ZIP_ERRORS as error:
        raise not_ours(path, f"{DESCRIPTION}: {error}") from error
    if stated.get("format") != FORMAT:
        raise not_ours(path, f"{DESCRIPTION} does not call it one")
    if stated.get("format_version") != FORMAT_VERSION:
        raise IncompatibleArtifactError(
            f"{path} has version {stated.get('format_version')!r:.20} of the format of "
            f"cameras; this whichcam reads version {FORMAT_VERSION}: upgrade whichcam"
        )
    try:
        found = _description(stated)
    except (InputError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise not_ours(
            path, f"{DESCRIPTION}: {type(error).__name__} {error}"
        ) from error
    expected = {DESCRIPTION: sizes[DESCRIPTION]}
    for k, one in enumerate(found.fingerprints):
        expected[pattern_member(k)] = file_bytes(one.shape)
        expected[signs_member(k)] = one.sign_bytes
    if sizes != expected or len(archive.infolist()) != len(expected):
        raise not_ours(path, "its members are not of the names and sizes it states")
    return found


def add_imported(
    store: Store, archive: zipfile.ZipFile, camera: Description, name: str, path: Path
) -> None:
    """Insert a described camera under a name that is free, in one transaction."""
    with store.writing() as change:
        if store.connection.execute(
            "SELECT 1 FROM camera WHERE name = ?", (name,)
        ).fetchone():
            raise InputError(
                f"a camera {name!r} is in the gallery already; import under another "
                "name, or remove or rename that one first"
            )
        change.touch_files()
        row = ensure_camera(
            *(store.connection, name, camera.camera_model, camera.created, camera.note)
        )
        for k, one in enumerate(camera.fingerprints):
            identity = new_id()
            target = pattern_path(store.folder, identity)
            make_folder(target.parent)
            found = write_new(target, _checked_blocks(archive, k, one, path))
            if found != one.pattern_sha256:
                raise _damaged(path, pattern_member(k))
            if not is_scaled(map_pattern(target, one.shape, owner=repr(name))):
                raise not_ours(path, f"{pattern_member(k)} is not finite or not scaled")
            try:
                row_bytes = archive.read(signs_member(k))
            except ZIP_ERRORS as error:
                raise _damaged(path, signs_member(k)) from error
            if hashlib.sha256(row_bytes).hexdigest() != one.sign_sha256:
                raise _damaged(path, signs_member(k))
            insert_fingerprint(
                store,
                row,
                identity,
                one.facts,
                shape=one.shape,
                exponent=one.exponent,
                pattern_sha256=found,
                bits=bits_from_bytes(row_bytes),
            )
        sync_folder(store.folder / PATTERNS)


def _checked_blocks(
    archive: zipfile.ZipFile, k: int, member: _Member, path: Path
) -> Iterator[bytes]:
    """Yield a pattern's bytes; its header must be the one that we write."""
    expected = header(member.shape)
    try:
        with archive.open(pattern_member(k)) as stream:
            if stream.read(len(expected)) != expected:
                raise not_ours(path, f"{pattern_member(k)} has another header")
            yield expected
            yield from blocks_of(stream, file_bytes(member.shape))
    except ZIP_ERRORS as error:
        raise _damaged(path, pattern_member(k)) from error


def _description(stated: Mapping[str, Any]) -> Description:
    fingerprints = tuple(map(_member, stated["fingerprints"]))
    shapes = [one.shape for one in fingerprints]
    if not 0 < len(shapes) == len(set(shapes)) <= MAX_FINGERPRINTS:
        raise ValueError(f"{len(shapes)} fingerprints, {len(set(shapes))} shapes")
    model = stated["camera_model"]
    return Description(
        name=clean_name(stated["name"]),
        camera_model=None if model is None else clean_note(model, "camera_model"),
        created=_time(stated["created"]),
        note=clean_note(stated.get("note", ""), "note"),  # none in earlier files
        fingerprints=fingerprints,
    )


def _member(stated: Mapping[str, Any]) -> _Member:
    height, width = stated["shape"]
    shape = (_integer(height), _integer(width))
    check_shape(shape, "a fingerprint")
    exponent, sign_bytes = _integer(stated["exponent"]), _integer(stated["sign_bytes"])
    if abs(exponent) > MAX_EXPONENT:
        raise ValueError(f"exponent {exponent}")
    if sign_bytes % 8 or not 0 < sign_bytes <= 8 * most_words(shape):
        raise ValueError(f"{sign_bytes} bytes of sign bits for shape {shape}")
    return _Member(
        shape=shape,
        exponent=exponent,
        pattern_sha256=_digest(stated["pattern_sha256"]),
        sign_sha256=_digest(stated["sign_sha256"]),
        sign_bytes=sign_bytes,
        facts=checked_facts(
            n_photos=_integer(stated["n_photos"]),
            quality=stated["quality"],
            noise_version=_integer(stated["noise_version"]),
            photo_sha256s=stated["photo_sha256s"],
            warnings=stated["warnings"],
            metadata=stated["metadata"],
            created=_time(stated["created"]),
            whichcam_version=clean_note(stated["whichcam_version"], "whichcam_version"),
        ),
    )


def _integer(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{type(value).__name__} where a whole number belongs")
    return value


def _digest(value: object) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ValueError("a SHA-256 that is none")
    return value


def _time(value: object) -> str:
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("a time that is none")
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _damaged(path: Path, member: str) -> ArtifactError:
    return ChecksumMismatchError(
        f"{member} in {path} is not what was exported: the file was changed or damaged "
        "on its way; get it again"
    )
