"""One shape for every error, and which status stands for which."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from whichcam.errors import (
    ArtifactNotFoundError,
    ChecksumMismatchError,
    DatasetError,
    ImageTooLargeError,
    IncompatibleArtifactError,
    InputError,
    InsufficientEvidenceError,
    MissingDependencyError,
    PhotoNotFoundError,
    UnknownNameError,
    UnsupportedFormatError,
    WhichcamError,
)

# The first entry that fits.
_STATUS: Final[tuple[tuple[type[BaseException], int], ...]] = (
    (UnsupportedFormatError, 415),
    (ImageTooLargeError, 413),
    (UnknownNameError, 404),
    (InputError, 422),
    (InsufficientEvidenceError, 422),
    (PhotoNotFoundError, 404),
    (DatasetError, 422),
    (ArtifactNotFoundError, 404),
    (IncompatibleArtifactError, 409),
    (ChecksumMismatchError, 409),
    (MissingDependencyError, 501),
)
_WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is told of an error."""

    status: int
    code: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the one shape that errors have."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "details": dict(self.details),
            }
        }


class ProblemError(Exception):
    """Raised where a request ends with an error."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def fail(
    status: int,
    code: str,
    message: str,
    *,
    headers: Mapping[str, str] | None = None,
    **details: Any,
) -> ProblemError:
    """Return the error to raise."""
    return ProblemError(
        Problem(
            status=status,
            code=code,
            message=message,
            details=details,
            headers=headers or {},
        )
    )


def described(error: BaseException) -> Problem:
    """Return what is told of an error of ours; nothing of an unexpected one."""
    if isinstance(error, ProblemError):
        return error.problem
    if isinstance(error, MemoryError):
        return Problem(
            status=413,
            code="out_of_memory",
            message="The picture needs more memory than a request may take. Try a "
            "smaller one, or start the server with more memory for each worker.",
        )
    if not isinstance(error, WhichcamError):
        return Problem(
            status=500,
            code="unexpected",
            message="Something went wrong here that should not have. Other pictures "
            "are not affected; the server's log has the details.",
            details={"type": type(error).__name__},
        )
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    name = type(error).__name__.removesuffix("Error")
    details: dict[str, Any] = {"type": type(error).__name__}
    if isinstance(error, MissingDependencyError):
        details |= {"library": error.library, "extra": error.extra}
    return Problem(
        status=status,
        code=_WORD.sub("_", name).lower(),
        message=str(error),
        details=details,
    )
