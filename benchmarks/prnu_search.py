"""Fingerprints compared and searched: seconds, memory, and the false alarms stated.

Everything is synthetic, save that ``--photos`` adds what real impostors score. Times
are of one thread, pinned, save the search's, which uses every processor.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import _record
import numpy as np
import numpy.typing as npt

from whichcam._threads import one_thread_each
from whichcam.prnu import (
    Fingerprint,
    PhotoNoise,
    SearchRange,
    compare,
    query_bits,
    shortlist,
    sign_bits,
    threshold_for,
)

SCHEMA = "whichcam.prnu_search/1"
TEN_MEGAPIXELS = (2592, 3872)
_ROOM_LEFT = 2_000_000_000  # bytes that a matrix leaves free on the disk
RATES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)


def noise_of(residual: npt.NDArray[np.float32]) -> PhotoNoise:
    """Return a photo's noise with an intensity of 1."""
    return PhotoNoise(
        residual=residual,
        intensity=np.ones_like(residual),
        saturated_share=0.0,
        dark_share=0.0,
        mean_level=128.0,
    )


def fingerprint_of(pattern: npt.NDArray[np.float32]) -> Fingerprint:
    """Return a fingerprint of a pattern."""
    return Fingerprint(pattern=pattern, n_photos=20, saturated_share=0.0, quality=1.0)


