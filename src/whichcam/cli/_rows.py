"""Results for programs: a JSON array, or CSV that a spreadsheet can open."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol

from whichcam.cli._text import printable

# A spreadsheet runs cells that begin so as formulas; manifests are escaped the same.
_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")


class Writer(Protocol):
    """Takes one result at a time."""

    def __call__(self, row: Mapping[str, Any]) -> None:
        """Write one result."""


@contextmanager
def json_array() -> Iterator[Writer]:
    """Write objects as one JSON array to standard output, each as it comes.

    ASCII only, so that no terminal, pipe or locale can spoil it. The array is closed
    even if the run is broken off: what stands in it is valid.
    """
    separator = "[\n"

    def write(row: Mapping[str, Any]) -> None:
        nonlocal separator
        text = json.dumps(row, indent=2, allow_nan=False)
        print(separator + text, end="")
        separator = ",\n"

    try:
        yield write
    finally:
        print("[]" if separator == "[\n" else "\n]")


@contextmanager
def csv_rows(columns: Sequence[str]) -> Iterator[Writer]:
    """Write rows as CSV to standard output: a header, then those columns of each."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(columns)

    def write(row: Mapping[str, Any]) -> None:
        table.writerow([csv_cell(row.get(name)) for name in columns])

    yield write


def csv_cell(value: object) -> str:
    """Return the text of a cell: blank for None, harmless in a spreadsheet."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    text = printable(str(value))
    return f"'{text}" if _FORMULA.match(text) else text
