"""Killed at any moment, starved of disk, written by two: a gallery stays whole.

This file is also the program that is killed: run as a script, it enrols cameras.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TextIO
from unittest.mock import patch

import numpy as np
import pytest

import whichcam.gallery
from whichcam._typing import FloatArray
from whichcam.errors import WhichcamError
from whichcam.gallery import Gallery

N_KILLS = 20
SHAPE = (96, 128)
PACKAGE = str(Path(whichcam.gallery.__file__).parent)

needs_fork = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="this system has no fork and no SIGKILL"
)


def truth(name: str, shape: tuple[int, int] = SHAPE) -> FloatArray:
    """Return the pattern of a camera: the same wherever it is asked for."""
    seed = [*name.encode(), *shape]
    return np.random.default_rng(seed).normal(0, 0.01, shape).astype(np.float32)


def enroll(gallery: Gallery, name: str, **changed: Any) -> None:
    pattern = truth(name, changed.pop("shape", SHAPE))
    facts: dict[str, Any] = {"n_photos": 4, "quality": 0.5, "noise_version": 1}
    gallery.enroll(name, pattern, **(facts | changed))


def assert_sound(gallery: Gallery) -> None:
    """Compare all that a gallery holds with what alone may be in it."""
    assert gallery.check().problems == ()
    cameras = gallery.list()
    for camera in cameras:
        for shape in camera.shapes:
            expected = truth(camera.name, shape)
            np.testing.assert_allclose(camera.pattern(shape), expected, rtol=2**-11)
    shapes = {shape for camera in cameras for shape in camera.shapes}
    for shape in shapes:
        names, bits = gallery.sign_matrix(shape)
        for k, row in enumerate(np.asarray(bits)):
            packed = np.packbits(truth(str(names[k]), shape) > 0, bitorder="little")
            assert row.astype("<u8").tobytes() == packed.tobytes()
    n_files = len(list(gallery.folder.glob("patterns/*")))
    assert n_files == sum(len(camera.shapes) for camera in cameras)
    assert len(list(gallery.folder.glob("signs/*"))) == len(shapes)
    assert not list(gallery.folder.glob("pending/*"))


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output_of(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    return out


@needs_fork
def test_killed_at_random_moments_it_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    report = json.loads(output_of(start("kills", tmp_path)))
    assert report["n_killed"] == N_KILLS
    assert report["n_told"] > 0, "no kill came after a commit"
    assert report["n_with_rest"] > 0, "no kill came in the middle of things"


def kill_at_random(root: Path) -> dict[str, int]:
    """Kill a process that enrols, time and again, and look at what it leaves."""
    rng = np.random.default_rng(20261122)
    folder, told_file = root / "gallery", root / "told"
    told_file.touch()
    duration_s = 0.02
    counts = {"n_killed": 0, "n_with_rest": 0}
    for _ in range(N_KILLS):
        n_told = len(told_file.read_text().split())
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            with told_file.open("a") as told:
                enroll_many(folder, "camera", 10_000, told)
        # First up to two whole enrolments, then a moment within the next.
        wanted = n_told + int(rng.integers(0, 3))
        while (n_now := len(told_file.read_text().split())) < wanted:
            time.sleep(0.001)
        if n_now > n_told:
            duration_s = (time.monotonic() - began) / (n_now - n_told)
        time.sleep(float(rng.uniform(0.0, duration_s)))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        counts["n_killed"] += os.WTERMSIG(status) == signal.SIGKILL
        counts["n_with_rest"] += any(folder.glob("pending/*"))
        with Gallery.open(folder, create=True) as gallery:
            assert_sound(gallery)
            # What was reported as done is done; what was not was one at most a kill.
            told_names = set(told_file.read_text().split())
            assert told_names <= set(gallery.names())
            assert len(gallery) <= len(told_names) + counts["n_killed"]
            assert len(gallery.unfinished()) <= 1
    n_cameras = len(gallery_names(folder)) + 3
    enroll_many(folder, "camera", n_cameras, sys.stderr)
    with Gallery.open(folder) as gallery:
        expected = sorted(f"camera-{k}" for k in range(n_cameras))
        assert gallery.names() == tuple(expected)
        assert_sound(gallery)
    assert not list(folder.glob("staging/*"))
    return counts | {"n_told": len(told_names)}


def gallery_names(folder: Path) -> tuple[str, ...]:
    with Gallery.open(folder) as gallery:
        return gallery.names()


Action = Callable[[Gallery], None]


def replace_it(gallery: Gallery) -> None:
    enroll(gallery, "b", replace=True, n_photos=9)


def import_it(gallery: Gallery) -> None:
    gallery.import_(gallery.folder.parent / "camera")


def enroll_staged(gallery: Gallery) -> None:
    with gallery.staging("new") as place:
        (place / "state").write_text("half")
        enroll(gallery, "new", shape=(8, 8))


ACTIONS: dict[str, Action] = {
    "enroll": lambda gallery: enroll(gallery, "new"),
    "enroll staged": enroll_staged,
    "replace": replace_it,
    "remove": lambda gallery: gallery.remove("b"),
    "import": import_it,
}


def state(gallery: Gallery) -> list[tuple[str, int, tuple[tuple[int, int], ...]]]:
    return [(c.name, c.n_photos, c.shapes) for c in gallery.list()]


@contextmanager
def killed_at_line(n: int) -> Iterator[None]:
    """Have this process killed at the n-th line of the package that it runs."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            count += 1
            if count == n:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(None)


