"""Read sign bits and whole cameras out of an open gallery."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from whichcam.errors import InputError, WhichcamError
from whichcam.gallery._exchange import write_export
from whichcam.gallery._matrices import matrices, place_of
from whichcam.gallery._records import EnrolledCamera
from whichcam.gallery._signs import SignMatrix, map_rows, read_row
from whichcam.gallery._store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class SignShape:
    """A shape for which a gallery has sign bits.

    Parameters
    ----------
    shape : tuple of int
        (height, width) of the patterns, px.
    noise_version : int
        Version of their noise extraction.
    n_fingerprints : int
        How many there are, at least 1.
    words : int
        Words of 64 bits a fingerprint.
    """

    shape: tuple[int, int]
    noise_version: int
    n_fingerprints: int
    words: int

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "shape": list(self.shape),
            "noise_version": self.noise_version,
            "n_fingerprints": self.n_fingerprints,
            "words": self.words,
        }


def sign_shapes(connection: sqlite3.Connection) -> tuple[SignShape, ...]:
    """Return the shapes of which there are fingerprints, most fingerprints first."""
    rows = connection.execute(
        "SELECT m.height, m.width, m.noise_version, count(*), m.words "
        "FROM matrix m JOIN fingerprint f ON f.matrix = m.id "
        "GROUP BY m.id ORDER BY 4 DESC, 1 DESC, 2 DESC, 3 DESC"
    )
    return tuple(
        SignShape(
            shape=(height, width),
            noise_version=version,
            n_fingerprints=count,
            words=words,
        )
        for height, width, version, count, words in rows
    )


def matrix_of(
    connection: sqlite3.Connection,
    folder: Path,
    shape: tuple[int, int],
    noise_version: int | None,
) -> SignMatrix:
    """Map the sign bits of a shape; see `Gallery.sign_matrix`."""
    for matrix in matrices(connection):
        if matrix.shape == tuple(shape) and noise_version in (
            None,
            matrix.noise_version,
        ):
            break
    else:
        return SignMatrix((), np.zeros((0, 0), np.uint64))
    # Inside the caller's transaction: a file is deleted only after a commit, and
    # nobody commits while we read.
    bits = map_rows(matrix.path(folder), matrix.n_rows, matrix.words)
    names: list[str | None] = [None] * matrix.n_rows
    for slot, name in connection.execute(
        "SELECT f.slot, c.name FROM fingerprint f JOIN camera c ON c.id = f.camera "
        "WHERE f.matrix = ?",
        (matrix.id,),
    ):
        names[matrix.checked_slot(slot)] = name
    return SignMatrix(tuple(names), bits)


def export_camera(
    store: Store, camera: EnrolledCamera, target: Path, shape: tuple[int, int] | None
) -> None:
    """Write a camera, or one fingerprint of it, to a file."""
    if shape is not None:
        camera = replace(camera, fingerprints=(camera.fingerprint(shape),))
    signs = []
    with store.reading() as connection:
        for one in camera.fingerprints:
            matrix, slot = place_of(connection, one.path.stem)
            signs.append(read_row(matrix.path(store.folder), slot, matrix.words))
    try:
        write_export(target, camera, signs)
    except WhichcamError:
        raise
    except OSError as error:
        raise InputError(
            f"{camera.name!r} cannot be exported to {target}: {error}; nothing was "
            "written: name a file where there is room and the right to write"
        ) from error
