"""How the files of a gallery are called: by random ids, never by what people type."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Final

from whichcam.errors import ArtifactError

DATABASE: Final = "gallery.sqlite3"
PATTERNS: Final = "patterns"
SIGNS: Final = "signs"
STAGING: Final = "staging"
PENDING: Final = "pending"

_ID: Final = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """Return an id that no file had before: what readers have open stays theirs."""
    return secrets.token_hex(16)


def checked_id(text: object) -> str:
    """Return an id read from a database, or refuse one that could lead elsewhere."""
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise ArtifactError(
            f"the gallery's database names a file {text!r:.60}, which is no name it "
            "gives; it was tampered with or damaged: restore a copy of the folder"
        )
    return text


def pattern_path(folder: Path, identity: str) -> Path:
    """Return where the pattern of a fingerprint lies."""
    return folder / PATTERNS / f"{checked_id(identity)}.npy"


def signs_path(folder: Path, identity: str) -> Path:
    """Return where the sign bits of a shape lie."""
    return folder / SIGNS / f"{checked_id(identity)}.u64"


def staging_path(folder: Path, identity: str) -> Path:
    """Return the folder of the checkpoints of an enrolment."""
    return folder / STAGING / checked_id(identity)


def lock_path(folder: Path, identity: str) -> Path:
    """Return the file that whoever works on an enrolment keeps locked."""
    return folder / STAGING / f"{checked_id(identity)}.lock"
