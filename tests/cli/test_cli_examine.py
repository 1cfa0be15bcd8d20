"""The command that examines: verdicts, reports and exit codes."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import Result

from whichcam.datasets.synthetic import SyntheticCamera

Run = Callable[..., Result]

FAST = ("--method", "noise_level", "--no-devices")
STEERING = "\x1b[2J\u202egnp.exe\x07[bold]<script>alert(1)</script>"


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shot") / "shot.jpg"
    path.write_bytes(SyntheticCamera().shoot_jpeg(seed=1, size=(232, 264)))
    return path


def _edited(path: Path, software: str) -> Path:
    """Write a picture whose metadata name a program."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "Canon", "Canon EOS 5D", software
    buffer = io.BytesIO()
    Image.effect_noise((200, 160), 60).convert("RGB").save(
        buffer, "JPEG", exif=exif, comment=software[:2000]
    )
    path.write_bytes(buffer.getvalue())
    return path


def test_verdicts_stand_before_findings_and_what_was_left_out(
    shot: Path, run: Run
) -> None:
    result = run("examine", shot, *FAST)
    assert result.exit_code == 0, result.output
    places = [
        result.stdout.index(words)
        for words in ("Did the camera", "What was found", "Not examined")
    ]
    assert places == sorted(places)
    assert not re.search(r"\b(fake|real|authentic)\b", result.stdout)


def test_json_is_an_array_with_everything(shot: Path, run: Run) -> None:
    result = run("examine", shot, *FAST, "--json")
    assert result.exit_code == 0, result.output
    (values,) = json.loads(result.stdout)
    assert values["path"] == str(shot)
    assert {"verdicts", "findings", "not_examined", "versions"} <= set(values)


@pytest.mark.parametrize("form", ["html", "json"])
def test_a_report_is_written_beside_the_summary(
    form: str, shot: Path, tmp_path: Path, run: Run
) -> None:
    target = tmp_path / f"report.{form}"
    result = run("examine", shot, *FAST, "--report", target)
    assert result.exit_code == 0, result.output
    text = target.read_text("utf-8")
    assert "verdicts" in text
    assert str(shot) not in text, "the path was not asked for"
    run("examine", shot, *FAST, "--report", target, "--with-path")
    assert str(shot) in target.read_text("utf-8")


def test_evidence_against_a_claim_can_fail_the_command(
    shot: Path, tmp_path: Path, run: Run
) -> None:
    edited = _edited(tmp_path / "edited.jpg", "Adobe Photoshop 25.0")
    assert run("examine", edited, *FAST).exit_code == 0
    asked = (*FAST, "--fail-on", "contradiction")
    assert run("examine", edited, *asked).exit_code == 5
    assert run("examine", shot, *asked).exit_code == 0


def test_words_of_the_file_do_not_steer_the_terminal(tmp_path: Path, run: Run) -> None:
    hostile = _edited(tmp_path / "hostile.jpg", STEERING + "A" * 50_000)
    result = run("examine", hostile, *FAST, "--json")
    assert result.exit_code == 0, result.output
    for stdout in (result.stdout, run("examine", hostile, *FAST).stdout):
        assert not any(c in stdout for c in ("\x1b", "\u202e", "\x07"))
        assert "A" * 2001 not in stdout


def test_a_bad_picture_does_not_cost_the_others(
    shot: Path, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "no.jpg").write_bytes(b"no picture")
    result = run("examine", tmp_path / "no.jpg", shot, *FAST, "--json")
    assert result.exit_code == 3
    assert "Traceback" not in result.output
    bad, good = json.loads(result.stdout)
    assert bad["error"]["code"] == "UnsupportedFormatError"
    assert good["verdicts"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--with-path",), "--report"),
        (("--report", "report.txt"), ".html"),
        (("--camera", "mine", "--no-devices"), "--no-devices"),
        (("--method", "nonsense"), "noise_level"),
    ],
)
def test_options_that_would_be_ignored_or_fail_are_refused(
    options: tuple[str, ...], words: str, shot: Path, run: Run
) -> None:
    result = run("examine", shot, *options)
    assert result.exit_code in (2, 3)
    assert words in result.output
