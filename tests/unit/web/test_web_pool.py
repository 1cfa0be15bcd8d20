"""Workers that die, hang or run out of memory cost one request each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from web_server import Served, ended, form_of, running

from whichcam.web import Settings
from whichcam.web._spool import Spool, sweep

MIB = 1 << 20


@pytest.fixture(scope="module")
def strict(
    tiny_model: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Return a server of one worker, one place in the line and little time."""
    work = tmp_path_factory.mktemp("strict")
    settings = Settings(
        model=tiny_model.folder,
        gallery=work / "gallery",
        temporary=work / "temporary",
        workers=1,
        max_queue=1,
        max_memory=400 * MIB,
        max_pixels=200_000_000,
        time_limit_s=2.0,
        keep_s=0.5,
    )
    with running(settings) as running_server:
        yield running_server


def _when(condition: Any, seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def _worker(served: Served) -> int:
    pids = served.server.pool.pids
    assert _when(lambda: 0 in pids)
    return pids[0]


def _hold(served: Served, photo: bytes) -> tuple[int, threading.Thread, list[Any]]:
    """Stop the worker, and let a request wait for it."""
    pid = _worker(served)
    os.kill(pid, signal.SIGSTOP)
    answers: list[httpx.Response] = []

    def ask() -> None:
        with served.client() as client:
            answers.append(client.post("/identify", content=photo))

    thread = threading.Thread(target=ask)
    thread.start()
    assert _when(lambda: served.server.pool.n_busy == 1)
    return pid, thread, answers


def _go_on(pid: int) -> None:
    with suppress(ProcessLookupError):  # on a slow machine its time was over
        os.kill(pid, signal.SIGCONT)


def test_a_worker_that_dies_costs_one_request(strict: Served, photo: bytes) -> None:
    pid, thread, answers = _hold(strict, photo)
    os.kill(pid, signal.SIGKILL)
    thread.join()
    assert answers[0].status_code == 500
    assert answers[0].json()["error"]["code"] == "worker_crashed"
    with strict.client() as client:
        assert client.post("/identify", content=photo).status_code == 200
    assert _worker(strict) != pid


def test_a_worker_that_hangs_is_replaced(strict: Served, photo: bytes) -> None:
    pid, thread, answers = _hold(strict, photo)
    thread.join()
    assert answers[0].status_code == 504
    assert answers[0].json()["error"]["code"] == "timed_out"
    assert _worker(strict) != pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_full_line_is_said_before_the_picture_is_read(
    strict: Served, photo: bytes
) -> None:
    assert strict.is_idle()
    pid, thread, _ = _hold(strict, photo)
    with strict.client() as client:
        waits = {"background": True}
        assert client.post("/identify", params=waits, content=photo).is_success
        refused = client.post("/identify", content=photo)
        job = client.get("/jobs").json()["jobs"][0]
        _go_on(pid)
        thread.join()
        ended(client, job)
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["error"]["code"] == "busy"


def test_a_job_that_waits_can_be_cancelled(strict: Served, photo: bytes) -> None:
    assert strict.is_idle()
    pid, thread, _ = _hold(strict, photo)
    with strict.client() as client:
        params = {"background": True}
        job = client.post("/identify", params=params, content=photo).json()
        assert job["state"] == "queued"
        client.delete(f"/jobs/{job['id']}")
        assert ended(client, job)["state"] == "cancelled"
    _go_on(pid)
    thread.join()


def test_a_job_that_does_not_listen_is_killed(
    strict: Served, walls: list[bytes]
) -> None:
    assert strict.is_idle()
    pid = _worker(strict)
    with strict.client() as client:
        os.kill(pid, signal.SIGSTOP)
        params = {"camera": "never"}
        job = client.post("/enroll", params=params, files=form_of(walls)).json()
        assert _when(lambda: strict.server.pool.n_busy == 1)
        client.delete(f"/jobs/{job['id']}")
        assert ended(client, job)["state"] == "cancelled"
        assert client.get("/cameras").json()["cameras"] == []
    assert _worker(strict) != pid


def test_what_was_found_is_forgotten_after_a_while(
    strict: Served, photo: bytes
) -> None:
    assert strict.is_idle()
    _worker(strict)
    with strict.client() as client:
        params = {"background": True}
        job = client.post("/identify", params=params, content=photo).json()
        ended(client, job)
        time.sleep(0.7)
        assert client.get(f"/jobs/{job['id']}").status_code == 404
    assert strict.server.spool.n_folders() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux only")
def test_too_much_memory_is_refused_and_costs_no_worker(strict: Served) -> None:
    import io

    from PIL import Image

    # Four bytes a pixel are more than it may take: refused before anything is decoded.
    file = io.BytesIO()
    Image.new("RGB", (11_000, 11_000)).save(file, "PNG", compress_level=1)
    pid = _worker(strict)
    with strict.client() as client:
        answer = client.post("/identify", content=file.getvalue())
    assert answer.status_code == 413, answer.text
    assert _worker(strict) == pid


def test_a_model_that_is_none_ends_the_start(tmp_path: Path) -> None:
    from whichcam.errors import ArtifactError
    from whichcam.web import serve

    settings = Settings(model=tmp_path / "nowhere", port=0, workers=1)
    with pytest.raises(ArtifactError, match="there is no model folder"):
        serve(settings)


_PROGRAM = """
import sys
from pathlib import Path
from whichcam.web import Settings, serve

def ready(address):
    print(address, flush=True)

if __name__ == "__main__":
    place = Path(sys.argv[1])
    model = Path(sys.argv[2])
    settings = Settings(port=0, workers=1, model=model, temporary=place)
    serve(settings, on_ready=ready)
"""


@contextmanager
def _started(work: Path, place: Path, model: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a server in a process of its own."""
    script = work / "run.py"
    script.write_text(_PROGRAM, encoding="utf-8")
    command = [sys.executable, str(script), str(place), str(model)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("http://127.0.0.1:")
            yield process
        finally:
            process.kill()  # else a claim that fails would wait for it for ever


def test_a_killed_server_leaves_files_that_the_next_start_removes(
    tiny_model: Any, tmp_path: Path, photo: bytes
) -> None:
    place = tmp_path / "temporary"
    with _started(tmp_path, place, tiny_model.folder) as process:
        (folder,) = place.iterdir()
        assert folder.stat().st_mode & 0o077 == 0, "others may look in"
        (folder / "upload").write_bytes(photo)
        assert sweep(place) == 0, "the folder of a server that runs"
        process.send_signal(signal.SIGKILL)
        process.wait()
    spool = Spool(place)
    assert list(place.iterdir()) == [spool.folder]
    spool.close()
    assert list(place.iterdir()) == []


def test_a_server_that_is_told_to_end_leaves_nothing(
    tiny_model: Any, tmp_path: Path
) -> None:
    place = tmp_path / "temporary"
    with _started(tmp_path, place, tiny_model.folder) as process:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert list(place.iterdir()) == []


def test_a_young_folder_without_a_lock_may_be_one_being_made(tmp_path: Path) -> None:
    young = tmp_path / "whichcam-serve-young"
    old = tmp_path / "whichcam-serve-old"
    for folder in (young, old):
        folder.mkdir()
    os.utime(old, (1, 1))
    (tmp_path / "something-else").mkdir()
    assert sweep(tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "something-else",
        "whichcam-serve-young",
    ]
