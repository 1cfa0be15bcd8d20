"""The folder of a gallery: its database, and changes that happen whole or not at all.

The order of things is what makes a kill harmless. Under the write lock of the
database: a mark is left in the folder, new files are written under names that never
existed and seen to the disk, rows that name them are inserted, and the commit makes all
of it true at once. Whoever finds the mark of a dead process deletes the files that no
row names. A removal commits first and deletes afterwards.

The database keeps a rollback journal and no write-ahead log. A log would let readers
go on during a commit, which here takes milliseconds and is rare; for that it needs
memory shared between all processes, so it does not work on network drives, and a
gallery on read-only media could not be opened at all.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from whichcam.errors import (
    ArtifactError,
    ArtifactNotFoundError,
    IncompatibleArtifactError,
)
from whichcam.gallery._names import DATABASE, PENDING, new_id
from whichcam.gallery._schema import STEPS, check_database, migrate
from whichcam.gallery._tidy import compact, markers, remove_orphans, sweep
from whichcam.gallery._translate import is_busy, translated

logger = logging.getLogger(__name__)

PATIENCE_S: Final = 60.0
# EXTRA also syncs the folder after a commit deletes the journal. Without, a power cut
# could bring back rows whose files are gone already.
SYNCHRONOUS: Final = "EXTRA"
# How long SQLite itself waits: it does not hear Ctrl-C meanwhile, so not for long.
_BUSY_TIMEOUT_MS: Final = 5000
_LONGEST_VALUE: Final = 1 << 24  # bytes; ours take 3 MB at most
# What desktops leave in any folder.
_NOT_COUNTED: Final = frozenset((".DS_Store", "Thumbs.db", "desktop.ini"))


class Change:
    """A change under way."""

    __slots__ = ("_folder", "leaves_rest", "marker")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.marker: Path | None = None
        self.leaves_rest = False  # files to delete once it is committed

    def touch_files(self) -> None:
        """Leave the mark that tells others to clean up, should this process die."""
        if self.marker is None:
            (self._folder / PENDING).mkdir(exist_ok=True)
            marker = self._folder / PENDING / new_id()
            marker.touch(exist_ok=False)
            self.marker = marker

    def remove_files(self) -> None:
        """Have what no row names any more deleted after the commit."""
        self.touch_files()
        self.leaves_rest = True


class Store:
    """An open gallery folder; `open_store` makes one."""

    def __init__(
        self, folder: Path, connection: sqlite3.Connection, *, read_only: bool
    ) -> None:
        self.folder = folder
        self.connection = connection
        self.read_only = read_only

    def close(self) -> None:
        """Let go of the database; a transaction under way is undone."""
        self.connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Show one state of the gallery, whatever others commit meanwhile."""
        with translated(self.folder):
            self.connection.execute("BEGIN")
            try:
                yield self.connection
            finally:
                self._roll_back()

    @contextmanager
    def writing(self) -> Iterator[Change]:
        """Change the gallery as one transaction, alone.

        Raises
        ------
        ArtifactError
            If the folder is read-only, the disk full, or another process has not
            let go of the gallery for a minute. The gallery is then as it was.
        """
        if self.read_only:
            raise ArtifactError(
                f"the gallery {self.folder} is open for reading only; to change it, "
                "open it where it may be written, or copy the folder"
            )
        with translated(self.folder):
            self._begin(PATIENCE_S)
            change = Change(self.folder)
            try:
                self._sweep_after_the_dead()
                yield change
                self._persist("COMMIT", PATIENCE_S)
            except BaseException:
                self._roll_back()
                if change.marker is not None:
                    self.tidy()
                raise
            if change.leaves_rest:
                self.tidy()
            elif change.marker is not None:
                change.marker.unlink(missing_ok=True)

    def migrate(self) -> None:
        """Bring the tables to the present version, whole or not at all."""
        self._begin(PATIENCE_S)
        try:
            migrate(self.connection)
            self._persist("COMMIT", PATIENCE_S)
        finally:
            self._roll_back()

    def tidy_if_marked(self) -> None:
        """Clean up if somebody left the mark that there may be rest."""
        if not self.read_only and markers(self.folder):
            self.tidy()

    def tidy(self) -> None:
        """Delete what no row names, unless somebody else is at work: then they do."""
        try:
            self._begin(0.0)
            try:
                dead = markers(self.folder)
                n_changes = self.connection.total_changes
                is_clean = sweep(self.connection, self.folder)
                has_old_files = compact(self.connection, self.folder)
                # A commit would wait for readers, even one of nothing.
                if self.connection.total_changes > n_changes:
                    self._persist("COMMIT", PATIENCE_S)
                if has_old_files:
                    self._begin(0.0)
                    is_clean &= remove_orphans(self.connection, self.folder)
            finally:
                self._roll_back()
            if is_clean:
                _forget(dead)
        except (OSError, sqlite3.Error, ArtifactError) as error:
            # The mark stays, and the next to open or change the gallery tries again.
            logger.info("the gallery %s is not tidied yet: %s", self.folder, error)

    def _sweep_after_the_dead(self) -> None:
        # Under the lock, so whoever left these marks is dead, or past its commit and
        # about to do the same.
        dead = markers(self.folder)
        if dead and sweep(self.connection, self.folder):
            _forget(dead)

    def _begin(self, patience_s: float) -> None:
        """Take the write lock."""
        self._persist("BEGIN IMMEDIATE", patience_s)

    def _persist(self, statement: str, patience_s: float) -> None:
        """Execute what others may stand in the way of, until they are out of it."""
        give_up = time.monotonic() + patience_s
        if patience_s == 0.0:
            self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            while True:
                try:
                    self.connection.execute(statement)
                except sqlite3.Error as error:
                    if not is_busy(error) or time.monotonic() >= give_up:
                        raise
                else:
                    return
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")

    def _roll_back(self) -> None:
        # The connection knows best: some errors have rolled back already.
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")