@needs_fork
@pytest.mark.parametrize("step", [41, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("action", ACTIONS)
def test_killed_at_any_line_it_is_as_before_or_as_after(
    tmp_path: Path, action: str, step: int
) -> None:
    report = json.loads(output_of(start("lines", tmp_path, action, step)))
    assert report["n_before"] > 0, "no kill came before the commit"
    assert report["n_after"] > 0 or step > 1, "no kill came after the commit"


def kill_at_lines(root: Path, action: str, step: int) -> dict[str, int]:
    """Do an action in process after process, each killed some lines later.

    In a process of its own: it forks, which one with threads should not.
    """
    start_folder, folder = root / "start", root / "gallery"
    with Gallery.open(start_folder, create=True) as gallery:
        enroll(gallery, "camera")
        gallery.export("camera", root / "camera")
        gallery.remove("camera")
        for name in "abc":
            enroll(gallery, name)
        enroll(gallery, "b", shape=(8, 8))
        before = state(gallery)
    shutil.copytree(start_folder, folder)
    with Gallery.open(folder) as gallery:
        ACTIONS[action](gallery)
        after = state(gallery)
    counts = {"n_before": 0, "n_after": 0}
    for n in range(1, 10_000, step):
        shutil.rmtree(folder)
        shutil.copytree(start_folder, folder)
        child = os.fork()
        if child == 0:
            with Gallery.open(folder) as gallery, killed_at_line(n):
                ACTIONS[action](gallery)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            return counts
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        with Gallery.open(folder) as gallery:
            assert_sound(gallery)
            found = state(gallery)
            assert found in (before, after), f"half done at line event {n}"
            counts["n_before" if found == before else "n_after"] += 1
            if found == before:
                ACTIONS[action](gallery)
                assert state(gallery) == after
                assert_sound(gallery)
            assert not list(folder.glob("staging/*"))
    raise AssertionError("it never came to its end")


@needs_fork
def test_killed_while_it_is_migrated_it_is_of_either_version(tmp_path: Path) -> None:
    report = json.loads(output_of(start("migration", tmp_path)))
    assert report["n_before"] > 10, "no kill came before the commit"
    assert report["n_after"] > 0, "no kill came after the commit"


def kill_in_migration(root: Path) -> dict[str, int]:
    """Open a gallery of version 1 in process after process, each killed later."""
    folder, database = root / "gallery", root / "gallery" / "gallery.sqlite3"
    photos = {name: [f"{ord(name):02x}" * 32] for name in "abc"}
    with Gallery.open(folder, create=True) as gallery:
        for name in "abc":
            enroll(gallery, name, photo_sha256s=photos[name])
        before = state(gallery)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DROP TABLE photo")
        connection.execute("ALTER TABLE camera DROP COLUMN note")
        connection.execute("PRAGMA user_version = 1")
    old = database.read_bytes()
    counts = {"n_before": 0, "n_after": 0}
    for n in range(1, 10_000):
        database.write_bytes(old)
        child = os.fork()
        if child == 0:
            with killed_at_line(n):
                Gallery.open(folder).close()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            return counts
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        with closing(sqlite3.connect(database)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
        assert (("photo",) in tables) == (version > 1), f"half done at line event {n}"
        counts["n_after" if version > 1 else "n_before"] += 1
        with Gallery.open(folder) as gallery:
            assert_sound(gallery)
            assert state(gallery) == before
            assert gallery.cameras_by_photo(photos["b"]) == {photos["b"][0]: ("b",)}
    raise AssertionError("it never came to its end")


def test_two_processes_enrol_into_one_gallery(tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    workers = [start("enroll", folder, name, 15) for name in ("left", "right")]
    for worker in workers:
        assert len(output_of(worker).split()) == 15
    with Gallery.open(folder) as gallery:
        expected = {f"{name}-{k}" for name in ("left", "right") for k in range(15)}
        assert set(gallery.names()) == expected
        assert_sound(gallery)


def test_of_two_processes_that_want_one_name_one_gets_it(tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    Gallery.open(folder, create=True).close()
    workers = [start("race", folder, 10) for _ in range(2)]
    won = [set(output_of(worker).split()) for worker in workers]
    assert won[0] & won[1] == set(), "both were told that the name is theirs"
    assert won[0] | won[1] == {f"camera-{k}" for k in range(10)}
    with Gallery.open(folder) as gallery:
        assert_sound(gallery)


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no limits")
def test_a_disk_that_takes_no_more_leaves_the_gallery_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "gallery"
    with Gallery.open(folder, create=True) as gallery:
        enroll(gallery, "a")
    worker = start("limited", folder)
    out = output_of(worker)
    assert "no room is left" in out
    assert "free space" in out
    with Gallery.open(folder) as gallery:
        assert gallery.names() == ("a",)
        assert_sound(gallery)
        enroll(gallery, "large", shape=(256, 256))


def enroll_many(folder: Path, prefix: str, n: int, told: TextIO) -> None:
    """Enrol what is not enrolled yet, with checkpoints, and say so after each."""
    with Gallery.open(folder, create=True) as gallery:
        for k in range(n):
            name = f"{prefix}-{k}"
            if name in gallery:
                continue
            with gallery.staging(name) as place:
                (place / "state").write_bytes(bytes(1000))
                enroll(gallery, name)
            print(name, file=told, flush=True)


def race(folder: Path, n: int) -> None:
    """Enrol names that another process wants too, and say which it got."""
    with Gallery.open(folder) as gallery:
        for k in range(n):
            try:
                enroll(gallery, f"camera-{k}")
            except WhichcamError:
                continue
            print(f"camera-{k}", flush=True)


def enroll_limited(folder: Path) -> None:
    """Enrol where no file may exceed 100 kB."""
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    with Gallery.open(folder) as gallery:
        try:
            enroll(gallery, "large", shape=(256, 256))
        except WhichcamError as error:
            print(error)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["enroll", place, prefix, number]:
            enroll_many(Path(place), prefix, int(number), sys.stdout)
        case ["race", place, number]:
            race(Path(place), int(number))
        case ["limited", place]:
            enroll_limited(Path(place))
        case ["migration", place]:
            with (
                patch.object(os, "fsync"),
                patch("whichcam.gallery._store.SYNCHRONOUS", "OFF"),
            ):
                print(json.dumps(kill_in_migration(Path(place))))
        case ["kills", place]:
            print(json.dumps(kill_at_random(Path(place))))
        case ["lines", place, which, step]:
            # A killed process loses nothing that it wrote: no need to wait for disks.
            with (
                patch.object(os, "fsync"),
                patch("whichcam.gallery._store.SYNCHRONOUS", "OFF"),
            ):
                print(json.dumps(kill_at_lines(Path(place), which, int(step))))
