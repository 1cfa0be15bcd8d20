"""One camera as one file: out of one gallery, into another, whatever the file says."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.errors import (
    ArtifactNotFoundError,
    ChecksumMismatchError,
    IncompatibleArtifactError,
    InputError,
    UnknownNameError,
)
from whichcam.gallery import EnrolledCamera, Gallery, _exchange

Enroll = Callable[..., Any]
Files = Callable[[], set[str]]
Members = dict[str, bytes]


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Gallery]:
    """Return a second gallery."""
    with Gallery.open(tmp_path / "other", create=True) as opened:
        yield opened


@pytest.fixture
def exported(gallery: Gallery, enroll: Enroll, tmp_path: Path) -> Path:
    """Return the file of a camera with two fingerprints."""
    enroll("a", shape=(9, 16), sign_bits=np.array([7, 8], np.uint64), warnings=["w"])
    enroll(
        "a",
        shape=(24, 32),
        camera_model="Nikon D70",
        photo_sha256s=["ab" * 32],
        metadata={"k": [1, 2.5, None]},
    )
    gallery.note("a", "exhibit 7")
    return gallery.export("a", tmp_path / "a.whichcam")


def members_of(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, members: Members, method: int = zipfile.ZIP_STORED) -> Path:
    path.unlink(missing_ok=True)
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def without_place(camera: EnrolledCamera) -> dict[str, Any]:
    return camera.to_dict()


def test_what_was_exported_is_imported_whole(
    gallery: Gallery, other: Gallery, exported: Path
) -> None:
    before, after = gallery.get("a"), other.import_(exported)
    assert without_place(after) == without_place(before)
    assert other.get("a") == after
    for shape in before.shapes:
        np.testing.assert_array_equal(after.pattern(shape), before.pattern(shape))
        np.testing.assert_array_equal(
            other.sign_matrix(shape).bits, gallery.sign_matrix(shape).bits
        )
    assert other.check().is_sound


def test_a_file_of_before_there_were_notes_is_imported(
    other: Gallery, exported: Path
) -> None:
    members = members_of(exported)
    description = json.loads(members["camera.json"])
    del description["note"]
    members["camera.json"] = json.dumps(description).encode()
    assert other.import_(write(exported, members)).note == ""


def test_an_imported_camera_exports_to_the_same_bytes(
    other: Gallery, exported: Path, tmp_path: Path
) -> None:
    other.import_(exported)
    again = other.export("a", tmp_path / "again.whichcam")
    assert again.read_bytes() == exported.read_bytes()


def test_the_file_is_a_zip_of_plain_arrays(exported: Path, gallery: Gallery) -> None:
    members = members_of(exported)
    assert list(members) == [
        *("camera.json", "pattern-0.npy", "signs-0.u64"),
        *("pattern-1.npy", "signs-1.u64"),
    ]
    stored = np.load(io.BytesIO(members["pattern-0.npy"]), allow_pickle=False)
    np.testing.assert_array_equal(stored, gallery.get("a").fingerprint().mapped())
    assert json.loads(members["camera.json"])["name"] == "a"


def test_a_camera_may_be_imported_under_another_name(
    gallery: Gallery, exported: Path
) -> None:
    assert gallery.import_(exported, name="b").name == "b"
    assert gallery.names() == ("a", "b")


def test_a_name_that_is_taken_is_refused(
    gallery: Gallery, exported: Path, files: Files
) -> None:
    before = files()
    with pytest.raises(InputError, match="'a' is in the gallery already; import under"):
        gallery.import_(exported)
    assert files() == before


def test_one_shape_may_be_exported(
    gallery: Gallery, other: Gallery, exported: Path
) -> None:
    gallery.export("a", exported, shape=(9, 16), overwrite=True)
    assert other.import_(exported).shapes == ((9, 16),)


def test_no_file_is_overwritten_unasked(gallery: Gallery, exported: Path) -> None:
    before = exported.read_bytes()
    with pytest.raises(InputError, match="exists; name another file"):
        gallery.export("a", exported)
    assert exported.read_bytes() == before


def test_an_unknown_camera_is_not_exported(gallery: Gallery, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError):
        gallery.export("a", tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_no_folder_to_export_to_is_an_error(
    gallery: Gallery, enroll: Enroll, tmp_path: Path
) -> None:
    enroll("a")
    with pytest.raises(InputError, match="nothing was written"):
        gallery.export("a", tmp_path / "none" / "a")


@pytest.mark.parametrize("part", ["patterns", "signs"])
def test_a_damaged_camera_is_not_exported(
    gallery: Gallery, enroll: Enroll, folder: Path, tmp_path: Path, part: str
) -> None:
    enroll("a")
    (file,) = (folder / part).iterdir()
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(ChecksumMismatchError, match="'a'"):
        gallery.export("a", out / "a")
    assert list(out.iterdir()) == []


def test_more_than_one_file_may_hold_is_exported_by_shape(
    gallery: Gallery, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_exchange, "MAX_FINGERPRINTS", 1)
    with pytest.raises(InputError, match="export one shape at a time"):
        gallery.export("a", exported, overwrite=True)
    gallery.export("a", exported, overwrite=True, shape=(9, 16))
    assert "signs-1.u64" not in members_of(exported)


def test_no_file_to_import_is_an_error(gallery: Gallery, tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFoundError, match="no file"):
        gallery.import_(tmp_path / "none")
    with pytest.raises(ArtifactNotFoundError, match="no file"):
        gallery.import_(tmp_path)


@pytest.mark.parametrize("data", [b"", b"PK", b"x" * 22, b"\xff\xd8" * 1000])
def test_another_kind_of_file_is_refused(
    gallery: Gallery, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(IncompatibleArtifactError, match="no camera exported by whichc"):
        gallery.import_(path)


def test_a_zip_of_other_things_is_refused(gallery: Gallery, tmp_path: Path) -> None:
    path = write(tmp_path / "x.zip", {"a.txt": b"text"})
    with pytest.raises(IncompatibleArtifactError, match=r"camera.json is missing"):
        gallery.import_(path)


@pytest.mark.parametrize("member", ["pattern-0.npy", "signs-1.u64"])
def test_a_changed_member_is_noticed(
    other: Gallery, exported: Path, member: str
) -> None:
    members = members_of(exported)
    members[member] = members[member][:-1] + bytes([members[member][-1] ^ 1])
    with pytest.raises(ChecksumMismatchError, match=f"{member} in .*: the file was"):
        other.import_(write(exported, members))
    assert len(other) == 0


def test_bytes_that_changed_on_the_way_are_noticed(
    other: Gallery, exported: Path
) -> None:
    data = bytearray(exported.read_bytes())
    data[len(data) // 2] ^= 1
    exported.write_bytes(data)
    with pytest.raises(ChecksumMismatchError):
        other.import_(exported)
    assert len(other) == 0


def forged(path: Path, **changed: object) -> Path:
    """Change what a file states of its first fingerprint; dots lead inside."""
    members = members_of(path)
    stated = json.loads(members["camera.json"])
    for key, value in changed.items():
        where = stated if key in stated else stated["fingerprints"][0]
        where[key] = value
    members["camera.json"] = json.dumps(stated).encode()
    return write(path, members)


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "other"},
        {"format_version": 2},
        {"format_version": None},
        {"name": ""},
        {"name": 5},
        {"camera_model": ["x"]},
        {"created": "yesterday"},
        {"created": "2026-11-22T10:00:00"},
        {"created": "0001-01-01T00:00:00+14:00"},
        {"fingerprints": []},
        {"fingerprints": {}},
        {"fingerprints": None},
        {"fingerprints": [1]},
        {"shape": [24]},
        {"shape": [24, 33]},
        {"shape": [24.0, 32]},
        {"shape": [-24, -32]},
        {"shape": [2**40, 2**40]},
        {"shape": [9, 16]},
        {"exponent": 114},
        {"exponent": "4"},
        {"n_photos": 0},
        {"n_photos": True},
        {"quality": 2},
        {"quality": 10**400},
        {"noise_version": None},
        {"photo_sha256s": ["zz"]},
        {"warnings": "text"},
        {"metadata": [1]},
        {"whichcam_version": 7},
        {"pattern_sha256": "AB" * 32},
        {"sign_sha256": None},
        {"sign_bytes": 0},
        {"sign_bytes": 12},
        {"sign_bytes": 8},
        {"sign_bytes": 2**60},
    ],
)
def test_a_forged_description_is_refused(
    other: Gallery, exported: Path, changed: dict[str, object]
) -> None:
    with pytest.raises(IncompatibleArtifactError):
        other.import_(forged(exported, **changed))
    assert len(other) == 0
    assert other.check().is_sound


def test_a_newer_format_says_to_upgrade(other: Gallery, exported: Path) -> None:
    with pytest.raises(IncompatibleArtifactError, match="upgrade whichcam"):
        other.import_(forged(exported, format_version=2))


def test_a_missing_field_is_named(other: Gallery, exported: Path) -> None:
    members = members_of(exported)
    stated = json.loads(members["camera.json"])
    del stated["fingerprints"][0]["quality"]
    members["camera.json"] = json.dumps(stated).encode()
    with pytest.raises(IncompatibleArtifactError, match="KeyError 'quality'"):
        other.import_(write(exported, members))


def repacked(path: Path, stored: np.ndarray[Any, Any]) -> Path:
    """Put other numbers into a file, with the right checksum."""
    members = members_of(path)
    members["pattern-0.npy"] = members["pattern-0.npy"][: -2 * stored.size] + (
        stored.astype("<f2").tobytes()
    )
    write(path, members)
    digest = hashlib.sha256(members["pattern-0.npy"]).hexdigest()
    return forged(path, pattern_sha256=digest)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, 4096.0, 17000.0])
def test_numbers_that_we_would_not_store_are_refused(
    other: Gallery, exported: Path, value: float
) -> None:
    stored = np.zeros((24, 32), np.float16)
    stored[3, 4] = value
    with pytest.raises(IncompatibleArtifactError, match="not finite or not scaled"):
        other.import_(repacked(exported, stored))
    assert len(other) == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, 17000.0])
def test_one_such_number_among_sound_ones_is_found(
    other: Gallery, exported: Path, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    monkeypatch.setattr("whichcam.gallery._pattern._ROWS_OF_PIXELS", 64)
    stored = np.full((24, 32), 8192, np.float16)
    stored[3, 4] = value
    with pytest.raises(IncompatibleArtifactError, match="not finite or not scaled"):
        other.import_(repacked(exported, stored))


@pytest.mark.parametrize("value", [8192.0, 16384.0, -10000.0])
def test_numbers_that_we_would_store_are_taken(
    other: Gallery, exported: Path, value: float
) -> None:
    stored = np.zeros((24, 32), np.float16)
    stored[3, 4] = value
    assert np.isfinite(other.import_(repacked(exported, stored)).pattern()).all()


def test_another_header_is_refused(other: Gallery, exported: Path) -> None:
    members = members_of(exported)
    head = members["pattern-0.npy"]
    assert b"'<f2'" in head
    members["pattern-0.npy"] = head.replace(b"'<f2'", b"'|O' ")
    with pytest.raises(IncompatibleArtifactError, match="has another header"):
        other.import_(write(exported, members))


def test_members_of_other_names_are_refused(
    other: Gallery, exported: Path, tmp_path: Path
) -> None:
    for name in ("../../evil", "/evil", "camera.json/", "extra"):
        path = write(exported, {**members_of(exported), name: b"x"})
        with pytest.raises(IncompatibleArtifactError, match="names and sizes"):
            other.import_(path)
        write(exported, {k: v for k, v in members_of(path).items() if k != name})
    assert not list(tmp_path.rglob("evil"))


def test_a_missing_member_is_noticed(other: Gallery, exported: Path) -> None:
    members = members_of(exported)
    del members["signs-1.u64"]
    with pytest.raises(IncompatibleArtifactError, match="names and sizes"):
        other.import_(write(exported, members))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_twice_is_refused(other: Gallery, exported: Path) -> None:
    with zipfile.ZipFile(exported, "a") as archive:
        archive.writestr("signs-1.u64", members_of(exported)["signs-1.u64"])
    with pytest.raises(IncompatibleArtifactError, match="names and sizes"):
        other.import_(exported)


def test_compressed_members_are_refused(other: Gallery, exported: Path) -> None:
    path = write(exported, members_of(exported), zipfile.ZIP_DEFLATED)
    with pytest.raises(IncompatibleArtifactError, match="compressed"):
        other.import_(path)


def test_a_table_of_contents_of_any_size_is_refused(
    other: Gallery, exported: Path
) -> None:
    members = members_of(exported)
    many = {f"{k:05d}": b"" for k in range(200)}
    with pytest.raises(IncompatibleArtifactError, match="does not end as one"):
        other.import_(write(exported, {**members, **many}))


def test_a_second_table_of_contents_is_refused(other: Gallery, exported: Path) -> None:
    # What looks like the locator of a zip64 table, in the comment of the last member.
    with zipfile.ZipFile(exported, "a") as archive:
        archive.infolist()[-1].comment = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
        archive.writestr("x", b"")
        archive.infolist()[-1].comment = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    with pytest.raises(IncompatibleArtifactError, match="does not end as one"):
        other.import_(exported)


def test_half_words_of_sign_bits_are_refused(other: Gallery, exported: Path) -> None:
    members = members_of(exported)
    members["signs-0.u64"] = bytes(12)
    write(exported, members)
    digest = hashlib.sha256(bytes(12)).hexdigest()
    with pytest.raises(IncompatibleArtifactError, match="12 bytes of sign bits"):
        other.import_(forged(exported, sign_bytes=12, sign_sha256=digest))


def test_a_member_that_is_called_compressed_is_refused(
    other: Gallery, exported: Path
) -> None:
    data = bytearray(exported.read_bytes())
    entry = data.rindex(b"PK\x01\x02")  # of the last member, in the table of contents
    data[entry + 10 : entry + 12] = b"\x08\x00"
    exported.write_bytes(data)
    with pytest.raises(IncompatibleArtifactError, match="compressed"):
        other.import_(exported)


def test_a_file_with_something_before_it_is_refused(
    other: Gallery, exported: Path
) -> None:
    exported.write_bytes(b"\xff\xd8 a picture" + exported.read_bytes())
    with pytest.raises(IncompatibleArtifactError, match="does not end as one"):
        other.import_(exported)


def test_a_file_with_something_behind_it_is_refused(
    other: Gallery, exported: Path
) -> None:
    with exported.open("ab") as stream:
        stream.write(b"tail")
    with pytest.raises(IncompatibleArtifactError, match="does not end as one"):
        other.import_(exported)


def test_a_large_description_is_refused_unread(
    other: Gallery, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whichcam.gallery._import.MAX_DESCRIPTION_BYTES", 500)
    with pytest.raises(IncompatibleArtifactError, match="missing or too large"):
        other.import_(exported)


def test_sign_bits_packed_otherwise_are_refused_and_leave_nothing(
    gallery: Gallery, enroll: Enroll, exported: Path, files: Files
) -> None:
    gallery.remove("a")
    enroll("b", shape=(9, 16))
    before = files()
    with pytest.raises(InputError, match="pack all in one way"):
        gallery.import_(exported)
    assert gallery.names() == ("b",)
    assert files() == before
