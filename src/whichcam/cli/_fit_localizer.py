"""``whichcam fit-localizer``: fit the fusion of heat maps on splices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from whichcam.cli._text import say


def fit_localizer(
    manifest: Annotated[
        Path,
        typer.Argument(
            help="splices.csv of `whichcam dataset splice --parts 2`.",
            metavar="SPLICES",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="A new .json file with what was fitted."),
    ],
    *,
    seed: Annotated[
        int, typer.Option(min=0, help="Of the cells drawn and the network.")
    ] = 0,
    command: Annotated[
        str,
        typer.Option(help="Kept in the file: how its splices were made."),
    ] = "",
) -> None:
    """Fit projection, fusion, thresholds and likelihood ratio of `localize`.

    Needs the extra `train`. Use the file with `whichcam localize --parameters`.
    """
    from whichcam.cli._console import stages
    from whichcam.cli._evaluate_devices import refuse_existing
    from whichcam.cli._output import write_text
    from whichcam.datasets import Manifest
    from whichcam.training import fit_localizer as fit

    refuse_existing(("--output", output))
    table = Manifest.read(manifest)
    with stages() as report:
        fitted = fit(table, seed=seed, command=command, progress=report)
    write_text(output, json.dumps(fitted.to_dict()) + "\n")
    say(f"wrote {output}")
    for saving, score in fitted.provenance["crossed_figures"]["f1_by_saving"].items():
        say(f"F1 on devices not fitted on, {saving}: {score:.3f}")
    say(f"false alarms on their pristine pictures: {fitted.false_alarm_rate:.3f}")
