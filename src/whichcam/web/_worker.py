"""The inside of a worker process: one task after the other, until the line breaks."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from whichcam.errors import WhichcamError
from whichcam.web._errors import described
from whichcam.web._json import renamed

if TYPE_CHECKING:
    from whichcam.web._workbench import Workbench

logger = logging.getLogger(__name__)

_LARGEST_ORDER: Final = 4 << 20
_PAGE: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Stopped(BaseException):
    """The task was cancelled."""


def main(line: Connection, options_json: str) -> None:
    """Load the model, say so, and work.

    Parameters
    ----------
    line : Connection
        To the server. Both sides say JSON.
    options_json : str
        Folders of model and gallery, and the bounds.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    options = json.loads(options_json)
    try:
        bench = _prepare(options)
    except (WhichcamError, MemoryError) as error:
        _say(line, {"refused": str(error) or type(error).__name__})
        return
    _bound_memory(options["max_memory"])
    _say(line, {"ready": bench.about()})
    while True:
        try:
            order = json.loads(line.recv_bytes(_LARGEST_ORDER))
        except (EOFError, OSError):
            return  # the server is gone
        if "operation" in order:  # else a cancellation that came too late
            _say(line, _done(bench, order, line))
            _give_back_memory()


def _prepare(options: dict[str, Any]) -> Workbench:
    from whichcam.web._workbench import Workbench

    bench = Workbench(
        model=options["model"],
        gallery=options["gallery"],
        max_pixels=options["max_pixels"],
        max_bytes=options["max_bytes"],
    )
    bench.warm_up()
    return bench


def _done(bench: Workbench, order: dict[str, Any], line: Connection) -> dict[str, Any]:
    """Return what came of a task: everything that can go wrong with it ends here."""
    from whichcam.web._operations import OPERATIONS

    operation = OPERATIONS[order["operation"]]
    names = order["params"].get("names", {})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they stand in the results
            result = operation(
                bench, Path(order["folder"]), order["params"], _teller(line)
            )
    except Stopped:
        return {"cancelled": True}
    except (WhichcamError, MemoryError) as error:
        problem = asdict(described(error))
        return {"problem": renamed(problem, names)}
    except Exception as error:  # the border: one picture's fault is its own
        logger.exception("unexpected error in %s", order["operation"])
        return {"problem": asdict(described(error))}
    return {"result": renamed(result, names)}


def _teller(line: Connection) -> Callable[[str, int, int], None]:
    """Return a function that reports progress, and ends a task that was cancelled."""

    def tell(stage: str, done: int, total: int) -> None:
        _say(line, {"progress": {"stage": stage, "done": done, "total": total}})
        if line.poll() and "cancel" in json.loads(line.recv_bytes(_LARGEST_ORDER)):
            raise Stopped

    return tell


def _say(line: Connection, what: dict[str, Any]) -> None:
    try:
        line.send_bytes(json.dumps(what, allow_nan=False).encode())
    except OSError:
        sys.exit(0)  # the server is gone


def _bound_memory(extra: int) -> None:
    """Let the process take so much more than it has now, where the system can."""
    try:
        import resource

        taken = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * _PAGE
    except (ImportError, OSError):
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = taken + extra
    if hard in (resource.RLIM_INFINITY,) or wanted < hard:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


def _give_back_memory() -> None:
    """Return free memory to the system: the C library would keep a large picture's."""
    trim = getattr(_C_LIBRARY, "malloc_trim", None)
    if trim is not None:
        trim(0)


_C_LIBRARY: Final = ctypes.CDLL(None) if sys.platform == "linux" else None
