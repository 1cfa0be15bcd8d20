"""Which pictures are shown to the model, how, and what becomes of the rest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from evaluation_fakes import CLASSES, DyingModel, FakeModel, FakeSpec, write_picture

from whichcam.datasets import Manifest
from whichcam.datasets.manipulations import SP_CUP
from whichcam.errors import (
    DatasetError,
    InputError,
    SplitLeakageError,
    UnknownNameError,
)
from whichcam.evaluation import CROP_ALONE, UNTOUCHED, EvaluationResult, evaluate


def _manifest(
    folder: Path,
    rows: list[tuple[str, str, str]],
    *,
    side: int = 40,
) -> Manifest:
    """Write a picture a row (camera, device, split), rightly recognised."""
    names = [f"{number:03}.png" for number in range(len(rows))]
    for name, (camera, _, _) in zip(names, rows, strict=True):
        right = CLASSES.index(camera) if camera in CLASSES else 0
        write_picture(folder / name, right, 97, 90, side)
    columns = {
        "path": names,
        "camera_model": [camera for camera, _, _ in rows],
        "device_id": [device for _, device, _ in rows],
        "split": [split for _, _, split in rows],
    }
    return Manifest(columns, folder)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    """Return one or two pictures of every split."""
    return _manifest(
        tmp_path,
        [
            ("Acme One", "a1", "train"),
            ("Acme One", "a2", "test_device"),
            ("Zeta Two", "z2", "test_device"),
            ("Zeta One", "z1", "test_scene"),
            ("Other", "o1", "unknown"),
            ("Chart", "o2", "unknown_chart"),
            ("Acme Two", "a3", "converted"),
        ],
    )


def _pairs(result: EvaluationResult) -> list[tuple[str, str]]:
    return [(row.path, row.manipulation) for row in result.rows]


def test_training_pictures_are_not_evaluated(manifest: Manifest) -> None:
    result = evaluate(FakeModel(), manifest, manipulations=())
    assert [row.path for row in result.rows] == [f"00{i}.png" for i in range(1, 7)]


def test_a_camera_outside_the_classes_has_the_label_of_the_unknown(
    manifest: Manifest,
) -> None:
    result = evaluate(FakeModel(), manifest, manipulations=())
    assert [row.label for row in result.rows] == [0, 3, 2, -1, -1, 1]


def test_only_known_cameras_of_known_splits_are_manipulated(
    manifest: Manifest,
) -> None:
    result = evaluate(FakeModel(), manifest, manipulations=["rotate_90"])
    touched = [path for path, name in _pairs(result) if name == "rotate_90"]
    assert touched == ["001.png", "002.png", "003.png"]


def test_by_default_pixels_alone_and_the_eight_of_the_cup_are_measured(
    manifest: Manifest,
) -> None:
    result = evaluate(FakeModel(), manifest)
    names = [name for path, name in _pairs(result) if path == "001.png"]
    assert names == [UNTOUCHED, "none", *SP_CUP]


def test_only_the_untouched_picture_keeps_its_file(manifest: Manifest) -> None:
    model = FakeModel()
    result = evaluate(model, manifest, manipulations=["none"])
    used = {(row.manipulation, row.file_statistics_used) for row in result.rows}
    assert used == {(UNTOUCHED, True), ("none", False)}
    stripped = [photo for photo in model.seen if photo.format == "PIXELS"]
    assert len(stripped) == 3
    assert all(photo.exif.is_empty and photo.jpeg is None for photo in stripped)


def test_a_crop_is_shown_with_the_size_of_its_frame_and_again_without(
    manifest: Manifest,
) -> None:
    model = FakeModel()
    sides = [None, 4000, None, None, 4000, None, None]  # a known camera, an unknown one
    framed = manifest.with_column("original_width", sides)
    framed = framed.with_column("original_height", [s and s - 1000 for s in sides])
    result = evaluate(model, framed, manipulations=["none"])
    told = [row.path for row in result.rows if row.frame_size_used]
    assert len(told) == 2
    assert [p for p, name in _pairs(result) if name == CROP_ALONE] == told
    assert [size for size in model.frames if size] == [(4000, 3000)] * 2


def test_the_model_sees_what_the_manipulation_made(manifest: Manifest) -> None:
    model = FakeModel()
    evaluate(
        model, manifest, manipulations=["resize_0.5"], known_splits=("test_scene",)
    )
    assert [photo.pixels.shape for photo in model.seen[:3]] == [
        (40, 40, 3),
        (20, 20, 3),
        (40, 40, 3),
    ]


def test_a_random_crop_depends_on_seed_and_picture_alone(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    from PIL import Image

    for name in ("a.png", "b.png"):
        noise = rng.integers(0, 90, (60, 60, 3)).astype(np.uint8)
        Image.fromarray(noise).save(tmp_path / name)
    both = Manifest({"path": ["a.png", "b.png"], "camera_model": CLASSES[:2]}, tmp_path)

    def crop_of_b(manifest: Manifest, seed: int) -> str:
        model = FakeModel()
        evaluate(model, manifest, manipulations=["crop_20"], seed=seed)
        return model.seen[-1].sha256

    assert crop_of_b(both, 0) == crop_of_b(both.select([1]), 0)
    assert crop_of_b(both, 0) != crop_of_b(both, 1)


def test_a_manifest_without_splits_is_one_split(tmp_path: Path) -> None:
    manifest = _manifest(tmp_path, [("Acme One", "a", ""), ("Other", "o", "")])
    columns = {k: v for k, v in manifest.columns.items() if k != "split"}
    result = evaluate(FakeModel(), Manifest(columns, tmp_path), manipulations=())
    assert {row.split for row in result.rows} == {"all"}
    assert result.summary().known.n_photos == 1
    assert result.summary().unknown[0].n_unknown == 1


def test_a_manifest_with_other_splits_is_refused_naming_them(tmp_path: Path) -> None:
    manifest = _manifest(tmp_path, [("Acme One", "a", "holdout")])
    with pytest.raises(InputError, match="holdout"):
        evaluate(FakeModel(), manifest)


def test_a_split_cannot_be_of_known_and_of_unknown_cameras(manifest: Manifest) -> None:
    with pytest.raises(InputError, match=r"test_scene.*more than once"):
        evaluate(FakeModel(), manifest, unknown_splits=("test_scene",))


def test_a_known_camera_among_the_unknown_is_a_failure_and_not_a_score(
    tmp_path: Path,
) -> None:
    rows = [("Acme One", "a", "unknown"), ("Acme One", "b", "test_scene")]
    result = evaluate(FakeModel(), _manifest(tmp_path, rows), manipulations=())
    assert [row.path for row in result.rows] == ["001.png"]
    assert "known to the model" in result.failures[0].reason


def test_a_row_without_a_camera_is_a_failure(tmp_path: Path) -> None:
    rows = [("", "a", "test_scene"), ("Acme One", "b", "test_scene")]
    result = evaluate(FakeModel(), _manifest(tmp_path, rows), manipulations=())
    assert [failure.path for failure in result.failures] == ["000.png"]


def test_bad_files_among_many_are_recorded_and_the_rest_go_on(
    manifest: Manifest,
) -> None:
    (manifest.root / "002.png").write_bytes(b"no picture")
    (manifest.root / "003.png").unlink()
    result = evaluate(FakeModel(), manifest, manipulations=("none",))
    assert [failure.path for failure in result.failures] == ["002.png", "003.png"]
    assert {row.path for row in result.rows} == {
        "001.png",
        "004.png",
        "005.png",
        "006.png",
    }
    assert result.summary().known.n_failed == 2


def test_a_manipulation_that_fails_leaves_the_others_of_its_picture(
    tmp_path: Path,
) -> None:
    manifest = _manifest(tmp_path, [("Acme One", "a", "test_scene")], side=24)
    result = evaluate(
        FakeModel(), manifest, manipulations=["resize_0.5", "crop_99", "rotate_90"]
    )
    assert [f.manipulation for f in result.failures] == ["resize_0.5", "crop_99"]
    assert [row.manipulation for row in result.rows] == [UNTOUCHED, "rotate_90"]


def test_a_device_trained_on_is_refused_by_name(manifest: Manifest) -> None:
    model = FakeModel(spec=FakeSpec(training={"devices": ["a1", "z2"]}))
    with pytest.raises(SplitLeakageError, match="'z2'"):
        evaluate(model, manifest)


@pytest.mark.parametrize("digits", [12, 64])
def test_a_device_trained_on_is_found_by_its_digest(
    manifest: Manifest, digits: int
) -> None:
    digest = hashlib.sha256(b"z2").hexdigest()[:digits]
    model = FakeModel(spec=FakeSpec(training={"devices": [digest]}))
    with pytest.raises(SplitLeakageError, match="'z2'"):
        evaluate(model, manifest)


def test_a_device_trained_on_may_be_in_other_splits(manifest: Manifest) -> None:
    model = FakeModel(spec=FakeSpec(training={"devices": ["a1", "z1", "a3"]}))
    assert evaluate(model, manifest, manipulations=()).failures == ()


def test_a_limit_takes_so_many_of_each_split_and_the_same_ones_again(
    tmp_path: Path,
) -> None:
    rows = [("Acme One", "a", "test_device")] * 9 + [("Other", "o", "unknown")] * 9
    manifest = _manifest(tmp_path, rows)

    def paths(seed: int) -> list[str]:
        result = evaluate(
            FakeModel(), manifest, manipulations=(), limit_per_split=3, seed=seed
        )
        return [row.path for row in result.rows]

    assert len(paths(1)) == 6
    assert sum(path < "009" for path in paths(1)) == 3
    assert paths(1) == paths(1)
    assert paths(1) != paths(2)


def test_an_unknown_manipulation_is_refused_before_any_work(
    manifest: Manifest,
) -> None:
    model = FakeModel()
    with pytest.raises(UnknownNameError):
        evaluate(model, manifest, manipulations=["swirl"])
    assert model.seen == []


@pytest.mark.parametrize(
    "wrong", [{"workers": 0}, {"seed": -1}, {"limit_per_split": 0}]
)
def test_numbers_out_of_range_are_refused(
    manifest: Manifest, wrong: dict[str, int]
) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        evaluate(FakeModel(), manifest, **wrong)  # type: ignore[arg-type]


def test_progress_is_told_after_each_picture(manifest: Manifest) -> None:
    told: list[tuple[int, int]] = []
    evaluate(
        FakeModel(),
        manifest,
        manipulations=(),
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(i, 6) for i in range(1, 7)]


def test_two_processes_give_what_one_gives(manifest: Manifest) -> None:
    before = dict(os.environ)
    one = evaluate(FakeModel(), manifest, manipulations=["crop_20"])
    two = evaluate(FakeModel(), manifest, manipulations=["crop_20"], workers=2)
    assert two.rows == one.rows
    assert dict(os.environ) == before


def test_a_worker_that_dies_is_our_own_error(
    manifest: Manifest, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DatasetError, match="workers=1"):
        evaluate(DyingModel(), manifest, manipulations=(), workers=2)
    assert "no model in fake" in capfd.readouterr().err


def test_a_file_that_the_system_fails_to_read_is_recorded(
    manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> NoReturn:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("whichcam.evaluation._worker.open_photo", fail)
    result = evaluate(FakeModel(), manifest)
    assert len(result.failures) == 6
    assert result.failures[0].reason == "cannot be read (Input/output error)"


def test_the_make_of_an_unknown_camera_has_one_spelling(tmp_path: Path) -> None:
    manifest = _manifest(tmp_path, [("Nikon D70", "n", "unknown")] * 2)
    manifest = manifest.with_column("make", ["NIKON CORPORATION", ""])
    result = evaluate(FakeModel(), manifest, manipulations=())
    assert [row.make for row in result.rows] == ["Nikon", "Nikon"]


def test_splits_without_a_row_to_evaluate_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="fill in camera_model"):
        evaluate(FakeModel(), _manifest(tmp_path, [("", "a", "test_scene")]))


def test_the_result_says_what_it_was_computed_with(manifest: Manifest) -> None:
    result = evaluate(FakeModel(), manifest, manipulations=(), seed=5)
    assert result.model_id == "0123456789ab"
    assert result.manifest_sha256 == manifest.sha256
    assert result.seed == 5
    assert {"whichcam", "python", "numpy", "onnxruntime"} <= set(result.versions)
    assert result.machine["processor"]
    assert result.machine["n_processors"] == os.cpu_count()
