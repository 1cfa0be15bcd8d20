"""Every picture once, whichever workers die: with workers that are no processes."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from itertools import islice
from typing import Any

import numpy as np
import pytest

from whichcam.errors import ArtifactError, WhichcamError
from whichcam.scan._drive import WORKER_DIED, drive
from whichcam.scan._plan import Shard
from whichcam.scan._rows import Row, failed_row
from whichcam.scan._sources import Entry
from whichcam.scan._work import Job, Piece

JOB = Job(target="", settings={})


class Died(Exception):
    """Stands for the end of a process."""


def shards(n_pictures: int, size: int) -> list[Shard]:
    return [
        Shard(
            k,
            k * size,
            tuple(
                Entry(f"p{j}") for j in range(k * size, min((k + 1) * size, n_pictures))
            ),
        )
        for k in range(-(-n_pictures // size))
    ]


class FakeEngine:
    """Workers that answer at once and die by chance, or at certain pictures."""

    deaths: tuple[type[Exception], ...] = (Died,)

    def __init__(
        self,
        n_workers: int,
        *,
        killers: frozenset[int] = frozenset(),
        chance: float = 0.0,
        rng: np.random.Generator | None = None,
        start_error: Exception | None = None,
        look_error: Exception | None = None,
    ) -> None:
        self.n_workers = n_workers
        self.killers, self.chance, self.rng = killers, chance, rng
        self.start_error, self.look_error = start_error, look_error
        self.n_alive = self.n_started = 0

    def start(self, job: Job) -> FakeWorker:
        assert job is JOB
        self.n_alive += 1
        self.n_started += 1
        return FakeWorker(self)

    def close(self) -> None:
        """Nothing to give back."""


class FakeWorker:
    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine
        self.stopped = False

    def ready(self) -> Future[list[Row]]:
        return self._told([], self.engine.start_error)

    def ask(self, piece: Piece) -> Future[list[Row]]:
        engine = self.engine
        indices = range(piece.first, piece.first + len(piece.entries))
        died = bool(engine.killers & set(indices))
        if engine.rng is not None:
            died = died or engine.rng.random() < engine.chance
        rows = [
            failed_row(k, e.path, "Looked", "")
            for k, e in zip(indices, piece.entries, strict=True)
        ]
        return self._told(rows, Died() if died else engine.look_error)

    def _told(self, rows: list[Row], error: Exception | None) -> Future[list[Row]]:
        future: Future[list[Row]] = Future()
        if error is None:
            future.set_result(rows)
        else:
            future.set_exception(error)
        return future

    def stop(self) -> None:
        assert not self.stopped, "stopped twice"
        self.stopped = True
        self.engine.n_alive -= 1


def run(engine: FakeEngine, n: int, size: int) -> list[Row]:
    rows: list[Row] = []
    for shard, found in drive(engine, JOB, iter(shards(n, size))):
        assert sorted(r["index"] for r in found) == list(
            range(shard.first, shard.first + len(shard.entries))
        )
        rows += found
    assert engine.n_alive == 0
    return rows


@pytest.mark.parametrize(("n", "size", "workers"), [(1, 1, 1), (10, 3, 2), (7, 10, 4)])
def test_every_picture_has_its_row_once(n: int, size: int, workers: int) -> None:
    rows = run(FakeEngine(workers), n, size)
    assert sorted(row["index"] for row in rows) == list(range(n))
    assert {row["error_code"] for row in rows} == {"Looked"}


def test_a_picture_that_kills_gets_a_row_and_costs_no_other_its_own() -> None:
    engine = FakeEngine(3, killers=frozenset((5, 11)))
    codes = {row["index"]: row["error_code"] for row in run(engine, 40, 8)}
    assert len(codes) == 40
    assert {k for k, code in codes.items() if code == WORKER_DIED} == {5, 11}
    # Halves of 8: four deaths down to the one picture, and one more of it alone.
    assert engine.n_started == 3 + 2 * 5


@pytest.mark.parametrize("seed", range(5))
def test_workers_that_die_by_chance_lose_nothing_and_double_nothing(seed: int) -> None:
    engine = FakeEngine(4, chance=0.3, rng=np.random.default_rng(seed))
    rows = run(engine, 200, 7)
    assert Counter(row["index"] for row in rows) == dict.fromkeys(range(200), 1)
    assert engine.n_started > 4


def test_no_more_shards_are_read_than_there_are_workers() -> None:
    read = 0

    def counted() -> Any:
        nonlocal read
        for shard in shards(1000, 1):
            read += 1
            yield shard

    done = drive(FakeEngine(3), JOB, counted())
    for n_done, _ in enumerate(islice(done, 50), start=1):
        assert read <= n_done + 3
    done.close()


def test_workers_that_never_get_ready_end_the_scan_with_a_reason() -> None:
    engine = FakeEngine(2, start_error=Died())
    with pytest.raises(WhichcamError, match=r"died before they were ready.*__main__"):
        run(engine, 4, 2)
    assert engine.n_alive == 0


@pytest.mark.parametrize("when", ["start_error", "look_error"])
def test_a_model_at_fault_ends_the_scan(when: str) -> None:
    broken = {when: ArtifactError("the model is damaged")}
    engine = FakeEngine(2, **broken)  # type: ignore[arg-type]
    with pytest.raises(ArtifactError, match="damaged"):
        run(engine, 4, 2)
    assert engine.n_alive == 0


def test_workers_that_are_not_there_in_time_are_not_waited_for_for_ever() -> None:
    class LateWorker(FakeWorker):
        def ready(self) -> Future[list[Row]]:
            return Future()

    class LateEngine(FakeEngine):
        def start(self, job: Job) -> FakeWorker:
            super().start(job)
            return LateWorker(self)

    engine = LateEngine(1)
    with pytest.raises(WhichcamError, match=r"no worker was ready within 0\.01 s"):
        list(drive(engine, JOB, iter(shards(2, 1)), start_timeout_s=0.01))
    assert engine.n_alive == 0
