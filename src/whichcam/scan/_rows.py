"""One row a picture: the columns of a shard's file, and what they add up to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

Row: TypeAlias = dict[str, Any]

COLUMNS: Final = (
    ("index", "int64"),
    ("path", "string"),
    ("sha256", "string"),
    ("answer", "string"),
    ("is_unknown", "bool"),
    ("score", "double"),
    ("error_code", "string"),
    ("error", "string"),
    ("result", "string"),
)
"""Of every task: name and Arrow type. ``index`` counts the source's pictures from 0."""

_MOST_NAMES: Final = 100_000  # answers told apart; a gallery may have more cameras
OTHERS: Final = "(others)"


def found_row(
    index: int,
    path: str,
    *,
    sha256: str,
    answer: str | None,
    is_unknown: bool | None,
    score: float | None,
    result: Mapping[str, Any],
    **extra: Any,
) -> Row:
    """Return the row of a picture that could be answered on."""
    return {
        "index": index,
        "path": path,
        "sha256": sha256,
        "answer": answer,
        "is_unknown": is_unknown,
        "score": score,
        "result": json.dumps(result, allow_nan=False),
        **extra,
    }


def failed_row(index: int, path: str, code: str, message: str) -> Row:
    """Return the row of a picture that could not."""
    return {"index": index, "path": path, "error_code": code, "error": message}


def table_of(rows: Sequence[Row], extra: Sequence[tuple[str, str]] = ()) -> pa.Table:
    """Return rows as a table of all columns, in the order of the source."""
    import pyarrow as pa

    schema = pa.schema(
        [(name, pa.type_for_alias(kind)) for name, kind in (*COLUMNS, *extra)]
    )
    ordered = sorted(rows, key=lambda row: int(row["index"]))
    return pa.Table.from_pylist(list(map(_storable, ordered)), schema=schema)


def _storable(row: Row) -> Row:
    """Replace what is no Unicode: names of files may hold any bytes."""
    return {
        name: value.encode("utf-8", "backslashreplace").decode()
        if isinstance(value, str)
        else value
        for name, value in row.items()
    }


@dataclass(slots=True, kw_only=True)
class Tally:
    """What rows add up to, without the rows."""

    n_rows: int = 0
    n_unknown: int = 0
    n_decided: int = 0
    cameras: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def n_failed(self) -> int:
        """Pictures whose row is an error."""
        return self.failures.total()

    def add(self, table: pa.Table) -> None:
        """Count the rows of a shard."""
        self.n_rows += table.num_rows
        codes = table.column("error_code").to_pylist()
        self.failures.update(code for code in codes if code is not None)
        unknown = table.column("is_unknown").to_pylist()
        self.n_unknown += unknown.count(True)
        self.n_decided += len(unknown) - unknown.count(None)
        for name, is_unknown in zip(
            table.column("answer").to_pylist(), unknown, strict=True
        ):
            if name is not None and not is_unknown:
                known = name in self.cameras or len(self.cameras) < _MOST_NAMES
                self.cameras[name if known else OTHERS] += 1
