"""The benchmark run whole, with methods that can be seen through."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmark_fakes import FAKES, doubled_unless_negative, write_photos
from crossval_fakes import LOG

from whichcam.datasets import Manifest
from whichcam.errors import (
    ConfigError,
    DatasetError,
    IncompatibleArtifactError,
    InputError,
    SplitLeakageError,
    UnknownNameError,
)
from whichcam.evaluation import (
    BenchmarkResult,
    _benchmark,
    benchmark,
    benchmark_tables,
)
from whichcam.evaluation._benchmark_jobs import apart, fit
from whichcam.methods import METHODS

CHANGES = ("gamma_3.0", "resize_0.5")


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, where in FAKES.items():
        monkeypatch.setitem(METHODS, name, where)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return write_photos(tmp_path / "photos")


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "log.txt"
    path.touch()
    monkeypatch.setenv(LOG, str(path))
    return path


def run(manifest: Manifest, *methods: str, **options: Any) -> BenchmarkResult:
    given: dict[str, Any] = {"workers": 1, "manipulations": CHANGES} | options
    return benchmark(manifest, methods or ("nearest",), **given)


def test_a_method_that_is_right_is_said_to_be(manifest: Manifest) -> None:
    result = run(manifest)
    cells = {(c.split, c.manipulation): c for c in result.summary().cells}
    assert cells["test_device", "untouched"].top1 == 1.0
    assert cells["test_device", "untouched"].n_photos == 9
    assert cells["test_device", "untouched"].n_devices == 3
    assert cells["test_scene", "untouched"].n_photos == 4
    # other grey levels lie nearer to other cameras
    assert cells["test_device", "gamma_3.0"].top1 < 1.0


def test_every_photo_of_every_split_is_measured_under_every_manipulation(
    manifest: Manifest,
) -> None:
    result = run(manifest)
    assert len(result.photos) == 15
    assert {s.manipulation for s in result.scores} == {"untouched", *CHANGES}
    assert all(len(s.photos) == 15 for s in result.scores)
    assert {p.split for p in result.photos} == {"test_device", "test_scene", "unknown"}


def test_nothing_but_the_training_split_is_learnt_from(manifest: Manifest) -> None:
    result = run(manifest)
    assert result.classes == ("Acme A", "Acme B", "Bolt C")
    assert result.methods[0].n_train == 12
    unknown = [p for p in result.photos if p.split == "unknown"]
    assert {p.label for p in unknown} == {-1}
    (row,) = result.summary().open_set
    assert (row.n_known, row.n_unknown) == (13, 2)


def test_methods_that_fail_are_rows_with_their_errors(manifest: Manifest) -> None:
    result = run(manifest, "broken", "nearest", "picky")
    errors = {m.name: m.error for m in result.methods}
    assert "no kernel image" in errors["broken"]
    assert errors["picky"] == "these pictures do not suit this method"
    assert errors["nearest"] == ""
    assert {s.method for s in result.scores} == {"nearest"}
    failed = {t.key: t for t in benchmark_tables(result)}["failed"]
    assert [row[0] for row in failed.rows] == ["broken", "picky"]


def test_a_process_that_dies_takes_only_its_task_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = str(Path(__file__).parent)
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", f"{here}{os.pathsep}{before}")
    outcomes = dict(apart(doubled_unless_negative, [3, -1, 4], workers=2))
    assert outcomes == {3: 6, -1: None, 4: 8}


def test_a_method_whose_process_died_is_a_row(
    manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(_: object, tasks: list[Any], **__: object) -> Iterator[tuple[Any, Any]]:
        for job in tasks:
            yield job, None if job.method.name == "picky" else fit(job)

    monkeypatch.setattr(_benchmark, "apart", dead)
    result = run(manifest, "nearest", "picky")
    assert "process died" in result.methods[1].error
    assert {s.method for s in result.scores} == {"nearest"}


def test_a_method_that_cannot_tell_is_unable_and_wrong(manifest: Manifest) -> None:
    result = run(manifest, "even")
    cell = result.summary().cells[0]
    assert (cell.n_unable, cell.top1, cell.make) == (9, 0.0, 0.0)
    assert not len(result.answers("even").labels)


def test_all_methods_failing_is_an_error(manifest: Manifest) -> None:
    with pytest.raises(DatasetError, match="no kernel image"):
        run(manifest, "broken")


def test_a_finished_method_is_not_fitted_again(
    manifest: Manifest, log: Path, tmp_path: Path
) -> None:
    first = run(manifest, work=tmp_path / "work")
    again = run(manifest, work=tmp_path / "work")
    assert log.read_text().split() == ["fit-nearest"]
    assert again.scores == first.scores
    run(manifest, work=tmp_path / "work", settings={"nearest": {"sharpness": 2.0}})
    assert log.read_text().split() == ["fit-nearest"] * 2


def test_an_interrupted_run_goes_on_where_it_stopped(
    manifest: Manifest, log: Path, tmp_path: Path
) -> None:
    def stop(stage: str, done: int, _: int) -> None:
        if stage == "measuring" and done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(manifest, work=tmp_path / "work", progress=stop)
    stages: list[tuple[str, int]] = []
    resumed = run(
        manifest,
        work=tmp_path / "work",
        progress=lambda stage, done, _: stages.append((stage, done)),
    )
    assert ("fitting", 1) in stages
    assert next(done for stage, done in stages if stage == "measuring") == 5
    assert log.read_text().split() == ["fit-nearest"]
    fresh = run(manifest)
    assert [s.answer for s in resumed.scores] == [s.answer for s in fresh.scores]


def test_limits_are_kept_and_written_down(manifest: Manifest) -> None:
    result = run(manifest, limit=2, train_limit=3)
    splits = [photo.split for photo in result.photos]
    assert {name: splits.count(name) for name in set(splits)} == {
        "test_device": 2,
        "test_scene": 2,
        "unknown": 2,
    }
    assert result.methods[0].n_train == 9
    assert (result.limit, result.train_limit) == (2, 3)
    note = next(iter(benchmark_tables(result))).note
    assert "At most 3 photos of a camera model" in note


def test_settings_are_in_the_result(manifest: Manifest) -> None:
    result = run(manifest, settings={"nearest": {"sharpness": 3.0}})
    assert result.methods[0].settings == {"sharpness": 3.0, "seed": 0}
    shown = {t.key: t for t in benchmark_tables(result)}["settings"]
    assert shown.rows == (("nearest", '{"sharpness": 3.0}'),)


def test_settings_that_do_not_exist_are_refused(manifest: Manifest) -> None:
    with pytest.raises(ConfigError, match="nearest"):
        run(manifest, settings={"nearest": {"colour": 1}})


def test_unreadable_photos_are_left_out_and_named(manifest: Manifest) -> None:
    manifest.paths[12].write_bytes(b"\xff\xd8\xff and no more")
    result = run(manifest)
    assert [item.what for item in result.failures] == ["test_device-AcmeA-0.png"]
    assert all(len(s.photos) == 14 for s in result.scores)


def test_a_result_is_read_as_it_was_written(manifest: Manifest, tmp_path: Path) -> None:
    result = run(manifest)
    result.save(tmp_path / "result.json")
    assert BenchmarkResult.load(tmp_path / "result.json").to_dict() == result.to_dict()
    with pytest.raises(InputError, match="never overwritten"):
        result.save(tmp_path / "result.json")


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "whichcam.other/1"},
        {"classes": ["Acme A"]},
        {"scores": [{"method": "nearest"}]},
        {"methods": []},
        {"surprise": 1},
    ],
)
def test_a_file_that_is_no_result_is_refused(
    manifest: Manifest, change: dict[str, Any]
) -> None:
    values = run(manifest).to_dict() | change
    with pytest.raises(IncompatibleArtifactError):
        BenchmarkResult.from_dict(values)


def test_a_device_on_both_sides_is_refused(manifest: Manifest) -> None:
    devices = manifest.column("device_id").tolist()
    devices[12] = devices[0]
    with pytest.raises(SplitLeakageError, match="'Acme A 0'"):
        run(manifest.with_column("device_id", devices))


def test_a_known_camera_among_the_unknown_is_refused(manifest: Manifest) -> None:
    names = manifest.camera_model.tolist()
    names[-1] = "Acme A"
    with pytest.raises(DatasetError, match="is learnt"):
        run(manifest.with_column("camera_model", names))


def test_one_class_is_refused(manifest: Manifest) -> None:
    with pytest.raises(DatasetError, match="at least two"):
        run(manifest.where(camera_model="Acme A"))


def test_a_manifest_without_splits_is_refused(manifest: Manifest) -> None:
    rows = manifest.with_column("split", ["train"] * len(manifest))
    with pytest.raises(DatasetError, match="no row is of a split measured on"):
        run(rows)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"manipulations": ["blur"]}, UnknownNameError),
        ({"workers": 0}, InputError),
        ({"limit": 0}, InputError),
        ({"seed": -1}, InputError),
    ],
)
def test_bad_options_are_refused(
    manifest: Manifest, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        run(manifest, **options)
