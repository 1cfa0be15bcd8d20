"""``whichcam footage``: enrolling from video and asking who filmed one."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from whichcam.datasets.synthetic import SyntheticCamera

av: Any = pytest.importorskip("av")

Run = Callable[..., Result]


def _clip(body: int, first: int, count: int = 4) -> bytes:
    camera = SyntheticCamera(prnu_strength=0.02, luma_denoise=0.3, device_index=body)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream(
            "libx264", rate=10, options={"crf": "12", "preset": "ultrafast"}
        )
        stream.height, stream.width = 96, 128
        stream.pix_fmt, stream.gop_size = "yuv420p", 1
        for seed in range(first, first + count):
            pixels = camera.shoot(seed=seed, size=(96, 128))
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return file.getvalue()


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of clips by two bodies of one model."""
    folder = tmp_path_factory.mktemp("clips")
    (folder / "enrol.mp4").write_bytes(_clip(0, 10, 6))
    (folder / "own.mp4").write_bytes(_clip(0, 20))
    (folder / "other.mp4").write_bytes(_clip(1, 30))
    (folder / "broken.mp4").write_bytes(_clip(0, 20)[:-300])
    return folder


@pytest.fixture
def gallery(clips: Path, tmp_path: Path, run: Run) -> Path:
    """Return a gallery in which body 0 is enrolled from video."""
    folder = tmp_path / "gallery"
    result = run("footage", "enroll", "mine", clips / "enrol.mp4", "--gallery", folder)
    assert result.exit_code == 0, result.output
    assert "enrolled mine" in result.stdout
    assert "6 frames" in result.stdout
    return folder


def test_a_match_and_no_match_are_told_apart(
    clips: Path, gallery: Path, run: Run
) -> None:
    for name, answer in (("own", "matches mine"), ("other", "no match with mine")):
        result = run(
            "footage", "verify", clips / f"{name}.mp4", "mine", "--gallery", gallery
        )
        assert result.exit_code == 0, result.output
        assert answer in result.stdout
        assert "threshold" in result.stdout


def test_json_holds_the_result(clips: Path, gallery: Path, run: Run) -> None:
    result = run(
        *("footage", "verify", clips / "own.mp4", "mine"),
        *("--gallery", gallery, "--json"),
    )
    found = json.loads(result.stdout)
    assert found["reaches_threshold"] is True
    assert len(found["frames"]) == found["video"]["n_used"] == 4


def test_a_video_is_asked_about_against_another(clips: Path, run: Run) -> None:
    result = run(
        *("footage", "verify", clips / "other.mp4"),
        *("--against", clips / "enrol.mp4", "--fail-on", "no-match"),
    )
    assert result.exit_code == 5
    assert "no match with enrol.mp4" in result.stdout


@pytest.mark.parametrize("given", [(), ("mine", "--against", "x.mp4")])
def test_one_of_name_and_video_is_needed(
    clips: Path, run: Run, given: tuple[str, ...]
) -> None:
    result = run("footage", "verify", clips / "own.mp4", *given)
    assert result.exit_code == 2
    assert "--against" in result.output


def test_a_broken_video_is_one_line_and_a_code(
    clips: Path, gallery: Path, run: Run
) -> None:
    result = run(
        "footage", "verify", clips / "broken.mp4", "mine", "--gallery", gallery
    )
    assert result.exit_code == 3
    assert "truncated, 300 bytes are missing" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_an_unknown_camera_is_a_usage_error(
    clips: Path, gallery: Path, run: Run
) -> None:
    result = run("footage", "verify", clips / "own.mp4", "yours", "--gallery", gallery)
    assert result.exit_code == 2
    assert "mine" in result.stderr


def test_enrolling_again_asks_for_replace(clips: Path, gallery: Path, run: Run) -> None:
    again = ("footage", "enroll", "mine", clips / "own.mp4", "--gallery", gallery)
    refused = run(*again)
    replaced = run(*again, "--replace", "--json")
    assert (refused.exit_code, replaced.exit_code) == (3, 0)
    assert "replace" in refused.stderr
    assert json.loads(replaced.stdout)["n_frames"] == 4


def test_without_the_library_the_extra_is_named(
    clips: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    result = run(
        "footage", "verify", clips / "own.mp4", "--against", clips / "other.mp4"
    )
    assert result.exit_code == 4
    assert "whichcam[video]" in result.stderr


def test_the_help_shows_how_it_is_used(run: Run) -> None:
    for command in ((), ("enroll",), ("verify",)):
        result = run("footage", *command, "--help")
        assert result.exit_code == 0
        assert "whichcam footage" in result.stdout
