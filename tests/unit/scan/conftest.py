"""Tasks and pictures that cost nothing, so that only the scanning is tested here."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

# Found by worker processes by its name: they are spawned and import nothing of tests.
FAKE_TASK = '''
"""A task that answers by a picture's size, and does what its colour says."""
import os, signal, time
from dataclasses import dataclass

from whichcam.errors import IncompatibleArtifactError


@dataclass(frozen=True, kw_only=True)
class SizeTask:
    columns = (("width", "int32"),)
    is_given_files = False
    pause_s: float = 0.0
    allow_truncated: bool = False

    def identity(self):
        return "size-1"

    def start(self):
        pid = os.getpid()

        def look(photo):
            time.sleep(self.pause_s)
            red = int(photo.pixels[0, 0, 0])
            if red == 255:
                os.kill(pid, signal.SIGKILL)
            if red == 252:
                while True:
                    pass
            if red == 254:
                raise RuntimeError("a bug of ours")
            if red == 253:
                raise IncompatibleArtifactError("the model is of another version")
            return {
                "sha256": photo.sha256,
                "answer": f"{photo.width} px",
                "is_unknown": photo.width < 10,
                "score": 1.0,
                "width": photo.width,
                "result": {"pid": pid},
            }

        return look


class DyingTask(SizeTask):
    def start(self):
        os.kill(os.getpid(), signal.SIGKILL)
'''


@pytest.fixture
def fake_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Register the tasks "size" and "dying", for this process and those it starts."""
    from whichcam.scan import _tasks

    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "fake_scan_tasks.py").write_text(FAKE_TASK)
    monkeypatch.syspath_prepend(str(folder))
    before = os.environ.get("PYTHONPATH")
    paths = str(folder) if before is None else f"{folder}{os.pathsep}{before}"
    monkeypatch.setenv("PYTHONPATH", paths)
    monkeypatch.setitem(_tasks.TASKS, "size", "fake_scan_tasks:SizeTask")
    monkeypatch.setitem(_tasks.TASKS, "dying", "fake_scan_tasks:DyingTask")
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that makes a folder of small pictures, and one that is none."""

    def make(n: int, *, red: dict[int, int] | None = None, bad: bool = True) -> Path:
        folder = tmp_path / "pictures"
        folder.mkdir()
        for k in range(n):
            colour = ((red or {}).get(k, 10), 0, 0)
            Image.new("RGB", (8 + k % 3, 8), colour).save(folder / f"{k:04}.png")
        if bad:
            (folder / "zz.jpg").write_bytes(b"no picture")
        return folder

    return make


@pytest.fixture
def scanned() -> Callable[..., Any]:
    """Return a function that scans with the fake task and two workers."""

    def scan(source: Any, out: Path, **options: Any) -> Any:
        from whichcam.scan import scan_photos

        return scan_photos(
            source,
            **{"task": "size", "out": out, "workers": 2, "shard_size": 4, **options},
        )

    return scan
