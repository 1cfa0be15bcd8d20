"""Traces taken once a photo and kept on disk."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from whichcam._registry import load
from whichcam._typing import FloatArray
from whichcam.errors import ArtifactError, MissingDependencyError, WhichcamError
from whichcam.media import Photo, open_photo

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]")


@runtime_checkable
class TracedMethod(Protocol):
    """A method made of a trace and a classifier, so that traces can be kept.

    Without ``classes_``, which an unfitted method refuses to show.
    """

    def extract(self, photo: Photo) -> FloatArray:
        """Return the traces of one photo; all NaN where it cannot have them."""

    def fit_features(
        self, X: FloatArray, y: Sequence[str], groups: npt.NDArray[Any] | None = None
    ) -> Any:
        """Learn from traces taken before."""

    def predict_features(self, X: FloatArray) -> npt.NDArray[np.float64]:
        """Return probabilities of traces taken before."""


@runtime_checkable
class CachingMethod(Protocol):
    """A method that keeps what it takes from photos in a folder of its own form."""

    def keep(self, photo: Photo) -> None:
        """Take from a photo what fitting will ask for, unless it is kept already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSpec:
    """A method, as another process can build it.

    Attributes
    ----------
    name : str
        Registry name.
    where : str
        ``module:attribute``.
    settings : mapping
        Constructor arguments.
    trace_key : str
        Name and version of its trace; empty where it takes none that can be kept.
    cache : str
        Folder for what it keeps in a form of its own; empty where it keeps nothing.
    """

    name: str
    where: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    trace_key: str = ""
    cache: str = ""

    def build(self) -> Any:
        """Return an unfitted classifier."""
        kept = {"cache": self.cache} if self.cache else {}
        kind = load({self.name: self.where}, self.name, what="method")
        return kind(**self.settings, **kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStore:
    """A folder of traces, by trace and by SHA-256 of the photo.

    Attributes
    ----------
    folder : Path
        Made when the first trace is written.
    """

    folder: Path

    def load(self, key: str, sha256: str) -> FloatArray | None:
        """Return a trace; None where there is none, or none that can be read."""
        path = self._path(key, sha256)
        try:
            found = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        if not isinstance(found, np.ndarray) or found.ndim != 1:
            return None
        return found.astype(np.float32, copy=False)

    def has(self, key: str, sha256: str) -> bool:
        """Say whether a trace is there to be read."""
        return self._path(key, sha256).is_file() and self.load(key, sha256) is not None

    def save(self, key: str, sha256: str, trace: FloatArray) -> None:
        """Write a trace, whole or not at all."""
        path = self._path(key, sha256)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                np.save(file, trace, allow_pickle=False)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def _path(self, key: str, sha256: str) -> Path:
        safe = _UNSAFE.sub("_", key)
        return self.folder / safe / sha256[:2] / f"{sha256}.npy"


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceTask:
    """One photo, and the methods whose traces are wanted."""

    row: int
    file: Path
    methods: tuple[MethodSpec, ...]
    store: TraceStore


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceOutcome:
    """What became of a photo: its hash, or why it cannot be used by any method."""

    row: int
    sha256: str = ""
    error: str = ""
    taken: int = 0


def take_traces(task: TraceTask) -> TraceOutcome:
    """Take the traces of a photo that are not kept yet; decode it at most once.

    Raises
    ------
    ArtifactError
        If the store cannot be written: no other photo would fare better.
    """
    keys = [method.trace_key for method in task.methods if method.trace_key]
    own = [built for m in task.methods if m.cache for built in [m.build()]]
    keeping = [built for built in own if isinstance(built, CachingMethod)]
    try:
        if keys and not keeping and task.file.is_file():
            with task.file.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if all(task.store.has(key, digest) for key in keys):
                return TraceOutcome(row=task.row, sha256=digest)
        photo = open_photo(task.file)
    except WhichcamError as error:
        return TraceOutcome(row=task.row, error=str(error))
    except OSError as error:
        return TraceOutcome(row=task.row, error=f"cannot be read ({error.strerror})")
    taken = 0
    for classifier in keeping:
        try:
            classifier.keep(photo)
        except (ArtifactError, MissingDependencyError):
            raise
        except WhichcamError:
            continue  # fitting will leave it out, too
    for method in task.methods:
        if not method.trace_key or task.store.has(method.trace_key, photo.sha256):
            continue
        try:
            trace = method.build().extract(photo)
        except WhichcamError:
            continue  # this method alone cannot use it, and the figures will say so
        try:
            task.store.save(method.trace_key, photo.sha256, trace)
        except OSError as error:
            raise ArtifactError(
                f"cannot keep traces in {task.store.folder}: {error.strerror}; free "
                "space, or name another folder with --work"
            ) from error
        taken += 1
    return TraceOutcome(row=task.row, sha256=photo.sha256, taken=taken)


def stacked(store: TraceStore, key: str, digests: Sequence[str]) -> FloatArray:
    """Return the kept traces of photos, NaN for those that have none."""
    found = [store.load(key, digest) for digest in digests]
    widths = [len(trace) for trace in found if trace is not None]
    width = max(set(widths), key=widths.count) if widths else 1
    X = np.full((len(found), width), np.nan, dtype=np.float32)
    for row, trace in enumerate(found):
        if trace is not None and len(trace) == width:
            X[row] = trace
    return X
