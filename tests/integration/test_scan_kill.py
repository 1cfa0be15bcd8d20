"""A scan whose workers or driver are killed: every picture has its row, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from whichcam.scan import read_rows

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

N_PICTURES, N_KILLS = 60, 20
_KILLS = 255  # red of a first pixel at which the task ends its process

_PROGRAM = """
import os, signal, sys, time
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SlowTask:
    columns = ()
    is_given_files = False
    pause_s: float = 0.0
    allow_truncated: bool = False

    def identity(self):
        return "slow-1"

    def start(self):
        pid = os.getpid()

        def look(photo):
            time.sleep(self.pause_s)
            if photo.pixels[0, 0, 0] == 255:
                os.kill(pid, signal.SIGKILL)
            return {"sha256": photo.sha256, "answer": photo.name,
                    "is_unknown": False, "score": 1.0, "result": {}}

        return look


def main():
    from whichcam.scan import _tasks, scan_photos

    _tasks.TASKS["slow"] = "slow_scan:SlowTask"

    def tell(now):
        print(now.n_done, flush=True)

    scan_photos(sys.argv[1], task="slow", out=sys.argv[2], pause_s=float(sys.argv[3]),
                engine=sys.argv[4], workers=2, shard_size=5, resume=True, progress=tell)
    print("DONE", flush=True)


if __name__ == "__main__":
    import slow_scan

    slow_scan.main()
"""


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Return a folder of pictures of which the third is none and the eighth kills."""
    folder = tmp_path / "album"
    folder.mkdir()
    for k in range(N_PICTURES):
        red = _KILLS if k == 7 else 10
        Image.new("RGB", (8, 8), (red, 0, 0)).save(folder / f"{k:03}.png")
    (folder / "002.png").write_bytes(b"no picture")
    (tmp_path / "slow_scan.py").write_text(_PROGRAM)
    return folder


def started(album: Path, out: Path, pause_s: float) -> subprocess.Popen[str]:
    program = album.parent / "slow_scan.py"
    paths = [str(program.parent), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    return subprocess.Popen(
        [sys.executable, str(program), str(album), str(out), str(pause_s), "local"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    try:
        children = psutil.Process(process.pid).children()
        return [c for c in children if "spawn_main" in " ".join(c.cmdline())]
    except psutil.Error:
        return []


def check(out: Path) -> None:
    rows: list[dict[str, Any]] = [
        row for table in read_rows(out) for row in table.to_pylist()
    ]
    names = Counter(Path(row["path"]).name for row in rows)
    assert names == dict.fromkeys((f"{k:03}.png" for k in range(N_PICTURES)), 1)
    codes = {row["index"]: row["error_code"] for row in rows if row["error_code"]}
    assert codes == {2: "UnsupportedFormatError", 7: "WorkerDied"}
    for row in rows:
        assert row["error_code"] or row["answer"] == Path(row["path"]).name


def lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    yield from process.stdout


def finished(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors


def test_killed_workers_and_a_killed_driver_cost_no_picture(
    album: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    driver = started(album, out, 0.02)
    for number, _ in enumerate(lines(driver)):
        if number == 2:
            for worker in workers_of(driver):
                worker.kill()
        if number == 4:
            left = workers_of(driver)
            driver.kill()
            break
    driver.communicate()
    assert not (out / "summary.json").exists()
    # Workers end with their driver, though it could not tell them.
    assert psutil.wait_procs(left, timeout=60)[1] == []
    finished(started(album, out, 0.02))
    check(out)


@pytest.mark.slow
@pytest.mark.parametrize("whom", ["worker", "driver"])
def test_scans_killed_at_random_moments_end_whole(
    whom: str, album: Path, tmp_path: Path, rng: np.random.Generator
) -> None:
    out = tmp_path / "out"
    n_kills = 0
    while n_kills < N_KILLS:
        driver = started(album, out, 0.02)
        begun = time.monotonic()
        while n_kills < N_KILLS and driver.poll() is None:
            time.sleep(float(rng.uniform(0.2, 4.0)))
            victims = workers_of(driver) if whom == "worker" else [driver]
            if not victims or driver.poll() is not None:
                continue
            os.kill(victims[int(rng.integers(len(victims)))].pid, signal.SIGKILL)
            n_kills += 1
        driver.communicate()
        assert time.monotonic() - begun < 300
        if driver.returncode == 0 and n_kills < N_KILLS:
            for path in sorted((out / "rows").iterdir())[::2]:
                path.unlink()  # done before all kills: some of it anew
    finished(started(album, out, 0.02))
    check(out)
