"""Folders for enrolments that take long: a killed one goes on where it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from whichcam.errors import ArtifactError
from whichcam.gallery._files import make_folder
from whichcam.gallery._locks import HeldLock
from whichcam.gallery._names import STAGING, lock_path, new_id, staging_path
from whichcam.gallery._rows import now
from whichcam.gallery._store import Change, Store
from whichcam.gallery._translate import is_busy


@contextmanager
def held_staging(store: Store, name: str) -> Iterator[tuple[str, Path]]:
    """Hold the staging folder of a name; afterwards delete it if it is done with."""
    lock: HeldLock | None = None
    try:
        with store.writing() as change:
            identity = _identity(store.connection, name)
            if identity is None:
                change.touch_files()
                identity = new_id()
                store.connection.execute(
                    "INSERT INTO staging (id, name, created) VALUES (?, ?, ?)",
                    (identity, name, now()),
                )
            path = staging_path(store.folder, identity)
            make_folder(store.folder / STAGING)
            make_folder(path)
            # Before the commit: nobody can delete the folder before it is locked.
            lock = _lock(lock_path(store.folder, identity), name)
        yield identity, path
    finally:
        if lock is not None:
            lock.release()
            store.tidy_if_marked()


def forget_staging(
    connection: sqlite3.Connection, change: Change, identity: str
) -> None:
    """Declare a staging folder done with; it is deleted when nobody holds it."""
    connection.execute("DELETE FROM staging WHERE id = ?", (identity,))
    change.remove_files()


def discard_staging(store: Store, name: str) -> bool:
    """Delete the staging folder of a name that nobody works in; say if there was one.

    Raises
    ------
    ArtifactError
        If somebody works in it.
    """
    with store.writing() as change:
        identity = _identity(store.connection, name)
        if identity is None:
            return False
        make_folder(store.folder / STAGING)
        _lock(lock_path(store.folder, identity), name).release()
        forget_staging(store.connection, change, identity)
    return True


def _identity(connection: sqlite3.Connection, name: str) -> str | None:
    row = connection.execute(
        "SELECT id FROM staging WHERE name = ?", (name,)
    ).fetchone()
    return None if row is None else str(row[0])


def _lock(path: Path, name: str) -> HeldLock:
    try:
        return HeldLock(path)
    except sqlite3.Error as error:
        if not is_busy(error):
            raise
        raise ArtifactError(
            f"{name!r} is being enrolled by another process; wait until it is done, "
            "or choose another name"
        ) from error
