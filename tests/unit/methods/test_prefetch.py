"""Work done ahead: in order, bounded, and over when who asked has gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from whichcam.methods._prefetch import prefetched


def _threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("whichcam")]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_results_come_in_the_order_of_the_jobs(workers: int) -> None:
    def work(job: int) -> int:
        time.sleep(0.002 * (job % 3))
        return job * job

    found = list(prefetched(work, range(20), workers=workers))
    assert found == [job * job for job in range(20)]
    assert not _threads()


@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_is_done_ahead_than_two_jobs_a_thread(workers: int) -> None:
    asked: list[int] = []

    def jobs() -> Iterator[int]:
        for job in range(100):
            asked.append(job)
            yield job

    with closing(prefetched(lambda job: job, jobs(), workers=workers)) as found:
        for taken in range(10):
            assert next(found) == taken
            assert len(asked) <= taken + 1 + 2 * workers
    assert not _threads()


def test_work_goes_on_while_nobody_asks() -> None:
    second = threading.Event()

    def work(job: int) -> int:
        if job == 1:
            second.set()
        return job

    with closing(prefetched(work, range(9), workers=1)) as found:
        next(found)
        assert second.wait(5)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_is_raised_where_its_result_would_have_come(workers: int) -> None:
    def work(job: int) -> int:
        if job == 3:
            raise OSError("no such thing")
        return job

    found = prefetched(work, range(9), workers=workers)
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OSError, match="no such thing"):
        next(found)
    assert not _threads()


def test_nothing_goes_on_when_who_asked_is_interrupted() -> None:
    done: list[int] = []

    def work(job: int) -> int:
        time.sleep(0.01)
        done.append(job)
        return job

    def interrupted() -> None:
        with closing(prefetched(work, range(1000), workers=2)) as found:
            next(found)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not _threads()
    n_done = len(done)
    assert n_done < 12
    time.sleep(0.05)
    assert len(done) == n_done
