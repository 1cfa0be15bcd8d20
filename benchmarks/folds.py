"""Cross-validate methods on the photographs learnt from; raw scores are kept."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import _record

from whichcam.datasets import Manifest
from whichcam.evaluation import crossval_tables, crossvalidate, markdown_table
from whichcam.methods import METHODS

METHODS_COMPARED = (
    *("cooccurrence", "demosaicing", "jpeg_statistics", "noise_moments"),
    "whichcam",
)


def main() -> None:
    """Cross-validate, print the tables and write a new result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder")
    parser.add_argument("--method", action="append", choices=METHODS)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--ungrouped", action="store_true", help="doubles the fits")
    parser.add_argument("--calibration-folds", type=int, help="of whichcam, default 5")
    parser.add_argument("--work", type=Path, help="folder to go on from")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    methods = given.method or METHODS_COMPARED
    settings = {}
    if given.calibration_folds and "whichcam" in methods:
        settings["whichcam"] = {"settings": {"folds": given.calibration_folds}}

    def progress(stage: str, done: int, total: int) -> None:
        if done == total or stage == "fitting" or not done % 100:
            print(f"{stage}: {done} of {total}", file=sys.stderr, flush=True)

    result = crossvalidate(
        Manifest.read(given.photos / "manifest.csv").where(split="train"),
        methods,
        n_folds=given.folds,
        ungrouped=given.ungrouped,
        settings=settings,
        work=given.work,
        resume=given.work is not None,
        workers=given.workers,
        progress=progress,
    )
    path = _record.new_path("crossval")
    result.save(path)
    print("\n".join(markdown_table(table) for table in crossval_tables(result)))
    print(f"{result.duration_s / 60:.1f} minutes")
    print(path.relative_to(_record.HERE.parent))


if __name__ == "__main__":
    main()
