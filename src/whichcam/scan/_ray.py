"""Workers as actors of a Ray cluster."""

from __future__ import annotations

import logging
import os
import socket
from concurrent.futures import Future
from typing import Any, Final

from whichcam._threads import THREAD_VARIABLES
from whichcam.errors import InputError, MissingDependencyError
from whichcam.scan._rows import Row
from whichcam.scan._work import Job, Looker, Piece

_REACHED_WITHIN_S: Final = 10.0


class RayEngine:
    """Each worker is an actor on one core, which keeps what it has loaded.

    Rows come back to this process, which alone writes: nodes need to reach the
    pictures, the model and the gallery under the same names, and nothing else. An
    actor that dies, with its node or alone, is replaced by a new one; on a smaller
    cluster that one waits for a free core while the others go on.
    """

    def __init__(self, n_workers: int | None, *, address: str | None = None) -> None:
        # Before the import: Ray reads it once.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ImportError as error:
            raise MissingDependencyError(
                "ray", extra="scale", purpose="the engine ray"
            ) from error
        self._ray: Any = ray
        self.deaths: tuple[type[Exception], ...] = (
            ray.exceptions.RayActorError,
            ray.exceptions.NodeDiedError,
            ray.exceptions.WorkerCrashedError,
        )
        self._is_ours = not ray.is_initialized()
        if self._is_ours:
            self._connect(address)
        elif address is not None:
            raise InputError(
                f"address is {address!r}, but this process is connected to a cluster "
                "already; leave the address out to use that one"
            )
        cores = int(self._ray.cluster_resources().get("CPU", 1))
        self.n_workers = n_workers or max(cores, 1)

    def _connect(self, address: str | None) -> None:
        if address is not None:
            _refuse_unreachable(address)
        # A cluster of our own is one of this machine, and nobody else can reach it.
        own = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        try:
            self._ray.init(
                **({"address": address} if address else {"address": "local", **own}),
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
        except ConnectionError as error:
            raise InputError(
                f"there is no Ray cluster at {address}: {error}; start one by "
                "`ray start --head`, or leave the address out"
            ) from error

    def start(self, job: Job) -> RayWorker:
        """Ask for an actor; it may have to wait for a free core."""
        return RayWorker(self._ray, job)

    def close(self) -> None:
        """Leave the cluster, if this engine joined it."""
        if self._is_ours:
            self._ray.shutdown()


def _refuse_unreachable(address: str) -> None:
    """Say now what Ray would say after minutes of trying."""
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host:
        raise InputError(
            f"{address!r} is no address of a Ray cluster; expected host:port, or auto"
        )
    try:
        socket.create_connection((host, int(port)), timeout=_REACHED_WITHIN_S).close()
    except (OSError, OverflowError) as error:
        raise InputError(
            f"there is no Ray cluster at {address}: {error}; start one by "
            "`ray start --head`, or leave the address out"
        ) from error


class RayWorker:
    """An actor that is asked for one piece at a time."""

    def __init__(self, ray: Any, job: Job) -> None:
        self._ray = ray
        # Never restarted by Ray: what it was at is tried again in smaller pieces.
        kind = ray.remote(
            num_cpus=1,
            max_restarts=0,
            max_task_retries=0,
            runtime_env={"env_vars": dict.fromkeys(THREAD_VARIABLES, "1")},
        )(_Actor)
        self._actor = kind.remote(job)

    def ready(self) -> Future[list[Row]]:
        """Return a future that ends when the actor has loaded what answers."""
        return _plain(self._ray, self._actor.load.remote())

    def ask(self, piece: Piece) -> Future[list[Row]]:
        """Have a piece looked at."""
        return _plain(self._ray, self._actor.look.remote(piece))

    def stop(self) -> None:
        """End the actor at once; all it could still give is asked for no more."""
        self._ray.kill(self._actor)


def _plain(ray: Any, reference: Any) -> Future[list[Row]]:
    """Return a future whose errors are the actor's own, not wrapped by Ray."""
    told: Future[list[Row]] = Future()

    def tell(done: Future[Any]) -> None:
        error = done.exception()
        if error is None:
            told.set_result(done.result())
        elif isinstance(error, ray.exceptions.RayTaskError):
            told.set_exception(error.cause)
        else:
            told.set_exception(error)

    reference.future().add_done_callback(tell)
    return told


class _Actor:
    """What runs on a node."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._looker: Looker | None = None

    def load(self) -> list[Row]:
        """Load what answers; no rows yet."""
        self._looker = Looker(self._job)
        return []

    def look(self, piece: Piece) -> list[Row]:
        """Return a row for each picture of a piece."""
        assert self._looker is not None, "load() comes first"
        return self._looker.rows(piece)
