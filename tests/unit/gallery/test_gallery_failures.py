"""Full disks, damaged files and half-done work: a clear error, and nothing changed."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.errors import ArtifactError, WhichcamError
from whichcam.gallery import Gallery, _files, _store

Enroll = Callable[..., Any]
Files = Callable[[], set[str]]


@contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "gallery.sqlite3")) as connection, connection:
        yield connection


def fill_disk_at(
    call: int, monkeypatch: pytest.MonkeyPatch, code: int = errno.ENOSPC
) -> None:
    """Have the n-th wait for the disk answer that it is full."""
    calls = 0

    def fsync(_: int) -> None:
        nonlocal calls
        calls += 1
        if calls == call:
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fsync)


@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_full_disk_leaves_the_gallery_as_it_was(
    gallery: Gallery,
    enroll: Enroll,
    files: Files,
    monkeypatch: pytest.MonkeyPatch,
    call: int,
) -> None:
    first = enroll("a")
    before = {name: (gallery.folder / name).read_bytes() for name in files()}
    with monkeypatch.context() as patch:
        fill_disk_at(call, patch)
        with pytest.raises(ArtifactError, match=r"no room is left .* free space"):
            enroll("b")
    after = {name: (gallery.folder / name).read_bytes() for name in files()}
    assert after == before
    assert gallery.list() == (first,)
    assert gallery.check().is_sound
    assert enroll("b").name == "b"


def test_a_database_that_cannot_grow_leaves_the_gallery_as_it_was(
    gallery: Gallery, enroll: Enroll, files: Files
) -> None:
    first = enroll("a")
    before = files()
    connection = gallery._store.connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(ArtifactError, match="no room is left"):
        enroll("b", metadata={"k": "x" * 100_000})
    assert files() == before
    assert gallery.list() == (first,)


def test_a_full_disk_while_importing_leaves_the_gallery_as_it_was(
    gallery: Gallery,
    enroll: Enroll,
    files: Files,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    enroll("a", shape=(8, 8))
    enroll("a", shape=(9, 9))
    path = gallery.export("a", tmp_path / "a")
    before = files()
    with monkeypatch.context() as patch:
        fill_disk_at(4, patch)
        with pytest.raises(ArtifactError, match="no room is left"):
            gallery.import_(path, name="b")
    assert files() == before
    assert gallery.names() == ("a",)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (errno.EFBIG, "no room is left"),
        (errno.EROFS, "may not be written .* right to write"),
        (errno.EACCES, "may not be written"),
        (errno.EIO, "cannot be read or written"),
    ],
)
def test_what_the_system_refuses_is_said_with_its_remedy(
    enroll: Enroll, monkeypatch: pytest.MonkeyPatch, code: int, said: str
) -> None:
    with monkeypatch.context() as patch:
        fill_disk_at(1, patch, code)
        with pytest.raises(ArtifactError, match=said):
            enroll("a")
    assert enroll("a").name == "a"


def test_what_a_gallery_refers_to_is_on_the_disk_before_it_does(
    gallery: Gallery, enroll: Enroll, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []

    def fsync(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        events.append(f"synced {path.suffix or path.name}")

    if not Path("/proc/self/fd").exists():
        pytest.skip("only Linux tells which file is open under a number")
    monkeypatch.setattr(os, "fsync", fsync)
    gallery._store.connection.set_trace_callback(events.append)
    enroll("a")
    gallery._store.connection.set_trace_callback(None)
    before = events[: events.index("COMMIT")]
    # Each new folder's name, each file, and each file's name.
    assert [event for event in before if event.startswith("synced")] == [
        *("synced gallery", "synced .npy", "synced patterns"),
        *("synced gallery", "synced .u64", "synced signs"),
    ]


def test_commits_are_on_the_disk_when_they_return(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    assert _store.SYNCHRONOUS == "EXTRA"
    with Gallery.open(folder, create=True) as gallery:
        connection = gallery._store.connection
        assert connection.execute("PRAGMA synchronous").fetchone() == (3,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


LOST = "0123456789abcdef" * 2


def leave_rest(folder: Path) -> None:
    """Leave what a writer leaves that is killed just before its commit."""
    for name in ("pending", "patterns", "signs", "staging"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "pending" / LOST).touch()
    (folder / "patterns" / f"{LOST}.npy").touch()
    (folder / "signs" / f"{LOST}.u64").touch()
    (folder / "staging" / LOST).mkdir()
    (folder / "staging" / LOST / "state").touch()
    (folder / "staging" / f"{LOST}.lock").touch()
    for path in (folder / "signs").iterdir():
        with path.open("ab") as stream:
            stream.write(b"half a row")


def test_rest_of_a_killed_writer_is_swept_when_the_gallery_is_opened(
    gallery: Gallery, enroll: Enroll, files: Files
) -> None:
    enroll("a")
    (gallery.folder / "patterns" / "notes.txt").touch()
    before = {name: (gallery.folder / name).read_bytes() for name in files()}
    leave_rest(gallery.folder)
    Gallery.open(gallery.folder).close()
    after = {name: (gallery.folder / name).read_bytes() for name in files()}
    assert after == before, "all that is ours, and nothing else"


def test_rest_of_a_killed_writer_is_swept_by_the_next_change(
    gallery: Gallery, enroll: Enroll, files: Files
) -> None:
    enroll("a")
    before = files()
    leave_rest(gallery.folder)
    gallery.rename("a", "b")
    assert files() == before


def test_rest_is_left_alone_by_who_may_only_read(
    gallery: Gallery, files: Files
) -> None:
    leave_rest(gallery.folder)
    before = files()
    Gallery.open(gallery.folder, read_only=True).close()
    assert files() == before


def test_nothing_is_swept_while_somebody_writes(gallery: Gallery, files: Files) -> None:
    with gallery._store.writing() as change:
        change.touch_files()
        (gallery.folder / "patterns").mkdir()
        _files.write_new(gallery.folder / "patterns" / ("ab" * 16 + ".npy"), [b"x"])
        before = files()
        with Gallery.open(gallery.folder) as second:
            assert second.names() == ()
        assert files() == before


def test_a_sound_gallery_passes_its_check(gallery: Gallery, enroll: Enroll) -> None:
    enroll("a", shape=(8, 8))
    enroll("a", shape=(8, 16))
    enroll("b", shape=(8, 8))
    check = gallery.check()
    assert check.is_sound
    assert (check.n_cameras, check.n_fingerprints) == (2, 3)
    assert check.n_bytes == 2 * (128 + 128 + 8) + (128 + 256 + 16)
    assert check.to_dict()["problems"] == []


@pytest.mark.parametrize(
    ("part", "said"), [("patterns", "its pattern"), ("signs", "its sign bits")]
)
def test_a_changed_byte_is_found_and_named(
    gallery: Gallery, enroll: Enroll, part: str, said: str
) -> None:
    enroll("a")
    (file,) = (gallery.folder / part).iterdir()
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 128]))
    (problem,) = gallery.check().problems
    assert (problem.camera, problem.shape) == ("a", (24, 40))
    assert said in problem.reason
    assert "remove the camera and import or enrol it again" in problem.reason
    assert gallery.check().to_dict()["problems"] == [problem.to_dict()]


@pytest.mark.parametrize("part", ["patterns", "signs"])
def test_a_missing_file_is_found_and_named(
    gallery: Gallery, enroll: Enroll, part: str
) -> None:
    enroll("a")
    (file,) = (gallery.folder / part).iterdir()
    file.unlink()
    (problem,) = gallery.check().problems
    assert "cannot be read" in problem.reason


def test_a_file_of_no_camera_is_found(gallery: Gallery, enroll: Enroll) -> None:
    enroll("a")
    (gallery.folder / "patterns" / ("0" * 32 + ".npy")).touch()
    (problem,) = gallery.check().problems
    assert problem.camera is None
    assert "belongs to no camera" in problem.reason


def test_a_camera_with_damaged_files_can_be_removed(
    gallery: Gallery, enroll: Enroll, files: Files
) -> None:
    enroll("a")
    for name in files():
        (gallery.folder / name).unlink()
    gallery.remove("a")
    assert gallery.check().is_sound
    assert enroll("a").pattern().shape == (24, 40)


def test_a_camera_removed_during_a_check_is_no_problem(
    gallery: Gallery, enroll: Enroll, monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll("a")
    enroll("b")

    def removed_meanwhile(path: Path) -> str:
        with Gallery.open(gallery.folder) as second:
            if "b" in second:
                second.remove("b")
        return _files.sha256_of(path)

    monkeypatch.setattr("whichcam.gallery._check.sha256_of", removed_meanwhile)
    assert gallery.check().problems == ()


def test_a_damaged_page_of_the_database_is_found(
    gallery: Gallery, enroll: Enroll
) -> None:
    for k in range(30):
        enroll(f"camera {k}", shape=(2, 2), metadata={"k": "x" * 500})
    gallery.close()
    path = gallery.folder / "gallery.sqlite3"
    data = bytearray(path.read_bytes())
    data[4096:-4096] = b"\xa5" * (len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(ArtifactError, match=r"damaged .* restore a copy"):
        Gallery.open(gallery.folder).list()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE fingerprint SET height = -1",
        "UPDATE fingerprint SET height = 'x'",
        "UPDATE fingerprint SET width = 1000000",
        "UPDATE fingerprint SET exponent = 500",
        "UPDATE fingerprint SET quality = 'good'",
        "UPDATE fingerprint SET photo_sha256s = x'00'",
        "UPDATE fingerprint SET photo_sha256s = 5",
        "UPDATE fingerprint SET warnings = 'no json'",
        "UPDATE fingerprint SET warnings = '5'",
        "UPDATE fingerprint SET id = '../../../etc/passwd'",
        "UPDATE fingerprint SET id = 'xx'",
        "UPDATE fingerprint SET metadata = zeroblob(17000000)",
    ],
)
def test_rows_that_a_gallery_does_not_write_are_an_error(
    gallery: Gallery, enroll: Enroll, damage: str
) -> None:
    enroll("a")
    with database(gallery.folder) as connection:
        connection.execute(damage)
    with pytest.raises(ArtifactError, match="restore a copy of the folder"):
        gallery.list()


def test_damaged_metadata_are_an_error_when_they_are_read(
    gallery: Gallery, enroll: Enroll
) -> None:
    enroll("a")
    with database(gallery.folder) as connection:
        connection.execute("UPDATE fingerprint SET metadata = '[1]'")
    with pytest.raises(ArtifactError, match="the metadata of 'a'"):
        _ = gallery.get("a").metadata


@pytest.mark.parametrize("file", ["../../../etc/passwd", "x", "A" * 32])
def test_a_database_cannot_lead_out_of_the_folder(
    gallery: Gallery, enroll: Enroll, file: str
) -> None:
    enroll("a")
    with database(gallery.folder) as connection:
        connection.execute("UPDATE matrix SET file = ?", (file,))
    with pytest.raises(ArtifactError, match="no name it gives"):
        gallery.sign_matrix((24, 40))
    with pytest.raises(ArtifactError, match="no name it gives"):
        enroll("b")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE matrix SET n_rows = -1",
        "UPDATE matrix SET words = 0",
        "UPDATE matrix SET words = 'x'",
        "UPDATE matrix SET words = 4611686018427387904",
        "UPDATE fingerprint SET slot = 7",
        "UPDATE fingerprint SET slot = -1",
    ],
)
def test_sign_bits_of_impossible_numbers_are_an_error(
    gallery: Gallery, enroll: Enroll, damage: str
) -> None:
    enroll("a")
    with database(gallery.folder) as connection:
        connection.execute(damage)
    with pytest.raises(WhichcamError):
        gallery.sign_matrix((24, 40))


def test_a_check_of_a_damaged_database_names_its_rows(
    gallery: Gallery, enroll: Enroll
) -> None:
    enroll("a")
    with database(gallery.folder) as connection:
        connection.execute("UPDATE fingerprint SET matrix = 99")
    reasons = [problem.reason for problem in gallery.check().problems]
    assert any("refers to nothing" in reason for reason in reasons)
    assert np.isfinite(gallery.get("a").pattern()).all()
