"""Many clients at once: what fails, what memory does, what is left on disk.

``python benchmarks/web_load.py [--seconds 60] [--clients 32]`` writes one result to
``results/``. The pictures are a synthetic camera's.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
from _record import provenance, write_new
from web_speed import Served, served

from whichcam.datasets.synthetic import SyntheticCamera

SIZE = (1500, 2000)  # 3 megapixels
_AFTER_S = 5.0  # for memory to be given back


def main() -> None:
    """Measure, write, and say the main figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    photo = SyntheticCamera().shoot_jpeg(seed=1, size=SIZE)
    with tempfile.TemporaryDirectory() as work:
        with served(Path(work), workers=given.workers) as server:
            _warm_up(server, photo)
            before = _memory(server)
            counts, seconds, highest = _load(server, photo, given)
            time.sleep(_AFTER_S)
            after = _memory(server)
            left_running = _n_files(Path(work))
        left = _n_files(Path(work))
    failures = sum(n for status, n in counts.items() if status not in ("200", "503"))
    result = {
        "schema": "whichcam.web_load/1",
        **provenance(),
        "protocol": {
            "clients": given.clients,
            "seconds": given.seconds,
            "workers": given.workers,
            "photo": {"megapixels": SIZE[0] * SIZE[1] / 1e6, "n_bytes": len(photo)},
        },
        "answers": dict(counts),
        "failures": failures,
        "seconds_of_answers": seconds,
        "memory_bytes": {"before": before, "highest": highest, "after": after},
        "files_left": {"while_running": left_running, "after": left},
    }
    path = write_new("web_load", result)
    print(f"{sum(counts.values())} answers: {dict(counts)}; failures: {failures}")
    print(
        f"memory before {before / 1e6:.0f} MB, highest {highest / 1e6:.0f} MB, after "
        f"{after / 1e6:.0f} MB; files left {left_running} running, {left} ended"
    )
    print(f"wrote {path}")


def _warm_up(server: Served, photo: bytes) -> None:
    """Let every worker look at a picture, so that what they keep is counted before."""
    with httpx.Client(base_url=server.address, timeout=120) as client:
        for _ in range(4):
            client.post("/api/v1/identify", content=photo).raise_for_status()


def _load(
    server: Served, photo: bytes, given: argparse.Namespace
) -> tuple[Counter[str], list[float], int]:
    counts: Counter[str] = Counter()
    seconds: list[float] = []
    highest = 0
    until = time.monotonic() + given.seconds

    def ask() -> None:
        with httpx.Client(base_url=server.address, timeout=120) as client:
            while time.monotonic() < until:
                begun = time.perf_counter()
                status = _asked(client, photo)
                if status == "200":
                    seconds.append(time.perf_counter() - begun)
                counts[status] += 1

    threads = [threading.Thread(target=ask) for _ in range(given.clients)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        highest = max(highest, _memory(server))
        time.sleep(1.0)
    return counts, seconds, highest


def _asked(client: httpx.Client, photo: bytes) -> str:
    try:
        answer = client.post("/api/v1/identify", content=photo)
    except httpx.HTTPError as error:
        return type(error).__name__
    if answer.status_code == 503:
        wait_s = answer.headers.get("Retry-After")
        if wait_s is None:
            return "503 without Retry-After"
        time.sleep(float(wait_s))
    return str(answer.status_code)


def _memory(server: Served) -> int:
    text = httpx.get(f"{server.address}/api/v1/metrics", timeout=60).text
    line = next(x for x in text.splitlines() if x.startswith("whichcam_memory_bytes "))
    return int(float(line.split()[1]))


def _n_files(folder: Path) -> int:
    """Count the files that are pictures or came of them."""
    found = list((folder / "temporary").glob("whichcam-serve-*/**/*"))
    return sum(path.is_file() and not path.name.startswith("lock") for path in found)


if __name__ == "__main__":
    main()