def seconds_of(work: Callable[[], object], n_rounds: int) -> list[float]:
    """Time a call, after one that is not counted."""
    work()
    taken = []
    for _ in range(n_rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return taken


def summary(name: str, taken: list[float], **about: Any) -> dict[str, Any]:
    """Return one measurement with its raw values."""
    low, middle, high = statistics.quantiles(taken, n=4, method="inclusive")
    return {
        "name": name,
        "unit": "s",
        "raw": [float(f"{t:.6g}") for t in taken],
        "fastest": min(taken),
        "median": middle,
        "q1": low,
        "q3": high,
        **about,
    }


def measure_match(n_rounds: int) -> list[dict[str, Any]]:
    """Time comparisons of 10 megapixels on one processor."""
    rng = np.random.default_rng(1)
    pattern = rng.standard_normal(TEN_MEGAPIXELS, dtype=np.float32)
    residual = rng.standard_normal(TEN_MEGAPIXELS, dtype=np.float32)
    noise = noise_of(residual + np.float32(0.01) * pattern)
    fingerprint = fingerprint_of(pattern)
    crop = noise_of(np.ascontiguousarray(noise.residual[300:1300, 400:1400]))
    searches = {
        "match_zero_shift": (noise, SearchRange(rotations=(0,))),
        "match_zero_shift_two_rotations": (noise, SearchRange()),
        "match_window_16": (noise, SearchRange(shifts="window", rotations=(0,))),
        "match_all_shifts": (noise, SearchRange(shifts="all", rotations=(0,))),
        "match_crop_of_1_megapixel": (crop, SearchRange(crop=True, rotations=(0,))),
    }
    found = []
    for name, (photo, search) in searches.items():

        def work(photo: PhotoNoise = photo, search: SearchRange = search) -> object:
            return compare(photo, fingerprint, search=search)

        found.append(summary(name, seconds_of(work, n_rounds), megapixels=10.04))
    return found


def pinned_match(n_rounds: int) -> list[dict[str, Any]]:
    """Run `measure_match` in this process, on its first processor."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return measure_match(n_rounds)


def memory_bytes(key: str) -> int | None:
    """Return a line of this process's memory, in bytes, where the system tells."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return None
    for line in status.read_text(encoding="ascii").splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    return None


def check_room(n_bytes: int, folder: Path) -> None:
    """Stop before the work if a matrix does not fit on the disk."""
    free = shutil.disk_usage(folder).free
    if free < n_bytes + _ROOM_LEFT:
        raise SystemExit(
            f"{folder} has {free / 1e9:.1f} GB free, {n_bytes / 1e9:.1f} GB and "
            f"{_ROOM_LEFT / 1e9:.0f} GB to spare are needed: name another --scratch, "
            "or a smaller --largest"
        )


def measure_search(n: int, n_bits: int, folder: Path, n_trials: int) -> dict[str, Any]:
    """Search a memory-mapped matrix of random signs, and count who comes first.

    In each trial a pattern is drawn whose signs take a row's place, and a photo that
    correlates with it by 0.02, upright or upside down.
    """
    rng = np.random.default_rng(n)
    n_words = n_bits // 64
    check_room(n * n_words * 8, folder)
    side = int(n_bits**0.5)
    path = folder / f"signs-{n}"
    with path.open("wb") as file:
        for start in range(0, n, 100):  # 12.5 MB at a time, however many there are
            rows = min(100, n - start)
            file.write(rng.bytes(rows * n_words * 8))
    matrix = np.memmap(path, np.uint64, "r+", shape=(n, n_words))
    taken, n_first, n_listed, scores = [], 0, 0, []
    for trial in range(n_trials):
        pattern = rng.standard_normal((side, n_bits // side), dtype=np.float32)
        residual = rng.standard_normal(pattern.shape, dtype=np.float32)
        residual = np.float32(0.02) * pattern + np.float32(0.9998) * residual
        row = int(rng.integers(n))
        matrix[row] = sign_bits(pattern)
        seen = residual[::-1, ::-1] if trial % 2 else residual
        query = query_bits(noise_of(np.ascontiguousarray(seen)))
        start_s = time.perf_counter()
        indices, found = shortlist(query, matrix, k=50)
        taken.append(time.perf_counter() - start_s)
        n_first += int(indices[0] == row)
        n_listed += int(row in indices)
        scores.append(float(found[0]))
    del matrix
    path.unlink()
    return summary(
        f"search_{n}",
        taken,
        n_fingerprints=n,
        n_bits=n_bits,
        n_rotations=2,
        matrix_bytes=n * n_words * 8,
        n_trials=n_trials,
        planted_ncc=0.02,
        n_planted_at_rank_1=n_first,
        n_planted_in_50=n_listed,
        median_best_score=statistics.median(scores),
        anonymous_memory_bytes=memory_bytes("RssAnon"),
        mapped_memory_bytes=memory_bytes("RssFile"),
    )


def impostors(seed: int, n_pairs: int, side: int, shifts: str) -> list[float]:
    """Return log10 p-values of comparisons of unrelated white patterns."""
    rng = np.random.default_rng(seed)
    search = SearchRange(shifts=shifts)  # type: ignore[arg-type]
    noises = [
        noise_of(rng.standard_normal((side, side), dtype=np.float32))
        for _ in range(100)
    ]
    found: list[float] = []
    while len(found) < n_pairs:
        pattern = rng.standard_normal((side, side), dtype=np.float32)
        fingerprint = fingerprint_of(pattern)
        found += [compare(n, fingerprint, search=search).log10_p for n in noises]
    return found[:n_pairs]


def measure_false_alarms(
    n_pairs: int, side: int, shifts: str, n_processes: int
) -> dict[str, Any]:
    """Count impostors whose p-value is below stated rates."""
    start = time.perf_counter()
    step = 2500
    jobs = [
        (seed, min(step, n_pairs - i)) for seed, i in enumerate(range(0, n_pairs, step))
    ]
    found: list[float] = []
    with (
        one_thread_each(),
        ProcessPoolExecutor(n_processes, mp_context=get_context("spawn")) as pool,
    ):
        for part in pool.map(
            impostors,
            *zip(*jobs, strict=True),
            [side] * len(jobs),
            [shifts] * len(jobs),
        ):
            found += part
    return {
        "name": f"false_alarms_{shifts}",
        "n_comparisons": len(found),
        "side_px": side,
        "n_positions": 2 if shifts == "none" else 2 * side * side,
        "seconds": time.perf_counter() - start,
        "rates": rates_of(np.array(found)),
    }


def rates_of(log10_p: npt.NDArray[np.float64]) -> list[dict[str, float]]:
    """Return the share of p-values at or below each rate, and its standard error."""
    n = len(log10_p)
    return [
        {
            "stated": rate,
            "found": float(np.mean(log10_p <= np.log10(rate))),
            "standard_error": float((rate * (1 - rate) / n) ** 0.5),
        }
        for rate in RATES
    ]


def measure_real(photos: Path) -> dict[str, Any]:
    """Compare every square of prnu.csv with the fingerprints of all other cameras.

    Fingerprints are of the flat fields, or of the pictures to enrol; what is compared
    with its own camera is counted apart, and pictures enrolled never are.
    """
    from PIL import Image

    from whichcam.prnu import FingerprintEstimator, photo_noise

    with (photos / "prnu.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    estimators: dict[str, FingerprintEstimator] = {}
    noises = []
    for row in rows:
        with Image.open(photos / row["file"]) as image:
            pixels = np.asarray(image.convert("RGB"))
        is_enrolled = row["role"] in {"flat", "natural_enrol"}
        if is_enrolled:
            shape = pixels.shape[0], pixels.shape[1]
            made = estimators.setdefault(row["device"], FingerprintEstimator(shape))
            made.add(pixels)
        noises.append((row, is_enrolled, photo_noise(pixels)))
    fingerprints = {name: made.estimate() for name, made in estimators.items()}
    own, other, z = [], [], []
    for row, is_enrolled, noise in noises:
        for name, fingerprint in fingerprints.items():
            if name != row["device"]:
                other.append(compare(noise, fingerprint).log10_p)
                z.append(
                    compare(noise, fingerprint, search=SearchRange(rotations=(0,)))
                )
            elif not is_enrolled:
                own.append(compare(noise, fingerprint).log10_p)
    return {
        "name": "real_impostors",
        "n_comparisons": len(other),
        "n_positions": 2,
        "rates": rates_of(np.array(other)),
        "standard_deviation_of_z": float(np.std([m.z for m in z])),
        "standard_deviation_of_ncc_sqrt_n": float(
            np.std([m.ncc * m.overlap**0.5 for m in z])
        ),
        "standard_deviation_by_pce": float(
            np.std([np.sign(m.pce) * abs(m.pce) ** 0.5 for m in z])
        ),
        "n_true": len(own),
        "true_at_1e-3": float(np.mean(np.array(own) <= -3)),
    }


def main() -> None:
    """Measure and write a new result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="the folder of prnu.csv")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--impostors", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--largest", type=int, default=100_000, help="fingerprints of the last search"
    )
    parser.add_argument("--largest-trials", type=int, default=20)
    parser.add_argument(
        "--scratch", type=Path, help="for matrices: 131 kB a fingerprint"
    )
    parser.add_argument("--print-only", action="store_true", help="write no result")
    given = parser.parse_args()
    with (
        one_thread_each(),
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
    ):
        measurements = pool.submit(pinned_match, given.rounds).result()
    with tempfile.TemporaryDirectory(dir=given.scratch) as folder:
        # A megapixel each: the last is a file of 13 GB, more than stays in memory on
        # many machines; it is read from the disk then, which its times show.
        sizes = [(1000, given.trials), (10_000, given.trials)]
        for n, n_trials in [*sizes, (given.largest, given.largest_trials)]:
            measurements.append(measure_search(n, 1 << 20, Path(folder), n_trials))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    n_all = max(given.impostors // 50, 1)
    false_alarms = [
        measure_false_alarms(given.impostors, 64, "none", given.processes),
        measure_false_alarms(n_all, 64, "all", given.processes),
    ]
    if given.photos:
        false_alarms.append(measure_real(given.photos))
    result = {
        "schema": SCHEMA,
        **_record.provenance(),
        "protocol": {
            "n_rounds": given.rounds,
            "n_trials": given.trials,
            "n_trials_of_the_largest": given.largest_trials,
            "n_processes": given.processes,
            "thresholds": [threshold_for(rate, 2).to_dict() for rate in RATES],
        },
        "peak_memory_bytes": peak * (1 if sys.platform == "darwin" else 1024),
        "measurements": measurements,
        "false_alarms": false_alarms,
    }
    report(result)
    if not given.print_only:
        path = _record.write_new("prnu_search", result)
        print(path.relative_to(_record.HERE.parent))


def report(result: dict[str, Any]) -> None:
    """Print what was measured."""
    for entry in result["measurements"]:
        line = f"{entry['name']:32} {entry['median']:9.4f} s"
        line += f" (fastest {entry['fastest']:.4f})"
        if "n_planted_at_rank_1" in entry:
            line += f"; {entry['n_bits']} bits, rank 1: {entry['n_planted_at_rank_1']}"
            line += f" of {entry['n_trials']}, in 50: {entry['n_planted_in_50']}"
            line += f", file {entry['matrix_bytes'] / 1e9:.2f} GB"
            if entry["anonymous_memory_bytes"]:
                line += f", memory {entry['anonymous_memory_bytes'] / 1e6:.0f} MB"
        print(line)
    for entry in result["false_alarms"]:
        print(f"{entry['name']}: {entry['n_comparisons']} comparisons")
        for rate in entry["rates"]:
            print(
                f"  stated {rate['stated']:.0e}, found {rate['found']:.2e} "
                f"(standard error {rate['standard_error']:.1e})"
            )
        for key, value in entry.items():
            if key.startswith(("standard_deviation", "true")):
                print(f"  {key}: {value:.3f}")


if __name__ == "__main__":
    main()
