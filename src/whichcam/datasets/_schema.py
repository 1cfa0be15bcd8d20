"""What a manifest may hold: its columns, their types, and what a cell must be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from whichcam.errors import ManifestError

Column = npt.NDArray[Any]

ALIASES: Final[Mapping[str, str]] = {
    "file": "path",
    "camera": "camera_model",
    "device": "device_id",
}

# The order in which a manifest is written; further columns follow by name.
TEXT_COLUMNS: Final = (
    "path",
    "camera_model",
    "make",
    "device_id",
    "session",
    "split",
    "taken",
    "sha256",
    "perceptual_hash",
    "source",
    "licence",
)
INTEGER_COLUMNS: Final = (
    "width",
    "height",
    "original_width",
    "original_height",
    "crop_x",
    "crop_y",
    "n_bytes",
)
COLUMN_ORDER: Final = (
    "path",
    "camera_model",
    "make",
    "device_id",
    "session",
    "split",
    "taken",
    "width",
    "height",
    "n_bytes",
    "original_width",
    "original_height",
    "crop_x",
    "crop_y",
    "sha256",
    "perceptual_hash",
    "source",
    "licence",
)
MISSING_INTEGER: Final = -1

_HEX = {"sha256": 64, "perceptual_hash": 16}
_DIGITS = re.compile(r"[0-9]{1,19}")  # int64 has up to 19
_SMALLEST = dict.fromkeys(("width", "height", "original_width", "original_height"), 1)


def canonical_names(names: Sequence[str]) -> list[str]:
    """Return the column names with aliases replaced.

    Raises
    ------
    ManifestError
        If a name is blank, or two columns bear the same name or mean the same.
    """
    seen: dict[str, str] = {}
    result = []
    for position, written in enumerate(names, start=1):
        name = ALIASES.get(written.strip(), written.strip())
        if not name:
            raise ManifestError(f"row 1, column {position}: the column has no name")
        if name in seen:
            raise ManifestError(
                f"row 1, column {position}: {written!r} and {seen[name]!r} both mean "
                f"{name!r}; keep one of them"
            )
        seen[name] = written
        result.append(name)
    return result


def ordered_names(names: Iterable[str]) -> list[str]:
    """Return known columns in their standing order, then the others by name."""
    present = set(names)
    known = [name for name in COLUMN_ORDER if name in present]
    return known + sorted(present.difference(known))


def where(row: int, name: str) -> str:
    """Say where a cell stands, counting rows as a spreadsheet does (header is 1)."""
    return f"row {row + 2}, column {name!r}"


def text_column(name: str, values: Iterable[object]) -> Column:
    """Check a column of text and return it as a read-only object array."""
    cells = [_text_cell(name, row, value) for row, value in enumerate(values)]
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    column.flags.writeable = False
    return column


def integer_column(name: str, values: Iterable[object]) -> Column:
    """Check a column of whole numbers and return it as read-only int64."""
    cells = [_integer_cell(name, row, value) for row, value in enumerate(values)]
    column = np.array(cells, dtype=np.int64)
    column.flags.writeable = False
    return column


def _text_cell(name: str, row: int, value: object) -> str:
    if value is None:
        text = ""
    elif isinstance(value, bool | np.bool_):
        text = "true" if value else "false"
    elif isinstance(value, str | int | float | np.integer | np.floating):
        text = str(value)
    else:
        raise ManifestError(
            f"{where(row, name)}: a {type(value).__name__}, expected text"
        )
    if "\0" in text:
        raise ManifestError(f"{where(row, name)}: holds a NUL character; remove it")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ManifestError(
            f"{where(row, name)}: {text!a} cannot be written as UTF-8; rename the file"
        ) from error
    if name == "path" and not text:
        raise ManifestError(f"{where(row, name)}: blank, expected a file's path")
    if name in _HEX and text:
        text = _hex_cell(name, row, text)
    return text


def _hex_cell(name: str, row: int, text: str) -> str:
    if not re.fullmatch(rf"[0-9a-fA-F]{{{_HEX[name]}}}", text):
        raise ManifestError(
            f"{where(row, name)}: {text[:80]!r}, expected {_HEX[name]} hexadecimal "
            "digits or a blank cell"
        )
    return text.lower()


def _integer_cell(name: str, row: int, value: object) -> int:
    number: int | None = None
    if value is None or value == "":
        return MISSING_INTEGER
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        number = int(value)
        if number == MISSING_INTEGER:
            return number
    elif isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
        number = int(value)
    smallest = _SMALLEST.get(name, 0)
    if number is None or not smallest <= number < 2**63:
        raise ManifestError(
            f"{where(row, name)}: {str(value)[:80]!r}, expected a whole number of at "
            f"least {smallest} or a blank cell"
        )
    return number
