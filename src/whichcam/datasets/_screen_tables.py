"""What is known of editors and of cameras' habits, read from the package's tables."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_PACKAGE: Final = "whichcam.datasets"

# ITU-T T.81, tables K.1 and K.2: luminance and chrominance.
_LUMINANCE: Final = np.array(
    [
        *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55),
        *(14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62),
        *(18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
        *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
    ]
)
_CHROMINANCE: Final = np.array(
    [
        *(17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99),
        *(24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99),
        *((99,) * 32),
    ]
)

TableSet = tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What the cameras of a maker always or never write; "" where it varies."""

    make: str
    models: tuple[str, ...]
    jfif: str
    maker_note: str
    thumbnail: str
    standard_tables: str
    icc: str
    subsampling: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """A program whose name in a file means that it wrote the file."""

    kind: str
    name: str


def habits_of(make: str, model: str) -> Habits | None:
    """Return the habits of a camera under its canonical name, None if unknown."""
    folded = model.casefold()
    for habits in _habits():
        named = not habits.models or folded.startswith(habits.models)
        if habits.make == make and named:
            return habits
    return None


def editor_in(text: str) -> Editor | None:
    """Return the program that a text names, the longest name first."""
    for pattern, editor in _editors():
        if pattern.search(text):
            return editor
    return None


def standard_quality(tables: TableSet) -> int | None:
    """Return the IJG quality (1-100) whose tables these are exactly, else None."""
    return _standard_qualities().get(tables)


def standard_tables(
    quality: int,
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """Return the luma and chroma tables, row-major, of an IJG quality (1-100)."""
    # The scaling of the Independent JPEG Group's library.
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    luma, chroma = (
        np.clip((base * percent + 50) // 100, 1, 255).astype(np.uint16).reshape(8, 8)
        for base in (_LUMINANCE, _CHROMINANCE)
    )
    return luma, chroma


def photoshop_preset(tables: TableSet) -> str | None:
    """Return the name of Photoshop's quality setting that has these tables."""
    return _photoshop_presets().get(tables)


def table_set(tables: tuple[npt.NDArray[np.uint16], ...]) -> TableSet:
    """Return row-major tables as a key, repeated ones (Cb = Cr) once."""
    keys = (np.asarray(table, dtype="<u2").tobytes() for table in tables)
    return tuple(dict.fromkeys(keys))


def _rows(name: str) -> list[dict[str, str]]:
    text = files(_PACKAGE).joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def _habits() -> tuple[Habits, ...]:
    return tuple(
        Habits(
            make=row["make"],
            models=tuple(filter(None, row["models"].casefold().split("|"))),
            jfif=row["jfif"],
            maker_note=row["maker_note"],
            thumbnail=row["thumbnail"],
            standard_tables=row["standard_tables"],
            icc=row["icc"],
            subsampling=row["subsampling"],
        )
        for row in _rows("camera_habits.csv")
    )


@cache
def _editors() -> tuple[tuple[re.Pattern[str], Editor], ...]:
    editors = [
        Editor(kind=row["kind"], name=row["name"]) for row in _rows("editors.csv")
    ]
    editors.sort(key=lambda editor: -len(editor.name))
    return tuple(
        (re.compile(rf"(?<!\w){re.escape(e.name)}(?!\w)", re.IGNORECASE), e)
        for e in editors
    )


@cache
def _standard_qualities() -> dict[TableSet, int]:
    found: dict[TableSet, int] = {}
    for quality in range(100, 0, -1):  # of equal tables, the lowest quality stays
        found[table_set(standard_tables(quality))] = quality
    return found


@cache
def _photoshop_presets() -> dict[TableSet, str]:
    # Pillow carries Photoshop's tables, to write files like its; row-major.
    from PIL.JpegPresets import presets

    table: dict[str, Any] = dict(presets)
    found: dict[TableSet, str] = {}
    for name, entry in table.items():
        pair = tuple(np.array(values, np.uint16) for values in entry["quantization"])
        found.setdefault(table_set(pair), name)
    return found
