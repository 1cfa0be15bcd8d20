"""The command reference: what each command says of itself when asked for help."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

NOT_YET = "There is no command line in this build.\n"
COLUMNS = 84


def write(page: Path) -> None:
    """Write the reference of every command, in the order they were registered."""
    text = _reference() if importlib.util.find_spec("whichcam.cli") else NOT_YET
    page.write_text(text, encoding="utf-8")


def command_names(command: Any, names: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the words of every command, groups before what they hold."""
    found = [names]
    for name, child in getattr(command, "commands", {}).items():
        if not getattr(child, "hidden", False):
            found += command_names(child, (*names, name))
    return found


def _reference() -> str:
    from whichcam.cli import app

    # Plain text of one width, wherever the pages are built.
    os.environ |= {"COLUMNS": str(COLUMNS), "TERMINAL_WIDTH": str(COLUMNS)}
    os.environ |= {"NO_COLOR": "1", "TERM": "dumb"}
    runner = CliRunner()
    sections = []
    for names in command_names(typer.main.get_command(app)):
        shown = runner.invoke(app, [*names, "--help"], prog_name="whichcam")
        if shown.exit_code != 0:
            raise RuntimeError(f"{' '.join(names)} --help: {shown.output}")
        lines = [line.rstrip() for line in shown.output.strip("\n").splitlines()]
        depth = "##" if len(names) < 2 else "###"
        title = " ".join(("whichcam", *names))
        sections += [f"{depth} `{title}`", "", "```text", *lines, "```", ""]
    return "\n".join(sections)
