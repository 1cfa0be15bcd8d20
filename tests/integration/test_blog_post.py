"""The example that tells the blog post again: run, and drawn from what it kept."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("matplotlib")

PROGRAM = Path(__file__).resolve().parents[2] / "examples" / "blog_post" / "run.py"


@pytest.fixture
def program() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("blog_post_run", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def _story() -> dict[str, Any]:
    def asked(answers: list[int]) -> dict[str, Any]:
        labels = [0, 0, 1, 1]
        right = sum(a == b for a, b in zip(labels, answers, strict=True))
        known = {"labels": labels, "answers": answers}
        return {"n": 4, "right": right, "failed": [], **known}

    return {
        "schema": "whichcam.blog_post/1",
        "created": "2026-01-02T03:04:05+00:00",
        "versions": {"whichcam": "0.1.0"},
        "synthetic": True,
        "seed": 0,
        "n_photos": {"learnt": 4, "same_devices": 4, "new_devices": 4},
        "n_devices": {"learnt": 2, "same_devices": 2, "new_devices": 2},
        "acts": [
            {
                "method": "scratch",
                "fit_s": 12.3,
                "classes": ["Acme One", "Bolt Two"],
                "history": [{"epoch": 1, "train_loss": 1.0, "train_accuracy": 1.0}],
                "sets": {
                    "learnt": asked([0, 0, 1, 1]),
                    "same_devices": asked([0, 0, 1, 0]),
                    "new_devices": asked([1, 0, 1, 0]),
                },
            }
        ],
    }


def test_a_kept_story_is_drawn(program: ModuleType, tmp_path: Path) -> None:
    kept, out = tmp_path / "blog_post.json", tmp_path / "out"
    kept.write_text(json.dumps(_story()))
    program.main(["--from", str(kept), "--out", str(out)])
    assert {path.name for path in out.iterdir()} == {
        *("acts.png", "blog_post.md", "learning-scratch.png"),
        "confusion-scratch-same_devices.png",
        "confusion-scratch-new_devices.png",
    }
    text = (out / "blog_post.md").read_text()
    assert "| Act 1: a network from scratch | 1.000 | 0.750 | 0.500 | 12 s |" in text


def test_another_file_or_a_full_folder_is_refused(
    program: ModuleType, tmp_path: Path
) -> None:
    kept = tmp_path / "other.json"
    kept.write_text('{"schema": "whichcam.crossval/1"}')
    with pytest.raises(SystemExit, match="no story"):
        program.main(["--from", str(kept), "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit):
        program.main(["--from", str(kept), "--out", str(tmp_path)])


def test_no_device_and_no_picture_is_on_two_sides(
    program: ModuleType, tmp_path: Path
) -> None:
    manifest = program.shot_with_synthetic_cameras(tmp_path, 0)
    given = program.argparse.Namespace(
        learn="train", new="test_device", held_out=0.25, limit=8, seed=0
    )
    sets = program.divided(manifest, given)
    assert {name: len(table) for name, table in sets.items()} == {
        "learnt": 24,
        "same_devices": 8,
        "new_devices": 24,
    }
    paths = [set(map(str, table.paths)) for table in sets.values()]
    assert not paths[0] & paths[1]
    devices = [set(table.column("device_id").tolist()) for table in sets.values()]
    assert devices[0] == devices[1]
    assert not devices[0] & devices[2]
    mixed = manifest.with_column("device_id", ["one"] * len(manifest))
    with pytest.raises(SystemExit, match="are learnt from"):
        program.divided(mixed, given)


@pytest.mark.slow
def test_the_story_is_told_with_synthetic_cameras(
    program: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setitem(program.TINY["scratch"], "epochs", 1)
    program.main(["--out", str(tmp_path / "out"), "--act", "scratch"])
    story = json.loads((tmp_path / "out" / "blog_post.json").read_text())
    assert story["synthetic"] is True
    (acted,) = story["acts"]
    assert acted["settings"]["variant"] == "blog"
    assert [acted["sets"][which]["n"] for which in program.SETS] == [52, 12, 24]
