"""Which file holds the sign bits of which shape, as the database has it."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from whichcam.errors import ArtifactError
from whichcam.gallery._names import checked_id, signs_path
from whichcam.gallery._pattern import MAX_PIXELS

_MOST_ROWS: Final = 1 << 40


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow:
    """A matrix of sign bits: its rows in use are 0 to ``n_rows - 1``."""

    id: int
    shape: tuple[int, int]
    noise_version: int
    words: int
    file: str
    n_rows: int

    def path(self, folder: Path) -> Path:
        """Return where its bits lie."""
        return signs_path(folder, self.file)

    def checked_slot(self, slot: object) -> int:
        """Return a row read from the database, or refuse one that is not there."""
        if not isinstance(slot, int) or not 0 <= slot < self.n_rows:
            raise _damaged(f"row {slot!r:.20} of {self.n_rows} sign bits")
        return slot


def matrices(connection: sqlite3.Connection) -> list[MatrixRow]:
    """Return all matrices, the latest noise version of a shape first.

    Raises
    ------
    ArtifactError
        If a number is impossible: the database may come from anybody.
    """
    found = []
    for row in connection.execute(
        "SELECT id, height, width, noise_version, words, file, n_rows FROM matrix "
        "ORDER BY noise_version DESC"
    ):
        identity, height, width, noise_version, words, file, n_rows = row
        numbers = (identity, height, width, noise_version, words, n_rows)
        if not all(isinstance(number, int) for number in numbers):
            raise _damaged("sign bits whose numbers are none")
        if not (0 < words <= MAX_PIXELS // 64 and 0 < n_rows <= _MOST_ROWS):
            raise _damaged(f"{n_rows} rows of {words} words of sign bits")
        found.append(
            MatrixRow(
                id=identity,
                shape=(height, width),
                noise_version=noise_version,
                words=words,
                file=checked_id(file),
                n_rows=n_rows,
            )
        )
    return found


def place_of(connection: sqlite3.Connection, fingerprint: str) -> tuple[MatrixRow, int]:
    """Return the matrix and the row of a fingerprint's sign bits.

    Raises
    ------
    ArtifactError
        If the fingerprint is not, or no longer, in the gallery.
    """
    row = connection.execute(
        "SELECT matrix, slot FROM fingerprint WHERE id = ?", (fingerprint,)
    ).fetchone()
    for matrix in matrices(connection):
        if row is not None and matrix.id == row[0]:
            return matrix, matrix.checked_slot(row[1])
    raise _damaged("a fingerprint without sign bits")


def _damaged(what: str) -> ArtifactError:
    return ArtifactError(
        f"the gallery's database has {what}; it was tampered with or damaged: restore "
        "a copy of the folder"
    )
