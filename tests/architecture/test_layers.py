"""Imports point down, and torch stays in training."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Not to be loaded by `import whichcam`: each costs a tenth of a second or more.
HEAVY = (
    *("torch", "onnx", "onnxruntime", "sklearn", "scipy", "numba", "pyarrow"),
    *("matplotlib", "pandas", "PIL", "rich", "typer"),
)


def _loaded_after(program: str, *arguments: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after a program."""
    report = "\nimport sys\nprint('LOADED', *{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", program + report, *arguments],
        capture_output=True,
        text=True,
        check=False,
        # The network of the tests is closed by a fixture that a new process lacks;
        # the environment is kept for the interpreter's own sake only.
        env=os.environ | {"PYTHONWARNINGS": "error"},
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.rpartition("LOADED")[2].split())


def test_layers_point_down() -> None:
    lint_imports = Path(sys.executable).parent / "lint-imports"
    if not lint_imports.is_file():
        pytest.skip("import-linter is not installed; it comes with the extra lint")
    done = subprocess.run(
        [str(lint_imports), "--config", str(ROOT / "pyproject.toml"), "--no-cache"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_import_whichcam_is_light() -> None:
    assert _loaded_after("import whichcam").isdisjoint(HEAVY)


def test_the_check_itself_sees_a_heavy_module() -> None:
    assert not _loaded_after("import scipy").isdisjoint(HEAVY)


def test_identify_loads_no_torch(tmp_path: Path) -> None:
    if not (ROOT / "src/whichcam/models/bundled/model.onnx").is_file():
        pytest.skip("no starter model is bundled in this tree")
    from whichcam.datasets.synthetic import SyntheticCamera

    photo = tmp_path / "photo.jpg"
    photo.write_bytes(SyntheticCamera().shoot_jpeg(seed=1, size=(640, 640)))
    program = "import sys, whichcam\nprint(whichcam.identify(sys.argv[1]).answer)"
    loaded = _loaded_after(program, str(photo))
    assert "onnxruntime" in loaded, "the picture was not really identified"
    assert loaded.isdisjoint({"torch", "onnx", "sklearn", "matplotlib", "pandas"})