def open_store(folder: Path, *, create: bool, read_only: bool) -> Store:
    """Open the gallery in a folder, migrating it if an earlier version made it.

    Raises
    ------
    ArtifactNotFoundError, IncompatibleArtifactError, ArtifactError
        As `Gallery.open` says.
    """
    database = folder / DATABASE
    with translated(folder):
        if not database.is_file():
            _refuse_or_make_folder(folder, database, create=create)
        writable = os.access(folder, os.W_OK) and (
            not database.exists() or os.access(database, os.W_OK)
        )
        read_only = read_only or not writable
        connection = _connect(database, read_only=read_only, create=create)
        try:
            store = Store(folder, connection, read_only=read_only)
            _bring_up_to_date(store, database, create=create)
        except BaseException:
            connection.close()
            raise
        store.tidy_if_marked()
    return store


def _refuse_or_make_folder(folder: Path, database: Path, *, create: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise IncompatibleArtifactError(
            f"{folder} is a file; a gallery is a folder: name one"
        )
    if database.exists():
        raise IncompatibleArtifactError(
            f"{database} is no regular file; name another folder for the gallery"
        )
    if not create:
        raise _no_gallery(folder)
    folder.mkdir(parents=True, exist_ok=True)
    others = {p.name for p in folder.iterdir()} - _NOT_COUNTED
    foreign = sorted(name for name in others if not name.startswith(DATABASE))
    # Another process may have made the gallery since we looked.
    if foreign and not database.exists():
        raise IncompatibleArtifactError(
            f"{folder} is no gallery and holds other files ({foreign[0]!r:.60}); name "
            "a new or an empty folder"
        )


def _connect(database: Path, *, read_only: bool, create: bool) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc" if create else "rw"
    connection = sqlite3.connect(
        f"{database.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_TIMEOUT_MS / 1000,
        isolation_level=None,  # transactions begin and end where we say
    )
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
        for pragma in (
            "foreign_keys = ON",
            "trusted_schema = OFF",  # the file may come from anybody
            "cell_size_check = ON",
            f"synchronous = {SYNCHRONOUS}",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _bring_up_to_date(store: Store, database: Path, *, create: bool) -> None:
    version = check_database(store.connection, database)
    if version == len(STEPS):
        return
    if version == 0 and not create:  # somebody was killed while creating it
        raise _no_gallery(store.folder)
    if store.read_only:
        raise ArtifactError(
            f"the gallery {store.folder} has schema version {version} and must be "
            f"brought to {len(STEPS)}, but may not be written; open it once where it "
            "may be"
        )
    store.migrate()


def _no_gallery(folder: Path) -> ArtifactNotFoundError:
    return ArtifactNotFoundError(
        f"there is no gallery in {folder}; enrol a camera there first (`whichcam "
        "enroll`), or name the folder of your gallery"
    )


def _forget(marks: list[Path]) -> None:
    for mark in marks:
        with suppress(OSError):
            mark.unlink()
