"""The manifest: its schema, its rows, its files."""

from __future__ import annotations

import csv
import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest

from whichcam.datasets import Manifest
from whichcam.errors import DatasetNotFoundError, InputError, ManifestError


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Manifest:
    columns: dict[str, list[object]] = {
        "path": ["a.jpg", "b.jpg", "c/d.jpg", "e.jpg"],
        "camera_model": ["X", "X", "Y", "Y"],
        "device_id": ["x1", "x2", "y1", ""],
        "session": ["s1", "s2", "", "s4"],
        "width": [10, "20", None, ""],
        "weather": ["sun", "rain", "", "fog"],
    }
    return Manifest(columns, tmp_path)


def test_aliases_are_read_as_the_columns_they_mean(tmp_path: Path) -> None:
    file = write(tmp_path / "m.csv", "file,camera,device\na.jpg,X,x1\n")
    manifest = Manifest.read(file)
    assert manifest.names == ("path", "camera_model", "device_id")
    assert manifest.paths == (tmp_path / "a.jpg",)
    assert manifest.device_id.tolist() == ["x1"]


def test_a_column_and_its_alias_together_are_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "m.csv", "path,file\na,b\n")
    with pytest.raises(ManifestError, match=r"column 2: 'file' and 'path' both mean"):
        Manifest.read(file)


def test_a_table_without_paths_says_which_columns_it_has(tmp_path: Path) -> None:
    file = write(tmp_path / "m.csv", "name,camera\na,b\n")
    with pytest.raises(ManifestError, match=r"'path': missing; found \['name'"):
        Manifest.read(file)


@pytest.mark.parametrize("cell", ["x", "-5", "1.5", "0", "1e3", "9" * 30, "²"])
def test_a_bad_width_is_refused_with_its_row_and_column(
    tmp_path: Path, cell: str
) -> None:
    file = write(tmp_path / "m.csv", f"path,width\na,10\nb,{cell}\n")
    with pytest.raises(ManifestError, match=r"row 3, column 'width'"):
        Manifest.read(file)


def test_a_hash_of_the_wrong_length_is_refused_with_its_row(tmp_path: Path) -> None:
    file = write(tmp_path / "m.csv", "path,sha256\na,\nb,abc\n")
    with pytest.raises(ManifestError, match=r"row 3, column 'sha256'.*64 hex"):
        Manifest.read(file)


def test_a_file_listed_twice_is_refused_with_both_rows(tmp_path: Path) -> None:
    file = write(tmp_path / "m.csv", "path\nx/a\nb\nx/../x/./a\n")
    with pytest.raises(ManifestError, match=r"row 4.*stands in row 2"):
        Manifest.read(file)


def test_a_blank_path_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "m.csv", "path,camera\na,X\n,Y\n")
    with pytest.raises(ManifestError, match=r"row 3, column 'path': blank"):
        Manifest.read(file)


def test_a_short_row_names_the_first_missing_column(tmp_path: Path) -> None:
    file = write(tmp_path / "m.csv", "path,camera,device\na,X,x\nb,Y\n")
    with pytest.raises(ManifestError, match=r"row 3 \(line 3\).*'device_id' is miss"):
        Manifest.read(file)


def test_a_long_row_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "m.csv", "path\na\nb,c\n")
    with pytest.raises(ManifestError, match=r"row 3.*1 cell\(s\) too many"):
        Manifest.read(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"path\n\xff\xfe\n", "not UTF-8"),
        (b'path\n"a\n', "not well-formed"),
        (b"path,\na,b\n", "column 2: the column has no name"),
        (b"path\na\0b\n", "NUL"),
        (b"path\n" + b"x" * 200_000, "not well-formed"),
    ],
)
def test_what_is_no_table_is_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "m.csv").write_bytes(content)
    with pytest.raises(ManifestError, match=message):
        Manifest.read(tmp_path / "m.csv")


def test_what_is_no_parquet_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.parquet").write_bytes(b"path\na\n")
    with pytest.raises(ManifestError, match="not a Parquet file"):
        Manifest.read(tmp_path / "m.parquet")


