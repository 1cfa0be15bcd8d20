"""Commands with help texts that show how they are used."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import typer

from whichcam.cli._guard import guarded

P = ParamSpec("P")
R = TypeVar("R")


def examples(*commands: str) -> str:
    """Return an epilog that shows commands, one a line."""
    # Typer joins single line breaks; a blank line keeps them apart.
    return "\n\n".join(["Examples:", *(f"  $ {command}" for command in commands)])


def add_command(
    app: typer.Typer, function: Callable[P, R], *shown: str, panel: str | None = None
) -> Callable[P, R]:
    """Register a command behind the border for errors, with examples in its help.

    ``panel`` is the group of commands it is listed in.
    """
    text = inspect.cleandoc(function.__doc__ or "")
    # Lines are broken by the terminal's width, not by the source's.
    flowing = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
    # A bracket is one, and no markup: pip install "whichcam[train]".
    flowing = flowing.replace("[", r"\[")
    app.command(help=flowing, epilog=examples(*shown), rich_help_panel=panel)(
        guarded(function)
    )
    return function
