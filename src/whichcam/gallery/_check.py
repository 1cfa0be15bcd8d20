"""Look at every byte of a gallery."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from whichcam.errors import ArtifactError
from whichcam.gallery._files import sha256_of
from whichcam.gallery._matrices import place_of
from whichcam.gallery._records import (
    EnrolledCamera,
    GalleryCheck,
    GalleryProblem,
    StoredFingerprint,
)
from whichcam.gallery._rows import load_cameras
from whichcam.gallery._signs import row_sha256
from whichcam.gallery._store import Store
from whichcam.gallery._tidy import markers, orphans

_MEND = "remove the camera and import or enrol it again"


def check_gallery(store: Store) -> GalleryCheck:
    """Compare every checksum; see `Gallery.check`."""
    with store.reading() as connection:
        problems = list(_database_problems(connection))
        cameras = load_cameras(connection, store.folder)
        problems += _orphan_problems(store)
    n_bytes = 0
    n_fingerprints = 0
    # Not inside one transaction: that would keep everybody from enrolling meanwhile.
    for camera in cameras:
        for one in camera.fingerprints:
            n_fingerprints += 1
            found, reasons = _fingerprint_problems(store, one)
            n_bytes += found
            if reasons and _is_still_there(store, camera, one):
                problems += [
                    GalleryProblem(camera=camera.name, shape=one.shape, reason=reason)
                    for reason in reasons
                ]
    return GalleryCheck(
        n_cameras=len(cameras),
        n_fingerprints=n_fingerprints,
        n_bytes=n_bytes,
        problems=tuple(problems),
    )


def _database_problems(connection: sqlite3.Connection) -> Iterator[GalleryProblem]:
    for row in connection.execute("PRAGMA integrity_check(20)"):
        if row[0] != "ok":
            yield _of_all(f"the database is damaged: {row[0]}; restore a copy")
    for row in connection.execute("PRAGMA foreign_key_check"):
        yield _of_all(f"a row of {row[0]!r} refers to nothing; restore a copy")


def _orphan_problems(store: Store) -> Iterator[GalleryProblem]:
    if markers(store.folder):
        return  # somebody is at work, or the next change cleans up
    for path in orphans(store.connection, store.folder):
        yield _of_all(f"{path} belongs to no camera; it may be deleted")


def _fingerprint_problems(
    store: Store, one: StoredFingerprint
) -> tuple[int, list[str]]:
    """Return the bytes looked at, and what is wrong with them."""
    reasons = []
    n_bytes = 0
    try:
        n_bytes += one.path.stat().st_size
        if sha256_of(one.path) != one.pattern_sha256:
            reasons.append(f"its pattern {one.path} was changed or damaged; {_MEND}")
    except OSError as error:
        reasons.append(f"its pattern cannot be read ({error}); {_MEND}")
    try:
        with store.reading() as connection:
            matrix, slot = place_of(connection, one.path.stem)
            n_bytes += 8 * matrix.words
            found = row_sha256(matrix.path(store.folder), slot, matrix.words)
        if found != one.sign_sha256:
            reasons.append(f"its sign bits were changed or damaged; {_MEND}")
    except ArtifactError as error:
        reasons.append(f"its sign bits cannot be read: {error}")
    return n_bytes, reasons


def _is_still_there(
    store: Store, camera: EnrolledCamera, one: StoredFingerprint
) -> bool:
    """Say whether a fingerprint was not removed or replaced while we looked."""
    with store.reading() as connection:
        return any(
            other.path == one.path
            for now in load_cameras(connection, store.folder, camera.name)
            for other in now.fingerprints
        )


def _of_all(reason: str) -> GalleryProblem:
    return GalleryProblem(camera=None, shape=None, reason=reason)
