"""Reading a device evaluation back: a file of anybody's making."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from whichcam.errors import IncompatibleArtifactError, InputError
from whichcam.evaluation._device_records import (
    DeviceConditions,
    DeviceFailure,
    DevicePair,
    DeviceProbe,
    EnrolledDevice,
)
from whichcam.evaluation._parse import (
    _flag,
    _many,
    _mapping,
    _number,
    _optional,
    _refuse,
    _share,
    _text,
    _whole,
)

_Readers = Mapping[str, Callable[[str, Any], Any]]


def _fields(field: str, value: Any, readers: _Readers) -> dict[str, Any]:
    values = _mapping(field, value)
    if set(values) != set(readers):
        missing = sorted(set(readers) - set(values))
        unknown = sorted(str(name)[:60] for name in set(values) - set(readers))[:5]
        raise IncompatibleArtifactError(
            f"{field} lacks {missing} and has the unknown fields {unknown}; expected "
            "a file written by DeviceEvaluation.save of this version"
        )
    inside = "" if field == "result" else f"{field}."
    return {name: read(inside + name, values[name]) for name, read in readers.items()}


def _record(kind: type, readers: _Readers) -> Callable[[str, Any], Any]:
    return lambda field, value: kind(**_fields(field, value, readers))


def _conditions(field: str, value: Any) -> DeviceConditions:
    names = dict.fromkeys(
        ("crop_size", "n_enrolled", "jpeg_quality"), _optional(_whole)
    )
    try:
        return DeviceConditions(**_fields(field, value, names))
    except InputError as error:
        raise IncompatibleArtifactError(f"{field}: {error}") from error


def _count(field: str, value: Any) -> int:
    number = _whole(field, value)
    if number < 0:
        raise _refuse(field, value, "0 or more")
    return number


_DEVICE: Final[_Readers] = {
    "device": _text,
    "camera_model": _text,
    "height": _count,
    "width": _count,
    "n_photos": _count,
    "quality": _number,
    "saturated_share": _share,
}

_PROBE: Final[_Readers] = {
    "path": _text,
    "device": _text,
    "camera_model": _text,
    "role": _text,
    "is_probe": _flag,
    "saturated_share": _share,
    "dark_share": _share,
    "mean_level": _number,
}

_PAIR: Final[_Readers] = {
    "probe": _many(_count),
    "device": _many(_count),
    "z": _many(_number),
    "pce": _many(_number),
    "ncc": _many(_number),
    "log10_p": _many(_number),
    "rotation": _many(_whole),
    "log10_lr": _many(_optional(_number)),
}


def _pairs(field: str, value: Any) -> tuple[DevicePair, ...]:
    columns = _fields(field, value, _PAIR)
    if len({len(column) for column in columns.values()}) > 1:
        raise IncompatibleArtifactError(f"{field} has columns of different lengths")
    return tuple(
        DevicePair(**dict(zip(columns, cells, strict=True)))
        for cells in zip(*columns.values(), strict=True)
    )


_RESULT: Final[_Readers] = {
    "created": _text,
    "duration_s": _number,
    "git_commit": _optional(_text),
    "versions": _mapping,
    "machine": _mapping,
    "manifest_sha256": _text,
    "seed": _whole,
    "conditions": _conditions,
    "enrol_roles": _many(_text),
    "probe_roles": _many(_text),
    "impostor_roles": _many(_text),
    "rotations": _many(_whole),
    "note": _text,
    "n_incomparable": _count,
    "failures": _many(
        _record(
            DeviceFailure, dict.fromkeys(("path", "device", "role", "reason"), _text)
        )
    ),
    "devices": _many(_record(EnrolledDevice, _DEVICE)),
    "probes": _many(_record(DeviceProbe, _PROBE)),
    "pairs": _pairs,
}


def device_fields(values: Mapping[str, Any], schema: str) -> dict[str, Any]:
    """Return the checked fields of a result.

    Raises
    ------
    IncompatibleArtifactError
        If the schema is another, or a field is missing, of another type, or does not
        fit the others.
    """
    rest = dict(_mapping("result", values))
    found = rest.pop("schema", None)
    if found != schema:
        raise IncompatibleArtifactError(
            f"schema is {str(found)[:60]!r}; expected {schema!r}, a device evaluation "
            "of this version of whichcam"
        )
    fields = _fields("result", rest, _RESULT)
    for number, pair in enumerate(fields["pairs"]):
        for name in ("probe", "device"):
            if getattr(pair, name) >= len(fields[f"{name}s"]):
                raise IncompatibleArtifactError(
                    f"pairs.{name}[{number}] is {getattr(pair, name)}; there are "
                    f"{len(fields[f'{name}s'])} {name}s"
                )
    return fields
