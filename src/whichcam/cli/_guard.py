"""The border: every error of a command becomes one line and an exit code."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

import typer

from whichcam.cli._text import say_error
from whichcam.errors import (
    ArtifactError,
    ConfigError,
    DatasetError,
    InputError,
    InsufficientEvidenceError,
    MissingDependencyError,
    PhotoNotFoundError,
    UnknownNameError,
    WhichcamError,
)

P = ParamSpec("P")
R = TypeVar("R")

UNEXPECTED: Final = 1
USAGE: Final = 2
UNUSABLE_INPUT: Final = 3
MISSING: Final = 4
FINDING: Final = 5
_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells report it
_PIPE_CLOSED: Final = 141  # 128 + SIGPIPE

logger = logging.getLogger(__name__)

# The first entry that fits: a wrong name or setting is the user's words, not a file.
_CODES: Final[tuple[tuple[type[WhichcamError], int], ...]] = (
    (ConfigError, USAGE),
    (UnknownNameError, USAGE),
    (ArtifactError, MISSING),
    (MissingDependencyError, MISSING),
    (InputError, UNUSABLE_INPUT),
    (PhotoNotFoundError, UNUSABLE_INPUT),
    (InsufficientEvidenceError, UNUSABLE_INPUT),
    (DatasetError, UNUSABLE_INPUT),
)


def exit_code(error: WhichcamError) -> int:
    """Return the exit code that an error of ours stands for."""
    for kind, code in _CODES:
        if isinstance(error, kind):
            return code
    return UNEXPECTED


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Wrap a command so that no traceback reaches the user unasked."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            try:
                return command(*args, **kwargs)
            finally:
                sys.stdout.flush()  # a closed pipe is met here, not after the end
        except (typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except KeyboardInterrupt as error:
            say_error("interrupted")
            raise typer.Exit(_INTERRUPTED) from error
        except BrokenPipeError as error:
            _forget_stdout()
            raise typer.Exit(_PIPE_CLOSED) from error
        except WhichcamError as error:
            logger.info("traceback of the error", exc_info=True)
            say_error(str(error))
            raise typer.Exit(exit_code(error)) from error
        except Exception as error:
            say_unexpected(error)
            raise typer.Exit(UNEXPECTED) from error

    return run


def say_unexpected(error: Exception, *, about: str = "") -> None:
    """Report a bug of ours in one line; with ``-v`` the log has its traceback."""
    logger.info("traceback of the unexpected error", exc_info=error)
    where = f"{about}: " if about else ""
    say_error(
        f"{where}unexpected {type(error).__name__}: {error} (run `whichcam -v ...` for "
        "the traceback)"
    )


def _forget_stdout() -> None:
    # What is still buffered would be flushed at exit, and fail once more.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
