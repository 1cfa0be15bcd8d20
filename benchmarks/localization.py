"""Make splices of the test splits, measure the localizers, keep the raw figures.

With ``--speed PHOTO``: time each method on one photo instead, and write nothing.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import _record

from whichcam.datasets import Manifest, make_splices
from whichcam.evaluation import MEASURED_LOCALIZERS, evaluate_splices, splice_tables
from whichcam.localize import build_localizer
from whichcam.media import open_photo

SPLITS = ("test_device", "test_scene")
SEED = 2


def progress(done: int, total: int) -> None:
    """Say how far it is."""
    if done == total or not done % 100:
        print(f"{done} of {total}", file=sys.stderr)


def measure(photos: Path, n: int) -> None:
    """Make the splices in a folder that is removed, evaluate, keep the result."""
    manifest = Manifest.read(photos / "manifest.csv").where(split=SPLITS)
    with tempfile.TemporaryDirectory() as folder:
        made = make_splices(manifest, folder, n=n, seed=SEED)
        result = evaluate_splices(made, progress=progress)
    path = _record.new_path("localization")
    result.save(path)
    for table in splice_tables(result):
        print(f"\n{table.title}\n")
        print(" | ".join(table.columns))
        print(" | ".join("---" for _ in table.columns))
        for row in table.text():
            print(" | ".join(row))
    print(path.relative_to(_record.HERE.parent))


def speed(path: Path) -> None:
    """Print seconds and CPU seconds of each method, and the peak of memory."""
    photo = open_photo(path)
    for name in MEASURED_LOCALIZERS:
        localizer = build_localizer(name)
        localizer.localize(photo)
        wall, cpu = time.perf_counter(), time.process_time()
        localizer.localize(photo)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{name}: {wall:.2f} s, CPU {cpu:.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory: {peak:.2f} GiB")


def main() -> None:
    """Measure accuracy, or speed if a photo is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="folder with manifest.csv")
    parser.add_argument("-n", type=int, default=120, help="compositions")
    parser.add_argument("--speed", type=Path, metavar="PHOTO")
    given = parser.parse_args()
    if (given.photos is None) == (given.speed is None):
        parser.error("give one of --photos and --speed")
    if given.speed is not None:
        speed(given.speed)
    else:
        measure(given.photos, given.n)


if __name__ == "__main__":
    main()
