"""``whichcam predict``: the competition's table of answers."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated

import typer

from whichcam.cli._guard import UNEXPECTED, UNUSABLE_INPUT
from whichcam.cli._identify import Workers, identify_each, load_model
from whichcam.cli._text import plural, say


def predict(
    source: Annotated[
        Path,
        typer.Argument(
            help="A folder of pictures, or a manifest.", metavar="MANIFEST_OR_DIR"
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="CSV with the columns fname, camera.")
    ],
    *,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a trained model; the bundled one where not given.",
            show_default=False,
        ),
    ] = None,
    workers: Workers = None,
) -> None:
    """Name the likeliest camera model of every picture, as Kaggle takes it.

    Each picture gets one of the model's cameras: "unknown" is no answer there. Files
    that cannot be used get a blank one, and the exit code is 3.
    """
    from whichcam.cli._inputs import Failure, pictures
    from whichcam.cli._output import write_text

    text = io.StringIO()
    # Kaggle compares names letter by letter, so formulas are not escaped here.
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["fname", "camera"])
    failures = []
    answers = 0
    found = pictures([source])
    for answer in identify_each(found, load_model(model), top_k=1, workers=workers):
        if isinstance(answer, Failure):
            failures.append(answer)
            camera = ""
        else:
            camera = answer.found.ranking[0].camera_model
            answers += 1
        table.writerow([Path(answer.path).name, camera])
    if answers:
        write_text(output, text.getvalue())
        say(f"wrote {plural(answers, 'answer')} to {output}")
    if failures:
        bug = any(item.unexpected for item in failures)
        raise typer.Exit(UNEXPECTED if bug else UNUSABLE_INPUT)
