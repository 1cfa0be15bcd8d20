"""Free-form facts about a fingerprint: JSON values and nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from whichcam.errors import InputError

MAX_BYTES: Final = 2**20
MAX_DEPTH: Final = 16
_LARGEST_INTEGER: Final = 2**64  # what other readers of JSON can hold, and more


def encode_metadata(metadata: Mapping[str, Any]) -> str:
    """Return metadata as JSON text, the same for the same values.

    Raises
    ------
    InputError
        If a value is no JSON value (the message has its dotted path), nested more
        than 16 deep, or the text exceeds 1 MiB.
    """
    if not isinstance(metadata, Mapping):
        raise InputError(
            f"metadata is {type(metadata).__name__}; expected a mapping of text to "
            "JSON values"
        )
    text = json.dumps(_plain(metadata, "metadata", 0), allow_nan=False)
    if len(text) > MAX_BYTES:
        raise InputError(
            f"metadata takes {len(text)} bytes as JSON, at most {MAX_BYTES} are kept; "
            "keep large things in files of their own"
        )
    return text


def decode_json(text: str | bytes) -> dict[str, Any]:
    """Return the object that JSON text holds.

    Raises
    ------
    ValueError
        If it is no JSON, holds no object, or numbers that JSON has no words for.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if isinstance(value, dict):
        return value
    raise ValueError(f"holds {type(value).__name__}, expected an object")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _plain(value: Any, path: str, depth: int) -> Any:
    """Return a value built of JSON's own types, or say where it is not one."""
    if depth > MAX_DEPTH:
        raise InputError(f"{path} is nested more than {MAX_DEPTH} deep")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _sound_text(value, path)
    if isinstance(value, int) and abs(value) < _LARGEST_INTEGER:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, Mapping):
        plain = {}
        for key, inner in value.items():
            if not isinstance(key, str):
                raise InputError(f"{path} has the key {key!r}; JSON's keys are text")
            plain[_sound_text(key, path)] = _plain(inner, f"{path}.{key}", depth + 1)
        return plain
    if isinstance(value, list | tuple):
        return [_plain(v, f"{path}[{i}]", depth + 1) for i, v in enumerate(value)]
    shown = f" {value}" if isinstance(value, float) else ""
    raise InputError(
        f"{path} is {type(value).__name__}{shown}; expected None, bool, int below "
        "2**64, finite float, text, or lists and mappings of them"
    )


def _sound_text(text: str, path: str) -> str:
    # Half a surrogate pair fits in JSON but cannot be printed or written as UTF-8.
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError(f"{path} holds half of a surrogate pair; expected valid text")
    return text
