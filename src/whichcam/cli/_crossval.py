"""``whichcam crossval``: methods compared on folds that cannot leak."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from whichcam.cli._method_settings import (
    ConfigOption,
    QuickOption,
    SetOption,
    method_settings,
)
from whichcam.cli._text import plural, say

if TYPE_CHECKING:
    from whichcam.evaluation import CrossvalResult

_FAILURES_SHOWN: Final = 5


class Group(StrEnum):
    """What is on one side of a fold, never both."""

    device = "device"
    session = "session"
    source = "source"


def crossval(
    manifest: Annotated[
        Path,
        typer.Argument(
            help="A manifest, .csv or .parquet, that names the camera of each picture.",
            metavar="MANIFEST",
        ),
    ],
    *,
    method: Annotated[
        list[str],
        typer.Option(
            help="A method to compare; give the option once for each.",
            show_default=False,
        ),
    ],
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    group: Annotated[
        Group, typer.Option(help="What is on one side of a fold, never both.")
    ] = Group.device,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="JSON with the raw scores; never overwritten.",
            show_default=False,
        ),
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(
            help="Folder for traces and finished folds, to be resumed from; by default "
            "beside the output, else none is kept.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an earlier run was stopped.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Processes; by default one a processor.", show_default=False
        ),
    ] = None,
    split: Annotated[
        str,
        typer.Option(help="Use the rows of this split only.", show_default=False),
    ] = "",
    seed: Annotated[
        int, typer.Option(min=0, help="Of the folds, and of methods that take one.")
    ] = 0,
    ungrouped: Annotated[
        bool,
        typer.Option(
            help="Also compute what folds by picture would have claimed, as a warning; "
            "it doubles the fits."
        ),
    ] = True,
    settings: SetOption = None,
    config: ConfigOption = None,
    quick: QuickOption = False,
    figures: Annotated[
        Path | None,
        typer.Option(
            help="New or empty folder for pictures: methods with what a leak would "
            "claim, confusions, reliability (needs the extra `report`).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Compare methods on the same folds of a MANIFEST, and print the tables.

    No device (or session, or source) is on both sides of a fold. Camera models with a
    single one are reported apart. Pictures are neither copied nor moved.
    """
    if output is not None and output.exists():
        # Said now rather than after an hour's work.
        raise typer.BadParameter(
            f"{output} exists and is not overwritten; name another file",
            param_hint="--output",
        )
    if output is not None and not output.parent.is_dir():
        raise typer.BadParameter(
            f"there is no folder {output.parent}; create it first",
            param_hint="--output",
        )
    if work is None and output is not None:
        work = output.with_name(f"{output.stem}.work")
    if resume and (work is None or not work.is_dir()):
        raise typer.BadParameter(
            "there is nothing to go on from; give the --work folder, or the --output, "
            "of the run that was stopped",
            param_hint="--resume",
        )
    from whichcam import evaluation
    from whichcam.cli._console import stages
    from whichcam.cli._figures import figures_folder
    from whichcam.cli._inputs import read_manifest
    from whichcam.cli._tables import print_tables

    folder = figures_folder(figures)
    pictures = read_manifest(manifest, split=split)
    with stages() as report:
        result = evaluation.crossvalidate(
            pictures,
            method,
            group=group.value,
            n_folds=folds,
            seed=seed,
            work=work,
            resume=resume,
            workers=workers,
            ungrouped=ungrouped,
            settings=method_settings(settings, config, quick=method if quick else ()),
            progress=report,
        )
    if output is not None:
        result.save(output)
        say(f"wrote {output}; traces and folds are kept in {work}")
    print_tables(evaluation.crossval_tables(result))
    if folder is not None:
        from whichcam.reporting import crossval_figures

        drawn = crossval_figures(result, folder)
        say(f"wrote {plural(len(drawn), 'picture')} to {folder}")
    _say_failures(result)


def _say_failures(result: CrossvalResult) -> None:
    for failure in result.failures[:_FAILURES_SHOWN]:
        say(f"not used: {failure.what}: {failure.reason}")
    more = len(result.failures) - _FAILURES_SHOWN
    if more > 0:
        say(f"not used: {plural(more, 'more picture')}")
