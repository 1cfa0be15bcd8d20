"""The command as a whole: help, version, start-up, broken pipes, exit codes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.main import get_command

import whichcam
from whichcam import errors
from whichcam.cli import app
from whichcam.cli._console import bar
from whichcam.cli._guard import exit_code, guarded
from whichcam.cli._text import percent, printable

if TYPE_CHECKING:
    from typer.testing import Result

    Run = Callable[..., Result]


def every_command() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []

    def walk(command: Any, path: tuple[str, ...]) -> None:
        found.append(path)
        for name, child in getattr(command, "commands", {}).items():
            walk(child, (*path, name))

    walk(get_command(app), ())
    return found


@pytest.mark.parametrize("command", every_command(), ids=" ".join)
def test_the_help_of_every_command_shows_how_it_is_used(
    run: Run, command: tuple[str, ...]
) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert f"$ {' '.join(('whichcam', *command))}" in result.stdout


def test_every_command_of_the_plan_is_there() -> None:
    planned: set[tuple[str, ...]] = {
        ("identify",),
        ("train",),
        ("evaluate",),
        ("predict",),
        ("demo",),
    }
    planned |= {
        ("dataset", name)
        for name in ("index", "screen", "duplicates", "split", "shoot")
    }
    assert planned <= set(every_command())


@pytest.mark.parametrize(
    "command", [path for path in every_command() if path], ids=" ".join
)
def test_every_command_stands_behind_the_border(command: tuple[str, ...]) -> None:
    found: Any = get_command(app)
    for name in command:
        found = found.commands[name]
    if hasattr(found, "commands"):
        return
    callback = found.callback
    codes = []
    while callback is not None:
        codes.append(callback.__code__)
        callback = getattr(callback, "__wrapped__", None)
    assert guarded(print).__code__ in codes


def test_version_is_that_of_the_package(run: Run) -> None:
    assert run("--version").stdout == f"whichcam {whichcam.__version__}\n"


def test_importing_the_command_pulls_in_nothing_heavy() -> None:
    code = (
        "import sys, whichcam.cli; "
        "print(*sorted({'torch', 'sklearn', 'pyarrow', 'scipy', 'numba', 'numpy', "
        "'onnxruntime', 'matplotlib', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_python_m_whichcam_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "whichcam", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"whichcam {whichcam.__version__}\n"


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["table", "json"])
def test_a_reader_that_goes_away_ends_the_command_quietly(
    shot_folder: Path, options: tuple[str, ...]
) -> None:
    command = [sys.executable, "-m", "whichcam", "dataset", "screen"]
    process = subprocess.Popen(
        [*command, str(shot_folder), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert said == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError("a.b", "wrong"), 2),
        (errors.UnknownNameError("no such name"), 2),
        (errors.ImageDecodeError("damaged"), 3),
        (errors.PhotoNotFoundError("none"), 3),
        (errors.InsufficientEvidenceError("flat"), 3),
        (errors.ManifestError("row 2"), 3),
        (errors.SplitLeakageError("leak"), 3),
        (errors.ArtifactNotFoundError("no model"), 4),
        (errors.ChecksumMismatchError("changed"), 4),
        (errors.MissingDependencyError("torch", extra="train", purpose="x"), 4),
        (errors.NotFittedError("not fitted"), 1),
        (errors.WhichcamError("other"), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_kind_of_error_has_its_exit_code(
    error: errors.WhichcamError, code: int
) -> None:
    assert exit_code(error) == code


@pytest.mark.parametrize(
    ("share", "up", "text"),
    [
        (1.0, False, "100 %"),
        (0.9999, False, "99.9 %"),
        (0.5, False, "50 %"),
        (0.07, True, "7 %"),
        (0.0, True, "0 %"),
        (0.0001, True, "0.1 %"),
        (0.0412, True, "4.2 %"),
        (float("nan"), False, "?"),
    ],
)
def test_certainty_is_never_rounded_up_nor_error_down(
    share: float, *, up: bool, text: str
) -> None:
    assert percent(share, up=up) == text


class FakeTerminal(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize("terminal", [True, False])
def test_bars_are_drawn_on_terminals_only(
    monkeypatch: pytest.MonkeyPatch, *, terminal: bool
) -> None:
    screen = FakeTerminal(terminal=terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    with bar("[identifying]") as report:
        report(1, 2)
        report(2, 2)
    assert ("[identifying]" in screen.getvalue()) is terminal
    assert ("2/2" in screen.getvalue()) is terminal


def test_printable_escapes_only_what_cannot_be_printed() -> None:
    assert printable("Agfa é 日本") == "Agfa é 日本"
    assert printable("a\x1b[1m\u202e\udc80\n") == r"a\x1b[1m\u202e\udc80\n"
