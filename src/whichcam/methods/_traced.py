"""What methods share that take numbers from pixels and then classify the numbers."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, IntArray, PathLike, PixelArray
from whichcam.datasets import Manifest
from whichcam.errors import (
    DatasetError,
    IncompatibleArtifactError,
    OutOfDomainWarning,
    ShapeMismatchError,
)
from whichcam.media import Photo
from whichcam.methods._fitted import FittedClasses
from whichcam.methods._persistence import (
    load_method,
    save_method,
    stored_classes,
    stored_settings,
)
from whichcam.methods._trace_inputs import (
    check_features,
    checked_classes,
    known_groups,
    middle_of,
    read_traces,
)
from whichcam.models.storage import field

Progress = Callable[[str, int, int], None]


class TraceClassifier(FittedClasses, ABC):
    """Base of the methods made of a trace and a classifier.

    Parameters
    ----------
    crop_size_px : int, default 768
        Side of the square from the middle of the photo that is looked at, at native
        resolution: it bounds time and memory. A smaller photo is taken whole.
    smallest_px : int, default 128
        Smaller photos are refused.
    workers : int, default 1
        Threads that read photos and take their traces in `fit`.
    seed : int, default 0
        Decides all that is random in `fit`.

    Attributes
    ----------
    skipped_ : tuple of (str, str)
        Path and reason of each file that `fit` could not use.
    """

    method: ClassVar[str]
    trace_version: ClassVar[int]
    n_features: ClassVar[int]
    _remembered = 512  # photos whose traces are kept in memory

    def __init__(
        self,
        *,
        crop_size_px: int = 768,
        smallest_px: int = 128,
        workers: int = 1,
        seed: int = 0,
    ) -> None:
        self.crop_size_px = crop_size_px
        self.smallest_px = smallest_px
        self.workers = workers
        self.seed = seed

    @property
    def trace_key(self) -> str:
        """Name of the trace and of all it depends on, to key a cache on disk by."""
        return f"{self.method}-{self.trace_version}-{self.crop_size_px}"

    def extract(self, photo: Photo) -> FloatArray:
        """Return the traces of one photo.

        Parameters
        ----------
        photo : Photo
            Decoded photo.

        Returns
        -------
        ndarray of shape (n_features,), float32
            Read-only. All NaN where the photo cannot have this trace.

        Raises
        ------
        ImageTooSmallError
            If a side is shorter than ``smallest_px``.
        """
        memory: OrderedDict[tuple[Any, ...], FloatArray]
        memory = self.__dict__.setdefault("_memory", OrderedDict())
        # the pixels' shape too: a photo cut from another may carry its header on
        key = (photo.sha256, photo.pixels.shape, self.crop_size_px, self.smallest_px)
        found = memory.get(key)
        if found is None:
            found = self._extract(photo, self._middle(photo))
            found.flags.writeable = False
            memory[key] = found
            while len(memory) > self._remembered:
                memory.popitem(last=False)
        return found

    def fit(self, manifest: Manifest, progress: Progress | None = None) -> Self:
        """Learn from labelled photos.

        Parameters
        ----------
        manifest : Manifest
            With ``camera_model``; sessions and devices are used where they are known.
        progress : callable, optional
            Called as ``progress(stage, done, total)``.

        Returns
        -------
        TraceClassifier
            Itself.

        Raises
        ------
        DatasetError
            If a camera model is blank, or as `fit_features` for too few photos.
        """
        names = [str(name) for name in manifest.camera_model]
        groups = known_groups(manifest)
        rows, features, skipped = [], [], []
        for row, (path, found) in enumerate(
            read_traces(manifest.paths, self._taken, workers=self.workers)
        ):
            if isinstance(found, str):
                skipped.append((str(path), found))
            else:
                rows.append(row)
                features.append(found)
            if progress is not None:
                progress("taking traces", row + 1, len(names))
        self.skipped_ = tuple(skipped)
        if not rows:
            raise DatasetError(
                f"none of {len(names)} photos can be used"
                + (f"; the first: {skipped[0][1]}" if skipped else "")
            )
        named = [names[row] for row in rows]
        return self.fit_features(np.stack(features), named, groups=groups[rows])

    def fit_features(
        self,
        X: FloatArray,
        y: Sequence[str] | npt.NDArray[Any],
        groups: Sequence[Any] | npt.NDArray[Any] | None = None,
    ) -> Self:
        """Learn from traces taken before.

        Parameters
        ----------
        X : ndarray of shape (n, n_features), float32
            As `extract` gives them; rows of NaN are left out.
        y : sequence of str
            Camera model of each row.
        groups : sequence, optional
            Session or device of each row: kept together wherever rows are held out.

        Returns
        -------
        TraceClassifier
            Itself.

        Raises
        ------
        ShapeMismatchError
            If lengths or widths disagree.
        InputError
            If a trace is infinite.
        DatasetError
            If a camera model is blank, there are fewer than two, or one has fewer than
            two photos with traces.
        """
        names = np.array([str(name) for name in y], dtype=object)
        check_features(X, self.n_features)
        member = np.zeros(len(names)) if groups is None else np.asarray(groups)
        if not len(X) == len(names) == len(member):
            raise ShapeMismatchError(
                f"X has {len(X)} rows, y {len(names)} and groups {len(member)}; "
                "expected one value a row"
            )
        usable = np.asarray(~np.isnan(X).any(1))
        classes = checked_classes(names, usable)
        labels = np.searchsorted(classes, names[usable].astype(str))
        self._fit(X[usable], labels.astype(np.int64), member[usable])
        self._classes = classes
        return self

    def predict_proba(self, photos: Sequence[Photo]) -> npt.NDArray[np.float64]:
        """Return calibrated closed-set probabilities.

        Parameters
        ----------
        photos : sequence of Photo
            Decoded photos.

        Returns
        -------
        ndarray of shape (n_photos, n_classes), float64
            Rows sum to 1.

        Raises
        ------
        NotFittedError
            Before `fit` or `load`.
        ImageTooSmallError
            If a photo is smaller than ``smallest_px``.

        Warns
        -----
        OutOfDomainWarning
            If photos cannot have this trace; all classes are equally likely for them.
        """
        classes = self.classes_
        if not photos:
            return np.empty((0, len(classes)))
        return self.predict_features(np.stack([self.extract(p) for p in photos]))

    def predict_features(self, X: FloatArray) -> npt.NDArray[np.float64]:
        """Return calibrated closed-set probabilities of traces taken before.

        Parameters
        ----------
        X : ndarray of shape (n, n_features), float32
            As `extract` gives them.

        Returns
        -------
        ndarray of shape (n, n_classes), float64
            Rows sum to 1; a row of NaN gives all classes the same probability.

        Raises
        ------
        NotFittedError
            Before `fit` or `load`.
        ShapeMismatchError, InputError
            If the width is wrong or a trace infinite.

        Warns
        -----
        OutOfDomainWarning
            If there are rows of NaN.
        """
        classes = self.classes_
        check_features(X, self.n_features)
        usable = ~np.isnan(X).any(1)
        found = np.full((len(X), len(classes)), 1 / len(classes))
        if usable.any():
            found[usable] = self._predict(X[usable])
        if not usable.all():
            warnings.warn(
                f"{int((~usable).sum())} of {len(X)} photos lack what {self.method} "
                "looks at; it cannot tell, and calls every camera model equally likely",
                OutOfDomainWarning,
                stacklevel=2,
            )
        return found

    def save(self, folder: PathLike) -> None:
        """Write the method to a folder: JSON and plain arrays.

        Parameters
        ----------
        folder : path
            New or empty.

        Raises
        ------
        NotFittedError
            Before `fit` or `load`.
        InputError
            If the folder holds something already.
        """
        header = {
            "method": self.method,
            "trace_version": self.trace_version,
            "classes": list(self.classes_),
            "params": self.get_params(),
        }
        save_method(folder, header, self._state())

    @classmethod
    def load(cls, folder: PathLike) -> Self:
        """Read a folder written by `save`.

        Parameters
        ----------
        folder : path
            As given to `save`.

        Raises
        ------
        ArtifactError
            If it holds no such method, or one of another version.
        """
        header, arrays = load_method(folder)
        stored = (field(header, "method", str), field(header, "trace_version", int))
        if stored != (cls.method, cls.trace_version):
            raise IncompatibleArtifactError(
                f"{Path(folder)} holds {stored[0]!r} over traces of version "
                f"{stored[1]}; expected {cls.method!r} over version "
                f"{cls.trace_version}: train it again"
            )
        classes = stored_classes(header)
        try:
            loaded = cls(**stored_settings(header, cls().get_params()))
            loaded._restore(arrays, len(classes))
        except (KeyError, TypeError, IndexError) as error:
            raise IncompatibleArtifactError(
                f"{Path(folder)} cannot be used: {error!r}"
            ) from error
        loaded._classes = classes
        return loaded

    @abstractmethod
    def _extract(self, photo: Photo, crop: PixelArray) -> FloatArray:
        """Return the traces of a crop; all NaN if there are none to take."""

    @abstractmethod
    def _fit(self, X: FloatArray, labels: IntArray, groups: npt.NDArray[Any]) -> None:
        """Fit the classifier; labels count from 0, each has two rows or more."""

    @abstractmethod
    def _predict(self, X: FloatArray) -> npt.NDArray[np.float64]:
        """Return probabilities, rows independent of each other."""

    @abstractmethod
    def _state(self) -> dict[str, npt.NDArray[Any]]:
        """Return what was learnt."""

    @abstractmethod
    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]], n_classes: int) -> None:
        """Take what `_state` gave, refusing arrays that cannot be right."""

    def _taken(self, photo: Photo) -> FloatArray | str:
        """Return the traces of a photo to learn from, or why there are none."""
        found = self._extract(photo, self._middle(photo))
        if np.isnan(found).any():
            return f"{photo.name} lacks what {self.method} looks at"
        return found

    def _middle(self, photo: Photo) -> PixelArray:
        """Return the middle of the photo, starting on the JPEG grid."""
        return middle_of(
            photo,
            side_px=self.crop_size_px,
            smallest_px=self.smallest_px,
            method=self.method,
        )
