"""``whichcam evaluate``: how good a model is on pictures it has not seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from whichcam.cli._tables import print_tables
from whichcam.cli._text import plural, say

_FAILURES_SHOWN: Final = 5
_MANIPULATIONS: Final = "sp_cup"
# what each other measurement takes, beside the manifest and the output
_TAKEN: Final = {
    "--devices": ("--figure", "--seed", "--calibration"),
    "--splices": (),
    "--claims": ("--model", "--limit", "--seed"),
}


def evaluate(
    manifest: Annotated[
        Path,
        typer.Argument(
            help="A manifest, .csv or .parquet, that names the camera of each picture.",
            metavar="MANIFEST",
        ),
    ],
    *,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a trained model; the bundled one where not given.",
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
    manipulations: Annotated[
        str,
        typer.Option(
            help="What is done to the pictures besides: `sp_cup` (the eight of the "
            "Signal Processing Cup), `none`, or names such as `jpeg_70,resize_0.5`."
        ),
    ] = _MANIPULATIONS,
    figure: Annotated[
        Path | None,
        typer.Option(
            help="Picture of the confusion matrix, a new .png file.",
            show_default=False,
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(
            help="New or empty folder for pictures: confusions, reliability, accuracy "
            "by manipulation and by number of crops (needs the extra `report`).",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Measure a random sample of so many pictures of each split only.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of the sample and of the manipulations.")
    ] = 0,
    devices: Annotated[
        bool,
        typer.Option(
            "--devices",
            help="Measure how well single cameras are told apart by their sensors' "
            "patterns; needs the columns device and role.",
        ),
    ] = False,
    splices: Annotated[
        bool,
        typer.Option(
            "--splices",
            help="Measure heat maps on splices of known truth: splices.csv of "
            "`whichcam dataset splice`, or its folder.",
        ),
    ] = False,
    claims: Annotated[
        bool,
        typer.Option(
            "--claims",
            help="Measure how often true and tampered metadata are contradicted; needs "
            "the column label, or the splits test_device and test_scene.",
        ),
    ] = False,
    calibration: Annotated[
        Path | None,
        typer.Option(
            help="With --devices: write a likelihood-ratio map fitted on all scores, "
            "a new .json file (needs the extra `train`).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Measure a model on the labelled pictures of a MANIFEST, and print the tables.

    The splits named test_device, test_scene, unknown, unknown_chart and converted are
    measured; without a column `split`, all rows are.

    With --devices: pictures of the roles flat and natural_enrol enrol their device,
    those of the roles natural and natural_probe are compared with every device, and
    the figures are those of Tippett and of PAV.

    With --splices: every localizer that needs no enrolled camera, by method, size of
    the object and way of saving.

    With --claims: whole files with metadata are tampered with in seeded ways (names
    swapped, thumbnail replaced, compressed again), files without get an EXIF that tells
    the truth or not, and the claims of each are checked.
    """
    for option, target in (("--output", output), ("--figure", figure)):
        # Said now rather than after an hour's work.
        if target is not None and target.exists():
            raise typer.BadParameter(
                f"{target} exists and is not overwritten; name another file",
                param_hint=option,
            )
    modes = {"--devices": devices, "--splices": splices, "--claims": claims}
    chosen = [name for name, is_chosen in modes.items() if is_chosen]
    if len(chosen) > 1:
        raise typer.BadParameter("measure one at a time", param_hint=chosen[1])
    if chosen:
        given = {
            "--model": model is not None,
            "--manipulations": manipulations != _MANIPULATIONS,
            "--figure": figure is not None,
            "--figures": figures is not None,
            "--workers": workers != 1,
            "--limit": limit is not None,
            "--seed": seed != 0,
            "--calibration": calibration is not None,
        }
        _refuse_with(chosen[0], given)
    if devices:
        from whichcam.cli._evaluate_devices import evaluate_devices

        evaluate_devices(
            manifest, output=output, figure=figure, calibration=calibration, seed=seed
        )
        return
    if splices:
        from whichcam.cli._evaluate_splices import evaluate_splices

        evaluate_splices(manifest, output=output)
        return
    if claims:
        from whichcam.cli._evaluate_claims import evaluate_claims

        evaluate_claims(manifest, model=model, output=output, limit=limit, seed=seed)
        return
    if calibration is not None:
        raise typer.BadParameter("needs --devices", param_hint="--calibration")
    from whichcam import evaluation
    from whichcam.cli._console import bar
    from whichcam.cli._figures import figures_folder
    from whichcam.cli._identify import load_model
    from whichcam.datasets import Manifest

    names = manipulation_names(manipulations)
    folder = figures_folder(figures)
    table = Manifest.read(manifest)
    loaded = load_model(model)
    with bar("evaluating") as report:
        result = evaluation.evaluate(
            loaded,
            table,
            manipulations=names,
            limit_per_split=limit,
            workers=workers,
            seed=seed,
            progress=report,
        )
    if output is not None:
        result.save(output)
        say(f"wrote {output}")
    print_tables(evaluation.summary_tables(result))
    for failure in result.failures[:_FAILURES_SHOWN]:
        say(f"not evaluated: {failure.path}: {failure.reason}")
    more = len(result.failures) - _FAILURES_SHOWN
    if more > 0:
        say(f"not evaluated: {plural(more, 'more picture')}")
    if figure is not None:
        from whichcam.reporting import confusion_figure

        confusion_figure(result, figure)
        say(f"wrote {figure}")
    if folder is not None:
        from whichcam.reporting import evaluation_figures

        with bar("looking at fewer and more crops") as report:
            crops = evaluation.accuracy_by_crops(
                loaded, table, limit_per_split=limit, seed=seed, progress=report
            )
        drawn = evaluation_figures(result, folder, by_crops=crops)
        say(f"wrote {plural(len(drawn), 'picture')} to {folder}")


def _refuse_with(mode: str, given: Mapping[str, bool]) -> None:
    """Say of an option that it would change nothing, rather than ignore it."""
    for option, is_given in given.items():
        if is_given and option not in _TAKEN[mode]:
            raise typer.BadParameter(
                f"has no meaning with {mode}; leave it out", param_hint=option
            )


def manipulation_names(text: str) -> tuple[str, ...]:
    """Return the manipulations that the option's value stands for.

    Raises
    ------
    UnknownNameError, ConfigError
        If there is no manipulation of a name, or a parameter is out of range.
    """
    from whichcam.datasets.manipulations import parse_chain
    from whichcam.evaluation import MEASURED_MANIPULATIONS

    if text == "sp_cup":
        return MEASURED_MANIPULATIONS
    if text == "none":
        return ()
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        parse_chain(name)
    return names
