"""How the server is set up, and what one request may ask of the machine."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from whichcam.errors import ConfigError

SHORTEST_TOKEN: Final = 16
"""Characters of a token, at least: it is all that stands before the pictures."""

_MIB: Final = 1 << 20
_POSITIVE: Final = (
    *("workers", "max_pixels", "max_upload", "max_request", "max_photos"),
    *("max_queue", "max_jobs", "max_memory", "time_limit_s", "job_time_limit_s"),
    *("upload_timeout_s", "slowest_upload", "keep_s"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the server is set up.

    Parameters
    ----------
    host, port : str and int
        Where it listens. Any but a loopback address needs a token.
    gallery, model : Path or None
        Folders of the enrolled cameras and of the model; None for the defaults.
    workers : int
        Processes that look at pictures, with one thread each.
    max_pixels : int
        Largest picture, as its header declares it.
    max_upload, max_request : int
        Largest file and largest request of several files, bytes.
    max_photos : int
        Files of one request, at most.
    max_queue : int
        Requests that may wait for a worker; the next is answered 503.
    max_jobs : int
        Finished jobs that are kept.
    max_memory : int
        Memory a worker may take beyond what it has at rest, bytes; Linux only.
    time_limit_s, job_time_limit_s : float
        How long a worker may take over a request, and over a job of many pictures.
    upload_timeout_s : float
        How long the server waits for the next piece of an upload.
    slowest_upload : int
        Bytes a second that an upload must reach on average after that time.
    keep_s : float
        How long what a finished job found is kept.
    token : str or None
        What every request must carry. 16 characters at least.
    allowed_hosts : tuple of str
        Names under which the server may be asked for, besides its addresses.
    temporary : Path or None
        Where uploads are kept while they are looked at; None for the system's place.
    log_names : bool
        Also log the names of pictures; without it only their hashes.

    Raises
    ------
    ConfigError
        If a value is out of range, or a token is missing where one is needed.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    gallery: Path | None = None
    model: Path | None = None
    workers: int = max(1, min(4, os.cpu_count() or 1))
    max_pixels: int = 100_000_000
    max_upload: int = 128 * _MIB
    max_request: int = 2048 * _MIB
    max_photos: int = 500
    max_queue: int = 32
    max_jobs: int = 100
    max_memory: int = 4096 * _MIB
    time_limit_s: float = 120.0
    job_time_limit_s: float = 3600.0
    upload_timeout_s: float = 15.0
    slowest_upload: int = 16 * 1024
    keep_s: float = 1800.0
    token: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    temporary: Path | None = None
    log_names: bool = False

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            value = getattr(self, name)
            if not value > 0:
                raise ConfigError(f"serve.{name}", f"got {value}, expected above 0")
        if not 0 <= self.port <= 65535:
            raise ConfigError("serve.port", f"got {self.port}, expected 0 to 65535")
        if self.token is None and not self.is_loopback:
            raise ConfigError(
                "serve.token",
                f"{self.host} can be reached from other machines: a token is needed; "
                "give one, or listen on 127.0.0.1",
            )
        if self.token is not None:
            _check_token(self.token)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Say whether a host is this very machine."""
    bare = host.strip("[]").lower()
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def _check_token(token: str) -> None:
    if len(token) < SHORTEST_TOKEN:
        raise ConfigError(
            "serve.token",
            f"{len(token)} characters are too easily guessed; give at least "
            f"{SHORTEST_TOKEN}",
        )
    if not (token.isascii() and token.isprintable()) or set(token) & set(' ";,\\'):
        raise ConfigError(
            "serve.token",
            "expected printable ASCII without blanks, quotes, commas, semicolons and "
            "backslashes: it is sent in headers",
        )
