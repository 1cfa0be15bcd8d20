"""``whichcam dataset``: on small real files by synthetic cameras."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from whichcam.cli._layout import Layout, detect_layout
from whichcam.datasets import Manifest, _describe

if TYPE_CHECKING:
    from typer.testing import Result

    Run = Callable[..., Result]


@pytest.fixture
def manifest(run: Run, shot_folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "m.csv"
    assert run("dataset", "index", shot_folder, "-o", path).exit_code == 0
    return path


def test_index_takes_cameras_from_exif_where_pictures_name_them(
    run: Run, shot_folder: Path, tmp_path: Path
) -> None:
    result = run("dataset", "index", shot_folder, "-o", tmp_path / "m.csv")
    assert result.exit_code == 0, result.output
    assert "layout: exif (6 of 6 pictures" in result.stderr
    table = Manifest.read(tmp_path / "m.csv")
    assert set(table.camera_model) == {"Synthetic SYN-1-0", "Synthetic SYN-1-1"}
    assert "6 pictures of 2 camera models" in result.stdout


def test_index_writes_parquet_when_asked(
    run: Run, shot_folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "m.parquet"
    arguments = ("--layout", "folders", "-o", output)
    assert run("dataset", "index", shot_folder, *arguments).exit_code == 0
    assert len(Manifest.read(output)) == 6


def test_index_reports_what_it_leaves_out(
    run: Run, shot_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "camera").symlink_to(shot_folder / "Synthetic SYN-1-0")
    (folder / "broken.jpg").write_bytes(b"no picture")
    result = run("dataset", "index", folder, "-o", tmp_path / "m.csv")
    assert result.exit_code == 0, result.output
    assert "left out broken.jpg" in result.stderr
    assert len(Manifest.read(tmp_path / "m.csv")) == 3


def test_index_of_nothing_usable_is_unusable_input_and_writes_nothing(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "broken.jpg").write_bytes(b"no picture")
    result = run("dataset", "index", tmp_path, "-o", tmp_path / "m.csv")
    assert result.exit_code == 3
    assert not (tmp_path / "m.csv").exists()


def test_index_of_a_missing_folder_is_unusable_input(run: Run, tmp_path: Path) -> None:
    result = run("dataset", "index", tmp_path / "none", "-o", tmp_path / "m.csv")
    assert result.exit_code == 3
    assert "no folder" in result.stderr


def test_the_sp_cups_folders_are_recognized(tmp_path: Path) -> None:
    (tmp_path / "train" / "HTC-1-M7").mkdir(parents=True)
    (tmp_path / "train" / "HTC-1-M7" / "(HTC-1-M7)1.jpg").write_bytes(b"")
    assert detect_layout(tmp_path)[0] is Layout.kaggle


def test_pictures_without_exif_are_taken_by_folder(tmp_path: Path) -> None:
    (tmp_path / "Nikon D70").mkdir()
    (tmp_path / "Nikon D70" / "1.jpg").write_bytes(b"")
    assert detect_layout(tmp_path)[0] is Layout.folders


def test_screen_gives_a_verdict_on_each_file(run: Run, shot_folder: Path) -> None:
    result = run("dataset", "screen", shot_folder, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert len(found) == 6
    assert all("verdict" in item and "reasons" in item for item in found)


def test_screen_goes_on_after_a_bad_file(
    run: Run, shot_folder: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    result = run("dataset", "screen", bad, shot_folder, "--json")
    assert result.exit_code == 3
    first, *rest = json.loads(result.stdout)
    assert first["error"]["code"] == "UnsupportedFormatError"
    assert len(rest) == 6


def test_screen_takes_a_manifest(run: Run, manifest: Path) -> None:
    result = run("dataset", "screen", manifest)
    assert result.exit_code == 0
    assert result.stdout.count(".jpg") == 6


def test_duplicates_finds_copies(run: Run, tmp_path: Path, shot_folder: Path) -> None:
    source = sorted((shot_folder / "Synthetic SYN-1-0").iterdir())
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(source[0].read_bytes())
    (folder / "c.jpg").write_bytes(source[1].read_bytes())
    run("dataset", "index", folder, "-o", tmp_path / "m.csv")
    result = run(
        "dataset", "duplicates", tmp_path / "m.csv", "--json", "--max-distance", "0"
    )
    assert json.loads(result.stdout) == [["pictures/a.jpg", "pictures/b.jpg"]]


def test_split_puts_no_device_in_two_folds(
    run: Run, manifest: Path, tmp_path: Path
) -> None:
    output = tmp_path / "folds.csv"
    result = run("dataset", "split", manifest, "--folds", "2", "-o", output)
    assert result.exit_code == 0, result.output
    table = Manifest.read(output)
    folds = dict(zip(table.column("fold"), table.device_id, strict=True))
    pairs = set(zip(table.column("fold"), table.device_id, strict=True))
    assert set(folds) == {"1", "2"}
    assert len(pairs) == 2


def test_more_folds_than_devices_is_refused_in_one_line(
    run: Run, manifest: Path, tmp_path: Path
) -> None:
    output = tmp_path / "folds.csv"
    result = run("dataset", "split", manifest, "--folds", "3", "-o", output)
    assert result.exit_code == 3
    assert result.stderr.count("\n") == 1
    assert not output.exists()


def test_shoot_makes_one_folder_a_camera_and_never_overwrites(
    run: Run, tmp_path: Path
) -> None:
    arguments = ("--cameras", "2", "--photos", "1", "--size", "64", "--devices", "2")
    result = run("dataset", "shoot", tmp_path / "shot", *arguments)
    assert result.exit_code == 0, result.output
    assert len(list((tmp_path / "shot").iterdir())) == 2
    assert len(list((tmp_path / "shot").rglob("*.jpg"))) == 4
    assert run("dataset", "shoot", tmp_path / "shot", *arguments).exit_code == 3


def test_shoot_with_other_scenes_uses_the_same_cameras(
    run: Run, tmp_path: Path
) -> None:
    arguments = ("--cameras", "1", "--photos", "1", "--size", "64")
    run("dataset", "shoot", tmp_path / "a", *arguments)
    run("dataset", "shoot", tmp_path / "b", *arguments, "--scene-seed", "5")
    (one,) = (tmp_path / "a").rglob("*.jpg")
    (other,) = (tmp_path / "b").rglob("*.jpg")
    assert one.parent.name == other.parent.name
    assert one.read_bytes() != other.read_bytes()


def test_index_resumes_and_leaves_no_journal(
    run: Run, shot_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("dataset", "index", shot_folder, "-o", tmp_path / "m.csv")
    journal = tmp_path / "m.csv.unfinished"
    describe = _describe._describe
    calls = []

    def stop_at_the_fourth(task: tuple[str, str]) -> object:
        calls.append(task)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return describe(task)

    monkeypatch.setattr(_describe, "_describe", stop_at_the_fourth)
    assert run(*command).exit_code != 0
    assert journal.is_file()
    assert run(*command, "--resume").exit_code == 0
    assert len(calls) == 4 + 3  # the three that were written down are not read again
    assert not journal.exists()
    refused = run(*command, "--resume")
    assert refused.exit_code == 2
    assert "nothing to go on from" in refused.stderr
