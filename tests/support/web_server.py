"""A server that runs beside the tests, and how they ask it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from whichcam.web import Settings, create_app
from whichcam.web._server import Server

_START_S = 300.0  # kernels may have to be compiled first


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server that runs."""

    address: str
    port: int
    settings: Settings
    state: Any

    @property
    def server(self) -> Server:
        server: Server = self.state.server
        return server

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=f"{self.address}/api/v1", timeout=60, **options)

    def is_idle(self, seconds: float = 20) -> bool:
        """Wait until nothing is under way."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.server.n_open == 0:
                return True
            time.sleep(0.02)
        return False


@contextmanager
def running(settings: Settings) -> Iterator[Served]:
    """Run a server in a thread."""
    app = create_app(settings)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        app, lifespan="on", log_config=None, access_log=False, ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_S
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started, "the server did not start"
    try:
        yield Served(
            address=f"http://127.0.0.1:{port}",
            port=port,
            settings=settings,
            state=app.state,
        )
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
        assert not thread.is_alive(), "the server did not end"


def form_of(pictures: list[bytes]) -> list[tuple[str, tuple[str, bytes, str]]]:
    """Return pictures as the files of a form."""
    return [
        ("photo", (f"{k}.jpg", data, "image/jpeg")) for k, data in enumerate(pictures)
    ]


def ended(
    api: httpx.Client, job: dict[str, Any], seconds: float = 60
) -> dict[str, Any]:
    """Wait for a job's end."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        now: dict[str, Any] = api.get(f"/jobs/{job['id']}").json()
        if now["state"] in ("done", "failed", "cancelled"):
            return now
        time.sleep(0.03)
    raise AssertionError(f"the job did not end: {now}")


def left_over(served: Served) -> list[Path]:
    """Return the folders of requests that are still there."""
    return [path for path in served.server.spool.folder.iterdir() if path.is_dir()]
