"""Where a person's gallery lies when no folder is named."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from whichcam.errors import InputError

ENVIRONMENT_VARIABLE: Final = "WHICHCAM_GALLERY"


def default_gallery_dir() -> Path:
    """Return the folder of the gallery used when none is named.

    The environment variable ``WHICHCAM_GALLERY`` wins. Otherwise it is
    ``whichcam/gallery`` in the place for a user's data: ``%LOCALAPPDATA%`` on
    Windows, ``~/Library/Application Support`` on macOS, ``$XDG_DATA_HOME`` or
    ``~/.local/share`` elsewhere. Nothing is created.

    Returns
    -------
    Path
        Need not exist.

    Raises
    ------
    InputError
        If the home folder is needed and the system does not say where it is.

    References
    ----------
    XDG Base Directory Specification, version 0.8: a relative ``XDG_DATA_HOME`` is
    to be ignored.
    """
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    try:
        return Path(named).expanduser() if named else _user_data() / "whichcam/gallery"
    except RuntimeError as error:  # what pathlib raises where there is no home
        raise InputError(
            f"the system names no home folder to keep a gallery in ({error}); name a "
            f"folder or set {ENVIRONMENT_VARIABLE}"
        ) from error


def _user_data() -> Path:
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    stated = Path(os.environ.get("XDG_DATA_HOME", ""))
    return stated if stated.is_absolute() else Path.home() / ".local" / "share"
