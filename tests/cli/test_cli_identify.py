"""``whichcam identify``: exit codes, shapes of output, hostile words."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from whichcam.cli import _identify

if TYPE_CHECKING:
    from typer.testing import Result

    Run = Callable[..., Result]
    Write = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("lower_layers")


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_one_photo_gets_a_panel_with_answer_ranking_and_error_rate(
    run: Run, photo: Write
) -> None:
    result = run("identify", photo("a.jpg"))
    assert result.exit_code == 0, result.output
    for part in (
        "Acme One",
        "93 % sure",
        "at most 4.2 %",
        "Acme Two",
        "as the pixels do",
    ):
        assert part in result.stdout


def test_several_photos_get_one_line_each(run: Run, photo: Write) -> None:
    result = run("identify", photo("a.jpg"), photo("b.jpg"))
    assert result.exit_code == 0
    assert sum("Acme One" in line for line in result.stdout.splitlines()) == 2


def test_json_is_an_array_of_one_object_a_photo(run: Run, photo: Write) -> None:
    path = photo("a.jpg")
    result = run("identify", path, "--json")
    (found,) = json.loads(result.stdout)
    assert found["path"] == str(path)
    assert (found["answer"], found["level"]) == ("Acme One", "model")
    assert [item["camera_model"] for item in found["ranking"]] == [
        "Acme One",
        "Acme Two",
    ]


def test_a_bad_file_among_many_is_reported_and_the_rest_go_on(
    run: Run, photo: Write
) -> None:
    paths = [photo("a.jpg"), photo("b.jpg", "damaged"), photo("c.jpg")]
    result = run("identify", *paths, "--json")
    assert result.exit_code == 3
    first, second, third = json.loads(result.stdout)
    assert first["answer"] == third["answer"] == "Acme One"
    assert second == {
        "path": str(paths[1]),
        "error": {"code": "ImageDecodeError", "message": "b.jpg: the JPEG is damaged"},
    }
    assert result.stderr == f"whichcam: {paths[1]}: the JPEG is damaged\n"


def test_csv_has_the_same_columns_whatever_the_options(run: Run, photo: Write) -> None:
    paths = [photo("a.jpg"), photo("b.jpg", "damaged")]
    one = rows_of(run("identify", *paths, "--csv", "--top-k", "1").stdout)
    many = rows_of(run("identify", *paths, "--csv").stdout)
    assert list(one[0]) == list(many[0])
    assert one[0]["ranking"] == "Acme One=0.8100"
    assert many[0]["ranking"] == "Acme One=0.8100; Acme Two=0.1900"
    assert many[0]["confidence"] == "0.93"
    assert many[0]["file_statistics_used"] == "true"
    assert many[1]["error_code"] == "ImageDecodeError"
    assert many[1]["answer"] == ""


@pytest.mark.parametrize("name", ["=1+1.jpg", "+a.jpg", "-a.jpg", "@a.jpg"])
def test_a_csv_cell_is_never_a_formula(
    run: Run, photo: Write, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(photo(name).parent)
    result = run("identify", "--csv", "--", name)
    assert rows_of(result.stdout)[0]["path"] == f"'{name}"


def test_metadata_cannot_steer_the_terminal_or_be_taken_for_markup(
    run: Run, photo: Write
) -> None:
    result = run("identify", photo("a.jpg", "hostile"), "--top-k", "1")
    assert r"[bold]\x1b[2J\u202eevil[/]" in result.stdout
    assert r"re-encoded by [red]=x\x07" in result.stdout
    assert "\x1b" not in result.output


def test_file_names_cannot_steer_the_terminal(run: Run, tmp_path: Path) -> None:
    result = run("identify", tmp_path / "no\x1b[2J\nsuch.jpg")
    assert result.exit_code == 3
    assert r"no\x1b[2J\nsuch.jpg" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("option", ["--json", "--csv"])
def test_output_for_programs_has_no_control_characters(
    run: Run, photo: Write, option: str
) -> None:
    result = run("identify", photo("a.jpg", "hostile"), option)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout


def test_folders_are_walked_in_an_order_that_is_always_the_same(
    run: Run, photo: Write, tmp_path: Path
) -> None:
    for name in ("z/1.jpg", "a/2.PNG", "a/1.jpg", "a/notes.txt", "m.jpg"):
        photo(f"album/{name}")
    result = run("identify", tmp_path / "album", "--json")
    names = [
        Path(item["path"]).relative_to(tmp_path / "album").as_posix()
        for item in json.loads(result.stdout)
    ]
    assert names == ["a/1.jpg", "a/2.PNG", "m.jpg", "z/1.jpg"]


def test_a_folder_linked_into_itself_is_walked_once(
    run: Run, photo: Write, tmp_path: Path
) -> None:
    photo("album/a.jpg")
    (tmp_path / "album" / "loop").symlink_to(tmp_path / "album")
    result = run("identify", tmp_path / "album", "--json")
    assert len(json.loads(result.stdout)) == 1


def test_an_empty_folder_is_unusable_input(run: Run, tmp_path: Path) -> None:
    result = run("identify", tmp_path)
    assert result.exit_code == 3
    assert "no pictures under" in result.stderr
    assert result.stdout == ""


def test_a_missing_photo_is_unusable_input(run: Run, tmp_path: Path) -> None:
    result = run("identify", tmp_path / "none.jpg")
    assert result.exit_code == 3
    assert "there is no such file" in result.stderr


def test_a_missing_model_is_a_missing_artefact(
    run: Run, photo: Write, tmp_path: Path
) -> None:
    result = run("identify", photo("a.jpg"), "--model", tmp_path / "none")
    assert result.exit_code == 4
    assert result.stderr == f"whichcam: no model folder {tmp_path / 'none'}\n"


def test_a_model_at_fault_stops_the_run(run: Run, photo: Write) -> None:
    result = run("identify", photo("a.jpg", "model"), photo("b.jpg"))
    assert result.exit_code == 4
    assert "another version" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--top-k", "0"),
        ("--top-k", "-1"),
        ("--top-k", "many"),
        ("--json", "--csv"),
        ("--fail-on", "rain"),
        ("--no-such-option",),
    ],
)
def test_wrong_usage_is_2(run: Run, photo: Write, arguments: tuple[str, ...]) -> None:
    assert run("identify", photo("a.jpg"), *arguments).exit_code == 2


def test_no_photo_at_all_is_wrong_usage(run: Run) -> None:
    assert run("identify").exit_code == 2


def test_unknown_is_a_finding_and_no_failure(run: Run, photo: Write) -> None:
    result = run("identify", photo("a.jpg", "unknown"))
    assert result.exit_code == 0
    assert "unknown camera" in result.stdout


def test_unknown_promises_no_error_rate(run: Run, photo: Write) -> None:
    path = photo("a.jpg", "unknown")
    assert "wrong on validation" not in run("identify", path).stdout
    assert rows_of(run("identify", path, "--csv").stdout)[0]["error_rate"] == ""
    assert json.loads(run("identify", path, "--json").stdout)[0]["error_rate"] is None


def test_fail_on_makes_unknown_exit_with_5(run: Run, photo: Write) -> None:
    paths = [photo("a.jpg"), photo("b.jpg", "unknown")]
    assert run("identify", *paths, "--fail-on", "unknown").exit_code == 5
    assert run("identify", paths[0], "--fail-on", "unknown").exit_code == 0


def test_unusable_input_outweighs_fail_on(run: Run, photo: Write) -> None:
    paths = [photo("a.jpg", "damaged"), photo("b.jpg", "unknown")]
    assert run("identify", *paths, "--fail-on", "unknown").exit_code == 3


def test_damaged_files_are_used_when_asked(run: Run, photo: Write) -> None:
    result = run("identify", photo("a.jpg", "damaged"), "--allow-truncated")
    assert result.exit_code == 0


def test_a_bug_in_one_photo_costs_only_that_photo(run: Run, photo: Write) -> None:
    result = run("identify", photo("a.jpg", "bug"), photo("b.jpg"), "--json")
    assert result.exit_code == 1
    first, second = json.loads(result.stdout)
    assert first["error"]["code"] == "RuntimeError"
    assert second["answer"] == "Acme One"
    assert "unexpected RuntimeError: a bug of ours" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_traceback_of_a_bug_is_logged_with_v(run: Run, photo: Write) -> None:
    result = run("-v", "identify", photo("a.jpg", "bug"))
    assert "Traceback" in result.stderr


def test_interrupted_json_is_still_valid(run: Run, photo: Write) -> None:
    result = run("identify", photo("a.jpg"), photo("b.jpg", "interrupt"), "--json")
    assert result.exit_code == 130
    assert len(json.loads(result.stdout)) == 1
    assert result.stderr == "whichcam: interrupted\n"


def test_interrupted_tables_show_what_was_found(run: Run, photo: Write) -> None:
    result = run("identify", photo("a.jpg"), photo("b.jpg", "interrupt"))
    assert result.exit_code == 130
    assert "Acme One" in result.stdout


def test_a_manifest_stands_for_its_pictures(
    run: Run, photo: Write, tmp_path: Path
) -> None:
    photo("a.jpg")
    table = tmp_path / "m.csv"
    table.write_text("path,camera_model\na.jpg,Acme One\nb.jpg,Acme Two\n")
    result = run("identify", table, "--json")
    assert result.exit_code == 3
    assert [Path(item["path"]).name for item in json.loads(result.stdout)] == [
        "a.jpg",
        "b.jpg",
    ]


def test_predict_writes_the_submission_kaggle_takes(
    run: Run, photo: Write, tmp_path: Path
) -> None:
    photo("test/img_2.tif")
    photo("test/img_1.tif")
    output = tmp_path / "submission.csv"
    result = run("predict", tmp_path / "test", "-o", output)
    assert result.exit_code == 0, result.output
    expected = "fname,camera\nimg_1.tif,Acme One\nimg_2.tif,Acme One\n"
    assert output.read_text() == expected


def test_predict_leaves_a_blank_for_what_it_cannot_read(
    run: Run, photo: Write, tmp_path: Path
) -> None:
    photo("test/1.jpg")
    photo("test/2.jpg", "damaged")
    output = tmp_path / "submission.csv"
    assert run("predict", tmp_path / "test", "-o", output).exit_code == 3
    assert output.read_text().splitlines()[2] == "2.jpg,"


@pytest.mark.parametrize(
    ("n_photos", "arguments", "workers"),
    [
        (8, (), 1),
        (9, (), 3),
        (9, ("--workers", "1"), 1),
        (9, ("--workers", "7"), 7),
        (2, ("--workers", "7"), 2),
    ],
)
def test_many_photos_are_shared_among_the_cores_unless_told_otherwise(
    n_photos: int,
    arguments: tuple[str, ...],
    workers: int,
    run: Run,
    photo: Write,
    lower_layers: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used = []
    one_by_one = lower_layers.pipelines.identify_many

    def spy(sources: Iterable[Path], *, workers: int, **options: Any) -> Any:
        used.append(workers)
        return one_by_one(sources, workers=workers, **options)

    monkeypatch.setattr(lower_layers.pipelines, "identify_many", spy)
    monkeypatch.setattr(_identify, "n_cores", lambda: 3)
    paths = [photo(f"{number}.jpg") for number in range(n_photos)]
    result = run("identify", *paths, "--json", *arguments)
    assert len(json.loads(result.stdout)) == n_photos
    assert used == [workers]


def test_no_workers_are_wrong_usage(run: Run, photo: Write) -> None:
    assert run("identify", photo("a.jpg"), "--workers", "0").exit_code == 2
