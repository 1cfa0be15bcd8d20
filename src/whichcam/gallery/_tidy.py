"""Remove what killed processes and removed cameras left behind.

The database says what belongs to the gallery; every file of our naming that it does
not name is rest. All of this runs under the write lock: no other process is then in
the middle of adding files.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from whichcam.gallery._files import sync_folder
from whichcam.gallery._locks import is_held
from whichcam.gallery._matrices import matrices
from whichcam.gallery._names import (
    PATTERNS,
    PENDING,
    SIGNS,
    STAGING,
    lock_path,
    new_id,
    signs_path,
)
from whichcam.gallery._signs import copy_rows, cut_rows, wipe_rows

_OURS: Final = re.compile(r"([0-9a-f]{32})(\.[a-z0-9]+)?")

# Below this size, a matrix is written anew whenever a row falls out: it takes less
# than a moment, and readers then find no gaps. Above, when half of it is gaps.
SMALL_MATRIX_BYTES: Final = 1 << 24


def markers(folder: Path) -> list[Path]:
    """Return the marks of writers that are at work, or were killed at it."""
    try:
        return sorted((folder / PENDING).iterdir())
    except FileNotFoundError:
        return []


def sweep(connection: sqlite3.Connection, folder: Path) -> bool:
    """Wipe and delete what the database no longer names, inside a transaction.

    Returns
    -------
    bool
        False if something could not be deleted yet and the marks should stay.
    """
    _wipe(connection, folder)
    for matrix in matrices(connection):
        with suppress(FileNotFoundError):  # `check` reports it
            cut_rows(matrix.path(folder), matrix.n_rows, matrix.words)
    return remove_orphans(connection, folder)


def remove_orphans(connection: sqlite3.Connection, folder: Path) -> bool:
    """Delete the files of our naming that no row names; say if all could be."""
    is_clean = True
    for path in list(orphans(connection, folder)):
        try:
            if is_in_use(folder, path):
                is_clean = False  # its holder has just enrolled, and will delete it
            elif path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except PermissionError:
            is_clean = False  # Windows does not delete what somebody has open
    return is_clean


def orphans(connection: sqlite3.Connection, folder: Path) -> Iterator[Path]:
    """Yield files and folders of our naming that no row names."""
    for kind, query in (
        (PATTERNS, "SELECT id FROM fingerprint"),
        (SIGNS, "SELECT file FROM matrix"),
        (STAGING, "SELECT id FROM staging"),
    ):
        named = {row[0] for row in connection.execute(query)}
        for path in _listed(folder / kind):
            ours = _OURS.fullmatch(path.name)
            if ours is not None and ours[1] not in named:
                yield path


def is_in_use(folder: Path, path: Path) -> bool:
    """Say whether a path belongs to an enrolment that some process is at."""
    is_staging = path.parent.name == STAGING
    return is_staging and is_held(lock_path(folder, path.name[:32]))


def compact(connection: sqlite3.Connection, folder: Path) -> bool:
    """Write the matrices that have gaps anew; say whether old files are now rest."""
    changed = False
    for matrix in matrices(connection):
        live = [
            matrix.checked_slot(row[0])
            for row in connection.execute(
                "SELECT slot FROM fingerprint WHERE matrix = ? ORDER BY slot",
                (matrix.id,),
            )
        ]
        n_gaps = matrix.n_rows - len(live)
        is_small = matrix.n_rows * matrix.words * 8 <= SMALL_MATRIX_BYTES
        if n_gaps == 0 or not (is_small or n_gaps >= len(live)):
            continue
        changed = True
        connection.execute("DELETE FROM unwiped WHERE matrix = ?", (matrix.id,))
        if not live:
            connection.execute("DELETE FROM matrix WHERE id = ?", (matrix.id,))
            continue
        fresh = new_id()
        copy_rows(matrix.path(folder), signs_path(folder, fresh), live, matrix.words)
        connection.execute(
            "UPDATE matrix SET file = ?, n_rows = ? WHERE id = ?",
            (fresh, len(live), matrix.id),
        )
        # In ascending order each place is free when it is taken.
        connection.executemany(
            "UPDATE fingerprint SET slot = ? WHERE matrix = ? AND slot = ?",
            [(new, matrix.id, old) for new, old in enumerate(live)],
        )
    if changed:
        sync_folder(folder / SIGNS)
    return changed


def _wipe(connection: sqlite3.Connection, folder: Path) -> None:
    if connection.execute("SELECT 1 FROM unwiped LIMIT 1").fetchone() is None:
        return  # and nobody has to wait for a commit that changes nothing
    for matrix in matrices(connection):
        slots = [
            matrix.checked_slot(row[0])
            for row in connection.execute(
                "SELECT slot FROM unwiped WHERE matrix = ?", (matrix.id,)
            )
        ]
        if slots:
            with suppress(FileNotFoundError):
                wipe_rows(matrix.path(folder), slots, matrix.words)
    connection.execute("DELETE FROM unwiped")


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []
