"""Methods on disk: the same bytes for the same values, and nothing taken on trust."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.errors import (
    ArtifactNotFoundError,
    ChecksumMismatchError,
    IncompatibleArtifactError,
    InputError,
)
from whichcam.methods._persistence import Arrays, load_method, save_method


def _arrays() -> Arrays:
    return {
        "weights": np.arange(6, dtype=np.float32).reshape(2, 3),
        "starts": np.array([0, 4], dtype=np.int64),
        "one": np.array([0.5]),
    }


def _saved(folder: Path) -> Path:
    save_method(folder, {"method": "fake", "classes": ["A", "B"]}, _arrays())
    return folder


def _rewritten(folder: Path, write: Callable[[Path], None]) -> Path:
    """Replace the arrays and make the checksum agree, as an attacker would."""
    path = folder / "arrays.npz"
    write(path)
    header = json.loads((folder / "method.json").read_text())
    header["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "method.json").write_text(json.dumps(header))
    return folder


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    header, arrays = load_method(_saved(tmp_path / "m"))
    assert header["method"] == "fake"
    assert header["classes"] == ["A", "B"]
    assert set(arrays) == set(_arrays())
    for name, array in _arrays().items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype


def test_the_same_values_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = _saved(tmp_path / "a"), _saved(tmp_path / "b")
    for name in ("method.json", "arrays.npz"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_a_folder_that_holds_something_is_kept(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(InputError, match="not empty"):
        _saved(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "keep me"


@pytest.mark.parametrize("name", ["method.json", "arrays.npz"])
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    folder = _saved(tmp_path / "m")
    (folder / name).unlink()
    with pytest.raises(ArtifactNotFoundError, match=name):
        load_method(folder)


def test_arrays_of_another_method_are_refused(tmp_path: Path) -> None:
    folder = _saved(tmp_path / "m")
    _with(_arrays() | {"one": np.array([0.6])})(folder / "arrays.npz")
    with pytest.raises(ChecksumMismatchError, match="not the file"):
        load_method(folder)


def test_another_format_is_refused(tmp_path: Path) -> None:
    folder = _saved(tmp_path / "m")
    header = json.loads((folder / "method.json").read_text())
    (folder / "method.json").write_text(json.dumps(header | {"format": 99}))
    with pytest.raises(IncompatibleArtifactError, match="format 99"):
        load_method(folder)


def test_no_zip_file_is_refused(tmp_path: Path) -> None:
    def scribble(path: Path) -> None:
        path.write_bytes(b"x" * 99)

    folder = _rewritten(_saved(tmp_path / "m"), scribble)
    with pytest.raises(IncompatibleArtifactError, match="cannot be read"):
        load_method(folder)


def test_a_file_that_would_unfold_is_refused(tmp_path: Path) -> None:
    def bomb(path: Path) -> None:
        np.savez_compressed(path, weights=np.zeros(10**6))

    with pytest.raises(IncompatibleArtifactError, match="compressed"):
        load_method(_rewritten(_saved(tmp_path / "m"), bomb))


def test_an_entry_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    def lie(path: Path) -> None:
        head = {"descr": "<f8", "fortran_order": False, "shape": (2**37,)}
        with (
            zipfile.ZipFile(path, "w") as archive,
            archive.open("weights.npy", "w") as file,
        ):
            np.lib.format.write_array_header_1_0(file, head)  # a terabyte
            file.write(b"0123456789")

    with pytest.raises(IncompatibleArtifactError, match="promises 1099511627776 bytes"):
        load_method(_rewritten(_saved(tmp_path / "m"), lie))


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    def share(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            with archive.open("a.npy", "w") as file:
                np.save(file, np.zeros(1000))
            for k in range(3):
                twin = copy(archive.filelist[0])
                twin.filename = twin.orig_filename = "bcd"[k] + ".npy"
                archive.filelist.append(twin)
                archive.NameToInfo[twin.filename] = twin

    with pytest.raises(IncompatibleArtifactError, match="cannot be read"):
        load_method(_rewritten(_saved(tmp_path / "m"), share))


def _with(arrays: dict[str, Any]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        np.savez(path, **arrays)

    return write


def test_objects_are_not_unpickled(tmp_path: Path) -> None:
    objects = np.array([{"a": 1}], dtype=object)
    folder = _rewritten(_saved(tmp_path / "m"), _with({"weights": objects}))
    with pytest.raises(IncompatibleArtifactError, match="promises"):
        load_method(folder)


def test_arrays_the_header_does_not_promise_are_refused(tmp_path: Path) -> None:
    more = _arrays() | {"more": np.zeros(2)}
    folder = _rewritten(_saved(tmp_path / "m"), _with(more))
    with pytest.raises(IncompatibleArtifactError, match="promises"):
        load_method(folder)


def test_arrays_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    save_method(folder, {}, {"weights": np.array([1.0, np.nan])})
    with pytest.raises(IncompatibleArtifactError, match="infinite"):
        load_method(folder)


def test_arrays_of_another_type_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    save_method(folder, {}, {"weights": np.array([1 + 2j])})
    with pytest.raises(IncompatibleArtifactError, match="complex128"):
        load_method(folder)
