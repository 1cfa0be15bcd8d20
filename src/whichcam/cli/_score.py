"""``whichcam score``: a submission against the solution."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer


def score(
    submission: Annotated[
        Path,
        typer.Argument(
            help="CSV with the columns fname, camera.", metavar="SUBMISSION"
        ),
    ],
    *,
    solution: Annotated[
        Path,
        typer.Option(
            help="CSV with the true cameras in the same columns; a column manipulated, "
            "or names ending in _manip and _unalt, tell the two kinds apart."
        ),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of a table.")
    ] = False,
) -> None:
    """Score a SUBMISSION as the SP Cup did: 0.7 unaltered + 0.3 altered."""
    from whichcam import evaluation
    from whichcam.cli._console import print_table

    found = evaluation.score_submission(submission, solution)
    if as_json:
        print(json.dumps(found.to_dict(), indent=1))
        return
    rows = [
        ("unaltered", str(found.n_unaltered), f"{found.unaltered:.4f}"),
        ("manipulated", str(found.n_manipulated), f"{found.manipulated:.4f}"),
        (
            "score",
            str(found.n_unaltered + found.n_manipulated),
            f"{found.score:.4f}",
        ),
    ]
    print_table("", ["photos", "count", "share right"], rows, right=[1, 2])
