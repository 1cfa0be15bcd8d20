"""``whichcam evaluate --claims``: how often true and false claims are contradicted."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from whichcam.cli._text import plural, say

_FAILURES_SHOWN: Final = 5


def evaluate_claims(
    manifest: Path,
    *,
    model: Path | None,
    output: Path | None,
    limit: int | None,
    seed: int,
) -> None:
    """Tamper with the files of a manifest, check their claims, print the tables."""
    from whichcam import evaluation
    from whichcam.cli._console import bar
    from whichcam.cli._identify import load_model
    from whichcam.cli._tables import print_tables
    from whichcam.datasets import Manifest

    table = Manifest.read(manifest)
    with bar("checking claims") as report:
        result = evaluation.evaluate_claims(
            table,
            model=load_model(model),
            limit_per_split=limit,
            seed=seed,
            progress=report,
        )
    if output is not None:
        result.save(output)
        say(f"wrote {output}")
    print_tables(result.tables())
    for failure in result.failures[:_FAILURES_SHOWN]:
        say(f"not checked: {failure.path}, {failure.manipulation}: {failure.reason}")
    more = len(result.failures) - _FAILURES_SHOWN
    if more > 0:
        say(f"not checked: {plural(more, 'more file')}")
