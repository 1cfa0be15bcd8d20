"""Reading a result back: a file of anybody's making until proven otherwise."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from whichcam.errors import (
    ArtifactError,
    ArtifactNotFoundError,
    IncompatibleArtifactError,
)
from whichcam.evaluation._records import LEVELS, EvaluationRow, RowFailure
from whichcam.scoring import UNKNOWN

_MAX_BYTES: Final = 1 << 30

# Field name to the reader of its value.
_Readers = Mapping[str, Callable[[str, Any], Any]]


def read_json(path: Path) -> Mapping[str, Any]:
    """Return the object a JSON file holds."""
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise ArtifactError(
                f"{path} has {size} bytes; expected a result of at most {_MAX_BYTES}"
            )
        values = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise ArtifactNotFoundError(f"no evaluation result {path}") from error
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise IncompatibleArtifactError(
            f"{path} is no JSON ({error}); expected a file written by "
            "EvaluationResult.save"
        ) from error
    if not isinstance(values, dict):
        raise IncompatibleArtifactError(
            f"{path} holds a JSON {type(values).__name__}; expected an object written "
            "by EvaluationResult.save"
        )
    return values


def _refuse(field: str, value: Any, expected: str) -> IncompatibleArtifactError:
    return IncompatibleArtifactError(
        f"{field} is {str(value)[:60]!r} ({type(value).__name__}); expected {expected}"
    )


def _text(field: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _refuse(field, value, "text")
    return value


def _whole(field: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refuse(field, value, "a whole number")
    return value


def _number(field: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _refuse(field, value, "a number")
    # A whole number of any length is JSON; not every one is a float.
    if (isinstance(value, int) and abs(value) > 2**53) or not math.isfinite(value):
        raise _refuse(field, value, "a finite number")
    return float(value)


def _share(field: str, value: Any) -> float:
    number = _number(field, value)
    if not 0.0 <= number <= 1.0:
        raise _refuse(field, value, "a number from 0 to 1")
    return number


def _flag(field: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refuse(field, value, "true or false")
    return value


def _level(field: str, value: Any) -> str:
    if value not in LEVELS:
        raise _refuse(field, value, f"one of {list(LEVELS)}")
    return str(value)


def _optional(
    reader: Callable[[str, Any], Any],
) -> Callable[[str, Any], Any]:
    return lambda field, value: None if value is None else reader(field, value)


def _many(reader: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    def read(field: str, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _refuse(field, value, "a list")
        return tuple(reader(f"{field}[{i}]", item) for i, item in enumerate(value))

    return read


def _mapping(field: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _refuse(field, value, "an object")
    return value


_ROW: Final[_Readers] = {
    "path": _text,
    "split": _text,
    "camera_model": _text,
    "make": _text,
    "device": _text,
    "session": _text,
    "label": _whole,
    "manipulation": _text,
    "probabilities": _many(_share),
    "known_score": _number,
    "unknown_probability": _share,
    "level": _level,
    "answer": _text,
    "members": _many(_text),
    "confidence": _share,
    "error_rate": _optional(_share),
    "n_crops": _whole,
    "file_statistics_used": _flag,
    "frame_size_used": _flag,
    "warnings": _many(_text),
}

_FAILURE: Final[_Readers] = dict.fromkeys(
    ("path", "split", "manipulation", "reason"), _text
)


def _row(field: str, value: Any) -> EvaluationRow:
    if isinstance(value, dict):  # results kept before sizes were looked at
        value = {"frame_size_used": False, **value}
    return EvaluationRow(**_fields(field, value, _ROW))


def _failure(field: str, value: Any) -> RowFailure:
    return RowFailure(**_fields(field, value, _FAILURE))


_RESULT: Final[_Readers] = {
    "created": _text,
    "duration_s": _number,
    "git_commit": _optional(_text),
    "versions": _mapping,
    "machine": _mapping,
    "model_id": _text,
    "manifest_sha256": _text,
    "seed": _whole,
    "limit_per_split": _optional(_whole),
    "known_splits": _many(_text),
    "unknown_splits": _many(_text),
    "extra_splits": _many(_text),
    "manipulations": _many(_text),
    "classes": _many(_text),
    "makes": _many(_text),
    "families": _many(_text),
    "failures": _many(_failure),
    "rows": _many(_row),
}


def _fields(field: str, value: Any, readers: _Readers) -> dict[str, Any]:
    values = _mapping(field, value)
    if set(values) != set(readers):
        missing = sorted(set(readers) - set(values))
        unknown = sorted(str(name)[:60] for name in set(values) - set(readers))[:5]
        raise IncompatibleArtifactError(
            f"{field} lacks {missing} and has the unknown fields {unknown}; expected "
            "a file written by EvaluationResult.save of this version"
        )
    inside = "" if field == "result" else f"{field}."
    return {name: read(inside + name, values[name]) for name, read in readers.items()}


def result_fields(values: Mapping[str, Any], schema: str) -> dict[str, Any]:
    """Return the checked fields of a result.

    Raises
    ------
    IncompatibleArtifactError
        If the schema is another, or a field is missing, of another type, or does not
        fit the others.
    """
    rest = dict(values)
    found = rest.pop("schema", None)
    if found != schema:
        raise IncompatibleArtifactError(
            f"schema is {str(found)[:60]!r}; expected {schema!r}, an evaluation result "
            "of this version of whichcam"
        )
    fields = _fields("result", rest, _RESULT)
    n_classes = len(fields["classes"])
    for name in ("makes", "families"):
        if len(fields[name]) != n_classes:
            raise IncompatibleArtifactError(
                f"{name} has {len(fields[name])} entries for {n_classes} classes; "
                "expected one each"
            )
    for number, row in enumerate(fields["rows"]):
        if len(row.probabilities) != n_classes:
            raise IncompatibleArtifactError(
                f"rows[{number}].probabilities has {len(row.probabilities)} entries "
                f"for {n_classes} classes; expected one each"
            )
        if not UNKNOWN <= row.label < n_classes:
            raise IncompatibleArtifactError(
                f"rows[{number}].label is {row.label}; expected {UNKNOWN} to "
                f"{n_classes - 1}"
            )
    return fields
