"""Changes to a gallery, each one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.errors import InputError
from whichcam.gallery._files import make_folder, sync_folder
from whichcam.gallery._insert import (
    Facts,
    delete_fingerprints,
    ensure_camera,
    insert_fingerprint,
)
from whichcam.gallery._metadata import encode_metadata
from whichcam.gallery._names import new_id, pattern_path
from whichcam.gallery._pattern import Shape, write_pattern
from whichcam.gallery._records import EnrolledCamera
from whichcam.gallery._rows import camera_id, known_camera_id, load_camera
from whichcam.gallery._signs import check_bits, pack_signs
from whichcam.gallery._staging import forget_staging
from whichcam.gallery._store import Store
from whichcam.gallery._text import clean_note


def enroll_pattern(
    store: Store,
    name: str,
    pattern: FloatArray,
    facts: Facts,
    *,
    sign_bits: npt.ArrayLike | None,
    camera_model: str | None,
    replace: bool,
    staging: str | None,
) -> EnrolledCamera:
    """Add a checked pattern; see `Gallery.enroll`."""
    shape = (pattern.shape[0], pattern.shape[1])
    bits = pack_signs(pattern) if sign_bits is None else check_bits(sign_bits, shape)
    model = None if camera_model is None else clean_note(camera_model, "camera_model")
    with store.writing() as change:
        connection = store.connection
        camera = ensure_camera(connection, name, model, facts.created)
        if replace:
            delete_fingerprints(connection, change, camera, shape)
        elif connection.execute(
            "SELECT 1 FROM fingerprint WHERE camera = ? AND height = ? AND width = ?",
            (camera, *shape),
        ).fetchone():
            raise InputError(
                f"{name!r} has a fingerprint of shape {shape} already; choose another "
                "name, remove that one, or ask to replace it"
            )
        change.touch_files()
        identity = new_id()
        target = pattern_path(store.folder, identity)
        make_folder(target.parent)
        sha256, exponent = write_pattern(target, pattern)
        sync_folder(target.parent)
        insert_fingerprint(
            store,
            camera,
            identity,
            facts,
            shape=shape,
            exponent=exponent,
            pattern_sha256=sha256,
            bits=bits,
        )
        if staging is not None:
            forget_staging(connection, change, staging)
        return load_camera(connection, store.folder, name)


def annotate_fingerprint(
    store: Store, name: str, metadata: Mapping[str, Any], shape: Shape | None
) -> EnrolledCamera:
    """Merge metadata into those of a fingerprint; see `Gallery.annotate`."""
    with store.writing():
        camera = known_camera_id(store.connection, name)
        one = load_camera(store.connection, store.folder, name).fingerprint(shape)
        store.connection.execute(
            "UPDATE fingerprint SET metadata = ? "
            "WHERE camera = ? AND height = ? AND width = ?",
            (encode_metadata({**one.metadata, **metadata}), camera, *one.shape),
        )
        return load_camera(store.connection, store.folder, name)


def note_camera(store: Store, name: str, note: str) -> EnrolledCamera:
    """Write a note on a camera; see `Gallery.note`."""
    cleaned = clean_note(note, "note")
    with store.writing():
        camera = known_camera_id(store.connection, name)
        store.connection.execute(
            "UPDATE camera SET note = ? WHERE id = ?", (cleaned, camera)
        )
        return load_camera(store.connection, store.folder, name)


def rename_camera(store: Store, old: str, new: str) -> EnrolledCamera:
    """Give a camera a name that is free; see `Gallery.rename`."""
    with store.writing():
        camera = known_camera_id(store.connection, old)
        if camera_id(store.connection, new) not in (None, camera):
            raise InputError(
                f"a camera {new!r} is in the gallery already; choose another name"
            )
        store.connection.execute(
            "UPDATE camera SET name = ? WHERE id = ?", (new, camera)
        )
        return load_camera(store.connection, store.folder, new)


def remove_camera(store: Store, name: str, shape: Shape | None) -> None:
    """Delete a camera or one fingerprint of it; see `Gallery.remove`."""
    with store.writing() as change:
        camera = known_camera_id(store.connection, name)
        if shape is not None:
            enrolled = load_camera(store.connection, store.folder, name)
            shape = enrolled.fingerprint(shape).shape
        delete_fingerprints(store.connection, change, camera, shape)
        store.connection.execute(
            "DELETE FROM camera WHERE id = ?1 AND NOT EXISTS "
            "(SELECT 1 FROM fingerprint WHERE camera = ?1)",
            (camera,),
        )
