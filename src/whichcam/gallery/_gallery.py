"""A folder of enrolled cameras."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, SupportsIndex

import numpy.typing as npt

from whichcam._typing import PathLike
from whichcam.gallery._changes import (
    annotate_fingerprint,
    enroll_pattern,
    note_camera,
    remove_camera,
    rename_camera,
)
from whichcam.gallery._exchange import open_export, opened
from whichcam.gallery._import import add_imported, read_description
from whichcam.gallery._insert import checked_facts
from whichcam.gallery._pattern import check_pattern
from whichcam.gallery._place import default_gallery_dir
from whichcam.gallery._records import EnrolledCamera
from whichcam.gallery._staging import discard_staging, held_staging
from whichcam.gallery._store import Store, open_store
from whichcam.gallery._text import clean_name
from whichcam.gallery._view import GalleryView


class Gallery(GalleryView):
    """Enrolled cameras in one folder, safe against kills and other processes.

    Every change is one transaction: killed at any moment, or out of disk space, it
    leaves the gallery as it was. Several processes may read and change a gallery at
    the same time; each opens it for itself (a `Gallery` cannot cross a fork or go to
    another thread, an `EnrolledCamera` can). Names are case-sensitive and may be any
    text of up to 128 characters.

    Open one with `Gallery.open`, best in a ``with`` statement.

    Notes
    -----
    The folder holds ``gallery.sqlite3`` (what is known of the cameras; schema
    versioned, earlier versions are migrated when opened), ``patterns/`` (one .npy
    file of float16 a fingerprint), ``signs/`` (one file of packed sign bits a shape)
    and, while an enrolment lasts, ``staging/``. Copy it whole, while nothing writes.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> pattern = np.random.default_rng(0).normal(0, 0.01, (48, 64))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Gallery.open(folder, create=True) as gallery:
    ...         camera = gallery.enroll(
    ...             "my camera", pattern, n_photos=20, quality=0.7, noise_version=1
    ...         )
    ...         np.corrcoef(gallery.get("my camera").pattern().ravel(), pattern.ravel())
    ...         gallery.sign_matrix((48, 64)).bits.shape
    array([[1.        , 0.99999998],
           [0.99999998, 1.        ]])
    (1, 48)
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._held: dict[str, str] = {}

    @classmethod
    def open(
        cls,
        folder: PathLike | None = None,
        *,
        create: bool = False,
        read_only: bool = False,
    ) -> Self:
        """Open the gallery in a folder.

        What a killed process left half-written is deleted; a gallery of an earlier
        schema version is brought to the present one.

        Parameters
        ----------
        folder : path-like, optional
            By default `default_gallery_dir`.
        create : bool, default False
            Make the gallery if there is none; the folder must be empty or absent.
        read_only : bool, default False
            Refuse changes. A folder that may not be written is opened so anyway.

        Raises
        ------
        ArtifactNotFoundError
            If there is no gallery and ``create`` is False.
        IncompatibleArtifactError
            If a newer whichcam made it, or the folder or file is something else.
        ArtifactError
            If the database is damaged, locked for long, or cannot be read.
        """
        place = default_gallery_dir() if folder is None else Path(folder)
        return cls(open_store(place, create=create, read_only=read_only))

    def enroll(
        self,
        name: str,
        pattern: npt.ArrayLike,
        *,
        n_photos: SupportsIndex,
        quality: float,
        noise_version: SupportsIndex,
        sign_bits: npt.ArrayLike | None = None,
        camera_model: str | None = None,
        photo_sha256s: Iterable[str] = (),
        warnings: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
        replace: bool = False,
    ) -> EnrolledCamera:
        """Add a fingerprint: of a new camera, or of a known one in another shape.

        Parameters
        ----------
        name : str
            The name to find it by.
        pattern : array-like of shape (H, W), floating
            Zero mean, ready to correlate. Stored as float16 after scaling by a power
            of two: the correlation with the original is at least 0.9999.
        n_photos : int
            Pictures it was estimated from, at least 1.
        quality : float
            The estimator's measure, in [0, 1].
        noise_version : int
            Version of the noise extraction.
        sign_bits : array-like of shape (words,), uint64, optional
            For the first stage of a search; of one length for all patterns of a
            shape. By default bit ``i`` of word ``j`` says whether pixel ``64 * j + i``
            in row-major order is above zero.
        camera_model : str, optional
            Make and model.
        photo_sha256s : iterable of str
            SHA-256 of the pictures, 64 hexadecimal digits each.
        warnings : iterable of str
            What makes the fingerprint less good than it looks.
        metadata : mapping, optional
            Further JSON values, such as ``sensor_size``, ``crop_place`` and
            ``calibration``; at most 1 MiB.
        replace : bool, default False
            Take the place of the camera's fingerprint of the same shape.

        Returns
        -------
        EnrolledCamera
            The camera with all its fingerprints, as now stored.

        Raises
        ------
        InputError
            If a value is unusable, the camera has a fingerprint of this shape and
            ``replace`` is False, or it is enrolled as another model.
        ArtifactError
            If the disk is full, or the gallery cannot be written.
        """
        wanted = clean_name(name)
        facts = checked_facts(
            n_photos=n_photos,
            quality=quality,
            noise_version=noise_version,
            photo_sha256s=photo_sha256s,
            warnings=warnings,
            metadata=metadata,
        )
        return enroll_pattern(
            self._store,
            wanted,
            check_pattern(pattern),
            facts,
            sign_bits=sign_bits,
            camera_model=camera_model,
            replace=replace,
            staging=self._held.get(wanted),
        )

    def annotate(
        self,
        name: str,
        metadata: Mapping[str, Any],
        *,
        shape: tuple[int, int] | None = None,
    ) -> EnrolledCamera:
        """Add to the metadata of a fingerprint, replacing keys that are there.

        Parameters
        ----------
        name : str
            The camera.
        metadata : mapping
            JSON values.
        shape : tuple of int, optional
            Which fingerprint; by default that of most pixels.

        Raises
        ------
        UnknownNameError
            If the camera or the shape is not enrolled.
        InputError
            If a value is no JSON, or all would take more than 1 MiB.
        """
        return annotate_fingerprint(self._store, clean_name(name), metadata, shape)

    def note(self, name: str, note: str) -> EnrolledCamera:
        """Write what is to be remembered of a camera, in place of what was.

        Parameters
        ----------
        name : str
            The camera.
        note : str
            Whose it is, its serial number, a case: at most 1000 characters. Exported
            with the camera. Empty to have none.

        Raises
        ------
        UnknownNameError
            If there is no such camera.
        InputError
            If the note is too long.
        """
        return note_camera(self._store, clean_name(name), note)

    def rename(self, name: str, new_name: str) -> EnrolledCamera:
        """Give a camera another name.

        Raises
        ------
        UnknownNameError
            If there is no such camera.
        InputError
            If the new name is taken.
        """
        return rename_camera(self._store, clean_name(name), clean_name(new_name))

    def remove(self, name: str, *, shape: tuple[int, int] | None = None) -> None:
        """Delete a camera, or one fingerprint of it; nothing of it stays on disk.

        Parameters
        ----------
        name : str
            The camera.
        shape : tuple of int, optional
            Delete only the fingerprint of this shape. With its last fingerprint the
            camera goes too.

        Raises
        ------
        UnknownNameError
            If the camera or the shape is not enrolled.
        """
        remove_camera(self._store, clean_name(name), shape)

    def import_(self, path: PathLike, *, name: str | None = None) -> EnrolledCamera:
        """Add a camera that was exported, from this gallery or another.

        Parameters
        ----------
        path : path-like
            A file that `export` wrote. Nothing in it is believed unchecked.
        name : str, optional
            The name to give it; by default the one it had.

        Raises
        ------
        ArtifactNotFoundError
            If there is no such file.
        IncompatibleArtifactError
            If it is another kind of file, or of a newer version.
        ChecksumMismatchError
            If it was damaged on its way.
        InputError
            If the name is taken.
        """
        source = Path(path)
        with opened(source) as stream, open_export(stream, source) as archive:
            camera = read_description(archive, source)
            wanted = camera.name if name is None else clean_name(name)
            add_imported(self._store, archive, camera, wanted, source)
        return self.get(wanted)

    @contextmanager
    def staging(self, name: str) -> Iterator[Path]:
        """Hold a folder for the checkpoints of a long enrolment.

        Leaving the ``with`` block (or being killed in it) before `enroll` was called
        for the name keeps the folder, and the next `staging` of that name finds what
        was in it. Once enrolled, it is deleted.

        Parameters
        ----------
        name : str
            The camera that is being enrolled.

        Yields
        ------
        Path
            An existing folder, for this process alone.

        Raises
        ------
        ArtifactError
            If another process holds it, or the gallery cannot be written.
        """
        wanted = clean_name(name)
        with held_staging(self._store, wanted) as (identity, folder):
            self._held[wanted] = identity
            try:
                yield folder
            finally:
                del self._held[wanted]

    def discard_staging(self, name: str) -> bool:
        """Delete the checkpoints of an enrolment given up; say if there were any.

        Raises
        ------
        ArtifactError
            If another process is at that enrolment.
        """
        return discard_staging(self._store, clean_name(name))
