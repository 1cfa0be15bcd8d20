"""``whichcam evaluate --splices``: what heat maps are worth."""

from __future__ import annotations

from pathlib import Path

from whichcam.cli._text import say


def evaluate_splices(manifest: Path, *, output: Path | None) -> None:
    """Measure the localizers on a manifest of splices, print the tables."""
    from whichcam import evaluation
    from whichcam.cli._console import bar
    from whichcam.cli._tables import print_tables
    from whichcam.datasets import Manifest

    path = manifest / "splices.csv" if manifest.is_dir() else manifest
    with bar("looking at splices") as report:
        result = evaluation.evaluate_splices(Manifest.read(path), progress=report)
    if output is not None:
        result.save(output)
        say(f"wrote {output}")
    print_tables(evaluation.splice_tables(result))
