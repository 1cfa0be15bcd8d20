"""Folders, manifests and lists, here and at addresses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from whichcam.errors import (
    DatasetNotFoundError,
    InputError,
    MissingDependencyError,
    PhotoNotFoundError,
)
from whichcam.scan._sources import Entry, entries_of, open_entry


def listed(source: str | Path) -> list[Entry]:
    return list(entries_of(str(source)))


@pytest.fixture
def album(tmp_path: Path) -> Path:
    for name in ("b.jpg", "a.PNG", "sub/c.tif", ".hidden/d.jpg", "notes.md", ".e.jpg"):
        path = tmp_path / "album" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "album"


def test_a_folder_is_walked_whole_and_in_one_order(album: Path) -> None:
    found = [Path(entry.path).relative_to(album).as_posix() for entry in listed(album)]
    assert found == ["a.PNG", "b.jpg", "sub/c.tif"]
    assert listed(album) == listed(album)


def test_a_file_that_cannot_be_read_is_listed_with_the_reason(album: Path) -> None:
    (album / "gone.jpg").symlink_to("nothing")
    problems = {Path(e.path).name: e.problem for e in listed(album) if e.problem}
    assert list(problems) == ["gone.jpg"]
    assert "link to nothing" in problems["gone.jpg"]


def test_a_manifest_gives_its_paths(album: Path) -> None:
    (album / "m.csv").write_text("file,camera\nsub/c.tif,X\nb.jpg,Y\n")
    assert [Path(e.path) for e in listed(album / "m.csv")] == [
        album / "sub/c.tif",
        album / "b.jpg",
    ]


def test_a_list_gives_its_lines_however_often(album: Path) -> None:
    (album / "l.txt").write_text("\ufeffb.jpg\r\n\n/abs/x.jpg\nb.jpg\ns3://k/y.jpg\n")
    assert [e.path for e in listed(album / "l.txt")] == [
        str(album / "b.jpg"),
        "/abs/x.jpg",
        str(album / "b.jpg"),
        "s3://k/y.jpg",
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a" * 5000, "longer than"),
        (b"ok\n\xff\xfe", "line 2 is not UTF-8"),
        (b"a\0b", "zero"),
    ],
)
def test_a_list_that_is_none_is_refused(content: bytes, said: str, album: Path) -> None:
    (album / "l.txt").write_bytes(content)
    with pytest.raises(InputError, match=said):
        listed(album / "l.txt")


@pytest.fixture
def memory() -> Iterator[Any]:
    """Return fsspec's file system in memory, emptied afterwards."""
    fsspec = pytest.importorskip("fsspec", reason="the extra scale is not installed")
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


def test_an_address_is_walked_as_a_folder_is(memory: Any) -> None:
    for name in ("b.jpg", "a.PNG", "sub/c.tif", ".hidden/d.jpg", "notes.md", ".e.jpg"):
        memory.pipe(f"/album/{name}", b"x")
    found = [entry.path for entry in listed("memory://album")]
    assert found == [
        "memory:///album/a.PNG",
        "memory:///album/b.jpg",
        "memory:///album/sub/c.tif",
    ]


def test_tables_at_an_address_name_what_lies_beside_them(memory: Any) -> None:
    memory.pipe("/album/l.txt", b"a.jpg\nmemory://other/b.jpg\n")
    memory.pipe("/album/m.csv", b"path\nsub/a.jpg\n")
    assert [e.path for e in listed("memory://album/l.txt")] == [
        "memory://album/a.jpg",
        "memory://other/b.jpg",
    ]
    assert [e.path for e in listed("memory://album/m.csv")] == [
        "memory://album/sub/a.jpg"
    ]


@pytest.mark.parametrize("line", ["/etc/passwd", "../../x.jpg", "file:///etc/passwd"])
def test_tables_at_an_address_cannot_name_files_of_this_machine(
    line: str, memory: Any
) -> None:
    memory.pipe("/album/l.txt", f"{line}\n".encode())
    assert "memory://" in listed("memory://album/l.txt")[0].problem


@pytest.mark.parametrize("name", ["", "/l.txt", "/m.csv"])
def test_an_address_where_nothing_is(name: str, memory: Any) -> None:
    assert memory is not None
    with pytest.raises(DatasetNotFoundError, match="memory://nowhere"):
        listed(f"memory://nowhere{name}")


@pytest.mark.parametrize("address", ["nosuchkind://x/y", "memory::file:///etc"])
def test_addresses_that_are_not_opened(address: str) -> None:
    pytest.importorskip("fsspec", reason="the extra scale is not installed")
    with pytest.raises(InputError):
        listed(address.replace("memory::", "simplecache::memory://a::"))


def test_an_address_without_fsspec_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingDependencyError, match=r"whichcam\[scale\]"):
        listed("s3://bucket/folder")


def test_a_picture_at_an_address_has_its_own_name(memory: Any, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (9, 8)).save(tmp_path / "a.png")
    memory.pipe("/album/a.png", (tmp_path / "a.png").read_bytes())
    there, here = (
        open_entry("memory://album/a.png"),
        open_entry(str(tmp_path / "a.png")),
    )
    assert (there.name, there.sha256) == ("a.png", here.sha256)
    with pytest.raises(PhotoNotFoundError, match=r"b\.png"):
        open_entry("memory://album/b.png")
