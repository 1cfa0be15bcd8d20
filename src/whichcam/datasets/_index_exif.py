"""Build a manifest from what the pictures' own EXIF says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from whichcam._typing import PathLike
from whichcam.datasets._describe import Progress, describe_paths
from whichcam.datasets._description import Description
from whichcam.datasets._files import SkippedFile
from whichcam.datasets._labels import canonical_camera
from whichcam.datasets._manifest import Manifest
from whichcam.datasets._schema import text_column
from whichcam.datasets._walk import find_pictures
from whichcam.errors import InputError, ManifestError

# What firmware writes where it has no serial number: one digit repeated, or words.
_NO_SERIAL: Final = re.compile(r"(.)\1*|none|unknown|n/?a|undefined", re.IGNORECASE)


def index_exif(
    root: PathLike,
    *,
    session_gap_hours: float = 6.0,
    progress: Progress | None = None,
    workers: int = 1,
    journal: PathLike | None = None,
) -> Manifest:
    """Index pictures by the camera, device and time that their EXIF names.

    Parameters
    ----------
    root : path-like
        Folder with pictures at any depth.
    session_gap_hours : float, default 6
        A pause of more hours between two pictures of a device begins a new session:
        longer than a meal, shorter than a night.
    progress, workers, journal
        As in `describe_files`.

    Returns
    -------
    Manifest
        ``camera_model`` by `canonical_camera`. ``device_id`` from the body's serial
        number where there is one, else the owner's name, else the folder;
        ``device_from`` says which. Pictures without a date form one session a folder.
        Files that name no camera stand in ``skipped``.

    Raises
    ------
    DatasetNotFoundError
        If there is no such folder or no picture in it.
    InputError
        If the gap is not positive.
    DatasetError
        If a worker process dies.

    Notes
    -----
    EXIF is what the file claims, and is easily changed: `screen` the manifest before
    its labels are trusted.
    """
    if not session_gap_hours > 0:
        raise InputError(f"session_gap_hours is {session_gap_hours}, expected above 0")
    pictures, skipped = find_pictures(root)
    results = describe_paths(
        Path(root), pictures, progress=progress, workers=workers, journal=journal
    )
    rows: list[dict[str, Any]] = []
    for path, result in zip(pictures, results, strict=True):
        if isinstance(result, SkippedFile):
            skipped.append(result)
            continue
        try:
            row = _row(path, result)
            text_column("any", row.values())
        except (InputError, ManifestError) as error:
            reason = f"its EXIF names no usable camera ({error})"
            skipped.append(SkippedFile(path=path.as_posix(), reason=reason))
            continue
        rows.append(row)
    _set_sessions(rows, timedelta(hours=session_gap_hours))
    skipped.sort(key=lambda item: item.path)
    return Manifest.from_rows(rows, root, skipped=skipped)


def _row(path: Path, found: Description) -> dict[str, Any]:
    name = canonical_camera(found.make, found.model)
    serial, owner = found.serial.strip(), found.owner.strip()
    if serial and not _NO_SERIAL.fullmatch(serial):
        origin, device = "serial", f"serial {serial}"
    elif owner:
        origin, device = "owner", f"owner {owner}"
    else:
        origin, device = "folder", f"folder {path.parent.as_posix()}"
    return {
        "path": path.as_posix(),
        "camera_model": name.camera_model,
        "make": name.make,
        "device_id": f"{name.camera_model} / {device}",
        "device_from": origin,
        "software": found.software,
        **found.columns(),
    }


def _set_sessions(rows: Sequence[dict[str, Any]], gap: timedelta) -> None:
    by_device: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_device.setdefault(row["device_id"], []).append(row)
    for device, taken in by_device.items():
        number, last = 0, datetime.min
        for row in sorted(taken, key=lambda row: (row["taken"], row["path"])):
            if not row["taken"]:
                folder = Path(row["path"]).parent.as_posix()
                row["session"] = f"{device} / undated in {folder}"
                continue
            now = datetime.fromisoformat(row["taken"])
            if number == 0 or now - last > gap:
                number += 1
            last = now
            row["session"] = f"{device} / session {number}"
