"""The main job from end to end, as `make demo` does it where there is no picture."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_demo_trains_on_synthetic_cameras_and_names_them(tmp_path: Path) -> None:
    if importlib.util.find_spec("whichcam.training") is None:
        pytest.skip("there is no training in this tree")
    pytest.importorskip("torch", reason="training needs the extra train")
    work = tmp_path / "work"
    done = subprocess.run(
        [sys.executable, "-m", "whichcam", "demo", "--work", str(work)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "120", "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stderr
    spec = json.loads((work / "model" / "spec.json").read_text(encoding="utf-8"))
    assert len(spec["classes"]) == 3
    assert "unknown" in done.stdout