def test_a_parquet_column_of_lists_is_refused_by_name(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    odd = pa.table({"path": ["a"], "labels": [["x", "y"]]})
    pq.write_table(odd, tmp_path / "m.parquet")
    with pytest.raises(ManifestError, match=r"column 'labels'.*expected text"):
        Manifest.read(tmp_path / "m.parquet")


def test_a_blank_number_is_a_null_in_parquet(tmp_path: Path, table: Manifest) -> None:
    import pyarrow.parquet as pq

    table.write(tmp_path / "m.parquet")
    stored = pq.read_table(tmp_path / "m.parquet").column("width").to_pylist()
    assert stored == [10, 20, None, None]


def test_a_missing_manifest_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no manifest at .*m\.csv"):
        Manifest.read(tmp_path / "m.csv")


def test_other_suffixes_are_refused(tmp_path: Path, table: Manifest) -> None:
    with pytest.raises(ManifestError, match=r"ends in \.csv or \.parquet"):
        table.write(tmp_path / "m.xlsx")


def test_a_bom_before_the_header_is_no_part_of_a_name(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_bytes(b"\xef\xbb\xbfpath\na\n")
    assert Manifest.read(tmp_path / "m.csv").names == ("path",)


def test_unknown_columns_are_kept_and_blank_numbers_are_none(table: Manifest) -> None:
    rows = list(table.rows())
    assert [row["weather"] for row in rows] == ["sun", "rain", "", "fog"]
    assert [row["width"] for row in rows] == [10, 20, None, None]
    assert table.column("width").tolist() == [10, 20, -1, -1]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_is_written_is_what_is_read(
    tmp_path: Path, table: Manifest, suffix: str
) -> None:
    table.write(tmp_path / f"m{suffix}")
    again = Manifest.read(tmp_path / f"m{suffix}")
    assert list(again.rows()) == list(table.rows())
    assert again.paths == table.paths


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_manifest_without_rows_is_written_and_read(
    tmp_path: Path, suffix: str
) -> None:
    Manifest.from_rows([], tmp_path).write(tmp_path / f"m{suffix}")
    assert len(Manifest.read(tmp_path / f"m{suffix}")) == 0


def test_column_order_in_does_not_change_the_bytes_out(
    tmp_path: Path, table: Manifest
) -> None:
    turned = Manifest(dict(reversed(list(table.columns.items()))), table.root)
    table.write(tmp_path / "a.csv")
    turned.write(tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_writing_elsewhere_keeps_pictures_where_they_are(tmp_path: Path) -> None:
    pictures, tables = tmp_path / "pictures", tmp_path / "tables"
    pictures.mkdir()
    tables.mkdir()
    (pictures / "a.jpg").write_bytes(b"x")
    Manifest({"path": ["a.jpg"]}, pictures).write(tables / "m.csv")
    assert sorted(p.name for p in tables.iterdir()) == ["m.csv"]
    assert "../pictures/a.jpg" in (tables / "m.csv").read_text()
    assert Manifest.read(tables / "m.csv").paths == (pictures / "a.jpg",)


def test_a_manifest_written_through_a_linked_folder_finds_its_pictures(
    tmp_path: Path,
) -> None:
    (tmp_path / "a/b/tables").mkdir(parents=True)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/a.jpg").write_bytes(b"x")
    (tmp_path / "link").symlink_to(tmp_path / "a/b/tables")
    manifest = Manifest({"path": ["a.jpg"]}, tmp_path / "pictures")
    manifest.write(tmp_path / "link/m.csv")
    for folder in ("link", "a/b/tables"):
        assert Manifest.read(tmp_path / folder / "m.csv").check_files() == ()


def test_an_old_file_survives_a_write_that_fails(
    tmp_path: Path, table: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    table.write(tmp_path / "m.csv")
    before = (tmp_path / "m.csv").read_bytes()

    def fail(*_: object) -> str:
        raise OSError("disk full")

    monkeypatch.setattr("whichcam.datasets._table_io.csv_text", fail)
    with pytest.raises(OSError, match="disk full"):
        table.select([0]).write(tmp_path / "m.csv")
    assert (tmp_path / "m.csv").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.csv"]


def test_writing_into_a_missing_folder_is_refused(
    tmp_path: Path, table: Manifest
) -> None:
    with pytest.raises(DatasetNotFoundError, match="create it first"):
        table.write(tmp_path / "no" / "m.csv")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\r=1", "'=1"])
def test_no_cell_written_begins_as_a_formula(tmp_path: Path, cell: str) -> None:
    manifest = Manifest({"path": ["a"], "source": [cell]}, tmp_path)
    manifest.write(tmp_path / "m.csv")
    with (tmp_path / "m.csv").open(newline="") as stream:
        written = list(csv.reader(stream))[1][1]
    assert written.startswith("'")
    assert Manifest.read(tmp_path / "m.csv").column("source").tolist() == [cell]


def test_a_plain_apostrophe_is_left_alone(tmp_path: Path) -> None:
    file = write(tmp_path / "m.csv", "path,source\na,'quoted'\n")
    assert Manifest.read(file).column("source").tolist() == ["'quoted'"]


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"row 2, column 'path'.*UTF-8"):
        Manifest({"path": ["a\udcff.jpg"]}, tmp_path)


def test_identity_ignores_order_format_and_folder(
    tmp_path: Path, table: Manifest
) -> None:
    (tmp_path / "other").mkdir()
    table.select([2, 0, 3, 1]).write(tmp_path / "other" / "m.parquet")
    assert Manifest.read(tmp_path / "other" / "m.parquet").sha256 == table.sha256


def test_identity_ignores_where_the_dataset_lies(table: Manifest) -> None:
    moved = Manifest(table.columns, table.root / "moved")
    assert moved.sha256 == table.sha256


@pytest.mark.parametrize("name", ["path", "camera_model", "width", "weather"])
def test_identity_changes_with_any_cell(table: Manifest, name: str) -> None:
    cells = table.column(name).tolist()
    cells[1] = "7"
    assert table.with_column(name, cells).sha256 != table.sha256


def test_rows_are_selected_by_index_and_by_mask(table: Manifest) -> None:
    assert table.select([2, -1]).column("path").tolist() == ["c/d.jpg", "e.jpg"]
    mask = np.array([False, True, False, False])
    assert table.select(mask).column("path").tolist() == ["b.jpg"]
    assert len(table.select([])) == 0


@pytest.mark.parametrize("wrong", [[4], [-5], [True], [0.5], [[0]]])
def test_a_selection_that_fits_no_rows_is_refused(
    table: Manifest, wrong: list[int]
) -> None:
    with pytest.raises(InputError):
        table.select(wrong)


def test_where_takes_a_value_or_several_and_all_must_agree(table: Manifest) -> None:
    assert len(table.where(camera_model="X")) == 2
    assert len(table.where(session=("s1", "s2", "s4"))) == 3
    assert len(table.where(camera_model="X", session={"s1", "s4"})) == 1
    assert table.where(width=20).column("path").tolist() == ["b.jpg"]


def test_an_absent_column_is_named_with_those_present(table: Manifest) -> None:
    with pytest.raises(ManifestError, match=r"no column 'split'.*'weather'"):
        table.where(split="train")


def test_nothing_in_a_manifest_can_be_changed(table: Manifest) -> None:
    with pytest.raises(ValueError, match="read-only"):
        table.camera_model[0] = "Z"
    with pytest.raises(TypeError):
        table.columns["path"] = table.camera_model  # type: ignore[index]
    with pytest.raises(AttributeError):
        table.root = Path()  # type: ignore[misc]


def test_rows_of_an_unknown_device_are_one_group_a_model(tmp_path: Path) -> None:
    manifest = Manifest(
        {"path": list("abcd"), "camera": list("XXYY"), "device": ["x1", "", "", ""]},
        tmp_path,
    )
    first, second, third, fourth = manifest.groups("device")
    assert len({first, second, third}) == 3
    assert third == fourth


def test_a_blank_session_is_grouped_by_its_device(table: Manifest) -> None:
    groups = table.groups("session").tolist()
    assert groups[:2] == ["s1", "s2"]
    assert "y1" in groups[2]


def test_lone_devices_are_grouped_by_session_and_others_by_device(
    tmp_path: Path,
) -> None:
    manifest = Manifest(
        {
            "path": list("abcd"),
            "camera": list("XXYY"),
            "device": ["x1", "x2", "y1", "y1"],
            "session": ["s1", "s1", "s2", "s3"],
        },
        tmp_path,
    )
    groups = manifest.groups("device_or_session").tolist()
    assert groups == ["x1", "x2", "s2", "s3"]


def test_missing_changed_and_odd_files_are_reported_by_row(tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(b"x")
    (tmp_path / "changed").write_bytes(b"y")
    (tmp_path / "folder").mkdir()
    digest = hashlib.sha256(b"x").hexdigest()
    names = ["good", "missing", "changed", "folder"]
    manifest = Manifest({"path": names, "sha256": [digest] * 4}, tmp_path)
    assert [p.row for p in manifest.check_files()] == [1, 3]
    problems = manifest.check_files(contents=True)
    assert [p.row for p in problems] == [1, 2, 3]
    assert problems[1].reason.startswith("changed")


def test_a_manifest_travels_to_another_process_unchanged(table: Manifest) -> None:
    copy = pickle.loads(pickle.dumps(table))
    assert copy.sha256 == table.sha256
    assert copy.root == table.root


def test_manifests_of_two_folders_become_one(tmp_path: Path) -> None:
    left = Manifest({"path": ["a"], "camera": ["X"]}, tmp_path / "l")
    right = Manifest({"path": ["a"], "width": [3]}, tmp_path / "r")
    both = left.concatenate(right)
    assert both.paths == (tmp_path / "l" / "a", tmp_path / "r" / "a")
    assert both.camera_model.tolist() == ["X", ""]
    assert both.column("width").tolist() == [-1, 3]


def test_concatenating_the_same_file_twice_is_refused(table: Manifest) -> None:
    with pytest.raises(ManifestError, match="stands in row 2 already"):
        table.concatenate(table)


@pytest.mark.data
def test_the_real_manifest_reads_as_it_is(photos_dir: Path) -> None:
    manifest = Manifest.read(photos_dir / "manifest.csv")
    with (photos_dir / "manifest.csv").open(newline="", encoding="utf-8") as stream:
        expected = list(csv.DictReader(stream))
    assert len(manifest) == len(expected)
    assert manifest.camera_model.tolist() == [row["camera"] for row in expected]
    assert manifest.column("grade").tolist() == [row["grade"] for row in expected]
    assert manifest.check_files() == ()
