"""Manifests from folders, from the SP Cup's layout, from a table."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from whichcam.datasets import (
    Manifest,
    describe_files,
    index_csv,
    index_folders,
    index_kaggle,
)
from whichcam.errors import DatasetNotFoundError, InputError, ManifestError

MakeJpeg = Callable[..., bytes]


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def column(manifest: Manifest, name: str) -> list[object]:
    values: list[object] = manifest.column(name).tolist()
    return values


def test_folders_name_camera_device_and_session(
    tmp_path: Path, make_jpeg: MakeJpeg
) -> None:
    for name in ("X/a.jpg", "X/1/b.jpg", "Y/1/c.jpg", "Y/1/monday/deep/d.jpg"):
        put(tmp_path / name, make_jpeg())
    found = index_folders(tmp_path)
    assert column(found, "path") == [
        "X/1/b.jpg",
        "X/a.jpg",
        "Y/1/c.jpg",
        "Y/1/monday/deep/d.jpg",
    ]
    assert column(found, "camera_model") == ["X", "X", "Y", "Y"]
    assert column(found, "device_id") == ["X/1", "X", "Y/1", "Y/1"]
    assert column(found, "session") == ["", "", "", "Y/1/monday"]


def test_a_layout_says_what_other_levels_mean(
    tmp_path: Path, make_jpeg: MakeJpeg
) -> None:
    put(tmp_path / "d01/X/images/a.jpg", make_jpeg())
    found = index_folders(tmp_path, layout=("device", "camera", "*"))
    assert column(found, "camera_model") == ["X"]
    assert column(found, "device_id") == ["X/d01"]


@pytest.mark.parametrize("layout", [(), ("device",), ("camera", "camera"), ("make",)])
def test_a_layout_without_one_camera_is_refused(
    tmp_path: Path, layout: tuple[str, ...]
) -> None:
    with pytest.raises(InputError, match="expected 'camera' once"):
        index_folders(tmp_path, layout=layout)


def test_size_hash_and_date_are_those_of_the_file(
    tmp_path: Path, make_jpeg: MakeJpeg
) -> None:
    data = make_jpeg(size=(80, 48), taken="2020:01:02 03:04:05")
    put(tmp_path / "X/a.jpg", data)
    row = next(index_folders(tmp_path).rows())
    assert (row["width"], row["height"], row["n_bytes"]) == (80, 48, len(data))
    assert row["sha256"] == hashlib.sha256(data).hexdigest()
    assert row["taken"] == "2020-01-02T03:04:05"
    assert len(row["perceptual_hash"]) == 16


@pytest.mark.parametrize("are_taken_by_others", [False, True])
def test_a_bad_file_is_reported_and_the_rest_go_on(
    are_taken_by_others: bool,
    tmp_path: Path,
    make_jpeg: MakeJpeg,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Other libraries set this for the whole process.
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", are_taken_by_others)
    good = make_jpeg()
    put(tmp_path / "X/a.jpg", good)
    put(tmp_path / "X/cut.jpg", good[: len(good) // 2])
    put(tmp_path / "X/empty.jpg", b"")
    put(tmp_path / "X/text.png", b"no picture at all")
    put(tmp_path / "loose.jpg", good)
    found = index_folders(tmp_path)
    assert column(found, "path") == ["X/a.jpg"]
    reasons = {item.path: item.reason for item in found.skipped}
    assert set(reasons) == {"X/cut.jpg", "X/empty.jpg", "X/text.png", "loose.jpg"}
    assert "empty" in reasons["X/empty.jpg"]
    assert "above the folders" in reasons["loose.jpg"]


def test_what_is_no_picture_by_name_or_hidden_is_passed_over(
    tmp_path: Path, make_jpeg: MakeJpeg
) -> None:
    put(tmp_path / "X/a.jpg", make_jpeg())
    put(tmp_path / "X/Thumbs.db", b"x")
    put(tmp_path / "X/._a.jpg", b"x")
    put(tmp_path / ".cache/X/b.jpg", b"x")
    found = index_folders(tmp_path)
    assert len(found) == 1
    assert found.skipped == ()


def test_linked_folders_are_followed_and_loops_end(
    tmp_path: Path, make_jpeg: MakeJpeg
) -> None:
    put(tmp_path / "store/a.jpg", make_jpeg())
    (tmp_path / "root").mkdir()
    (tmp_path / "root/X").symlink_to(tmp_path / "store")
    (tmp_path / "store/again").symlink_to(tmp_path / "root")
    found = index_folders(tmp_path / "root")
    assert column(found, "path") == ["X/a.jpg"]


def test_pipes_and_dangling_links_are_reported_not_opened(
    tmp_path: Path, make_jpeg: MakeJpeg
) -> None:
    put(tmp_path / "X/a.jpg", make_jpeg())
    os.mkfifo(tmp_path / "X/pipe.jpg")
    (tmp_path / "X/gone.jpg").symlink_to(tmp_path / "nowhere")
    found = index_folders(tmp_path)
    reasons = {item.path: item.reason for item in found.skipped}
    assert reasons == dict.fromkeys(
        ("X/gone.jpg", "X/pipe.jpg"), "not a regular file, or a link to nothing"
    )


def test_a_name_that_is_not_utf8_is_reported(
    tmp_path: Path, make_jpeg: MakeJpeg
) -> None:
    put(tmp_path / "X/a.jpg", make_jpeg())
    try:
        put(tmp_path / "X/b\udcff.jpg", make_jpeg())
        put(tmp_path / "X\udcff/c.jpg", make_jpeg())
    except (OSError, UnicodeError):
        pytest.skip("this file system accepts no such name")
    found = index_folders(tmp_path)
    assert [item.path for item in found.skipped] == [
        "X/b\\udcff.jpg",
        "X\\udcff/c.jpg",
    ]
    assert len(found) == 1


def test_a_missing_folder_and_one_without_pictures_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="no folder"):
        index_folders(tmp_path / "no")
    with pytest.raises(DatasetNotFoundError, match="no pictures under"):
        index_folders(tmp_path)


def test_two_workers_find_what_one_finds(tmp_path: Path, make_jpeg: MakeJpeg) -> None:
    for number in range(12):
        put(tmp_path / f"X/{number}.jpg", make_jpeg())
    put(tmp_path / "X/bad.jpg", b"bad")
    calls: list[tuple[int, int]] = []
    alone = index_folders(tmp_path, progress=lambda *step: calls.append(step))
    together = index_folders(tmp_path, workers=2)
    assert list(together.rows()) == list(alone.rows())
    assert together.skipped == alone.skipped
    assert calls == [(done, 13) for done in range(1, 14)]


def test_no_workers_are_too_few(tmp_path: Path, make_jpeg: MakeJpeg) -> None:
    put(tmp_path / "X/a.jpg", make_jpeg())
    with pytest.raises(InputError, match="workers is 0"):
        index_folders(tmp_path, workers=0)


def test_the_sp_cup_s_layout_is_read(tmp_path: Path, make_jpeg: MakeJpeg) -> None:
    put(tmp_path / "train/Motorola-X/(MotoX)1.jpg", make_jpeg())
    put(tmp_path / "train/Sony-NEX-7/(Nex7)2.JPG", make_jpeg())
    (tmp_path / "test").mkdir()
    pixels = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    for name in ("img_00a1_unalt.tif", "img_00a2_manip.tif", "readme.tif"):
        Image.fromarray(pixels).save(tmp_path / "test" / name)
    found = index_kaggle(tmp_path)
    assert column(found, "split") == ["test", "test", "train", "train"]
    assert column(found, "manipulated") == ["false", "true", "false", "false"]
    assert column(found, "camera_model") == ["", "", "Motorola-X", "Sony-NEX-7"]
    assert column(found, "device_id")[2:] == ["Motorola-X-1", "Sony-NEX-7-1"]
    assert [item.path for item in found.skipped] == ["test/readme.tif"]


def test_a_folder_without_train_or_test_is_not_the_sp_cup(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="no folder 'train' or 'test'"):
        index_kaggle(tmp_path)


def test_a_table_of_one_s_own_is_mapped_and_its_columns_kept(
    tmp_path: Path, make_jpeg: MakeJpeg
) -> None:
    put(tmp_path / "pics/a.jpg", make_jpeg(size=(80, 48)))
    text = "filename,label,mood,width\na.jpg,X,glad,7\nmissing.jpg,Y,sad,7\n"
    put(tmp_path / "t.csv", text.encode())
    mapping = {"filename": "path", "label": "camera_model"}
    found = index_csv(tmp_path / "t.csv", columns=mapping, root=tmp_path / "pics")
    row = next(found.rows())
    assert (row["camera_model"], row["mood"], row["width"]) == ("X", "glad", 80)
    assert [item.path for item in found.skipped] == ["missing.jpg"]


def test_a_mapped_column_that_is_absent_is_named(tmp_path: Path) -> None:
    put(tmp_path / "t.csv", b"name\na.jpg\n")
    with pytest.raises(ManifestError, match=r"'filename': missing; found \['name'\]"):
        index_csv(tmp_path / "t.csv", columns={"filename": "path"})


def test_two_columns_mapped_to_one_are_refused(tmp_path: Path) -> None:
    put(tmp_path / "t.csv", b"path,name\na.jpg,b.jpg\n")
    with pytest.raises(ManifestError, match="two columns would be 'path'"):
        index_csv(tmp_path / "t.csv", columns={"name": "path"})


def test_describing_keeps_a_date_that_the_table_gives(
    tmp_path: Path, make_jpeg: MakeJpeg
) -> None:
    put(tmp_path / "a.jpg", make_jpeg(taken="2020:01:02 03:04:05"))
    manifest = Manifest({"path": ["a.jpg"], "taken": ["1999-01-01"]}, tmp_path)
    assert column(describe_files(manifest), "taken") == ["1999-01-01"]
