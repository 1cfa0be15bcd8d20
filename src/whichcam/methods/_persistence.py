"""A fitted method in a folder: one JSON file and one of plain arrays, never pickles."""

from __future__ import annotations

import hashlib
import inspect
import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam._typing import PathLike
from whichcam.errors import (
    ArtifactNotFoundError,
    ChecksumMismatchError,
    IncompatibleArtifactError,
    InputError,
)
from whichcam.models.storage import field, read_json, write_json

Arrays = dict[str, npt.NDArray[Any]]

FORMAT_VERSION = 1
_HEADER, _ARRAYS = "method.json", "arrays.npz"
_LARGEST_BYTES = 2**30  # a method of some hundred classes has a few megabytes
_KINDS = frozenset(("float32", "float64", "int64", "int32", "uint8"))


def save_method(
    folder: PathLike, header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]
) -> None:
    """Write a fitted method; the same values give the same bytes.

    Parameters
    ----------
    folder : path
        New or empty.
    header : mapping
        JSON-ready values.
    arrays : mapping of str to ndarray
        Of types float32, float64, int32, int64 or uint8.

    Raises
    ------
    InputError
        If the folder holds something already.
    """
    target = Path(folder)
    if target.exists() and any(target.iterdir()):
        raise InputError(f"{target} is not empty; give a new folder")
    target.mkdir(parents=True, exist_ok=True)
    path = target / _ARRAYS
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **{k: arrays[k] for k in sorted(arrays)})
    shapes = {
        name: [str(arrays[name].dtype), *arrays[name].shape] for name in sorted(arrays)
    }
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    about = {"format": FORMAT_VERSION, "sha256": digest, "arrays": shapes}
    write_json(target / _HEADER, {**header, **about})


def load_method(folder: PathLike) -> tuple[dict[str, Any], Arrays]:
    """Read what `save_method` wrote.

    Parameters
    ----------
    folder : path
        As given to `save_method`.

    Returns
    -------
    header : dict
        JSON values.
    arrays : dict of str to ndarray
        Finite, of the types and shapes the header names.

    Raises
    ------
    ArtifactNotFoundError
        If a file is missing.
    IncompatibleArtifactError
        If a file is damaged, too large, or of another format.
    ChecksumMismatchError
        If the arrays are not those the header was saved with.
    """
    source = Path(folder)
    header = read_json(source / _HEADER)
    version = field(header, "format", int)
    if version != FORMAT_VERSION:
        raise IncompatibleArtifactError(
            f"{source} is of format {version}; this version reads {FORMAT_VERSION}"
        )
    path = source / _ARRAYS
    _check_bytes(path, field(header, "sha256", str))
    shapes = field(header, "arrays", dict)
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise IncompatibleArtifactError(f"{path} cannot be read: {error}") from error
    found = {name: [str(x.dtype), *x.shape] for name, x in arrays.items()}
    if found != shapes:
        raise IncompatibleArtifactError(
            f"{path} holds arrays {found}; its header promises {shapes}"
        )
    for name, array in arrays.items():
        if str(array.dtype) not in _KINDS:
            raise IncompatibleArtifactError(f"array {name!r} is of type {array.dtype}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise IncompatibleArtifactError(f"array {name!r} holds infinite values")
    return header, arrays


def given_arguments(built: object) -> dict[str, Any]:
    """Return the arguments of an object's constructor, which stored them as given."""
    names = inspect.signature(type(built).__init__).parameters
    return {name: getattr(built, name) for name in names if name != "self"}


def stored_classes(header: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the camera models that a header names.

    Raises
    ------
    IncompatibleArtifactError
        If they are not two or more different names in order.
    """
    classes = tuple(field(header, "classes", list))
    if list(classes) != sorted({str(name) for name in classes}) or len(classes) < 2:
        raise IncompatibleArtifactError(
            "the stored classes are not two or more different names in order"
        )
    return classes


def stored_settings(
    header: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the constructor's arguments that a header holds under ``params``.

    Parameters
    ----------
    header : mapping
        As `load_method` gives it.
    defaults : mapping of str to object
        The arguments there are; a stored one is of the type of its default.

    Raises
    ------
    IncompatibleArtifactError
        If an argument is not known or of another type.
    """
    found = {}
    for name, value in field(header, "params", dict).items():
        settled = tuple(value) if isinstance(value, list) else value
        default = defaults.get(name)
        fits = type(settled) is type(default)
        if isinstance(default, tuple) and fits:
            kinds = {*map(type, default)} or {str}  # of an empty one: names
            fits = {*map(type, settled)} <= kinds
        if not fits and not (isinstance(default, float) and type(settled) is int):
            raise IncompatibleArtifactError(
                f"the stored setting {name!r} is {value!r}; expected one of "
                f"{sorted(defaults)}, and of the type of its default"
            )
        found[name] = settled
    return found


def _check_bytes(path: Path, digest: str) -> None:
    """Refuse a file that is missing, too large, or not the one that was saved."""
    if not path.is_file():
        raise ArtifactNotFoundError(
            f"{path.name} is missing from the method's folder {path.parent}; "
            "give a folder written by save()"
        )
    size = path.stat().st_size
    if size > _LARGEST_BYTES:
        raise IncompatibleArtifactError(
            f"{path} has {size} bytes; at most {_LARGEST_BYTES} are read"
        )
    if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        raise ChecksumMismatchError(
            f"{path} is not the file its header was saved with; save the method again"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(archive, size)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise IncompatibleArtifactError(f"{path} cannot be read: {error}") from error


def _check_entries(archive: zipfile.ZipFile, size: int) -> None:
    """Refuse what would unfold into more than the file's own bytes."""
    for entry in archive.infolist():
        _check_entry(archive, entry)
    if sum(entry.file_size for entry in archive.infolist()) > size:
        raise ValueError("its entries hold more bytes than the file")


def _check_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Refuse an array that would need more memory than it has bytes in the file."""
    if entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError(
            f"{entry.filename} is compressed; arrays are stored as they are"
        )
    with archive.open(entry) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError(f"{entry.filename} is of another version of the format")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        promised = math.prod(shape) * dtype.itemsize
        if dtype.hasobject or promised != entry.file_size - file.tell():
            raise ValueError(
                f"{entry.filename} promises {promised} bytes and holds "
                f"{entry.file_size - file.tell()}"
            )
