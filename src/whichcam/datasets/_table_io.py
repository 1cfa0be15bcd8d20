"""Tables on disk: CSV and Parquet, read and written without loss."""

from __future__ import annotations

import csv
import itertools
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from whichcam.datasets._schema import (
    INTEGER_COLUMNS,
    MISSING_INTEGER,
    Column,
    canonical_names,
    ordered_names,
)
from whichcam.errors import DatasetNotFoundError, ManifestError

if TYPE_CHECKING:
    from _csv import Reader

    import pyarrow as pa

Cells = dict[str, list[object]]

# A spreadsheet runs cells that begin so as formulas. They are written behind an
# apostrophe (which spreadsheets show as text) and read back without it; cells that
# already begin with apostrophes get one more, so that nothing is lost.
_RISKY: Final = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED: Final = re.compile(r"'+[=+\-@\t\r]")
_NEEDS_QUOTES: Final = re.compile(r'[",\r\n]|^\s|\s$')

MAX_CELLS: Final = 500_000_000  # a Parquet footer may promise any number of rows


def read_cells(path: Path) -> Cells:
    """Read a ``.csv`` or ``.parquet`` file into columns under canonical names."""
    if not path.is_file():
        raise DatasetNotFoundError(f"no manifest at {path}; expected a file")
    if _is_parquet(path):
        return _read_parquet(path)
    return _read_csv(path)


def write_cells(path: Path, columns: Mapping[str, Column]) -> None:
    """Write columns as the suffix of ``path`` says, whole or not at all."""
    parquet = _is_parquet(path)
    if not path.parent.is_dir():
        raise DatasetNotFoundError(f"no folder {path.parent}; create it first")
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(handle)
    try:
        if parquet:
            _write_parquet(Path(temporary), columns)
        else:
            Path(temporary).write_bytes(csv_text(columns).encode())
        Path(temporary).chmod(0o644)  # mkstemp makes it private
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def csv_text(columns: Mapping[str, Column]) -> str:
    """Return the CSV text of columns: the same content, the same bytes."""
    names = ordered_names(columns)
    lists = [_written(name, columns[name]) for name in names]
    lines = [",".join(_quoted(_escaped(name)) for name in names)]
    lines += [",".join(map(_quoted, row)) for row in zip(*lists, strict=True)]
    return "\n".join(lines) + "\n"


def _is_parquet(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix not in {".csv", ".parquet"}:
        raise ManifestError(
            f"{path.name}: a manifest ends in .csv or .parquet, got {suffix!r}"
        )
    return suffix == ".parquet"


def _written(name: str, column: Column) -> list[str]:
    if name in INTEGER_COLUMNS:
        return ["" if cell == MISSING_INTEGER else str(cell) for cell in column]
    return [_escaped(cell) for cell in column]


def _escaped(cell: str) -> str:
    return "'" + cell if _RISKY.match(cell) else cell


def _unescaped(cell: str) -> str:
    return cell[1:] if _ESCAPED.match(cell) else cell


def _quoted(cell: str) -> str:
    # Not csv.writer: which characters it quotes has changed between Pythons.
    if _NEEDS_QUOTES.search(cell):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _read_csv(path: Path) -> Cells:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            header = next(reader, None)
            if header is None:
                raise ManifestError(
                    f"{path.name}: empty, expected a header with a 'path' column"
                )
            names = canonical_names([_unescaped(name) for name in header])
            return _fill(path, names, reader)
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{path.name}: byte {error.start} is not UTF-8; save the table as UTF-8"
        ) from error
    except csv.Error as error:
        raise ManifestError(
            f"{path.name}: line {reader.line_num}: not well-formed CSV ({error})"
        ) from error


def _fill(path: Path, names: Sequence[str], rows: Reader) -> Cells:
    columns: list[list[object]] = [[] for _ in names]
    n_rows = 0
    for cells in rows:
        if not cells:  # a line with nothing on it
            continue
        if len(cells) != len(names):
            first = names[len(cells)] if len(cells) < len(names) else None
            problem = (
                f"column {first!r} is missing"
                if first is not None
                else f"{len(cells) - len(names)} cell(s) too many"
            )
            raise ManifestError(
                f"{path.name}: row {n_rows + 2} (line {rows.line_num}) has "
                f"{len(cells)} cells but the header has {len(names)} columns: {problem}"
            )
        for column, cell in zip(columns, cells, strict=True):
            column.append(_unescaped(cell))
        n_rows += 1
    return dict(zip(names, columns, strict=True))


def _read_parquet(path: Path) -> Cells:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            n_cells = file.metadata.num_rows * file.metadata.num_columns
            if n_cells > MAX_CELLS:
                raise ManifestError(
                    f"{path.name}: {n_cells} cells, expected at most {MAX_CELLS}"
                )
            table = file.read()
    except (pa.ArrowException, OSError) as error:
        raise ManifestError(f"{path.name}: not a Parquet file ({error})") from error
    names = canonical_names(table.column_names)
    return {
        name: _parquet_column(name, table.column(position))
        for position, name in enumerate(names)
    }


def _parquet_column(name: str, column: pa.ChunkedArray) -> list[object]:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_temporal(kind):
        return [None if cell is None else cell.isoformat() for cell in _cells(column)]
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    plain = (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_null(kind)
    )
    if not plain:
        raise ManifestError(
            f"row 1, column {name!r}: Parquet type {kind}, expected text or numbers"
        )
    return list(_cells(column))


def _cells(column: pa.ChunkedArray) -> itertools.chain[Any]:
    return itertools.chain.from_iterable(
        chunk.to_pylist() for chunk in column.iterchunks()
    )


def _write_parquet(path: Path, columns: Mapping[str, Column]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {}
    for name in ordered_names(columns):
        values = columns[name]
        if name in INTEGER_COLUMNS:
            absent = np.asarray(values == MISSING_INTEGER)
            arrays[name] = pa.array(values, type=pa.int64(), mask=absent)
        else:
            arrays[name] = pa.array(values.tolist(), type=pa.string())
    pq.write_table(pa.table(arrays), path, compression="zstd")
