"""An index that was stopped goes on where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from whichcam.datasets import _describe, index_folders
from whichcam.datasets.synthetic import SyntheticCamera


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures" / "camera"
    folder.mkdir(parents=True)
    for seed in range(4):
        shot = SyntheticCamera().shoot_jpeg(seed=seed, size=(64, 64))
        (folder / f"{seed}.jpg").write_bytes(shot)
    return folder.parent


def _stopped_after(pictures: Path, journal: Path, count: int) -> None:
    """Index, and stop as Ctrl-C does, after so many pictures."""

    def stop(done: int, _: int) -> None:
        if done == count:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index_folders(pictures, journal=journal, progress=stop)


def _read_again(
    pictures: Path, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Index once more; return the names of the files that were read."""
    read = []
    describe = _describe._describe

    def noted(task: tuple[str, str]) -> object:
        read.append(Path(task[1]).name)
        return describe(task)

    whole = index_folders(pictures)
    monkeypatch.setattr(_describe, "_describe", noted)
    assert index_folders(pictures, journal=journal).sha256 == whole.sha256
    return read


def test_only_what_is_missing_is_read_after_a_stop(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stopped_after(pictures, tmp_path / "journal", 2)
    read = _read_again(pictures, tmp_path / "journal", monkeypatch)
    assert read == ["2.jpg", "3.jpg"]


def test_a_torn_line_costs_one_picture(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "journal"
    _stopped_after(pictures, journal, 3)
    journal.write_bytes(journal.read_bytes()[:-20])
    read = _read_again(pictures, journal, monkeypatch)
    assert read == ["2.jpg", "3.jpg"]


def test_a_changed_picture_is_read_again(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stopped_after(pictures, tmp_path / "journal", 3)
    other = SyntheticCamera().shoot_jpeg(seed=9, size=(72, 72))
    (pictures / "camera" / "1.jpg").write_bytes(other)
    read = _read_again(pictures, tmp_path / "journal", monkeypatch)
    assert read == ["1.jpg", "3.jpg"]


@pytest.mark.parametrize(
    "line",
    [b"", b"null", b"[]", b'{"path": 1}', b'{"path": "a", "stamp": [1, 2]}', b"\xff"],
)
def test_lines_of_another_kind_are_passed_over(
    line: bytes, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "journal"
    journal.write_bytes(line + b"\n")
    assert len(_read_again(pictures, journal, monkeypatch)) == 4
