"""The tables of a gallery, as steps from each version of them to the next."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from whichcam.errors import ArtifactError, IncompatibleArtifactError

APPLICATION_ID: Final = 0x7763_676C  # "wcgl": what `file` shows of the database

# Step k makes version k + 1 of version k; an empty file is version 0. A step that was
# released is never edited: galleries made by it are on people's disks.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE camera (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            camera_model TEXT,
            created TEXT NOT NULL
        )
        """,
        # The sign bits of one shape and noise version: rows of one file.
        """
        CREATE TABLE matrix (
            id INTEGER PRIMARY KEY,
            height INTEGER NOT NULL,
            width INTEGER NOT NULL,
            noise_version INTEGER NOT NULL,
            words INTEGER NOT NULL,
            file TEXT NOT NULL UNIQUE,
            n_rows INTEGER NOT NULL,
            UNIQUE (height, width, noise_version)
        )
        """,
        """
        CREATE TABLE fingerprint (
            id TEXT PRIMARY KEY,
            camera INTEGER NOT NULL REFERENCES camera (id) ON DELETE CASCADE,
            height INTEGER NOT NULL,
            width INTEGER NOT NULL,
            exponent INTEGER NOT NULL,
            n_photos INTEGER NOT NULL,
            quality REAL NOT NULL,
            noise_version INTEGER NOT NULL,
            photo_sha256s BLOB NOT NULL,
            warnings TEXT NOT NULL,
            metadata TEXT NOT NULL,
            created TEXT NOT NULL,
            whichcam_version TEXT NOT NULL,
            pattern_sha256 TEXT NOT NULL,
            sign_sha256 TEXT NOT NULL,
            matrix INTEGER NOT NULL REFERENCES matrix (id),
            slot INTEGER NOT NULL,
            UNIQUE (camera, height, width),
            UNIQUE (matrix, slot)
        )
        """,
        # Rows of removed cameras whose bits have still to be set to 0.
        """
        CREATE TABLE unwiped (
            matrix INTEGER NOT NULL REFERENCES matrix (id) ON DELETE CASCADE,
            slot INTEGER NOT NULL,
            PRIMARY KEY (matrix, slot)
        )
        """,
        # Enrolments under way: which folder holds the checkpoints of which camera.
        """
        CREATE TABLE staging (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            created TEXT NOT NULL
        )
        """,
    ),
    (
        # What a person wants to remember of a camera: whose it is, a case number.
        "ALTER TABLE camera ADD COLUMN note TEXT NOT NULL DEFAULT ''",
        # Which picture made which fingerprint: the order of `photo_sha256s` is kept
        # there, the way from a picture to its cameras is here.
        """
        CREATE TABLE photo (
            sha256 BLOB NOT NULL,
            fingerprint TEXT NOT NULL REFERENCES fingerprint (id) ON DELETE CASCADE,
            PRIMARY KEY (sha256, fingerprint)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX photo_by_fingerprint ON photo (fingerprint)",
        """
        INSERT OR IGNORE INTO photo (sha256, fingerprint)
        WITH RECURSIVE number (k) AS (
            SELECT 0
            UNION ALL
            SELECT k + 1 FROM number WHERE k + 1 < (
                SELECT max(length(photo_sha256s)) / 32 FROM fingerprint
            )
        )
        SELECT substr(f.photo_sha256s, 32 * number.k + 1, 32), f.id
        FROM fingerprint f JOIN number
        ON 32 * (number.k + 1) <= length(f.photo_sha256s)
        """,
    ),
)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the tables; 0 if there are none yet."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_database(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of a database, or say that it is none of ours.

    Raises
    ------
    IncompatibleArtifactError
        If another program made it, or a later whichcam.
    ArtifactError
        If it holds what no gallery holds.
    """
    version = version_of(connection)
    kind = int(connection.execute("PRAGMA application_id").fetchone()[0])
    rules = dict(
        connection.execute("SELECT type, count(*) FROM sqlite_master GROUP BY type")
    )
    if kind != APPLICATION_ID and (version or kind or rules):
        raise IncompatibleArtifactError(
            f"{path} is a database, but not of a whichcam gallery (application id "
            f"{kind:#x}, expected {APPLICATION_ID:#x}); name another folder"
        )
    if version > len(STEPS):
        raise IncompatibleArtifactError(
            f"the gallery {path.parent} has schema version {version}; this whichcam "
            f"knows versions up to {len(STEPS)}: upgrade whichcam "
            "(pip install --upgrade whichcam), or export its cameras with the newer "
            "one and import them into another gallery"
        )
    if rules.keys() & {"trigger", "view"}:
        # Code that would run inside the database on what we do.
        raise ArtifactError(
            f"{path} holds triggers or views, which no gallery has; it was tampered "
            "with: restore a copy of the folder"
        )
    return version


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables to the present version, inside the caller's transaction."""
    # Read again: another process may have done it since the caller looked.
    version = version_of(connection)
    # Not executescript: it would commit, and a kill could leave half a step.
    for step in STEPS[version:]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(STEPS)}")
