"""Programs run as torchrun would run them: several processes that know their number."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Sequence


def free_port() -> int:
    """Return a port of the loopback that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def run_in_processes(
    command: Sequence[str], n_processes: int, *, exit_code: int = 0
) -> list[str]:
    """Run a command in so many processes, and return what each printed.

    Each finds RANK, WORLD_SIZE and the address of the first in its environment, and the
    process group over the loopback. All must end with ``exit_code``.
    """
    port = free_port()
    started = [
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ
            | {
                "RANK": str(rank),
                "LOCAL_RANK": str(rank),
                "WORLD_SIZE": str(n_processes),
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(port),
                "GLOO_SOCKET_IFNAME": "lo",
                "OMP_NUM_THREADS": "1",
            },
        )
        for rank in range(n_processes)
    ]
    try:
        said = [process.communicate(timeout=240) for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()
    codes = [process.returncode for process in started]
    assert codes == [exit_code] * n_processes, "\n".join(errors for _, errors in said)
    return [output for output, _ in said]
