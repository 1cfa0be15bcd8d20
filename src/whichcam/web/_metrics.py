"""Counts of what the server did, in the text form that Prometheus reads."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

_TEXTS: Final = {
    "whichcam_requests_total": ("counter", "Requests answered."),
    "whichcam_request_seconds": ("summary", "Time to answer a request."),
    "whichcam_upload_bytes_total": ("counter", "Bytes of pictures received."),
    "whichcam_operations_total": ("counter", "Work done, by how it ended."),
    "whichcam_jobs": ("gauge", "Jobs known, by state."),
    "whichcam_workers": ("gauge", "Worker processes alive."),
    "whichcam_workers_busy": ("gauge", "Workers at work."),
    "whichcam_worker_restarts_total": ("counter", "Workers that were replaced."),
    "whichcam_queue_length": ("gauge", "Tasks that wait for a worker."),
    "whichcam_memory_bytes": ("gauge", "Resident memory of server and workers."),
    "whichcam_uptime_seconds": ("gauge", "Time since the server started."),
}


class Metrics:
    """The counters of a server."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._n_timed: Counter[str] = Counter()
        self._ended: Counter[tuple[str, str]] = Counter()
        self._n_bytes = 0

    def answered(self, method: str, route: str, status: int, took_s: float) -> None:
        """Count a request."""
        self._requests[method, route, status] += 1
        self._n_timed[route] += 1
        self._seconds[route] += took_s

    def received(self, n_bytes: int) -> None:
        """Count what was uploaded."""
        self._n_bytes += n_bytes

    def ended(self, operation: str, state: str) -> None:
        """Count a piece of work."""
        self._ended[operation, state] += 1

    def text(self, gauges: Mapping[str, float], jobs: Mapping[str, int]) -> str:
        """Return everything, one value a line."""
        lines: list[str] = []
        values = dict(self._values(gauges, jobs))
        for name, (kind, text) in _TEXTS.items():
            lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
            lines += values.get(name, [])
        return "\n".join(lines) + "\n"

    def _values(
        self, gauges: Mapping[str, float], jobs: Mapping[str, int]
    ) -> Iterator[tuple[str, list[str]]]:
        name = "whichcam_requests_total"
        yield (
            name,
            [
                f'{name}{{method="{method}",route="{route}",status="{status}"}} {n}'
                for (method, route, status), n in sorted(self._requests.items())
            ],
        )
        name = "whichcam_request_seconds"
        lines = []
        for route, n in sorted(self._n_timed.items()):
            took = self._seconds[route]
            lines.append(f'{name}_sum{{route="{route}"}} {took:.6f}')
            lines.append(f'{name}_count{{route="{route}"}} {n}')
        yield name, lines
        name = "whichcam_operations_total"
        yield (
            name,
            [
                f'{name}{{operation="{operation}",state="{state}"}} {n}'
                for (operation, state), n in sorted(self._ended.items())
            ],
        )
        name = "whichcam_jobs"
        yield name, [f'{name}{{state="{state}"}} {n}' for state, n in jobs.items()]
        plain = {
            "whichcam_upload_bytes_total": self._n_bytes,
            "whichcam_uptime_seconds": round(time.monotonic() - self._begun, 3),
            **gauges,
        }
        for name, value in plain.items():
            yield name, [f"{name} {value}"]


def resident_bytes(*pids: int) -> int:
    """Return the memory that processes hold, where the system tells; else 0."""
    total = 0
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/status").read_text("ascii")
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) * 1024
    return total
