"""``whichcam benchmark``: every method on splits it never saw."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from whichcam.cli._method_settings import (
    ConfigOption,
    QuickOption,
    SetOption,
    method_settings,
)
from whichcam.cli._text import plural, say

_FAILURES_SHOWN: Final = 5


def benchmark(
    manifest: Annotated[
        Path | None,
        typer.Argument(
            help="A manifest, .csv or .parquet, with the columns camera_model and "
            "split.",
            metavar="MANIFEST",
            show_default=False,
        ),
    ] = None,
    *,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="A method to measure, once for each; all where not given.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="JSON with the raw scores; never overwritten.",
            show_default=False,
        ),
    ] = None,
    stored: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Measure nothing: print and draw this result.",
            show_default=False,
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(
            help="New or empty folder for pictures: accuracy by manipulation, and for "
            "each method its confusions and reliability (needs the extra `report`).",
            show_default=False,
        ),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(
            help="Write the tables to this new .md file too.", show_default=False
        ),
    ] = None,
    manipulations: Annotated[
        str,
        typer.Option(
            help="What is done to the pictures besides: `sp_cup` (the eight of the "
            "Signal Processing Cup), `none`, or names such as `jpeg_70,resize_0.5`."
        ),
    ] = "sp_cup",
    settings: SetOption = None,
    config: ConfigOption = None,
    quick: QuickOption = False,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Measure on a random sample of so many pictures of each split.",
            show_default=False,
        ),
    ] = None,
    train_limit: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="Learn from a random sample of so many pictures of each camera model.",
            show_default=False,
        ),
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(
            help="Folder for fitted methods and answers; what is finished there is not "
            "done again. By default beside the output, else none is kept.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Processes; by default one a processor.", show_default=False
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of samples, manipulations and methods.")
    ] = 0,
) -> None:
    """Fit methods on the split `train` of a MANIFEST and measure them on its others.

    The splits test_device and test_scene hold known cameras, unknown and unknown_chart
    cameras that are not learnt. A method that cannot be fitted is reported with its
    error, and the others go on.
    """
    for option, target in (("--output", output), ("--markdown", markdown)):
        # Said now rather than after an hour's work.
        if target is not None and target.exists():
            raise typer.BadParameter(
                f"{target} exists and is not overwritten; name another file",
                param_hint=option,
            )
        if target is not None and not target.parent.is_dir():
            raise typer.BadParameter(
                f"there is no folder {target.parent}; create it first",
                param_hint=option,
            )
    if (manifest is None) == (stored is None):
        raise typer.BadParameter(
            "give a MANIFEST to measure on, or --from with a result to print"
        )
    from whichcam import evaluation
    from whichcam.cli._console import stages
    from whichcam.cli._evaluate import manipulation_names
    from whichcam.cli._figures import figures_folder
    from whichcam.cli._output import write_text
    from whichcam.cli._tables import print_tables
    from whichcam.datasets import Manifest
    from whichcam.methods import METHODS

    folder = figures_folder(figures)
    if stored is not None or manifest is None:
        assert stored is not None
        result = evaluation.BenchmarkResult.load(stored)
    else:
        if work is None and output is not None:
            work = output.with_name(f"{output.stem}.work")
        names = manipulation_names(manipulations)
        chosen = method or sorted(METHODS)
        with stages() as report:
            result = evaluation.benchmark(
                Manifest.read(manifest),
                chosen,
                manipulations=[name for name in names if name != "none"],
                settings=method_settings(
                    settings, config, quick=chosen if quick else ()
                ),
                limit=limit,
                train_limit=train_limit,
                seed=seed,
                work=work,
                workers=workers,
                progress=report,
            )
    if output is not None:
        result.save(output)
        say(f"wrote {output}")
    if markdown is not None:
        write_text(markdown, evaluation.benchmark_to_markdown(result))
        say(f"wrote {markdown}")
    print_tables(evaluation.benchmark_tables(result))
    if folder is not None:
        from whichcam.reporting import benchmark_figures

        drawn = benchmark_figures(result, folder)
        say(f"wrote {plural(len(drawn), 'picture')} to {folder}")
    for failure in result.failures[:_FAILURES_SHOWN]:
        say(f"not used: {failure.what}: {failure.reason}")
    more = len(result.failures) - _FAILURES_SHOWN
    if more > 0:
        say(f"not used: {plural(more, 'more picture')}")
