"""Which folders are galleries, where the default one lies, who may read and write."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from whichcam.errors import (
    ArtifactError,
    ArtifactNotFoundError,
    IncompatibleArtifactError,
    InputError,
)
from whichcam.gallery import Gallery, _store, default_gallery_dir

Enroll = Callable[..., Any]
Files = Callable[[], set[str]]


def test_no_gallery_is_made_unasked(folder: Path) -> None:
    with pytest.raises(ArtifactNotFoundError, match=r"no gallery in .*enrol a camera"):
        Gallery.open(folder)
    assert not folder.exists()


def test_asked_to_it_makes_the_folders_on_the_way(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "a" / "b", create=True) as gallery:
        assert len(gallery) == 0
        assert gallery.folder == tmp_path / "a" / "b"


def test_create_opens_a_gallery_that_is_there(gallery: Gallery, enroll: Enroll) -> None:
    enroll("a")
    with Gallery.open(gallery.folder, create=True) as again:
        assert again.names() == ("a",)


def test_a_folder_of_other_things_is_no_place_for_a_gallery(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(IncompatibleArtifactError, match=r"'holiday.jpg'.*empty folder"):
        Gallery.open(tmp_path, create=True)
    assert [path.name for path in tmp_path.iterdir()] == ["holiday.jpg"]


def test_a_folder_of_other_things_is_no_gallery(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(ArtifactNotFoundError, match="no gallery in"):
        Gallery.open(tmp_path)


def test_what_desktops_leave_behind_does_not_count(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").touch()
    with Gallery.open(tmp_path, create=True) as gallery:
        assert len(gallery) == 0


@pytest.mark.parametrize("create", [False, True])
def test_a_file_is_no_gallery(tmp_path: Path, create: bool) -> None:
    path = tmp_path / "photo.jpg"
    path.touch()
    with pytest.raises(IncompatibleArtifactError, match="is a file"):
        Gallery.open(path, create=create)


def test_a_database_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gallery.sqlite3").mkdir()
    with pytest.raises(IncompatibleArtifactError, match="no regular file"):
        Gallery.open(tmp_path, create=True)


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "gallery.sqlite3")
    other.execute("CREATE TABLE t (x)")
    other.close()
    with pytest.raises(IncompatibleArtifactError, match="not of a whichcam gallery"):
        Gallery.open(tmp_path, create=True)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gallery.sqlite3").write_bytes(b"no database, but long enough" * 99)
    with pytest.raises(ArtifactError, match=r"is damaged .*restore a copy"):
        Gallery.open(tmp_path)


def test_a_creation_that_was_killed_is_finished(folder: Path) -> None:
    folder.mkdir()
    (folder / "gallery.sqlite3").touch()
    with pytest.raises(ArtifactNotFoundError):
        Gallery.open(folder)
    with Gallery.open(folder, create=True) as gallery:
        assert len(gallery) == 0


def test_a_folder_of_odd_characters_is_taken(tmp_path: Path, enroll: Enroll) -> None:
    with Gallery.open(tmp_path / "a?b=c #%41 ü", create=True) as gallery:
        enroll("a", into=gallery)
        assert gallery.check().is_sound
    assert [path.name for path in tmp_path.iterdir() if "?" in path.name]


def test_a_closed_gallery_says_so(gallery: Gallery) -> None:
    gallery.close()
    with pytest.raises(InputError, match="after it was closed"):
        gallery.names()


def test_a_gallery_opened_for_reading_refuses_changes(
    gallery: Gallery, enroll: Enroll
) -> None:
    enroll("a")
    with Gallery.open(gallery.folder, read_only=True) as reader:
        assert reader.read_only
        assert reader.get("a").pattern().shape == (24, 40)
        assert reader.check().is_sound
        for change in (
            lambda: enroll("b", into=reader),
            lambda: reader.remove("a"),
            lambda: reader.rename("a", "b"),
            lambda: reader.annotate("a", {}),
        ):
            with pytest.raises(ArtifactError, match="open for reading only"):
                change()
    assert gallery.names() == ("a",)


def test_reading_needs_no_right_to_write(enroll: Enroll) -> None:
    if not hasattr(os, "setuid"):
        pytest.skip("this system has no rights to take away")
    # Not tmp_path: its parents are closed to other users.
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        with Gallery.open(place / "g", create=True) as gallery:
            enroll("a", into=gallery)
        for path in (place, *place.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        program = (
            "import os, sys\n"
            "from whichcam.errors import ArtifactError\n"
            "from whichcam.gallery import Gallery\n"
            "import whichcam.gallery._exchange\n"
            "if os.getuid() == 0: os.setuid(65534)\n"
            "with Gallery.open(sys.argv[1]) as gallery:\n"
            "    print(gallery.read_only, gallery.get('a').pattern().shape)\n"
            "    try: gallery.remove('a')\n"
            "    except ArtifactError as error: print(error)\n"
            "try: Gallery.open(sys.argv[1] + '/new', create=True)\n"
            "except ArtifactError as error: print(error)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(place / "g")],
            capture_output=True,
            text=True,
            check=False,
        )
        for path in (place, place / "g", *place.rglob("*")):
            path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "True (24, 40)"
    assert "open for reading only" in lines[1]
    assert "may not be written" in lines[2]


def test_a_writer_that_does_not_let_go_is_named(
    gallery: Gallery, enroll: Enroll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_store, "PATIENCE_S", 0.0)
    monkeypatch.setattr(_store, "_BUSY_TIMEOUT_MS", 10)
    other = sqlite3.connect(gallery.folder / "gallery.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with (
        Gallery.open(gallery.folder) as impatient,
        pytest.raises(ArtifactError, match="locked by another process; nothing was"),
    ):
        enroll("a", into=impatient)
    other.close()
    assert enroll("a").name == "a"


def test_a_writer_that_lets_go_in_time_is_waited_for(
    gallery: Gallery, enroll: Enroll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_store, "_BUSY_TIMEOUT_MS", 10)  # so that it asks often
    other = sqlite3.connect(
        gallery.folder / "gallery.sqlite3",
        isolation_level=None,
        check_same_thread=False,
    )
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.2, other.close)
    timer.start()
    with Gallery.open(gallery.folder) as patient:
        assert enroll("a", into=patient).name == "a"
    timer.join()


def test_a_commit_that_readers_stand_in_the_way_of_is_given_up_whole(
    gallery: Gallery, enroll: Enroll, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll("a")
    before = files()
    monkeypatch.setattr(_store, "PATIENCE_S", 0.05)
    monkeypatch.setattr(_store, "_BUSY_TIMEOUT_MS", 10)
    with (
        gallery._store.reading() as connection,
        Gallery.open(gallery.folder) as second,
    ):
        assert connection.execute("SELECT name FROM camera").fetchall() == [("a",)]
        with pytest.raises(ArtifactError, match="nothing was changed"):
            enroll("b", into=second)
        assert connection.execute("SELECT name FROM camera").fetchall() == [("a",)]
    assert files() == before
    assert gallery.names() == ("a",)


def test_a_commit_waits_for_readers(
    gallery: Gallery, enroll: Enroll, monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll("a")
    monkeypatch.setattr(_store, "_BUSY_TIMEOUT_MS", 10)
    reader = sqlite3.connect(
        gallery.folder / "gallery.sqlite3",
        isolation_level=None,
        check_same_thread=False,
    )
    reader.execute("BEGIN")
    assert reader.execute("SELECT name FROM camera").fetchall() == [("a",)]
    timer = threading.Timer(0.2, reader.close)
    timer.start()
    assert enroll("b").name == "b"
    timer.join()


def test_the_variable_names_the_gallery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHICHCAM_GALLERY", str(tmp_path / "mine"))
    assert default_gallery_dir() == tmp_path / "mine"
    with Gallery.open(create=True) as gallery:
        assert gallery.folder == tmp_path / "mine"


def test_the_variable_may_begin_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("WHICHCAM_GALLERY", "~/g")
    assert default_gallery_dir() == tmp_path / "g"


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "home/.local/share"),
        ("linux", {"XDG_DATA_HOME": "{root}/data"}, "data"),
        ("linux", {"XDG_DATA_HOME": "relative/is/ignored"}, "home/.local/share"),
        ("linux", {"WHICHCAM_GALLERY": ""}, "home/.local/share"),
        (
            "darwin",
            {"XDG_DATA_HOME": "{root}/data"},
            "home/Library/Application Support",
        ),
        ("win32", {"LOCALAPPDATA": "{root}/local"}, "local"),
        ("win32", {}, "home/AppData/Local"),
    ],
)
def test_the_default_follows_the_rules_of_the_platform(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    variables: dict[str, str],
    expected: str,
) -> None:
    for name in ("WHICHCAM_GALLERY", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(root=tmp_path))
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert default_gallery_dir() == tmp_path / expected / "whichcam" / "gallery"


def test_no_home_folder_is_an_error_that_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("WHICHCAM_GALLERY", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(InputError, match="set WHICHCAM_GALLERY"):
        default_gallery_dir()
