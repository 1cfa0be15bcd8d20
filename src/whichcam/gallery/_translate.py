"""What the database and the disk complain of, in words that say what to do."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from whichcam.errors import ArtifactError, InputError, WhichcamError

# EFBIG: a quota or limit on the size of files, which is mended the same way.
_FULL: Final = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FORBIDDEN: Final = {errno.EROFS, errno.EACCES, errno.EPERM}


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the system into our own."""
    try:
        yield
    except WhichcamError:
        raise  # some of ours are OSError too
    except sqlite3.Error as error:
        raise _of_database(error, folder) from error
    except OSError as error:
        raise _of_system(error, folder) from error


def is_busy(error: sqlite3.Error) -> bool:
    """Say whether another process holds the lock that was asked for."""
    return _code(error).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _code(error: sqlite3.Error) -> str:
    return str(getattr(error, "sqlite_errorname", ""))  # absent if Python raised it


def _of_database(error: sqlite3.Error, folder: Path) -> WhichcamError:
    code = _code(error)
    if is_busy(error):
        return ArtifactError(
            f"the gallery {folder} stayed locked by another process; nothing was "
            "changed: try again when that process is done"
        )
    if code == "SQLITE_FULL":
        return _full(folder, error)
    if code.startswith("SQLITE_READONLY") or code == "SQLITE_PERM":
        return _read_only(folder, error)
    if code.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR")):
        return ArtifactError(
            f"the database of the gallery {folder} cannot be read or written "
            f"({error}); look whether the disk is full, failing or read-only"
        )
    if isinstance(error, sqlite3.ProgrammingError):
        return InputError(
            f"the gallery {folder} is used after it was closed or in another thread "
            f"({error}); open it once in each thread"
        )
    return ArtifactError(
        f"the database of the gallery {folder} is damaged ({error}); restore a copy "
        "of the folder, or import its exported cameras into a new gallery"
    )


def _of_system(error: OSError, folder: Path) -> WhichcamError:
    if error.errno in _FULL:
        return _full(folder, error)
    if error.errno in _FORBIDDEN:
        return _read_only(folder, error)
    return ArtifactError(
        f"the files of the gallery {folder} cannot be read or written: {error}; look "
        "whether they are there and the disk works"
    )


def _full(folder: Path, error: Exception) -> ArtifactError:
    return ArtifactError(
        f"no room is left for the gallery {folder} ({error}); it is as it was: free "
        "space on its disk, or name a gallery on another one"
    )


def _read_only(folder: Path, error: Exception) -> ArtifactError:
    return ArtifactError(
        f"the gallery {folder} may not be written ({error}); ask for the right to "
        "write there, or copy the folder to a place of your own"
    )
