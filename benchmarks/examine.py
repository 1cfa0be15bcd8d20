"""How long an examination takes with every analyser, and how much memory.

``python benchmarks/examine.py [PHOTO] [--gallery DIR] [--repeat 5]`` writes one result
to ``results/``. Without a PHOTO a synthetic camera takes one of 12 megapixels. The
processes of the machine are left as they are: name two cores with ``taskset -c 0,1``.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from _record import provenance, write_new

from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.pipelines import examine

SIZE = (3000, 4000)


def measured(photo: Path, gallery: Path | None, repeat: int) -> dict[str, list[float]]:
    """Return seconds by stage, and of all together, of warm runs."""
    raw: dict[str, list[float]] = {}
    cameras = () if gallery is None else None
    for number in range(repeat + 1):
        steps: list[tuple[str, float]] = []

        def note(
            stage: str,
            _done: int,
            _total: int,
            steps: list[tuple[str, float]] = steps,
        ) -> None:
            steps.append((stage, time.perf_counter()))

        processor = time.process_time()
        examine(photo, gallery=gallery, cameras=cameras, progress=note)
        processor = time.process_time() - processor
        if number == 0:
            continue  # kernels are compiled and files read into the cache
        for (stage, begun), (_, ended) in pairwise(steps):
            raw.setdefault(stage, []).append(max(ended - begun, 1e-6))
        raw.setdefault("all", []).append(steps[-1][1] - steps[0][1])
        raw.setdefault("all, processor time", []).append(processor)
    return raw


def main() -> None:
    """Measure, write, and say the main figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", type=Path, nargs="?")
    parser.add_argument("--gallery", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        photo = given.photo or Path(folder) / "synthetic.jpg"
        if given.photo is None:
            photo.write_bytes(SyntheticCamera().shoot_jpeg(seed=1, size=SIZE))
        raw = measured(photo, given.gallery, given.repeat)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes, or KiB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    measurements = [
        {"name": name, "unit": "s", "median": statistics.median(values), "raw": values}
        for name, values in raw.items()
    ]
    result = {
        "schema": "whichcam.examine_speed/1",
        **provenance(),
        "protocol": {
            "photo": {"name": photo.name if given.photo else "synthetic"},
            "gallery": given.gallery is not None,
            "warmed_up": True,
        },
        "peak_bytes": peak,
        "measurements": measurements,
    }
    path = write_new("examine_speed", result)
    for entry in measurements:
        print(f"{entry['median']:8.2f} s  {entry['name']}")
    print(f"{peak / 1e9:8.2f} GB at most; wrote {path}")


if __name__ == "__main__":
    main()
