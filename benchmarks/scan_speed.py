"""Scans against bare identify: one worker, two, and memory while a list is long."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import _record
import psutil

from whichcam._threads import one_thread_each
from whichcam.datasets.synthetic import draw_cameras
from whichcam.models import CameraModel
from whichcam.pipelines import identify
from whichcam.scan import scan_photos

SCHEMA = "whichcam.scan_speed/1"


def write_list(folder: Path, n: int, size: tuple[int, int]) -> Path:
    """Write 20 JPEGs by synthetic cameras, and a list that names them n times."""
    names = []
    for k, camera in enumerate(draw_cameras(20, seed=1)):
        name = f"{size[0]}-{k:02}.jpg"
        (folder / name).write_bytes(camera.shoot_jpeg(seed=k, size=size))
        names.append(name)
    path = folder / f"{size[0]}-{n}.txt"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{names[k % len(names)]}\n" for k in range(n))
    return path


def bare(path: Path) -> float:
    """Identify every picture of a list, one after the other; return seconds."""
    begun = time.perf_counter()
    model = CameraModel.bundled()
    for line in path.read_text(encoding="utf-8").splitlines():
        identify(path.parent / line, model=model)
    return time.perf_counter() - begun


def scan(path: Path, workers: int, **options: Any) -> float:
    """Scan a list into a new folder; return seconds."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        options = {"task": "identify", **options}
        scan_photos(path, out=Path(folder) / "out", workers=workers, **options)
    return time.perf_counter() - begun


def measure_speed(folder: Path, n: int, side: int, n_rounds: int) -> dict[str, Any]:
    """Time the three in turn, each in processes of one thread."""
    path = write_list(folder, n, (side, side * 3 // 4))
    seconds: dict[str, list[float]] = {"bare": [], "one_worker": [], "two_workers": []}
    context = multiprocessing.get_context("spawn")
    for _ in range(n_rounds):
        with one_thread_each(), ProcessPoolExecutor(1, mp_context=context) as pool:
            seconds["bare"].append(pool.submit(bare, path).result())
        seconds["one_worker"].append(scan(path, 1))
        seconds["two_workers"].append(scan(path, 2))
    middle = {name: statistics.median(raw) for name, raw in seconds.items()}
    return {
        "n_pictures": n,
        "size_px": [side, side * 3 // 4],
        "raw_s": seconds,
        "overhead": middle["one_worker"] / middle["bare"] - 1,
        "speed_up": middle["bare"] / middle["two_workers"],
        "s_per_picture": middle["one_worker"] / n,
    }


@contextmanager
def sampled(every_s: float = 0.25) -> Iterator[list[tuple[float, int, int]]]:
    """Sample the resident memory of this process and of those it started, in bytes."""
    samples: list[tuple[float, int, int]] = []
    ended = threading.Event()
    own = psutil.Process()

    def sample() -> None:
        begun = time.monotonic()
        while not ended.wait(every_s):
            children = 0
            for child in own.children(recursive=True):
                try:
                    children += child.memory_info().rss
                except psutil.Error:
                    continue
            now = time.monotonic() - begun
            samples.append((now, own.memory_info().rss, children))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        ended.set()
        thread.join()


def measure_memory(folder: Path, n: int, side: int) -> dict[str, Any]:
    """Scan a long list of small pictures and see whether memory grows with it."""
    path = write_list(folder, n, (side, side))
    begun = time.perf_counter()
    with sampled() as samples:
        seconds = scan(path, 2, task="fingerprint", side_px=64)
    assert time.perf_counter() - begun >= seconds
    settled = samples[len(samples) // 5 :]  # workers have loaded by then
    third = max(len(settled) // 3, 1)
    totals = [own + children for _, own, children in settled]
    early, late = totals[:third], totals[-third:]
    return {
        "n_pictures": n,
        "side_px": side,
        "seconds": seconds,
        "n_samples": len(samples),
        "driver_peak_bytes": max(own for _, own, _ in samples),
        "workers_peak_bytes": max(children for _, _, children in samples),
        "early_median_bytes": statistics.median(early),
        "late_median_bytes": statistics.median(late),
        "growth": statistics.median(late) / statistics.median(early) - 1,
        "samples": [list(sample) for sample in samples[:: max(len(samples) // 200, 1)]],
    }


def main() -> None:
    """Measure and write a new result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--side", type=int, default=1024, help="width of a picture, px")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", type=int, default=100_000, help="for memory")
    parser.add_argument("--print-only", action="store_true", help="write no result")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        speed = measure_speed(Path(folder), given.pictures, given.side, given.rounds)
        memory = measure_memory(Path(folder), given.many, 128)
    result = {
        "schema": SCHEMA,
        **_record.provenance(),
        "protocol": {"n_rounds": given.rounds, "n_processors": os.cpu_count()},
        "speed": speed,
        "memory": memory,
    }
    print(
        f"{speed['n_pictures']} pictures: bare {min(speed['raw_s']['bare']):.1f} s, "
        f"overhead of a scan {speed['overhead']:+.1%}, "
        f"two workers {speed['speed_up']:.2f} times as fast"
    )
    print(
        f"{memory['n_pictures']} pictures in {memory['seconds']:.0f} s: memory "
        f"{memory['early_median_bytes'] / 1e6:.0f} MB early, "
        f"{memory['late_median_bytes'] / 1e6:.0f} MB late ({memory['growth']:+.1%})"
    )
    if not given.print_only:
        path = _record.write_new("scan_speed", result)
        print(path.relative_to(_record.HERE.parent))


if __name__ == "__main__":
    main()
