"""A picture that is looked at without end, by a worker process that can be ended."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from whichcam.scan import read_rows
from whichcam.scan._work import ended_after

HANGS = 252  # red of a first pixel; see conftest.py


@pytest.mark.usefixtures("fake_tasks")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no alarm")
def test_a_picture_without_end_costs_its_own_row(
    pictures: Callable[..., Path], scanned: Callable[..., Any], tmp_path: Path
) -> None:
    source = pictures(4, red={1: HANGS}, bad=False)
    report = scanned(source, tmp_path / "out", shard_size=2, time_limit_s=1.0)
    rows = [row for table in read_rows(tmp_path / "out") for row in table.to_pylist()]
    assert [row["error_code"] for row in rows] == [None, "WorkerDied", None, None]
    assert rows[1]["error"].endswith("or looked longer than 1 s")
    assert report.n_failed == 1


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no alarm")
def test_the_alarm_is_off_once_a_picture_is_done() -> None:
    with ended_after(600.0):
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 600
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    with ended_after(None):
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
