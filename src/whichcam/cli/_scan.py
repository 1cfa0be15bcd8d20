"""``whichcam scan``: one question put to every picture of a source."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from whichcam.cli._device_options import AllowTruncated, GalleryFolder
from whichcam.cli._guard import UNUSABLE_INPUT
from whichcam.cli._text import percent, plural, say

if TYPE_CHECKING:
    from whichcam.scan import ScanProgress, ScanReport

_CAMERAS_SHOWN: Final = 20
_LINE_EVERY_S: Final = 30.0  # where there is no terminal for a bar


class TaskName(StrEnum):
    """What is asked of each picture."""

    identify = "identify"
    examine = "examine"
    verify = "verify"
    search = "search"
    fingerprint = "fingerprint"


class EngineName(StrEnum):
    """Where the workers run."""

    local = "local"
    ray = "ray"


def scan(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder, a manifest (.csv, .parquet) or a list (.txt, one path or "
            "address a line); a path, or an address such as s3://bucket/folder.",
            metavar="SOURCE",
            show_default=False,
        ),
    ],
    *,
    task: Annotated[
        TaskName, typer.Option(help="What is asked of each picture.")
    ] = TaskName.identify,
    out: Annotated[
        Path,
        typer.Option(
            "--out", help="A new folder for the rows and the summary.", metavar="DIR"
        ),
    ],
    engine: Annotated[
        EngineName, typer.Option(help="Processes of this machine, or a Ray cluster.")
    ] = EngineName.local,
    address: Annotated[
        str | None,
        typer.Option(
            help="Of the Ray cluster; where not given, one is started here.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="By default one a core.", show_default=False),
    ] = None,
    shard_size: Annotated[
        int, typer.Option(min=1, help="Pictures a file of rows.")
    ] = 128,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the scan in DIR, if there is one."),
    ] = False,
    time_limit: Annotated[
        float,
        typer.Option(
            min=0.001,
            help="Seconds that a picture may take; a worker that takes longer is ended "
            "and the picture is tried once more.",
        ),
    ] = 600.0,
    model: Annotated[
        Path | None,
        typer.Option(
            help="For identify and examine: a trained model's folder; the bundled one "
            "where not given.",
            show_default=False,
        ),
    ] = None,
    camera: Annotated[
        str | None,
        typer.Option(help="For verify: the enrolled camera.", show_default=False),
    ] = None,
    gallery: GalleryFolder = None,
    top_k: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="For identify and search: length of the ranking.",
            show_default=False,
        ),
    ] = None,
    false_alarm_rate: Annotated[
        float | None,
        typer.Option(
            help="For verify and search: share of comparisons with other cameras that "
            "may reach the threshold.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="For examine: a way to look for parts that differ, once for each; by "
            "default all that `whichcam localize` has.",
            show_default=False,
        ),
    ] = None,
    side_px: Annotated[
        int | None,
        typer.Option(
            help="For fingerprint: pixels each way of the middle that is used.",
            show_default=False,
        ),
    ] = None,
    allow_truncated: AllowTruncated = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON.")
    ] = False,
) -> None:
    """Ask one thing of every picture of SOURCE, and keep one row for each.

    Rows are Parquet files in DIR/rows, a summary is DIR/summary.json. A scan that was
    stopped or killed goes on with --resume. A picture that cannot be used is a row
    with its error, and the exit code is 3.
    """
    given = {
        "model": model,
        "camera": camera,
        "gallery": gallery,
        "methods": method or None,
        "top_k": top_k,
        "false_alarm_rate": false_alarm_rate,
        "side_px": side_px,
        "allow_truncated": allow_truncated or None,
    }
    settings: dict[str, Any] = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in given.items()
        if value is not None
    }
    from whichcam.scan import scan_photos

    with _shown() as progress:
        report = scan_photos(
            source,
            task=task.value,
            out=out,
            engine=engine.value,
            address=address,
            workers=workers,
            shard_size=shard_size,
            resume=resume,
            time_limit_s=time_limit,
            progress=progress,
            **settings,
        )
    if as_json:
        print(json.dumps(report.to_dict(), indent=2))
    else:
        _print(report)
    if report.n_failed:
        raise typer.Exit(UNUSABLE_INPUT)


@contextmanager
def _shown() -> Iterator[Callable[[ScanProgress], None]]:
    """Show how far it is: a bar on a terminal, else a line now and then."""
    if not sys.stderr.isatty():
        yield _lines_now_and_then()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True, markup=False, highlight=False, emoji=False)
    columns = BarColumn(), TextColumn("{task.description}", markup=False)
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("listing the pictures", total=None)
        yield lambda now: progress.update(
            task, completed=now.n_done, total=now.n_pictures, description=_line(now)
        )


def _lines_now_and_then() -> Callable[[ScanProgress], None]:
    last = time.monotonic()

    def tell(now: ScanProgress) -> None:
        nonlocal last
        if time.monotonic() - last >= _LINE_EVERY_S:
            last = time.monotonic()
            say(_line(now))

    return tell


def _line(now: ScanProgress) -> str:
    left = now.remaining_s
    return (
        f"{now.n_done:,} of {plural(now.n_pictures, 'picture')}, "
        f"{now.pictures_per_s:.1f} a second, {plural(now.n_failed, 'error')}"
        + ("" if left is None else f", {left / 60:.0f} min left")
    )


def _print(report: ScanReport) -> None:
    from whichcam.cli._console import print_table

    cameras = list(report.cameras.items())
    shown = [(name, f"{n:,}") for name, n in cameras[:_CAMERAS_SHOWN]]
    if cameras[_CAMERAS_SHOWN:]:
        rest = sum(n for _, n in cameras[_CAMERAS_SHOWN:])
        shown.append((f"{len(cameras) - _CAMERAS_SHOWN} others", f"{rest:,}"))
    if shown:
        print_table("", ("camera", "pictures"), shown, right=(1,))
    if report.failures:
        failures = [(kind, f"{n:,}") for kind, n in report.failures.items()]
        print_table("", ("could not be used", "pictures"), failures, right=(1,))
    unknown = report.unknown_share
    print(
        f"{plural(report.n_rows, 'picture')}, {report.n_failed:,} could not be used"
        + ("" if unknown is None else f", {percent(unknown)} of no known camera")
    )
    say(
        f"{report.n_rows - report.n_resumed:,} done in {report.seconds:.1f} s, "
        f"{report.pictures_per_s:.1f} a second; the rows are in {report.folder}"
    )
