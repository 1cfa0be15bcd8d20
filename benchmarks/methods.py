"""Measure all methods by the protocol of the photographs; raw scores are kept."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import _record

from whichcam.datasets import Manifest
from whichcam.evaluation import benchmark, benchmark_to_markdown
from whichcam.methods import METHODS, QUICK_SETTINGS


def main() -> None:
    """Measure, print the tables and write a new result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder")
    parser.add_argument("--method", action="append", choices=METHODS)
    parser.add_argument("--limit", type=int, help="photos of each split")
    parser.add_argument("--train-limit", type=int, help="photos of a camera model")
    parser.add_argument("--full", action="store_true", help="no small trainings")
    parser.add_argument("--work", type=Path, help="folder to go on from")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    methods = given.method or sorted(METHODS)
    small = {} if given.full else QUICK_SETTINGS
    settings = {
        name: {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}
        for name, values in small.items()
        if name in methods
    }

    def progress(stage: str, done: int, total: int) -> None:
        if done == total or stage == "fitting" or not done % 20:
            print(f"{stage}: {done} of {total}", file=sys.stderr, flush=True)

    result = benchmark(
        Manifest.read(given.photos / "manifest.csv"),
        methods,
        settings=settings,
        limit=given.limit,
        train_limit=given.train_limit,
        work=given.work,
        workers=given.workers,
        progress=progress,
    )
    path = _record.new_path("benchmark")
    result.save(path)
    print(benchmark_to_markdown(result))
    print(path.relative_to(_record.HERE.parent))


if __name__ == "__main__":
    main()
