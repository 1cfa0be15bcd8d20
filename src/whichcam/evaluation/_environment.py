"""What a result was computed with: commit, versions, machine."""

from __future__ import annotations

import os
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import whichcam

_LIBRARIES: Final = ("numpy", "scipy", "onnxruntime", "pillow", "simplejpeg")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?", re.ASCII)
_MAX_CHARS: Final = 4_000_000  # packed-refs of the largest public repositories


def git_commit(package: Path | None = None) -> str | None:
    """Return the commit checked out where this package runs from its source.

    Parameters
    ----------
    package : Path, optional
        Folder of the package, ``<checkout>/src/whichcam``. Default: this one's.

    Returns
    -------
    str or None
        40 (or 64) hexadecimal digits; None where the package is installed apart from
        a checkout. Changes that are not committed do not show.

    Notes
    -----
    Git's files are read, git is not run. Only the folder that holds ``src/whichcam``
    is looked at: a package installed in an environment that happens to lie inside
    somebody's repository is not of that repository's commit.
    """
    folder = (package or Path(whichcam.__file__).parent).resolve()
    if folder.parent.name != "src":
        return None
    git = _git_folder(folder.parent.parent)
    if git is None:
        return None
    head = _first_line(git / "HEAD")
    if not head.startswith("ref: "):
        return head if _COMMIT.fullmatch(head) else None
    name = head.removeprefix("ref: ").strip()
    if not name.startswith("refs/") or ".." in name:
        return None
    # A linked work tree keeps its branches in the main repository's folder.
    shared = _first_line(git / "commondir")
    for place in (git, git / shared) if shared else (git,):
        commit = _first_line(place / name) or _packed(place, name)
        if _COMMIT.fullmatch(commit):
            return commit
    return None


def _git_folder(root: Path) -> Path | None:
    git = root / ".git"
    if git.is_dir():
        return git
    pointer = _first_line(git)
    return root / pointer[8:].strip() if pointer.startswith("gitdir: ") else None


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(_MAX_CHARS)
    except (OSError, UnicodeDecodeError):
        return ""


def _first_line(path: Path) -> str:
    return _read(path).partition("\n")[0].strip()


def _packed(git: Path, name: str) -> str:
    for line in _read(git / "packed-refs").splitlines():
        commit, _, ref = line.partition(" ")
        if ref == name:
            return commit
    return ""


def versions() -> dict[str, str]:
    """Return the versions of whichcam, Python and the libraries that decide scores."""
    found = {"whichcam": whichcam.__version__, "python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """Return the processor's name, how many there are, and the system."""
    return {
        "processor": _processor(),
        "n_processors": os.cpu_count(),
        "system": platform.system(),
        "architecture": platform.machine(),
    }


def _processor() -> str:
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()
