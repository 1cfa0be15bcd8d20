"""identify_many: the answers of identify, in order, whatever process gives them."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
import warnings
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.errors import (
    ArtifactNotFoundError,
    ConfigError,
    IncompatibleArtifactError,
    InputError,
    MissingDependencyError,
    PhotoNotFoundError,
    WhichcamError,
    WhichcamWarning,
)
from whichcam.media import Photo, open_photo
from whichcam.models import CameraModel
from whichcam.pipelines import Identification, _identify_many, identify, identify_many

SIZE = (192, 256)


@pytest.fixture(scope="module")
def model(tiny_model: Any) -> CameraModel:
    return CameraModel.load(tiny_model.folder)


@pytest.fixture(scope="module")
def photos(tiny_model: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return one good picture by each of three cameras."""
    folder = tmp_path_factory.mktemp("many")
    paths = []
    for number, camera in enumerate(tiny_model.cameras):
        path = folder / f"{number}.jpg"
        path.write_bytes(camera.shoot_jpeg(seed=70 + number, size=SIZE))
        paths.append(path)
    return paths


def answered(found: object) -> Identification:
    assert isinstance(found, Identification), found
    return found


def alike(found: Identification, expected: Identification) -> None:
    # Figures not to the last digit: BLAS rounds by its number of threads.
    figures: dict[str, Any] = {"confidence": 0.0, "unknown_probability": 0.0}
    for name in figures:
        value = getattr(expected, name)
        assert getattr(found, name) == pytest.approx(value, abs=1e-5)
    shares = [c.probability for c in expected.ranking]
    assert [c.probability for c in found.ranking] == pytest.approx(shares, abs=1e-5)
    figures["ranking"] = ()
    assert replace(found, **figures) == replace(expected, **figures)


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_come_in_order_and_are_those_of_identify(
    workers: int, photos: list[Path], model: CameraModel, tmp_path: Path
) -> None:
    missing = tmp_path / "none.jpg"
    given: list[Any] = [photos[2], missing, photos[0].read_bytes(), str(photos[1])]
    found = list(identify_many(given, model=model, top_k=2, workers=workers))
    assert [source for source, _ in found] == given
    assert isinstance(found[1][1], PhotoNotFoundError)
    for k in (0, 2, 3):
        alike(answered(found[k][1]), identify(given[k], model=model, top_k=2))


def test_files_and_photos_are_looked_at_beside_the_processes(
    photos: list[Path], model: CameraModel
) -> None:
    with photos[0].open("rb") as file:  # no other process can have it
        given: list[Any] = [file, photos[1], open_photo(photos[0])]
        many = identify_many(given, model=model.folder, workers=2)
        found = [answered(one).photo_name for _, one in many]
    assert found == [photos[0].name, photos[1].name, photos[0].name]


