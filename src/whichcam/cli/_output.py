"""Files that the command writes, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from whichcam.errors import InputError


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 file beside its place and move it there when it is whole.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file beside its place and move it there when it is whole.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.chmod(0o644)  # mkstemp makes it private
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
