"""What can be asked of an open gallery."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from whichcam._typing import PathLike
from whichcam.errors import InputError
from whichcam.gallery._check import check_gallery
from whichcam.gallery._records import EnrolledCamera, GalleryCheck
from whichcam.gallery._rows import (
    camera_id,
    cameras_by_photo,
    load_camera,
    load_cameras,
    names_of,
)
from whichcam.gallery._select import SignShape, export_camera, matrix_of, sign_shapes
from whichcam.gallery._signs import SignMatrix
from whichcam.gallery._store import Store
from whichcam.gallery._text import clean_name


class GalleryView:
    """What can be asked of an open gallery; `Gallery` adds what changes it.

    Each answer is of one moment: what other processes commit meanwhile is in it whole
    or not at all.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def close(self) -> None:
        """Let go of the folder."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Gallery({str(self.folder)!r})"

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._store.folder

    @property
    def read_only(self) -> bool:
        """Whether changes are refused."""
        return self._store.read_only

    def __len__(self) -> int:
        with self._store.reading() as connection:
            count = connection.execute("SELECT count(*) FROM camera").fetchone()
        return int(count[0])

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        with self._store.reading() as connection:
            return camera_id(connection, clean_name(name)) is not None

    def names(self) -> tuple[str, ...]:
        """Return the names of all cameras, in alphabetical order."""
        with self._store.reading() as connection:
            return tuple(names_of(connection))

    def list(self) -> tuple[EnrolledCamera, ...]:
        """Return all cameras, in alphabetical order; patterns stay on disk.

        Raises
        ------
        ArtifactError
            If the database is damaged.
        """
        with self._store.reading() as connection:
            return tuple(load_cameras(connection, self.folder))

    def get(self, name: str) -> EnrolledCamera:
        """Return a camera with all its fingerprints; patterns stay on disk.

        Raises
        ------
        UnknownNameError
            If it is not enrolled; the message has the names most like it.
        """
        wanted = clean_name(name)
        with self._store.reading() as connection:
            return load_camera(connection, self.folder, wanted)

    def cameras_by_photo(self, sha256s: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return which cameras some pictures enrolled.

        Parameters
        ----------
        sha256s : iterable of str
            SHA-256 of pictures or videos, 64 hexadecimal digits each.

        Returns
        -------
        dict of str to tuple of str
            The names of the cameras, for those that enrolled any.

        Raises
        ------
        InputError
            If a hash is none.
        """
        with self._store.reading() as connection:
            return cameras_by_photo(connection, sha256s)

    def sign_shapes(self) -> tuple[SignShape, ...]:
        """Return for which shapes there are sign bits, most fingerprints first."""
        with self._store.reading() as connection:
            return sign_shapes(connection)

    def sign_matrix(
        self, shape: tuple[int, int], *, noise_version: int | None = None
    ) -> SignMatrix:
        """Map the sign bits of all fingerprints of a shape into memory.

        Parameters
        ----------
        shape : tuple of int
            (height, width), px.
        noise_version : int, optional
            By default the latest that there is for the shape.

        Returns
        -------
        SignMatrix
            ``names, bits = gallery.sign_matrix(shape)``: a name or None for each row
            and uint64 of shape (n, words); (0, 0) if there are none of this shape.
            Checksums are not compared: `check` does.

        Raises
        ------
        ChecksumMismatchError
            If the file is shorter than it should be.
        """
        with self._store.reading() as connection:
            return matrix_of(connection, self.folder, shape, noise_version)

    def export(
        self,
        name: str,
        path: PathLike,
        *,
        shape: tuple[int, int] | None = None,
        overwrite: bool = False,
    ) -> Path:
        """Write a camera to one file, for another gallery to import.

        Parameters
        ----------
        name : str
            The camera.
        path : path-like
            The file to write: a zip of plain .npy and JSON members.
        shape : tuple of int, optional
            Only this fingerprint.
        overwrite : bool, default False
            Replace a file that exists.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        UnknownNameError
            If the camera or the shape is not enrolled.
        InputError
            If the file exists and ``overwrite`` is False, or cannot be written.
        ChecksumMismatchError
            If what is stored is damaged; no file is written then.
        """
        target = Path(path)
        if target.exists() and not overwrite:
            raise InputError(
                f"{target} exists; name another file, or ask to overwrite it"
            )
        camera = self.get(name)
        export_camera(self._store, camera, target, shape)
        return target

    def check(self) -> GalleryCheck:
        """Compare the checksums of all that is stored, and look for what is not ours.

        Returns
        -------
        GalleryCheck
            Its ``problems`` are empty if all is well.

        Raises
        ------
        ArtifactError
            If the database cannot be read at all.
        """
        return check_gallery(self._store)

    def unfinished(self) -> tuple[str, ...]:
        """Return the names whose enrolment was begun with `staging` and not ended."""
        with self._store.reading() as connection:
            rows = connection.execute("SELECT name FROM staging ORDER BY name")
            return tuple(row[0] for row in rows)
