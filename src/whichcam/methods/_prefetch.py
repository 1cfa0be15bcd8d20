"""Work done ahead by threads, in order and never too far ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

_AHEAD: Final = 2  # jobs a thread: one in hand, and one that waits to be asked for


def prefetched(
    work: Callable[[Job], Result], jobs: Iterable[Job], *, workers: int
) -> Generator[Result, None, None]:
    """Yield what jobs come to, in their order.

    Decoding, manipulating and the arithmetic of numpy release the interpreter's lock,
    and none of them starts threads of its own: one thread is one core at most.

    Parameters
    ----------
    work : callable
        From a job to its result; called by several threads at once.
    jobs : iterable
        Asked for as they are needed.
    workers : int
        Threads. With 0 each job is done when it is asked for, by who asks.

    Yields
    ------
    object
        The first error of a job is raised where its result would have come.

    Notes
    -----
    At most two jobs a thread are done before they are asked for, whatever their number.
    Closing the generator, as `contextlib.closing` does, drops what was not begun and
    waits for what was: no thread outlives it.
    """
    if workers < 1:
        yield from map(work, jobs)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="whichcam-ahead")
    coming: deque[Future[Result]] = deque()
    try:
        for job in jobs:
            coming.append(pool.submit(work, job))
            if len(coming) > _AHEAD * workers:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
