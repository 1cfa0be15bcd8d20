"""The manifest: a dataset as a table, its pictures where they lie."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from whichcam._typing import PathLike
from whichcam.datasets import _table_io
from whichcam.datasets._files import (
    FileProblem,
    SkippedFile,
    absolute,
    file_problems,
    relative,
)
from whichcam.datasets._groups import GroupBy, row_groups
from whichcam.datasets._rows import (
    Selection,
    content_digest,
    refuse_duplicates,
    row_indices,
)
from whichcam.datasets._schema import (
    INTEGER_COLUMNS,
    MISSING_INTEGER,
    Column,
    canonical_names,
    integer_column,
    ordered_names,
    text_column,
)
from whichcam.errors import ManifestError

Wanted: TypeAlias = str | int | Collection[str] | Collection[int]


@dataclass(frozen=True, slots=True, eq=False)
class Manifest:
    """A table of pictures and what is known of them; the pictures stay where they are.

    Parameters
    ----------
    columns : mapping of str to sequence
        Column names and their values, all of one length. ``path`` is required and
        unique; ``file``, ``camera`` and ``device`` are read as ``path``,
        ``camera_model`` and ``device_id``. ``width``, ``height``,
        ``original_width``, ``original_height``, ``crop_x``, ``crop_y`` and
        ``n_bytes`` are whole numbers (-1 where blank), ``sha256`` and
        ``perceptual_hash`` hexadecimal (64 and 16 digits), all else is text. Any
        further column is kept.
    root : path-like
        The folder that relative paths start from.
    skipped : sequence of SkippedFile, optional
        What the builder could not take. No part of the manifest's content.

    Raises
    ------
    ManifestError
        If a cell, a column or a path breaks the schema. Rows are counted as a
        spreadsheet shows them: the header is row 1.

    Examples
    --------
    >>> m = Manifest({"file": ["a.jpg", "b.jpg"], "camera": ["X", "Y"]}, root="pics")
    >>> len(m), m.camera_model.tolist()
    (2, ['X', 'Y'])
    >>> m.where(camera_model="Y").column("path").tolist()
    ['b.jpg']
    """

    columns: Mapping[str, Column]
    root: Path
    skipped: tuple[SkippedFile, ...] = field(default=(), repr=False)

    def __init__(
        self,
        columns: Mapping[str, Sequence[object] | Column],
        root: PathLike,
        *,
        skipped: Iterable[SkippedFile] = (),
    ) -> None:
        names = canonical_names(list(columns))
        if "path" not in names:
            raise ManifestError(
                f"row 1, column 'path': missing; found {names}, expected 'path' "
                "(or 'file')"
            )
        checked: dict[str, Column] = {}
        for name, values in zip(names, columns.values(), strict=True):
            check = integer_column if name in INTEGER_COLUMNS else text_column
            checked[name] = check(name, values)
            if len(checked[name]) != len(checked[names[0]]):
                raise ManifestError(
                    f"column {name!r} has {len(checked[name])} rows, expected "
                    f"{len(checked[names[0]])}"
                )
        # abspath, not resolve: a linked folder stays under the name it was given.
        folder = Path(os.path.abspath(root))  # noqa: PTH100
        refuse_duplicates(checked["path"])
        object.__setattr__(self, "columns", MappingProxyType(checked))
        object.__setattr__(self, "root", folder)
        object.__setattr__(self, "skipped", tuple(skipped))

    @classmethod
    def from_rows(
        cls,
        rows: Iterable[Mapping[str, object]],
        root: PathLike,
        *,
        skipped: Iterable[SkippedFile] = (),
    ) -> Manifest:
        """Build a manifest from one mapping a row; absent keys are blank cells.

        Raises
        ------
        ManifestError
            As the constructor does.
        """
        table = list(rows)
        names = dict.fromkeys(name for row in table for name in row)
        if not table:
            names = dict.fromkeys(("path", "camera_model"))
        columns = {name: [row.get(name) for row in table] for name in names}
        return cls(columns, root, skipped=skipped)

    @classmethod
    def read(cls, path: PathLike) -> Manifest:
        """Read a manifest from a CSV (UTF-8, commas) or Parquet file.

        Parameters
        ----------
        path : path-like
            A file ending in ``.csv`` or ``.parquet``. Relative paths in it start
            from the folder it lies in.

        Raises
        ------
        DatasetNotFoundError
            If there is no such file.
        ManifestError
            If it is no such table or breaks the schema; names row and column.

        Notes
        -----
        A cell that a spreadsheet would run as a formula (it begins with one of
        ``= + - @``, a tab or a carriage return) is written behind an apostrophe
        and read back without it.
        """
        file = Path(path)
        cells = _table_io.read_cells(file)
        try:
            return cls(cells, file.parent)
        except ManifestError as error:
            raise ManifestError(f"{file.name}: {error}") from error

    def write(self, path: PathLike) -> None:
        """Write the manifest as CSV or Parquet, replacing the file whole.

        Paths are written relative to the folder of the new file, with forward
        slashes; pictures are neither copied nor moved. The same content in the
        same row order gives the same CSV bytes.

        Parameters
        ----------
        path : path-like
            Ends in ``.csv`` or ``.parquet``; its folder exists.

        Raises
        ------
        DatasetNotFoundError
            If the folder does not exist.
        ManifestError
            If the suffix is neither.
        """
        file = Path(path)
        folder = Path(os.path.abspath(file.parent))  # noqa: PTH100
        columns = dict(self.columns)
        written = [relative(path, folder) for path in self.paths]
        columns["path"] = text_column("path", written)
        _table_io.write_cells(file, columns)

    def __reduce__(self) -> tuple[Any, ...]:
        # Process pools copy a manifest; a mapping proxy cannot be copied so.
        return (_rebuild, (dict(self.columns), self.root, self.skipped))

    def __len__(self) -> int:
        return len(self.columns["path"])

    def __repr__(self) -> str:
        cameras = self.columns.get("camera_model", ())
        return (
            f"Manifest({len(self)} rows, {len(set(cameras))} camera models, "
            f"root={str(self.root)!r})"
        )

    def __contains__(self, name: object) -> bool:
        """Say whether there is a column of this name."""
        return name in self.columns

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in the order they are written."""
        return tuple(ordered_names(self.columns))

    @property
    def paths(self) -> tuple[Path, ...]:
        """The pictures' absolute paths, row by row."""
        resolve = cache(os.path.realpath)
        return tuple(absolute(self.root / p, resolve) for p in self.columns["path"])

    @property
    def camera_model(self) -> Column:
        """Make and model of each row; blank where not known. Object array of str."""
        return self.column("camera_model")

    @property
    def device_id(self) -> Column:
        """The physical camera of each row; blank where not known. Array of str."""
        return self.column("device_id")

    @property
    def session(self) -> Column:
        """The session of each row; blank where not known. Object array of str."""
        return self.column("session")

    def column(self, name: str) -> Column:
        """Return one column, read-only: int64 for whole numbers, else str objects.

        Raises
        ------
        ManifestError
            If there is no such column.
        """
        if name not in self.columns:
            raise ManifestError(
                f"no column {name!r} in this manifest; it has {list(self.names)}"
            )
        return self.columns[name]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each row as a dict of str and int; blank whole numbers are None."""
        names = self.names
        for cells in zip(*(self.columns[name].tolist() for name in names), strict=True):
            row = dict(zip(names, cells, strict=True))
            for name in INTEGER_COLUMNS:
                if row.get(name) == MISSING_INTEGER:
                    row[name] = None
            yield row

    def select(self, selection: Selection) -> Manifest:
        """Return the manifest of some rows, in the order asked for.

        Parameters
        ----------
        selection : array-like of int or of bool
            Row indices from 0 (negative ones count from the end), each once, or
            one bool a row.

        Raises
        ------
        InputError
            If an index is out of range or a mask has the wrong length.
        """
        chosen = self.rows_of(selection)
        return Manifest(
            {name: column[chosen] for name, column in self.columns.items()}, self.root
        )

    def where(self, **equals: Wanted) -> Manifest:
        """Return the rows whose columns equal the given values.

        Parameters
        ----------
        **equals
            Column name and the value wanted, or a collection of accepted values.
            Several columns must all agree.

        Raises
        ------
        ManifestError
            If there is no such column.
        """
        mask = np.ones(len(self), dtype=bool)
        for name, wanted in equals.items():
            accepted = {wanted} if isinstance(wanted, str | int) else set(wanted)
            cells = self.column(name).tolist()
            mask &= np.fromiter((c in accepted for c in cells), bool, len(cells))
        return self.select(mask)

    def with_column(self, name: str, values: Sequence[object] | Column) -> Manifest:
        """Return the manifest with a column added or replaced.

        Raises
        ------
        ManifestError
            If the length or a cell is wrong.
        """
        canonical = canonical_names([name])[0]
        return Manifest(
            {**self.columns, canonical: values}, self.root, skipped=self.skipped
        )

    def concatenate(self, *others: Manifest) -> Manifest:
        """Return the rows of this manifest and then those of the others.

        Paths become relative to this manifest's folder; columns that one of them
        lacks are blank there.

        Raises
        ------
        ManifestError
            If a file stands in more than one of them.
        """
        table: list[dict[str, Any]] = []
        for part in (self, *others):
            for row, path in zip(part.rows(), part.paths, strict=True):
                table.append({**row, "path": relative(path, self.root)})
        skipped = [item for part in (self, *others) for item in part.skipped]
        return Manifest.from_rows(table, self.root, skipped=skipped)

    def groups(self, by: GroupBy = "device") -> Column:
        """Return the group of each row, for splits that keep groups together.

        Parameters
        ----------
        by : {"device", "session", "device_or_session"} or a column's name
            ``device``: one group a device. Rows of a model whose device is blank are
            one group: they may all be one camera. ``session``: one group a session;
            where blank, the device's group. ``device_or_session``: the device where
            its model has two or more, else the session (a lone device is then on
            both sides of a split, its sessions are not: weaker, and to be said
            beside the figure).

        Returns
        -------
        ndarray of shape (n_rows,), object
            Group names (str).

        Raises
        ------
        ManifestError
            If the columns needed are not there.
        """
        return row_groups(self.column, by, named="camera_model" in self)

    def check_files(self, *, contents: bool = False) -> tuple[FileProblem, ...]:
        """Look for every file and report those that are missing or have changed.

        Parameters
        ----------
        contents : bool, default False
            Also read each file and compare its SHA-256 with the row's, where the
            row has one.

        Returns
        -------
        tuple of FileProblem
            Empty if all is well. ``row`` counts from 0, as indices do.
        """
        expected: Sequence[str] = [""] * len(self)
        if contents and "sha256" in self.columns:
            expected = self.columns["sha256"].tolist()
        return file_problems(self.paths, expected)

    @property
    def sha256(self) -> str:
        """SHA-256 of the content: which pictures, and what is said of them.

        The same whatever the order of rows and columns, the file format, the aliases
        used, and the folders that pictures and manifest lie in (paths count from the
        deepest folder that holds all pictures); different when any cell differs.
        64 hexadecimal digits.
        """
        return content_digest(self.columns, self.paths)

    def rows_of(self, selection: Selection) -> npt.NDArray[np.intp]:
        """Return the row indices, from 0, that a list of indices or a mask means.

        Raises
        ------
        InputError
            If an index is out of range or a mask has the wrong length.
        """
        return row_indices(selection, len(self))


def _rebuild(
    columns: Mapping[str, Column], root: Path, skipped: tuple[SkippedFile, ...]
) -> Manifest:
    return Manifest(columns, root, skipped=skipped)
