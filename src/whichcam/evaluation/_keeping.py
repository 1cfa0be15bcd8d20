"""Results as files: written whole or not at all, and never over one unasked."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from whichcam._typing import PathLike
from whichcam.errors import ArtifactError, ArtifactNotFoundError, InputError


def keep_text(path: PathLike, text: str, *, overwrite: bool) -> None:
    """Write a result; its ``save`` says what is raised."""
    target = Path(path)
    if not target.parent.is_dir():
        raise ArtifactNotFoundError(
            f"no folder {target.parent} to write {target.name} in; create it first"
        )
    try:
        write_whole(target, text, overwrite=overwrite)
    except FileExistsError as error:
        raise InputError(
            f"{target} exists and results are never overwritten unasked; choose "
            "another name or pass overwrite=True"
        ) from error
    except OSError as error:
        raise ArtifactError(f"{target} cannot be written: {error.strerror}") from error


def write_whole(target: Path, text: str, *, overwrite: bool) -> None:
    """Write beside the target, then move there."""
    if target.exists() and not overwrite:
        raise FileExistsError
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        temporary.chmod(0o644)  # mkstemp's is private to the user
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
