"""What every result carries, and how it is kept."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import whichcam

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
LIBRARIES = ("numpy", "scipy", "numba", "onnxruntime", "pillow", "simplejpeg")


def provenance() -> dict[str, Any]:
    """Return commit, versions and machine; nothing that names a host or a person."""
    versions = {"whichcam": whichcam.__version__, "python": platform.python_version()}
    versions |= {name: metadata.version(name) for name in LIBRARIES}
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "git_commit": git_commit(),
        "versions": versions,
        "machine": {
            "processor": _processor(),
            "n_processors": os.cpu_count(),
            "system": platform.system(),
            "architecture": platform.machine(),
        },
    }


def git_commit() -> str | None:
    """Return the commit checked out here, or None without git's files."""
    git = HERE.parent / ".git"
    head = _text(git / "HEAD")
    if not head.startswith("ref: "):
        return head or None
    name = head.removeprefix("ref: ")
    if commit := _text(git / name):
        return commit
    for line in _text(git / "packed-refs").splitlines():
        commit, _, ref = line.partition(" ")
        if ref == name:
            return commit
    return None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def _processor() -> str:
    for line in _text(Path("/proc/cpuinfo")).splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def new_path(kind: str) -> Path:
    """Return a path in ``results`` that does not exist yet."""
    RESULTS.mkdir(exist_ok=True)
    stem = f"{kind}--{(git_commit() or 'unversioned')[:10]}"
    path, number = RESULTS / f"{stem}.json", 1
    while path.exists():
        number += 1
        path = RESULTS / f"{stem}-{number}.json"
    return path


def write_new(kind: str, values: dict[str, Any]) -> Path:
    """Write a result that did not exist, and say where."""
    path = new_path(kind)
    with path.open("x", encoding="utf-8") as file:
        json.dump(values, file, indent=1)
        file.write("\n")
    return path


def newest(schema: str) -> dict[str, Any] | None:
    """Return the newest result of a kind."""
    found = [json.loads(_text(path)) for path in sorted(RESULTS.glob("*.json"))]
    found = [values for values in found if values.get("schema") == schema]
    return max(found, key=lambda values: str(values["created"]), default=None)
