"""Sign bits in shards: searched and sorted by workers, at sizes that fit this machine.

What a million fingerprints take is computed from what is measured here, in the page
on scale.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import _record
import numpy as np
import numpy.typing as npt

from whichcam.prnu import (
    Fingerprint,
    PhotoNoise,
    SearchRange,
    compare,
    query_bits,
    sign_bits,
)
from whichcam.scan import SignShards, cluster_signs, search_signs

SCHEMA = "whichcam.scan_search/1"
PLANTED_NCC = 0.02
LISTED = 10


def noise_of(residual: npt.NDArray[np.float32]) -> PhotoNoise:
    """Return a residual as the noise of an evenly lit photo."""
    return PhotoNoise(
        residual=residual,
        intensity=np.ones_like(residual),
        saturated_share=0.0,
        dark_share=0.0,
        mean_level=128.0,
    )


def planted(
    rng: np.random.Generator, side: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return a pattern, and a residual that correlates with it."""
    pattern = rng.standard_normal((side, side), dtype=np.float32)
    rest = rng.standard_normal((side, side), dtype=np.float32)
    share = np.float32((1 - PLANTED_NCC**2) ** 0.5)
    return pattern, np.float32(PLANTED_NCC) * pattern + share * rest


def measure_search(
    folder: Path, n: int, side: int, workers: int, n_queries: int, n_rounds: int
) -> dict[str, Any]:
    """Search n random rows for pictures whose own patterns stand among them."""
    rng = np.random.default_rng(n)
    n_words = side * side // 64
    pairs = [planted(rng, side) for _ in range(n_queries)]
    places = rng.choice(n, n_queries, replace=False)
    patterns = {int(k): pair[0] for k, pair in zip(places, pairs, strict=True)}

    def rows() -> Iterator[npt.NDArray[np.uint64]]:
        for k in range(n):
            drawn = rng.integers(0, 1 << 64, n_words, np.uint64, endpoint=False)
            yield sign_bits(patterns[k]) if k in patterns else drawn

    shards = SignShards.write(folder / f"signs-{n}", rows(), n_bits=side * side)
    queries = [query_bits(noise_of(residual)) for _, residual in pairs]
    seconds: list[float] = []
    for _ in range(n_rounds):
        begun = time.perf_counter()
        found, _ = search_signs(queries, shards, k=LISTED, workers=workers)
        seconds.append(time.perf_counter() - begun)
    exact = [
        (
            noise_of(residual),
            Fingerprint(pattern=p, n_photos=20, saturated_share=0.0, quality=1.0),
        )
        for p, residual in pairs
    ]
    compare(*exact[0], search=SearchRange())  # compiles what is not compiled yet
    begun = time.perf_counter()
    for noise, fingerprint in exact:
        compare(noise, fingerprint, search=SearchRange())
    exact_s = (time.perf_counter() - begun) / n_queries
    listed = [int(place) in row for place, row in zip(places, found, strict=True)]
    return {
        "n_fingerprints": n,
        "n_bits": side * side,
        "n_rotations": 2,
        "n_queries": n_queries,
        "n_workers": workers,
        "bytes": n * n_words * 8,
        "raw_s": seconds,
        "s_per_query_and_million": statistics.median(seconds) / n_queries / n * 1e6,
        "exact_comparison_s": exact_s,
        "n_listed": LISTED,
        "n_planted_listed": sum(listed),
        "planted_ncc": PLANTED_NCC,
    }


def measure_clusters(folder: Path, n: int, side: int, workers: int) -> dict[str, Any]:
    """Sort n pictures of cameras that took ten each."""
    rng = np.random.default_rng(1)
    ncc = 0.05

    def rows() -> Iterator[npt.NDArray[np.uint64]]:
        for _ in range(-(-n // 10)):
            pattern = rng.standard_normal((side, side), dtype=np.float32)
            for _ in range(10):
                rest = rng.standard_normal((side, side), dtype=np.float32)
                share = np.float32(ncc**0.5)
                yield sign_bits(share * pattern + np.float32((1 - ncc) ** 0.5) * rest)

    shards = SignShards.write(folder / f"clusters-{n}", rows(), n_bits=side * side)
    begun = time.perf_counter()
    found = cluster_signs(shards, workers=workers)
    seconds = time.perf_counter() - begun
    truth = np.arange(len(shards)) // 10
    linked = found.labels >= 0
    members = [set(truth[found.labels == k]) for k in range(found.n_clusters)]
    return {
        "n_pictures": len(shards),
        "n_bits": side * side,
        "n_workers": workers,
        "pair_ncc": ncc,
        "seconds": seconds,
        "s_per_pair_and_megabit": seconds
        / (found.n_comparisons / 2)
        / (side * side / 1e6),
        "n_clusters": found.n_clusters,
        "n_mixed_clusters": sum(len(cameras) > 1 for cameras in members),
        "linked_share": float(linked.mean()),
    }


def main() -> None:
    """Measure and write a new result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--side", type=int, default=512, help="pixels each way")
    parser.add_argument("--queries", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clusters", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--scratch", type=Path, help="for files of up to 4 GB")
    parser.add_argument("--print-only", action="store_true", help="write no result")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.scratch) as name:
        folder = Path(name)
        searches = [
            measure_search(
                folder, n, given.side, given.workers, given.queries, given.rounds
            )
            for n in given.sizes
        ]
        clusters = measure_clusters(folder, given.clusters, 256, given.workers)
    for entry in searches:
        print(
            f"{entry['n_fingerprints']} fingerprints, {entry['bytes'] / 1e9:.2f} GB: "
            f"{min(entry['raw_s']):.2f} s for {entry['n_queries']} pictures, "
            f"{entry['n_planted_listed']} listed; an exact comparison "
            f"{1e3 * entry['exact_comparison_s']:.1f} ms"
        )
    print(
        f"{clusters['n_pictures']} pictures sorted in {clusters['seconds']:.1f} s: "
        f"{clusters['n_clusters']} clusters, {clusters['n_mixed_clusters']} mixed, "
        f"{clusters['linked_share']:.1%} in one"
    )
    result = {
        "schema": SCHEMA,
        **_record.provenance(),
        "protocol": {"n_rounds": given.rounds, "n_workers": given.workers},
        "searches": searches,
        "clusters": clusters,
    }
    if not given.print_only:
        path = _record.write_new("scan_search", result)
        print(path.relative_to(_record.HERE.parent))


if __name__ == "__main__":
    main()
