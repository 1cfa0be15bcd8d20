"""One name for each camera, however its files and its sellers spell it."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from whichcam.errors import InputError

MAX_NAME: Final = 200  # longer than any camera's name; EXIF text has no limit


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraName:
    """A camera's make and model under their canonical spelling."""

    make: str
    model: str

    @property
    def camera_model(self) -> str:
        """Make and model in one, as manifests hold it: ``"Canon EOS 700D"``."""
        return f"{self.make} {self.model}".strip()

    def to_dict(self) -> dict[str, str]:
        """Return the fields, ready for JSON."""
        return {
            "make": self.make,
            "model": self.model,
            "camera_model": self.camera_model,
        }


def canonical_camera(make: str | None, model: str | None) -> CameraName:
    """Return the canonical make and model for what a file's EXIF says.

    Parameters
    ----------
    make, model : str or None
        EXIF ``Make`` and ``Model``, or what a person wrote. The make may be blank
        where the model tells it ("iPhone 6"), and may be repeated in the model
        ("NIKON CORPORATION", "NIKON D90").

    Returns
    -------
    CameraName
        Names that are in no table keep their spelling, white space tidied.

    Raises
    ------
    InputError
        If the model is blank.

    Notes
    -----
    Spellings and aliases stand in ``camera_aliases.csv`` beside this module.
    Variants of one model with other chips (Samsung's regional type numbers) are
    other models here: they process pictures differently.

    Examples
    --------
    >>> canonical_camera("Canon", "Canon EOS REBEL T5i").camera_model
    'Canon EOS 700D'
    >>> canonical_camera("NIKON CORPORATION", "NIKON D90").camera_model
    'Nikon D90'
    >>> canonical_camera(None, "iPhone 6").camera_model
    'Apple iPhone 6'
    """
    tidy_make, tidy_model = _tidy(make), _tidy(model)
    if not tidy_model:
        raise InputError(
            f"the camera's model is blank (make {tidy_make!r}); expected the model's "
            "name, as EXIF's Model tag holds it"
        )
    tables = _tables()
    found = tables.makes.get(_key(tidy_make), tidy_make)
    if not found:
        found = _make_told_by(tidy_model, tables)
    short = _without_make(tidy_model, found, tidy_make, tables)
    key = _key(short)
    aliases = tables.models.get(found, {})
    # "Rebel T5i" is how people write what EXIF calls "EOS REBEL T5i".
    name = aliases.get(key) or aliases.get(_key(f"EOS {short}")) or short
    return CameraName(make=found, model=name)


class _Tables(NamedTuple):
    makes: dict[str, str]
    prefixes: dict[str, list[str]]
    series: list[tuple[str, str]]
    models: dict[str, dict[str, str]]


@cache
def _tables() -> _Tables:
    tables = _Tables({}, {}, [], {})
    table = files("whichcam.datasets").joinpath("camera_aliases.csv")
    for row in csv.DictReader(table.read_text(encoding="utf-8").splitlines()):
        make, written = row["make"], row["written"]
        if row["kind"] == "make":
            tables.makes[_key(written)] = make
            tables.makes[_key(make)] = make
        elif row["kind"] == "prefix":
            tables.prefixes.setdefault(make, []).append(written)
        elif row["kind"] == "series":
            tables.series.append((written.casefold(), make))
        else:
            aliases = tables.models.setdefault(make, {})
            aliases[_key(written)] = row["canonical"]
            aliases.setdefault(_key(row["canonical"]), row["canonical"])
    return tables


def _tidy(text: str | None) -> str:
    # EXIF pads with spaces and NULs; control characters never belong to a name.
    printable = "".join(c if c.isprintable() else " " for c in (text or "")[:MAX_NAME])
    return " ".join(printable.split())


def _key(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _make_told_by(model: str, tables: _Tables) -> str:
    words = model.split()
    for length in (2, 1):  # "Konica Minolta ..." before "Konica ..."
        make = tables.makes.get(_key(" ".join(words[:length])))
        if make and len(words) > length:
            return make
    folded = model.casefold()
    return next((make for begin, make in tables.series if folded.startswith(begin)), "")


def _without_make(model: str, make: str, written: str, tables: _Tables) -> str:
    for prefix in (written, make, *tables.prefixes.get(make, ())):
        if prefix and model.casefold().startswith(prefix.casefold() + " "):
            return model[len(prefix) + 1 :]
    return model
