"""Locks that the system lets go of when their process dies, on every platform."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from whichcam.gallery._translate import is_busy


class HeldLock:
    """The sole right to work on something, until `release` or the process's end.

    An empty SQLite file serves as the lock: SQLite knows how to lock files on Linux,
    macOS, Windows and network drives, and Python's library has no other such thing.
    """

    __slots__ = ("_connection",)

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=0.0, isolation_level=None)
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except BaseException:
            self._connection.close()
            raise

    def release(self) -> None:
        """Let others have it."""
        self._connection.close()


def is_held(path: Path) -> bool:
    """Say whether some process, this one included, holds a lock."""
    if not path.is_file():
        return False
    try:
        HeldLock(path).release()
    except sqlite3.Error as error:
        return is_busy(error)
    return False