@pytest.mark.parametrize("workers", [1, 2])
def test_damaged_files_are_used_when_asked(
    workers: int, photos: list[Path], model: CameraModel
) -> None:
    data = photos[0].read_bytes()
    cut = data[: len(data) * 3 // 4]
    ((_, refused),) = identify_many([cut], model=model, workers=workers)
    assert isinstance(refused, InputError)
    ((_, used),) = identify_many(
        [cut], model=model, workers=workers, allow_truncated=True
    )
    assert answered(used).warnings


def test_sources_are_taken_as_they_are_needed(
    photos: list[Path], model: CameraModel
) -> None:
    taken: list[Path] = []

    def endless() -> Iterator[Path]:
        while True:
            taken.append(photos[0])
            yield photos[0]

    answers = identify_many(endless(), model=model)
    assert taken == []
    next(answers)
    assert len(taken) == 1
    answers.close()


def test_a_bounded_number_of_photos_is_under_way(
    photos: list[Path], model: CameraModel
) -> None:
    taken: list[Path] = []

    def endless() -> Iterator[Path]:
        while True:
            taken.append(photos[0])
            yield photos[0]

    before = set(multiprocessing.active_children())  # other tests' servers
    answers = identify_many(endless(), model=model, workers=2)
    for _ in range(3):
        answered(next(answers)[1])
    assert len(taken) == 2 * _identify_many._PER_WORKER + 2
    assert len(set(multiprocessing.active_children()) - before) == 2
    answers.close()
    assert set(multiprocessing.active_children()) <= before


@pytest.mark.parametrize(
    ("options", "message"),
    [({"top_k": 0}, "top_k is 0"), ({"workers": 0}, "workers is 0")],
)
def test_wrong_settings_are_refused_before_the_first_answer_is_asked_for(
    options: dict[str, Any], message: str, model: CameraModel
) -> None:
    with pytest.raises(InputError, match=message):
        identify_many([], model=model, **options)


def test_a_missing_model_is_refused_before_the_first_answer_is_asked_for(
    tmp_path: Path,
) -> None:
    with pytest.raises(ArtifactNotFoundError):
        identify_many([], model=tmp_path / "none", workers=2)


@pytest.mark.parametrize("workers", [1, 2])
def test_no_photos_give_no_answers(workers: int, model: CameraModel) -> None:
    assert list(identify_many([], model=model, workers=workers)) == []


def test_a_model_folder_that_changes_ends_the_run(
    photos: list[Path], tiny_model: Any, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_model.folder, tmp_path / "model")
    chosen = CameraModel.load(folder)
    text = (folder / "calibration.json").read_text()
    (folder / "calibration.json").write_text(text.replace('"folds": 2', '"folds": 3'))
    with pytest.raises(IncompatibleArtifactError, match="was changed"):
        list(identify_many(photos[:1], model=chosen, workers=2, catch=Exception))


def test_a_bug_ends_the_run_unless_it_is_to_be_caught(
    photos: list[Path], model: CameraModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def buggy(source: Path, **_: Any) -> str:
        if source == photos[0]:
            raise RuntimeError("a bug of ours")
        return "fine"

    monkeypatch.setattr(_identify_many, "identify", buggy)
    with pytest.raises(RuntimeError, match="a bug of ours"):
        list(identify_many(photos, model=model))
    found: list[Any] = list(identify_many(photos, model=model, catch=Exception))
    assert isinstance(found[0][1], RuntimeError)
    assert found[1] == (photos[1], "fine")


@pytest.mark.parametrize("raised", [KeyboardInterrupt, ArtifactNotFoundError])
def test_ctrl_c_and_a_model_at_fault_are_never_the_answer_on_a_photo(
    raised: type[BaseException],
    photos: list[Path],
    model: CameraModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(_: Path, **__: Any) -> None:
        raise raised

    monkeypatch.setattr(_identify_many, "identify", failing)
    with pytest.raises(raised):
        list(identify_many(photos, model=model, catch=Exception))


def test_warnings_stand_in_the_answers_only(
    photos: list[Path], model: CameraModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warning(*_: Any, **__: Any) -> str:
        warnings.warn("doubtful", WhichcamWarning, stacklevel=1)
        return "fine"

    monkeypatch.setattr(_identify_many, "identify", warning)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found: list[Any] = [f for _, f in identify_many(photos, model=model)]
    assert found == ["fine"] * 3


def test_kept_errors_keep_no_pixels(
    model: CameraModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[weakref.ref[Any]] = []

    def failing(_: object, **__: Any) -> None:
        pixels = np.zeros((8, 8))
        held.append(weakref.ref(pixels))
        raise InputError("too little")

    monkeypatch.setattr(_identify_many, "identify", failing)
    found = list(identify_many([b"x", b"y"], model=model))
    gc.collect()
    assert len(found) == 2
    assert [reference() for reference in held] == [None, None]


@pytest.mark.parametrize(
    "error",
    [
        MissingDependencyError("pi-heif", extra="heif", purpose="reading HEIC"),
        ConfigError("a.b", "is 3; expected 4"),
        PhotoNotFoundError("x.jpg: there is no such file"),
    ],
)
def test_errors_come_back_from_a_process_as_they_were(error: WhichcamError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


def test_the_environment_is_as_it_was(
    photos: list[Path], model: CameraModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    before = dict(os.environ)
    answers = identify_many(photos, model=model, workers=2)
    answered(next(answers)[1])
    assert dict(os.environ) == before
    answers.close()


def test_the_libraries_of_a_process_run_one_thread() -> None:
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"]
    look: Any = os.getenv  # any function of one source; run in the process
    found: Any = _identify_many._in_processes(names, look, look, 2, WhichcamError)
    assert list(found) == [(name, "1") for name in names]


SCRIPT = """
import os, signal, sys
from whichcam.errors import WhichcamError
from whichcam.pipelines import identify_many

def main():
    # A suite that runs in the background has it ignored, and so would all it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    many = (sys.argv[2] for _ in range(10_000))
    for _, found in identify_many(many, model=sys.argv[1], workers=2):
        print(found.answer, flush=True)

{guard}main()
"""


def _start(guard: str, photo: Path, model: CameraModel, folder: Path) -> Any:
    program = folder / "program.py"
    program.write_text(SCRIPT.format(guard=guard))
    return subprocess.Popen(
        [sys.executable, str(program), str(model.folder), str(photo)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_ends_all_processes_and_only_one_of_them_speaks(
    photos: list[Path], model: CameraModel, tmp_path: Path
) -> None:
    guard = 'if __name__ == "__main__":\n    '
    with _start(guard, photos[0], model, tmp_path) as process:
        assert process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process
        _, said = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert said.count("Traceback") == 1
    assert said.rstrip().endswith("KeyboardInterrupt")
    deadline = time.monotonic() + 10
    while _alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(process.pid)


def test_a_script_without_the_guard_is_told_what_it_lacks(
    photos: list[Path], model: CameraModel, tmp_path: Path
) -> None:
    with _start("", photos[0], model, tmp_path) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "WhichcamError: a worker process died" in said


def test_photos_may_be_opened_already(photos: list[Path], model: CameraModel) -> None:
    photo: Photo = open_photo(photos[0])
    ((source, found),) = identify_many([photo], model=model)
    assert source is photo
    assert answered(found).sha256 == photo.sha256
