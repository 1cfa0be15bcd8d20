"""Rich consoles and progress bars, made when first needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NoReturn, TypeAlias

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from whichcam.cli._text import printable

Report: TypeAlias = Callable[[int, int], None]
StageReport: TypeAlias = Callable[[str, int, int], None]

_PIPED_WIDTH: Final = 160  # columns when no terminal says how many it has


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Leave it to the border, which has an exit code for it."""
        raise BrokenPipeError


def out() -> Console:
    """Return a console on standard output, where no text is taken for markup."""
    width = None
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        width = _PIPED_WIDTH
    return _Console(width=width, markup=False, highlight=False, emoji=False)


def plain(text: str, style: str = "") -> Text:
    """Return untrusted text as one that rich prints as it is."""
    return Text(printable(text), style=style)


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    right: Iterable[int] = (),
    console: Console | None = None,
) -> None:
    """Print a table whose cells are untrusted; ``right`` are right-aligned columns."""
    console = console or out()
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    aligned = set(right)
    for number, name in enumerate(columns):
        table.add_column(
            plain(name),
            justify="right" if number in aligned else "left",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(c if isinstance(c, Text) else plain(str(c)) for c in row))
    if title:
        console.print(plain(title, "bold"))
    console.print(table)


@contextmanager
def stages(*, when: bool = True) -> Iterator[StageReport]:
    """Show a bar for each stage reported, on standard error if it is a terminal."""
    if not (when and sys.stderr.isatty()):
        yield lambda _stage, _done, _total: None
        return
    tasks: dict[str, TaskID] = {}
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True, markup=False, highlight=False, emoji=False),
    ) as progress:

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(printable(stage), total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield report


@contextmanager
def bar(label: str, *, when: bool = True) -> Iterator[Report]:
    """Show one progress bar; the function yielded takes ``(done, total)``."""
    with stages(when=when) as report:
        yield lambda done, total: report(label, done, total)
