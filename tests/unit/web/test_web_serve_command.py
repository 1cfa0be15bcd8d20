"""``whichcam serve``: its options become settings; what cannot be is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import whichcam.web
from whichcam.cli import app
from whichcam.web import Settings


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Note what the server would be started with, and say that it is ready."""
    settings: list[Settings] = []

    def serve(chosen: Settings, *, on_ready: Any) -> None:
        settings.append(chosen)
        on_ready("http://127.0.0.1:1/")

    monkeypatch.setattr(whichcam.web, "serve", serve, raising=False)
    return settings


def test_options_become_settings(given: list[Settings], tmp_path: Path) -> None:
    options = ["--port", "0", "--workers", "3", "--max-pixels", "5", "--max-upload"]
    places = ["--gallery", str(tmp_path), "--model", str(tmp_path / "m")]
    done = CliRunner().invoke(app, ["serve", *options, "7M", *places])
    assert done.exit_code == 0, done.output
    (chosen,) = given
    assert (chosen.port, chosen.workers, chosen.max_pixels) == (0, 3, 5)
    assert chosen.max_upload == 7 << 20
    assert (chosen.gallery, chosen.model) == (tmp_path, tmp_path / "m")
    assert "whichcam is at http://127.0.0.1:1/" in done.stdout


def test_a_new_token_is_made_on_request(given: list[Settings]) -> None:
    host = ["serve", "--host", "0.0.0.0", "--token", "new"]
    assert CliRunner().invoke(app, host).exit_code == 0
    assert CliRunner().invoke(app, host).exit_code == 0
    tokens = {one.token for one in given}
    assert len(tokens) == 2
    assert None not in tokens


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "a token is needed"),
        (["--token", "short"], "16"),
        (["--max-upload", "much"], "no size"),
        (["--max-upload", "0"], "no size"),
        (["--port", "70000"], "65535"),
    ],
)
def test_what_cannot_be_served_is_a_wrong_usage(
    given: list[Settings], options: list[str], said: str
) -> None:
    done = CliRunner().invoke(app, ["serve", *options])
    assert done.exit_code == 2
    assert said in done.output
    assert given == []


def test_ctrl_c_is_how_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(whichcam.web, "serve", interrupted, raising=False)
    done = CliRunner().invoke(app, ["serve"])
    assert done.exit_code == 0
    assert "stopped" in done.output


def test_an_address_that_is_taken_is_said() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(app, ["serve", "--port", port])
    assert done.exit_code == 2
    assert "another --port" in " ".join(done.output.split())
