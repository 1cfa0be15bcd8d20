"""Where uploads lie while they are looked at: private, and gone afterwards."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Final

from whichcam.gallery._locks import HeldLock, is_held

_PREFIX: Final = "whichcam-serve-"
_LOCK: Final = "lock"
_YOUNG_S: Final = 60.0  # a folder without a lock may be one that is being made


class Spool:
    """A private folder for one server's life; those of dead servers are deleted.

    The system lets go of the lock in the folder when the server dies, however it
    dies: what holds no lock is nobody's.
    """

    def __init__(self, parent: Path | None = None) -> None:
        place = Path(tempfile.gettempdir()) if parent is None else parent
        place.mkdir(parents=True, exist_ok=True)
        sweep(place)
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        self._lock = HeldLock(self.folder / _LOCK)

    def new_folder(self) -> Path:
        """Return a new folder for one request."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def n_folders(self) -> int:
        """Return how many requests have files here."""
        return sum(entry.is_dir() for entry in os.scandir(self.folder))

    def close(self) -> None:
        """Delete everything."""
        self._lock.release()
        remove(self.folder)


def sweep(place: Path) -> int:
    """Delete what servers left behind that were killed; return how many folders."""
    n_swept = 0
    for folder in place.glob(f"{_PREFIX}*"):
        if not _is_ours(folder) or _is_in_use(folder):
            continue
        remove(folder)
        n_swept += 1
    return n_swept


def remove(folder: Path) -> None:
    """Delete a folder and what is in it; one that is gone already is no error."""
    shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    owner = getattr(os, "getuid", lambda: status.st_uid)()
    return folder.is_dir() and not folder.is_symlink() and status.st_uid == owner


def _is_in_use(folder: Path) -> bool:
    lock = folder / _LOCK
    try:
        if not lock.is_file():
            return time.time() - folder.stat().st_mtime < _YOUNG_S
        return is_held(lock)
    except (OSError, sqlite3.Error):
        return True  # cannot be told: better left
