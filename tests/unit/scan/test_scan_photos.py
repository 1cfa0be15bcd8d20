"""A scan from a source to rows: what is kept, what is refused, what goes on."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, ClassVar

import pyarrow.parquet as pq
import pytest

from whichcam.errors import (
    ChecksumMismatchError,
    ConfigError,
    DatasetNotFoundError,
    IncompatibleArtifactError,
    InputError,
    UnknownNameError,
)
from whichcam.scan import ScanPlan, ScanProgress, _scan, read_rows
from whichcam.scan._rows import Row
from whichcam.scan._store import ScanFolder
from whichcam.scan._work import Job, Looker, Piece

RAISES, BAD_MODEL = 254, 253  # reds of a first pixel; see conftest.py
pytestmark = pytest.mark.usefixtures("fake_tasks", "here")


class HereEngine:
    """Looks at pictures in this process, so that these tests start no other."""

    deaths: ClassVar[tuple[type[Exception], ...]] = ()
    looked_at: ClassVar[list[Piece]] = []

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers

    def start(self, job: Job) -> HereEngine:
        self.looker = Looker(job)
        return self

    def ready(self) -> Future[list[Row]]:
        return self._told([])

    def ask(self, piece: Piece) -> Future[list[Row]]:
        self.looked_at.append(piece)
        try:
            return self._told(self.looker.rows(piece))
        except IncompatibleArtifactError as error:
            future: Future[list[Row]] = Future()
            future.set_exception(error)
            return future

    def _told(self, rows: list[Row]) -> Future[list[Row]]:
        future: Future[list[Row]] = Future()
        future.set_result(rows)
        return future

    def stop(self) -> None:
        """Nothing to end."""

    def close(self) -> None:
        """Nothing to give back."""


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    name = "here_engine_of_the_tests"
    monkeypatch.setitem(sys.modules, name, sys.modules[HereEngine.__module__])
    monkeypatch.setitem(_scan.ENGINES, "local", f"{name}:HereEngine")
    monkeypatch.setattr(HereEngine, "looked_at", [])


def rows_of(out: Path) -> list[Row]:
    return [row for table in read_rows(out) for row in table.to_pylist()]


def test_every_picture_of_a_folder_has_one_row(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    report = scanned(pictures(9), tmp_path / "out")
    rows = rows_of(tmp_path / "out")
    assert [row["index"] for row in rows] == list(range(10))
    assert [row["width"] for row in rows[:4]] == [8, 9, 10, 8]
    assert rows[9]["error_code"] == "UnsupportedFormatError"
    assert rows[9]["answer"] is None
    assert "zz.jpg" in rows[9]["path"]
    assert (report.n_rows, report.n_failed) == (10, 1)
    assert report.unknown_share == pytest.approx(6 / 9)
    assert report.cameras == {"10 px": 3}
    assert report.failures == {"UnsupportedFormatError": 1}
    kept = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert kept == report.to_dict()
    names = sorted(path.name for path in (tmp_path / "out" / "rows").iterdir())
    assert names == [f"shard-{k:06}.parquet" for k in range(3)]


def test_a_bug_met_in_one_picture_is_its_row(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    report = scanned(pictures(5, red={2: RAISES}, bad=False), tmp_path / "out")
    row = rows_of(tmp_path / "out")[2]
    assert (row["error_code"], row["error"]) == ("RuntimeError", "a bug of ours")
    assert report.failures == {"RuntimeError": 1}


def test_only_the_errors_asked_for_become_rows(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    with pytest.raises(RuntimeError, match="a bug of ours"):
        scanned(pictures(5, red={2: RAISES}), tmp_path / "out", catch=InputError)


def test_a_model_at_fault_ends_the_scan(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    with pytest.raises(IncompatibleArtifactError, match="another version"):
        scanned(pictures(5, red={2: BAD_MODEL}), tmp_path / "out")


def test_resume_does_torn_shards_again_and_no_others(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    folder, out = pictures(15), tmp_path / "out"
    scanned(folder, out)
    whole = (rows_of(out), (out / "summary.json").read_bytes())
    names = [f"shard-{k:06}.parquet" for k in range(4)]
    cut, flipped, gone, swapped = (out / "rows" / name for name in names)
    swapped_bytes = swapped.read_bytes()
    cut.write_bytes(cut.read_bytes()[:-20])
    damaged = bytearray(flipped.read_bytes())
    damaged[60] ^= 0xFF
    flipped.write_bytes(damaged)
    swapped.write_bytes(gone.read_bytes())
    gone.unlink()
    (out / "rows" / ".shard-000003.parquet.77.part").write_bytes(b"torn")
    HereEngine.looked_at.clear()
    report = scanned(folder, out, resume=True)
    assert [piece.shard for piece in HereEngine.looked_at] == [0, 1, 2, 3]
    assert report.n_resumed == 0
    flipped.unlink()
    HereEngine.looked_at.clear()
    report = scanned(folder, out, resume=True)
    assert [piece.shard for piece in HereEngine.looked_at] == [1]
    assert report.n_resumed == 12
    assert (rows_of(out), (out / "summary.json").read_bytes()) == whole
    assert swapped.read_bytes() == swapped_bytes
    assert not list(out.rglob("*.part"))


def test_no_changed_byte_gives_other_rows(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    scanned(pictures(4, bad=False), tmp_path / "out")
    kept = ScanFolder(tmp_path / "out")
    plan = ScanPlan.read(kept.plan_path)
    path = kept.shard_path(0)
    whole, rows = path.read_bytes(), kept.read_shard(plan, 0)
    assert rows is not None
    n_seen = 0
    for place in range(4, len(whole), 5):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        found = kept.read_shard(plan, 0)
        n_seen += found is None
        assert found is None or found.equals(rows), place
    assert n_seen > 100


def test_resuming_a_finished_scan_looks_at_nothing(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    folder = pictures(5)
    first = scanned(folder, tmp_path / "out")
    HereEngine.looked_at.clear()
    again = scanned(folder, tmp_path / "out", resume=True)
    assert HereEngine.looked_at == []
    assert again.to_dict() == first.to_dict()


def test_a_listing_that_was_killed_is_made_again(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / "rows").mkdir(parents=True)
    (out / "pictures.jsonl").write_text('["half')
    assert scanned(pictures(5), out, resume=True).n_rows == 6


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shard_size": 5}, "shard_size was 4, now 5"),
        ({"pause_s": 0.5}, "settings was"),
        ({"task": "fingerprint"}, "task was 'size', now 'fingerprint'"),
    ],
)
def test_another_scan_is_not_gone_on_with(
    change: dict[str, Any],
    said: str,
    pictures: Callable[..., Path],
    scanned: Any,
    tmp_path: Path,
) -> None:
    folder = pictures(3)
    scanned(folder, tmp_path / "out")
    with pytest.raises(InputError, match=f"{said}.*another folder"):
        scanned(folder, tmp_path / "out", resume=True, **change)


def test_a_changed_list_of_pictures_is_refused(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    folder, out = pictures(3), tmp_path / "out"
    scanned(folder, out)
    with (out / "pictures.jsonl").open("a") as file:
        file.write('["more.jpg", ""]\n')
    with pytest.raises(ChecksumMismatchError, match="not the list"):
        scanned(folder, out, resume=True)


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000])
def test_a_plan_that_is_none_is_refused(
    text: str, pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "plan.json").write_text(text)
    with pytest.raises(IncompatibleArtifactError, match=r"plan\.json"):
        scanned(pictures(3), out, resume=True)


def test_a_folder_with_a_scan_is_not_written_to_unasked(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    folder = pictures(3)
    scanned(folder, tmp_path / "out")
    with pytest.raises(InputError, match="--resume"):
        scanned(folder, tmp_path / "out")


def test_a_folder_with_other_things_is_not_written_to(
    pictures: Callable[..., Path], scanned: Any
) -> None:
    folder = pictures(3)
    with pytest.raises(InputError, match=r"not empty.*'0000\.png'"):
        scanned(folder, folder)
    with pytest.raises(InputError, match="is a file"):
        scanned(folder, folder / "0000.png")


def test_two_scans_do_not_write_to_one_folder(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    folder, out = pictures(3), tmp_path / "out"

    def again(_: ScanProgress) -> None:
        with pytest.raises(InputError, match="another scan is writing"):
            scanned(folder, out, resume=True)

    scanned(folder, out, progress=again)
    assert len(rows_of(out)) == 4


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"task": "guess"}, UnknownNameError, "identify"),
        ({"engine": "steam"}, UnknownNameError, "local, ray"),
        ({"workers": 0}, InputError, "workers is 0"),
        ({"shard_size": 0}, InputError, "shard_size is 0"),
        ({"time_limit_s": 0.0}, InputError, "time_limit_s is 0"),
        ({"address": "auto"}, InputError, "for the engine ray"),
        ({"colour": 1}, ConfigError, "colour.*pause_s"),
        ({"task": "identify", "top_k": 0}, ConfigError, "top_k"),
        ({"task": "verify"}, ConfigError, "camera"),
        ({"task": "search", "false_alarm_rate": 0.0}, ConfigError, "between 0 and 1"),
        ({"task": "fingerprint", "side_px": 100}, ConfigError, "multiple of 8"),
    ],
)
def test_wrong_options_are_named(
    options: dict[str, Any],
    kind: type[Exception],
    said: str,
    pictures: Callable[..., Path],
    scanned: Any,
    tmp_path: Path,
) -> None:
    with pytest.raises(kind, match=said):
        scanned(pictures(2), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["nowhere", "empty", "only.jpg"])
def test_a_source_without_pictures_is_refused(
    name: str, scanned: Any, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "only.jpg").write_bytes(b"x")
    kind = InputError if name == "only.jpg" else DatasetNotFoundError
    with pytest.raises(kind, match=name):
        scanned(tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "out" / "plan.json").exists()


def test_progress_says_rate_errors_and_what_is_left(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    told: list[ScanProgress] = []
    scanned(pictures(7), tmp_path / "out", workers=1, progress=told.append)
    assert [now.n_done for now in told] == [0, 4, 8]
    assert told[0].remaining_s is None
    assert told[1].pictures_per_s == pytest.approx(4 / told[1].seconds)
    assert told[1].remaining_s == pytest.approx(told[1].seconds)
    assert [now.n_failed for now in told] == [0, 0, 1]


def test_rows_carry_the_plan_and_their_number(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    scanned(pictures(5), tmp_path / "out")
    plan = ScanPlan.read(tmp_path / "out" / "plan.json")
    said = pq.read_schema(tmp_path / "out" / "rows" / "shard-000001.parquet").metadata
    about = json.loads(said[b"whichcam.scan"])
    assert about[:3] == [plan.plan_id, 1, 2]
    assert about[3][0] == ["index", "int64"]


def test_the_plan_is_the_same_each_time(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    folder = pictures(5)
    for name in ("a", "b"):
        scanned(folder, tmp_path / name)
    for kept in ("plan.json", "pictures.jsonl", "summary.json"):
        a, b = ((tmp_path / name / kept).read_bytes() for name in ("a", "b"))
        assert a == b


def test_memory_does_not_grow_with_the_list(
    pictures: Callable[..., Path], scanned: Any, tmp_path: Path
) -> None:
    folder, n = pictures(1, bad=False), 3000
    listed = folder / "list.txt"
    listed.write_text("0000.png\n" * n)
    held: dict[int, int] = {}

    def tell(now: ScanProgress) -> None:
        held[now.n_done] = tracemalloc.get_traced_memory()[0]

    HereEngine.looked_at = _Nothing()
    tracemalloc.start()
    try:
        report = scanned(listed, tmp_path / "out", shard_size=50, progress=tell)
    finally:
        tracemalloc.stop()
    assert (report.n_rows, report.cameras) == (n, {})  # 8 px counts as unknown
    # The rows of the 2000 pictures between would be 2 MB.
    assert held[n] - held[1000] < 200_000


class _Nothing(list[Piece]):
    """Keeps nothing of what is put in."""

    def append(self, piece: Piece) -> None:
        """Forget it."""
