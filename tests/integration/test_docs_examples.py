"""What the pages show is run: Python blocks, commands and their options."""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from whichcam.datasets.synthetic import SyntheticCamera

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted(
        page
        for page in (ROOT / "docs").rglob("*.md")
        if "_build" not in page.parts and page.name != "experiments.md"
    ),
]
BUNDLED = ROOT / "src" / "whichcam" / "models" / "bundled" / "model.onnx"


def _blocks(language: str) -> Iterator[tuple[str, str]]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        found = re.findall(
            rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE
        )
        for number, block in enumerate(found):
            yield f"{page.relative_to(ROOT).as_posix()}-{number}", block


PYTHON = dict(_blocks("python"))
COMMANDS = {
    f"{where}: {line}": line.partition("#")[0].partition(">")[0].strip()
    for where, block in _blocks("sh")
    for line in block.splitlines()
    if line.startswith("whichcam ")
}


def test_the_pages_hold_examples() -> None:
    assert len(PYTHON) > 8
    assert len(COMMANDS) > 8


@pytest.mark.parametrize("name", PYTHON)
def test_python_examples_run(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if "whichcam.identify(" in PYTHON[name] and not BUNDLED.is_file():
        pytest.skip("no starter model is bundled in this tree")
    monkeypatch.chdir(tmp_path)
    photo = SyntheticCamera().shoot_jpeg(seed=3, size=(640, 640))
    (tmp_path / "photo.jpg").write_bytes(photo)
    exec(compile(PYTHON[name], name, "exec"), {"__name__": "__example__"})
    assert capsys.readouterr().out.strip() or "print(" not in PYTHON[name]


@pytest.mark.parametrize("name", COMMANDS)
def test_shown_commands_and_their_options_exist(name: str) -> None:
    if importlib.util.find_spec("whichcam.cli") is None:
        pytest.skip("there is no command line in this tree")
    from whichcam.cli import app

    words = shlex.split(COMMANDS[name])[1:]
    command = words[:2] if words[0] in ("dataset", "gallery", "footage") else words[:1]
    environment = {"COLUMNS": "200", "TERMINAL_WIDTH": "200", "NO_COLOR": "1"}
    shown = CliRunner().invoke(app, [*command, "--help"], env=environment)
    assert shown.exit_code == 0, shown.output
    options = {word for word in words if word.startswith("-")}
    assert {option for option in options if option not in shown.output} == set()


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
