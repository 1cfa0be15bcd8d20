"""How fast and how large: identify against decoding, folders, memory, start-up.

Everything is measured in processes of its own, so that neither this one's threads nor
its memory count.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import _record

SCHEMA = "whichcam.speed/1"
ONE_THREAD = dict.fromkeys(
    (
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
        *("NUMBA_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
    ),
    "1",
)
REAL = _record.HERE.parents[1] / "shared" / "photos" / "full"


def warm_worker(
    photo: Path, model_folder: str, n_warm_up: int, n_rounds: int
) -> dict[str, Any]:
    """Time decoding and identifying one file in turn, on one processor."""
    if hasattr(os, "sched_setaffinity"):
        # Before anything is imported: libraries size their thread pools by it.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import simplejpeg

    import whichcam
    from whichcam.models import CameraModel

    data = photo.read_bytes()
    model = CameraModel.load(model_folder) if model_folder else CameraModel.bundled()
    seconds: dict[str, list[float]] = {"decode": [], "identify": []}
    for turn in range(n_warm_up + n_rounds):
        start = time.perf_counter()
        pixels = simplejpeg.decode_jpeg(data, colorspace="RGB")
        middle = time.perf_counter()
        whichcam.identify(data, model=model)
        end = time.perf_counter()
        if turn >= n_warm_up:
            seconds["decode"].append(middle - start)
            seconds["identify"].append(end - middle)
    return seconds | {"megapixels": pixels.shape[0] * pixels.shape[1] / 1e6}


def command(*arguments: str) -> list[str]:
    """Return the command ``whichcam`` of this environment."""
    return [sys.executable, "-m", "whichcam", *arguments]


def identify(path: Path, model_folder: str, workers: int = 1) -> list[str]:
    """Return the command that identifies a picture or a folder of them."""
    chosen = ["--model", model_folder] if model_folder else []
    chosen += ["--workers", str(workers)]
    return command("identify", "--json", *chosen, str(path))


def run_and_measure(arguments: list[str]) -> tuple[float, float]:
    """Return seconds and the greatest resident memory (bytes) of a process."""
    command = [sys.executable, str(Path(__file__).with_name("_child.py")), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    code, seconds, peak = json.loads(done.stdout)
    if code != 0:
        raise SystemExit(done.stderr)
    return float(seconds), float(peak)


def measurement(
    name: str,
    unit: str,
    raw: list[float],
    *,
    photo: dict[str, Any] | None = None,
    n_threads: int | None = 1,
) -> dict[str, Any]:
    """Return one entry of a result."""
    low, middle, high = (
        statistics.quantiles(raw, n=4, method="inclusive")
        if len(raw) > 1
        else [raw[0]] * 3
    )
    return {
        "name": name,
        "unit": unit,
        "photo": photo,
        "n_threads": n_threads,
        "raw": [float(f"{value:.6g}") for value in raw],
        "median": middle,
        "q1": low,
        "q3": high,
    }


def measure_photo(
    photo: Path, model_folder: str, n_warm_up: int, n_rounds: int
) -> list[dict[str, Any]]:
    """Measure one file: warm times, their ratio, and a whole process's memory."""
    worker = [sys.executable, __file__, "--worker", str(n_warm_up), str(n_rounds)]
    worker += [str(photo), model_folder]
    done = subprocess.run(
        worker,
        env=os.environ | ONE_THREAD,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    timed = json.loads(done.stdout.splitlines()[-1])
    about = {
        "name": photo.name,
        "megapixels": round(timed["megapixels"], 2),
        "n_bytes": photo.stat().st_size,
    }
    decode, warm = timed["decode"], timed["identify"]
    ratios = [b / a for a, b in zip(decode, warm, strict=True)]
    peaks = [run_and_measure(identify(photo, model_folder))[1]]
    return [
        measurement("decode", "s", decode, photo=about),
        measurement("identify_warm", "s", warm, photo=about),
        measurement("identify_over_decode", "ratio", ratios, photo=about),
        measurement("peak_memory", "bytes", peaks, photo=about, n_threads=None),
    ]


def measure_folder(
    name: str, photos: list[Path], model_folder: str, n_photos: int, workers: int
) -> dict[str, Any]:
    """Measure pictures a second over a folder of that many a process.

    A folder of one a process is taken off: the command and the processes starting.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folders = []
        for n in (workers, n_photos * workers):
            folder = Path(scratch) / str(n)
            folder.mkdir()
            for i in range(n):
                source = photos[i % len(photos)]
                (folder / f"{i:04d}{source.suffix}").symlink_to(source.resolve())
            folders.append(folder)
        rates = []
        for _ in range(3):
            few, many = (
                run_and_measure(identify(folder, model_folder, workers))[0]
                for folder in folders
            )
            rates.append((n_photos - 1) * workers / (many - few))
    return measurement(name, "photos/s", rates, n_threads=workers)


def n_processors() -> int:
    """Return how many processors, and so processes, there are to use."""
    pinned = getattr(os, "sched_getaffinity", None)
    return len(pinned(0)) if pinned else os.cpu_count() or 1


def measure_start() -> list[dict[str, Any]]:
    """Measure how long the command takes to say its version, and bare Python."""
    bare = [run_and_measure([sys.executable, "-c", "pass"])[0] for _ in range(7)]
    version = [run_and_measure(command("--version"))[0] for _ in range(7)]
    package = [
        run_and_measure([sys.executable, "-c", "import whichcam"])[0] for _ in range(7)
    ]
    return [
        measurement("start_python", "s", bare, n_threads=None),
        measurement("start_import_whichcam", "s", package, n_threads=None),
        measurement("start_command", "s", version, n_threads=None),
    ]


def synthetic_photo(folder: Path) -> Path:
    """Shoot a 12-megapixel picture where there is no real one."""
    from whichcam.datasets.synthetic import SyntheticCamera

    path = folder / "synthetic-12-megapixels.jpg"
    path.write_bytes(SyntheticCamera().shoot_jpeg(seed=1, size=(3000, 4000)))
    return path


def main() -> None:
    """Measure and write a new result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", nargs="*", type=Path, metavar="PHOTO")
    parser.add_argument("--model", default="", help="default: the bundled model")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--folder-photos", type=int, default=24, help="a process")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        photos = given.photos or sorted(REAL.glob("*.jpg"))
        photos = photos or [synthetic_photo(Path(scratch))]
        measurements = [
            entry
            for photo in photos
            for entry in measure_photo(photo, given.model, given.warm_up, given.rounds)
        ]
        for name, workers in (("folder_one_process", 1), ("folder", n_processors())):
            measurements.append(
                measure_folder(name, photos, given.model, given.folder_photos, workers)
            )
    measurements += measure_start()
    protocol = {
        "n_warm_up": given.warm_up,
        "n_rounds": given.rounds,
        "n_folder_photos_a_process": given.folder_photos,
        "is_pinned_to_one_processor": hasattr(os, "sched_setaffinity"),
        "is_bundled_model": not given.model,
    }
    result = {"schema": SCHEMA, **_record.provenance(), "protocol": protocol}
    path = _record.write_new("speed", result | {"measurements": measurements})
    for entry in measurements:
        name = f"{entry['name']} {(entry['photo'] or {}).get('name', '')}".strip()
        print(f"{name:55} {entry['median']:14.6g} {entry['unit']}")
    print(path.relative_to(_record.HERE.parent))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        n_warm_up, n_rounds, photo, model_folder = sys.argv[2:]
        print(
            json.dumps(
                warm_worker(Path(photo), model_folder, int(n_warm_up), int(n_rounds))
            )
        )
    else:
        main()
