"""Traces of one photo's views in a file of their own, named by the photo's bytes."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam.errors import ArtifactError, IncompatibleArtifactError
from whichcam.models import TableKey
from whichcam.traces import TRACE_VERSION
from whichcam.training._config import TrainingConfig


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoViews:
    """Traces of the views of one photo by kind, and its quantisation tables."""

    traces: dict[str, npt.NDArray[np.float16]]
    table: TableKey | None


def store_of(config: TrainingConfig, folder: Path) -> Path:
    """Return the folder for traces taken with these settings, whatever the photos."""
    parts = [
        [config.crop_size_px, config.n_crops, config.smallest_px, config.seed],
        [list(config.manipulations), config.n_reduced],
        TRACE_VERSION,
    ]
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]
    return folder / f"views-{digest}"


def view_file(sha256: str) -> str:
    """Return the name of a photo's file in its store."""
    return f"{sha256[:2]}/{sha256}.npz"


def sha256_of(path: str) -> str:
    """Return the digest of a file; of nothing where it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return hashlib.sha256().hexdigest()  # opening it will say what is wrong


def write_views(path: Path, views: PhotoViews) -> None:
    """Write the views of a photo, whole or not at all.

    Raises
    ------
    ArtifactError
        If they cannot be written.
    """
    key = None if views.table is None else list(views.table)
    arrays: dict[str, npt.NDArray[Any]] = {
        "table": np.frombuffer(json.dumps(key).encode(), np.uint8),
        **views.traces,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # several processes may take the same photo, each writes a name of its own
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise ArtifactError(
            f"traces cannot be kept in {path.parent}: {error.strerror}; free space, or "
            "name another folder"
        ) from error


def read_views(path: Path) -> PhotoViews:
    """Return what `write_views` wrote.

    Raises
    ------
    IncompatibleArtifactError
        If the file is damaged.
    """
    try:
        # opened here: of a damaged archive numpy would leave the file open
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            key = json.loads(stored["table"].tobytes())
            traces = {name: stored[name] for name in stored.files if name != "table"}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise IncompatibleArtifactError(
            f"the traces in {path} are damaged ({error}); remove the file"
        ) from error
    table = None if key is None else TableKey(tuple(key[0]), tuple(key[1]), key[2])
    return PhotoViews(traces=traces, table=table)
