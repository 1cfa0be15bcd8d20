"""Rows of a manifest: which are meant, which stand twice, what they amount to."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from whichcam.datasets._files import below_common_folder
from whichcam.datasets._schema import Column, text_column, where
from whichcam.errors import InputError, ManifestError

Selection: TypeAlias = Sequence[int] | Sequence[bool] | npt.NDArray[Any]


def row_indices(selection: Selection, n_rows: int) -> npt.NDArray[np.intp]:
    """Return the indices that a list or a mask means; see `Manifest.rows_of`."""
    wanted = np.asarray(selection)
    if wanted.size == 0:
        wanted = wanted.astype(np.intp if wanted.dtype != bool else bool)
    if wanted.ndim != 1 or wanted.dtype.kind not in "biu":
        raise InputError(
            f"a selection of shape {wanted.shape} and type {wanted.dtype}; "
            "expected one list of row indices or of bools"
        )
    if wanted.dtype == bool:
        if len(wanted) != n_rows:
            raise InputError(
                f"a mask of {len(wanted)} values for {n_rows} rows; give one each"
            )
        return np.flatnonzero(wanted)
    if wanted.size and not -n_rows <= wanted.min() <= wanted.max() < n_rows:
        raise InputError(
            f"row index {wanted.min()} or {wanted.max()} is out of range for "
            f"{n_rows} rows"
        )
    return wanted.astype(np.intp) % n_rows if wanted.size else wanted


def content_digest(columns: Mapping[str, Column], files: Sequence[Path]) -> str:
    """Return the SHA-256 of rows in any order; see `Manifest.sha256`."""
    names = sorted(columns)
    paths = text_column("path", below_common_folder(files))
    lists = [(paths if name == "path" else columns[name]).tolist() for name in names]
    lines = sorted(json.dumps(row) for row in zip(*lists, strict=True))
    digest = hashlib.sha256(json.dumps(names).encode())
    for line in lines:
        digest.update(b"\n" + line.encode())
    return digest.hexdigest()


def refuse_duplicates(paths: Column) -> None:
    """Raise a `ManifestError` where a file is listed twice."""
    first: dict[str, int] = {}
    for row, path in enumerate(paths):
        key = os.path.normpath(path)
        if key in first:
            raise ManifestError(
                f"{where(row, 'path')}: {path!r} stands in row {first[key] + 2} "
                "already; each file may be listed once"
            )
        first[key] = row
