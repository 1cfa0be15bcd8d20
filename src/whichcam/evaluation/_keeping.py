"""Results as files: written whole or not at all, and never over one unasked."""

from __future__ import annotations

import json
import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from whichcam._typing import PathLike
from whichcam.errors import ArtifactError, ArtifactNotFoundError, InputError
from whichcam.evaluation import _parse


class KeptResult(ABC):
    """What results have in common: one JSON file, which is evidence."""

    __slots__ = ()
    _ITEMS_ON_LINES: ClassVar[tuple[str, ...]] = ()
    """Fields that are lists, written with an item a line: files can be compared."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""

    @classmethod
    @abstractmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the result of which these are the values.

        Raises
        ------
        IncompatibleArtifactError
            If a field is missing, of another type, or does not fit the others.
        """

    def save(self, path: PathLike, *, overwrite: bool = False) -> None:
        """Write the result as one JSON file, whole or not at all.

        Parameters
        ----------
        path : path-like
            Its folder exists.
        overwrite : bool, default False
            Replace a file that is there.

        Raises
        ------
        InputError
            If the file exists and may not be replaced: results are evidence.
        ArtifactNotFoundError
            If the folder does not exist.
        ArtifactError
            If the file cannot be written.
        """
        keep_text(path, self._json(), overwrite=overwrite)

    @classmethod
    def load(cls, path: PathLike) -> Self:
        """Read a result written by `save`.

        Raises
        ------
        ArtifactNotFoundError
            If there is no such file.
        ArtifactError
            If it cannot be read, or is larger than any result (1 GiB).
        IncompatibleArtifactError
            If it is no result of this schema.
        """
        return cls.from_dict(_parse.read_json(Path(path)))

    def _json(self) -> str:
        values = self.to_dict()
        lists = {name: values.pop(name) for name in self._ITEMS_ON_LINES}
        text = json.dumps(values, indent=1, allow_nan=False)[:-2]
        for name, items in lists.items():
            lines = ",\n".join(json.dumps(item, allow_nan=False) for item in items)
            text += f',\n "{name}": [\n{lines}\n]'
        return text + "}\n"


def keep_text(path: PathLike, text: str, *, overwrite: bool) -> None:
    """Write a result; its ``save`` says what is raised."""
    target = Path(path)
    if not target.parent.is_dir():
        raise ArtifactNotFoundError(
            f"no folder {target.parent} to write {target.name} in; create it first"
        )
    try:
        write_whole(target, text, overwrite=overwrite)
    except FileExistsError as error:
        raise InputError(
            f"{target} exists and results are never overwritten unasked; choose "
            "another name or pass overwrite=True"
        ) from error
    except OSError as error:
        raise ArtifactError(f"{target} cannot be written: {error.strerror}") from error


def write_whole(target: Path, text: str, *, overwrite: bool) -> None:
    """Write beside the target, then move there."""
    if target.exists() and not overwrite:
        raise FileExistsError
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        temporary.chmod(0o644)  # mkstemp's is private to the user
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
