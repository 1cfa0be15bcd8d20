"""Cross-validation run whole, with methods that can be seen through."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import crossval_fakes
import pytest
from crossval_fakes import FAKES, LOG, SLOW, write_photos
from PIL import Image

from whichcam.datasets import Manifest
from whichcam.errors import (
    ConfigError,
    DatasetError,
    InputError,
    SplitLeakageError,
    UnknownNameError,
)
from whichcam.evaluation import CrossvalResult, _crossval_traces, crossvalidate
from whichcam.evaluation._crossval_traces import TracedMethod
from whichcam.methods import METHODS, build_method

MODELS = {"Acme A": [3, 3, 3], "Acme B": [3, 3, 3], "Bolt C": [3, 3, 3]}


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, where in FAKES.items():
        monkeypatch.setitem(METHODS, name, where)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return write_photos(tmp_path / "photos", MODELS)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "log.txt"
    path.touch()
    monkeypatch.setenv(LOG, str(path))
    return path


def run(manifest: Manifest, *methods: str, **options: Any) -> CrossvalResult:
    options = {"n_folds": 3, "workers": 1} | options
    return crossvalidate(manifest, methods or ("memoriser",), **options)


def count(log: Path, word: str) -> int:
    return log.read_text().split().count(word)


def test_the_warning_shows_what_a_memoriser_would_have_claimed(
    manifest: Manifest,
) -> None:
    [figures] = run(manifest).summary(n_resamples=50).methods
    assert figures.top1 < 0.4
    assert figures.ungrouped_top1 == 1.0
    assert (figures.n_photos, figures.n_devices, figures.n_models) == (27, 9, 3)


def test_methods_are_tested_on_the_same_photos_in_the_same_folds(
    manifest: Manifest,
) -> None:
    result = run(manifest, "memoriser", "from_photos")
    folds = [
        [s.photos for s in result.of(name, "grouped")]
        for name in ("memoriser", "from_photos")
    ]
    assert folds[0] == folds[1]
    assert sorted(n for fold in folds[0] for n in fold) == list(range(27))


def test_a_method_that_takes_photos_goes_through_the_same_door(
    manifest: Manifest,
) -> None:
    [figures] = run(manifest, "from_photos").summary(n_resamples=50).methods
    assert figures.top1 == pytest.approx(1 / 3)  # it always says Acme A
    assert figures.make == pytest.approx(2 / 3)


def test_processes_give_what_one_process_gives(manifest: Manifest) -> None:
    alone = run(manifest, "memoriser", "from_photos")
    several = run(manifest, "memoriser", "from_photos", workers=2)
    timeless = [
        [replace(s, fit_s=0.0, predict_s=0.0) for s in r.scores]
        for r in (alone, several)
    ]
    assert timeless[0] == timeless[1]


def test_traces_are_taken_once_a_photo(
    manifest: Manifest, log: Path, tmp_path: Path
) -> None:
    run(manifest, work=tmp_path / "work")
    assert count(log, "extract") == 27
    run(manifest, work=tmp_path / "work", seed=5)
    assert count(log, "extract") == 27


def test_another_method_takes_its_own_traces_only(
    manifest: Manifest, log: Path, tmp_path: Path
) -> None:
    run(manifest, work=tmp_path / "work")
    run(manifest, "memoriser", "other", work=tmp_path / "work")
    assert count(log, "extract") == 2 * 27


def test_a_photo_whose_traces_are_kept_is_not_decoded(
    manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(manifest, work=tmp_path / "work")

    def refuse(path: Path) -> None:
        pytest.fail(f"{path} was decoded")

    monkeypatch.setattr(_crossval_traces, "open_photo", refuse)
    assert run(manifest, work=tmp_path / "work").n_photos == 27


def test_a_damaged_trace_is_taken_again(
    manifest: Manifest, log: Path, tmp_path: Path
) -> None:
    run(manifest, work=tmp_path / "work")
    victim = next((tmp_path / "work" / "traces").rglob("*.npy"))
    victim.write_bytes(victim.read_bytes()[:-5])
    run(manifest, work=tmp_path / "work")
    assert count(log, "extract") == 28


def test_no_photo_is_moved_or_written(manifest: Manifest, tmp_path: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in manifest.root.rglob("*")}
    run(manifest, work=tmp_path / "work")
    assert {p: p.stat().st_mtime_ns for p in manifest.root.rglob("*")} == before


def test_corrupt_photos_are_reported_and_the_rest_go_on(manifest: Manifest) -> None:
    manifest.paths[0].write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    manifest.paths[5].unlink()
    result = run(manifest)
    assert [f.what for f in result.failures] == [
        manifest.column("path")[0],
        manifest.column("path")[5],
    ]
    assert all(f.reason for f in result.failures)
    assert (result.n_photos, len(result.photos)) == (25, 25)


def test_only_corrupt_photos_are_refused(manifest: Manifest) -> None:
    for path in manifest.paths:
        path.write_bytes(b"nothing")
    with pytest.raises(DatasetError, match="none of 27"):
        run(manifest)


def test_a_photo_that_a_method_cannot_look_at_counts_as_wrong(
    manifest: Manifest,
) -> None:
    Image.new("RGB", (8, 8), (1, 2, 3)).save(manifest.paths[0])
    result = run(manifest, "memoriser", "from_photos")
    unable = {f.method: f.n_unable for f in result.summary(n_resamples=50).methods}
    assert unable == {"memoriser": 1, "from_photos": 0}
    [fold] = [s for s in result.of("memoriser", "grouped") if s.unable]
    assert fold.rank[fold.photos.index(0)] == 3


def test_an_unknown_method_is_refused_before_anything_is_read(
    manifest: Manifest, log: Path
) -> None:
    with pytest.raises(UnknownNameError, match="crystal_ball"):
        run(manifest, "memoriser", "crystal_ball")
    assert count(log, "extract") == 0


def test_no_method_and_a_method_twice_are_refused(manifest: Manifest) -> None:
    with pytest.raises(InputError, match="no method"):
        crossvalidate(manifest, ())
    with pytest.raises(InputError, match="each once"):
        run(manifest, "memoriser", "memoriser")


def test_settings_of_a_method_that_is_not_compared_are_refused(
    manifest: Manifest,
) -> None:
    with pytest.raises(ConfigError, match="from_photos"):
        run(manifest, settings={"from_photos": {"x": 1}})


def test_a_setting_that_a_method_lacks_is_refused(manifest: Manifest) -> None:
    with pytest.raises(ConfigError, match="magic"):
        run(manifest, settings={"memoriser": {"magic": 1}})


def test_folds_that_cannot_be_are_refused_before_anything_is_read(
    tmp_path: Path, log: Path
) -> None:
    lone = write_photos(tmp_path / "lone", {"A": [4], "B": [4]})
    with pytest.raises(DatasetError, match="--group session"):
        run(lone)
    assert count(log, "extract") == 0


def test_the_same_picture_under_two_devices_is_refused(manifest: Manifest) -> None:
    manifest.paths[3].write_bytes(manifest.paths[0].read_bytes())
    with pytest.raises(SplitLeakageError, match="byte for byte"):
        run(manifest)


def test_a_method_that_fails_does_not_stop_the_others(manifest: Manifest) -> None:
    result = run(manifest, "failing", "memoriser")
    assert [f.method for f in result.summary(n_resamples=50).methods] == ["memoriser"]
    assert {f.reason for f in result.not_done} == {
        "these pictures do not suit this method"
    }
    assert result.not_done[0].what == "failing, fold 1, grouped"


def test_only_methods_that_fail_are_an_error(manifest: Manifest) -> None:
    with pytest.raises(DatasetError, match="do not suit"):
        run(manifest, "failing")


def test_an_interrupted_run_goes_on_where_it_stopped(
    manifest: Manifest, log: Path, tmp_path: Path
) -> None:
    def interrupt(stage: str, done: int, _: int) -> None:
        if (stage, done) == ("fitting", 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(manifest, work=tmp_path / "work", progress=interrupt)
    assert count(log, "fit") == 2
    resumed = run(manifest, work=tmp_path / "work", resume=True)
    assert count(log, "fit") == 6
    assert count(log, "extract") == 27
    fresh = run(manifest)
    assert [s.rank for s in resumed.scores] == [s.rank for s in fresh.scores]


def test_a_killed_run_goes_on_where_it_stopped(
    manifest: Manifest, log: Path, tmp_path: Path
) -> None:
    manifest.write(tmp_path / "m.csv")
    program = (
        "from crossval_fakes import FAKES\n"
        "from whichcam.methods import METHODS\n"
        "from whichcam.datasets import Manifest\n"
        "from whichcam.evaluation import crossvalidate\n"
        "METHODS.update(FAKES)\n"
        f"crossvalidate(Manifest.read({str(tmp_path / 'm.csv')!r}), ['memoriser'], "
        f"n_folds=3, workers=1, work={str(tmp_path / 'work')!r})\n"
    )
    here = str(Path(crossval_fakes.__file__).parent)
    paths = [here, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    environment = os.environ | {
        SLOW: "0.4",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }
    process = subprocess.Popen([sys.executable, "-c", program], env=environment)
    folds = tmp_path / "work" / "folds"
    deadline = time.monotonic() + 60
    while not list(folds.glob("*.json")) and time.monotonic() < deadline:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    process.kill()
    assert process.wait() != 0
    finished = len(list(folds.glob("*.json")))
    assert 1 <= finished < 6
    before = count(log, "fit")
    run(Manifest.read(tmp_path / "m.csv"), work=tmp_path / "work", resume=True)
    assert count(log, "fit") - before == 6 - finished


def test_missing_and_damaged_folds_alone_are_done_again(
    manifest: Manifest, log: Path, tmp_path: Path
) -> None:
    run(manifest, work=tmp_path / "work")
    first, second, third, *_ = sorted((tmp_path / "work" / "folds").glob("*.json"))
    first.unlink()
    second.write_text(second.read_text()[:50])
    third.write_text(third.read_text().replace('"rank": [', '"rank": [1, '))
    run(manifest, work=tmp_path / "work", resume=True)
    assert count(log, "fit") == 6 + 3


def test_scores_of_another_identity_are_not_taken_over(
    manifest: Manifest, log: Path, tmp_path: Path
) -> None:
    run(manifest, work=tmp_path / "work")
    one = next((tmp_path / "work" / "folds").glob("*.json"))
    one.write_text(one.read_text().replace('"identity": "', '"identity": "0', 1))
    run(manifest, work=tmp_path / "work", resume=True)
    assert count(log, "fit") == 6 + 1


def test_folds_of_another_seed_are_not_taken_over(
    manifest: Manifest, log: Path, tmp_path: Path
) -> None:
    run(manifest, work=tmp_path / "work")
    run(manifest, work=tmp_path / "work", resume=True, seed=5)
    assert count(log, "fit") == 12


def test_folds_of_another_manifest_are_not_taken_over(
    manifest: Manifest, log: Path, tmp_path: Path
) -> None:
    run(manifest, work=tmp_path / "work")
    fewer = manifest.select(range(1, 27))
    run(fewer, work=tmp_path / "work", resume=True)
    assert count(log, "fit") == 12


def test_without_resume_all_folds_are_done_again(
    manifest: Manifest, log: Path, tmp_path: Path
) -> None:
    run(manifest, work=tmp_path / "work")
    run(manifest, work=tmp_path / "work")
    assert count(log, "fit") == 12


def test_without_the_warning_half_the_fits_are_saved(
    manifest: Manifest, log: Path
) -> None:
    result = run(manifest, ungrouped=False)
    assert count(log, "fit") == 3
    assert result.summary(n_resamples=50).methods[0].ungrouped_top1 is None


def test_progress_counts_photos_and_fits(manifest: Manifest) -> None:
    seen: list[tuple[str, int, int]] = []
    run(manifest, progress=lambda *step: seen.append(step))
    assert seen[26] == ("taking traces", 27, 27)
    assert seen[-1] == ("fitting", 6, 6)


def test_a_model_with_one_device_is_reported_apart(tmp_path: Path) -> None:
    photos = write_photos(
        tmp_path / "photos", {"A": [4, 4], "B": [4, 4], "C": [4]}, n_sessions=2
    )
    result = run(photos, n_folds=2)
    units = {f.unit: f.n_models for f in result.summary(n_resamples=50).methods}
    assert units == {"device": 2, "session": 1}


@pytest.mark.parametrize(
    "name", ["cooccurrence", "demosaicing", "jpeg_statistics", "noise_moments"]
)
def test_the_traces_of_our_methods_are_kept(name: str) -> None:
    method = build_method(name)
    # An unfitted method shows no classes_, and must be known for a traced one still.
    assert isinstance(method, TracedMethod)
    assert getattr(method, "trace_key", "")


def test_what_a_method_keeps_is_taken_once_for_all_folds(
    manifest: Manifest, log: Path, tmp_path: Path
) -> None:
    result = run(manifest, "keeping", "memoriser", work=tmp_path / "work")
    assert count(log, "keep") == 27
    assert result.not_done == ()
    assert len(list((tmp_path / "work" / "traces" / "keeping").iterdir())) == 27
    # where it lay decides nothing, and is nobody's business
    assert "cache" not in str(result.methods)
