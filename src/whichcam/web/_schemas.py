"""What answers look like: models for the API's description, made of the results.

The fields are those of the results' dataclasses, and what is said of a field is what
its docstring says: the description cannot drift from the code.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from whichcam.gallery import EnrolledCamera, StoredFingerprint
from whichcam.localize import Localization
from whichcam.pipelines import (
    Enrollment,
    Examination,
    GallerySearch,
    Identification,
    SearchHit,
    Verification,
)
from whichcam.web import _examples

_FIELD: Final = re.compile(r"^(?P<names>\w+(?:, \w+)*)(?: : .*)?$")


class Answer(BaseModel):
    """A model that says everything: an answer with other fields does not fit it."""

    model_config = ConfigDict(extra="forbid")


class ErrorBody(Answer):
    """What went wrong."""

    code: str = Field(description="For programs; does not change.")
    message: str = Field(description="For people: what is wrong and what to do.")
    details: dict[str, Any] = Field(description="Facts; what they are depends.")


class ErrorAnswer(Answer):
    """The one shape of all errors."""

    error: ErrorBody


class Progress(Answer):
    """How far a job is."""

    stage: str = Field(description="What is being done.")
    done: int = Field(description="Steps done of this stage.")
    total: int = Field(description="Steps of this stage.")


class JobAnswer(Answer):
    """A job."""

    id: str = Field(description="To ask for it by.")
    operation: str = Field(description="What is being done.")
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    created: str = Field(description="UTC, ISO 8601.")
    progress: Progress | None = Field(description="The latest; null before the first.")
    result: dict[str, Any] | None = Field(
        description="What the same request answers without `background`; null until "
        "done. Its `files` name what `/jobs/{id}/files/{name}` returns."
    )
    error: ErrorBody | None = Field(description="Why it failed.")

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": _examples.JOB}
    )


class JobList(Answer):
    """The jobs that are known."""

    jobs: list[JobAnswer]


class KnownCamera(Answer):
    """A camera model that the server's model knows."""

    camera_model: str
    make: str


class KnownFamily(Answer):
    """Camera models that are told apart too seldom to promise it."""

    name: str
    members: list[str]


class ModelAnswer(Answer):
    """The model that answers `identify`."""

    model_id: str = Field(description="Changes with any of its files.")
    method: str
    licence: str
    whichcam_version: str = Field(description="That it was made with.")
    cameras: list[KnownCamera]
    families: list[KnownFamily]


class ModelList(Answer):
    """The models of this server."""

    models: list[ModelAnswer]


class Health(Answer):
    """Whether the server can work."""

    status: Literal["ok", "starting"]
    whichcam_version: str
    workers: int = Field(description="Processes alive.")
    workers_busy: int
    queue_length: int = Field(description="Tasks that wait for a worker.")
    limits: dict[str, int] = Field(description="What one request may hold.")
    abilities: dict[str, bool] = Field(description="What this installation can do.")

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": _examples.HEALTH}
    )


class NewName(Answer):
    """What to call a camera."""

    name: str = Field(max_length=512, examples=["holiday camera"])


@cache
def model_of(
    kind: type,
    *,
    name: str = "",
    add: tuple[tuple[str, Any, str], ...] = (),
    **options: Any,
) -> type[BaseModel]:
    """Return the model of a result's dataclass.

    Parameters
    ----------
    kind : type
        A dataclass with a numpydoc docstring.
    name : str
        Of the model; by default that of the dataclass.
    add : tuple of (str, type, str)
        Fields that `to_dict` adds: name, type and what is said of it.
    **options
        ``leave_out``, a tuple of fields not sent; ``example``, a JSON text.
    """
    texts = _field_texts(kind)
    hints = get_type_hints(kind)
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if field.name in options.get("leave_out", ()):
            continue
        fields[field.name] = (
            _json_type(hints[field.name]),
            Field(description=texts.get(field.name)),
        )
    for extra, type_, text in add:
        fields[extra] = (type_, Field(description=text))
    return create_model(
        name or kind.__name__,
        __doc__=(inspect.getdoc(kind) or "").split("\n\n", 1)[0],
        __config__=ConfigDict(extra="forbid"),
        **fields,
    )


def _json_type(hint: Any) -> Any:
    """Return the type that a field has once it is JSON."""
    if hint is Localization or get_origin(hint) is Mapping:
        return dict[str, Any]  # the former without its arrays
    if dataclasses.is_dataclass(hint):
        return _KNOWN.get(hint) or model_of(hint)  # type: ignore[arg-type]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return list[_json_type(arguments[0])]  # type: ignore[misc]
        return list[arguments[0]]  # type: ignore[valid-type]
    if origin in (Union, types.UnionType):
        return Union[tuple(_json_type(one) for one in arguments)]  # noqa: UP007
    return hint


def _field_texts(kind: type) -> dict[str, str]:
    """Return what a docstring says of each field."""
    texts: dict[str, str] = {}
    names: list[str] = []
    for line in (inspect.getdoc(kind) or "").splitlines():
        if line and not line.startswith((" ", "-")):
            found = _FIELD.match(line)
            names = found["names"].split(", ") if found else []
        elif line.startswith("    ") and names:
            for name in names:
                texts[name] = f"{texts.get(name, '')} {line.strip()}".strip()
    return texts


_REACHES: Final = (
    "reaches_threshold",
    bool,
    "Whether the score reaches the threshold; no verdict on the camera.",
)
_KNOWN: Final[dict[Any, type[BaseModel]]] = {}
_KNOWN[SearchHit] = model_of(SearchHit, add=(_REACHES,))
_KNOWN[Verification] = model_of(Verification, add=(_REACHES,))
_KNOWN[StoredFingerprint] = model_of(
    StoredFingerprint,
    name="Fingerprint",
    leave_out=("path", "metadata_json", "camera"),
    add=(("metadata", dict[str, Any], "Further facts."),),
)

IdentificationAnswer: Final = model_of(Identification)
VerificationAnswer: Final = _KNOWN[Verification]
SearchAnswer: Final = model_of(GallerySearch)
EnrollmentAnswer: Final = model_of(Enrollment, leave_out=("gallery",))
CameraAnswer: Final = model_of(EnrolledCamera, name="Camera")
CameraList: Final = create_model(
    "CameraList",
    __doc__="The enrolled cameras.",
    __config__=ConfigDict(extra="forbid"),
    cameras=(list[CameraAnswer], ...),  # type: ignore[valid-type]
    unfinished=(
        list[str],
        Field(description="Names whose enrolment was broken off; enrol them again."),
    ),
)


class Drawn(Answer):
    """Which of the job's files shows what."""

    maps: dict[str, str] = Field(description="Heat maps by method, grey.")
    peaks: dict[str, str] = Field(description="Peaks of correlations by camera.")
    preview: str | None = Field(description="Of formats that browsers do not show.")


_ADDED: Final = (
    ("pictures", Drawn, "Which of the files shows what."),
    ("files", list[str], "Of the job, if it is one."),
)
ExaminationAnswer: Final = model_of(Examination, add=_ADDED)
