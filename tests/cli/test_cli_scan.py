"""``whichcam scan``: options handed on, a summary, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from typer.testing import Result

Run = Callable[..., Result]


class Report(SimpleNamespace):
    """What a scan would report."""

    def to_dict(self) -> dict[str, Any]:
        return {"n_rows": self.n_rows}


@pytest.fixture
def scans(install: Callable[..., ModuleType]) -> list[dict[str, Any]]:
    """Put a scan in place that does nothing, and return what it was asked."""
    asked: list[dict[str, Any]] = []

    def scan_photos(source: str, **options: Any) -> Report:
        asked.append({"source": source, **options})
        options["progress"](
            SimpleNamespace(
                n_done=1, n_pictures=3, n_failed=1, pictures_per_s=2.0, remaining_s=60.0
            )
        )
        return Report(
            folder="out",
            n_rows=3,
            n_failed=int("bad" in source),
            n_resumed=1,
            unknown_share=0.5,
            cameras={f"Acme {k}": 30 - k for k in range(25)},
            failures={"ImageDecodeError": 1} if "bad" in source else {},
            seconds=2.0,
            pictures_per_s=1.0,
        )

    install("scan", scan_photos=scan_photos)
    return asked


def test_only_what_was_given_is_handed_on(
    scans: list[dict[str, Any]], run: Run, tmp_path: Path
) -> None:
    done = run("scan", "s3://bucket/a", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    (asked,) = scans
    del asked["progress"]
    assert asked == {
        "source": "s3://bucket/a",
        "task": "identify",
        "out": tmp_path,
        "engine": "local",
        "address": None,
        "workers": None,
        "shard_size": 128,
        "resume": False,
        "time_limit_s": 600.0,
    }


def test_settings_reach_the_task(
    scans: list[dict[str, Any]], run: Run, tmp_path: Path
) -> None:
    words = "--task verify --camera mine --false-alarm-rate 0.01 --allow-truncated"
    done = run("scan", "a", "--out", tmp_path, *words.split(), "--gallery", tmp_path)
    assert done.exit_code == 0, done.output
    asked = scans[0]
    assert (asked["task"], asked["camera"]) == ("verify", "mine")
    assert asked["gallery"] == str(tmp_path)
    assert (asked["false_alarm_rate"], asked["allow_truncated"]) == (0.01, True)
    assert "model" not in asked


def test_the_summary_is_a_table_or_json(
    scans: list[dict[str, Any]], run: Run, tmp_path: Path
) -> None:
    done = run("scan", "bad", "--out", tmp_path)
    assert len(scans) == 1
    assert done.exit_code == 3
    for text in ("Acme 0", "5 others", "ImageDecodeError", "50 % of no known camera"):
        assert text in done.output
    shown = run("scan", "a", "--out", tmp_path, "--json")
    assert json.loads(shown.stdout) == {"n_rows": 3}


def test_a_long_scan_says_how_far_it_is(
    scans: list[dict[str, Any]],
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("whichcam.cli._scan._LINE_EVERY_S", 0.0)
    done = run("scan", "a", "--out", tmp_path)
    assert len(scans) == 1
    assert "1 of 3 pictures, 2.0 a second, 1 error, 1 min left" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--task", "verify"), "camera"),
        (("--task", "fingerprint", "--top-k", "3"), "top_k"),
        (("--address", "here:1"), "engine ray"),
        (("--task", "guess"), "guess"),
        (("--workers", "0"), "--workers"),
    ],
)
def test_wrong_options_are_usage(
    options: tuple[str, ...], said: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("a.jpg\n")
    done = run("scan", tmp_path / "a.txt", "--out", tmp_path / "out", *options)
    assert done.exit_code in (2, 3)
    assert said in done.output
    assert not (tmp_path / "out").exists()
