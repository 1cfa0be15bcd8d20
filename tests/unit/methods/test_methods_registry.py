"""Methods by name, and what their constructors keep."""

from __future__ import annotations

import gc
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from whichcam.datasets import Manifest
from whichcam.errors import (
    ArtifactNotFoundError,
    IncompatibleArtifactError,
    InputError,
    MissingDependencyError,
    NotFittedError,
    UnknownNameError,
)
from whichcam.methods import (
    METHODS,
    CameraModelClassifier,
    _training_room,
    build_method,
    load_method,
)
from whichcam.methods._whichcam import WhichcamClassifier


def test_an_unknown_method_is_refused_with_the_known_names() -> None:
    with pytest.raises(UnknownNameError, match=r"'resnet'; known: .*whichcam"):
        build_method("resnet")


def test_settings_reach_the_constructor_and_are_stored_as_given() -> None:
    settings = {"epochs": 3}
    built = build_method("whichcam", settings=settings, output="there", resume=True)
    assert isinstance(built, WhichcamClassifier)
    assert built.settings is settings
    assert built.output == "there"
    assert built.resume


def test_a_setting_the_method_has_not_is_refused() -> None:
    with pytest.raises(TypeError, match="depth"):
        build_method("whichcam", depth=3)


def test_listing_the_methods_loads_none_of_them() -> None:
    script = (
        "import sys; from whichcam.methods import METHODS; assert METHODS;"
        "names = {value.partition(':')[0] for value in METHODS.values()};"
        "sys.exit(str(names & set(sys.modules)) if names & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == 0


def test_every_method_is_a_classifier_by_protocol() -> None:
    for name in METHODS:
        built = build_method(name)
        for needed in ("fit", "predict_proba", "save", "load"):
            assert callable(getattr(built, needed))


def test_a_loaded_model_is_saved_file_by_file(tiny_model: Any, tmp_path: Path) -> None:
    loaded = WhichcamClassifier.load(tiny_model.folder)
    assert isinstance(loaded, CameraModelClassifier)
    loaded.save(tmp_path / "copy")
    for path in tiny_model.folder.iterdir():
        assert (tmp_path / "copy" / path.name).read_bytes() == path.read_bytes()
    assert WhichcamClassifier.load(tmp_path / "copy").classes_ == loaded.classes_


def test_a_folder_with_something_in_it_is_not_written_to(
    tiny_model: Any, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(InputError, match="not empty"):
        WhichcamClassifier.load(tiny_model.folder).save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_no_photos_give_no_rows_of_the_right_width(tiny_model: Any) -> None:
    found = WhichcamClassifier.load(tiny_model.folder).predict_proba([])
    assert found.shape == (0, 3)


def test_saving_before_fitting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError, match="fit"):
        WhichcamClassifier().save(tmp_path / "x")
    assert not (tmp_path / "x").exists()


def _fake_training(folder: Path) -> SimpleNamespace:
    """Return a stand-in for the training room that copies a finished model."""

    def train(_: object, output: Path, **__: object) -> str:
        shutil.copytree(folder, output)
        return "report"

    config = SimpleNamespace(from_mapping=lambda values: values)
    return SimpleNamespace(train=train, TrainingConfig=config)


def test_fitting_writes_to_the_output_and_reads_it_back(
    tiny_model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = _fake_training(tiny_model.folder)
    monkeypatch.setattr(_training_room, "import_module", lambda _: fake)
    classifier = WhichcamClassifier(output=tmp_path / "model")
    assert classifier.fit(Manifest({"path": []}, tmp_path)) is classifier
    assert classifier.classes_ == ("Acme One", "Acme Two", "Bolt 5")
    assert classifier.report_ == "report"
    assert (tmp_path / "model" / "spec.json").is_file()


def test_a_temporary_model_goes_with_its_classifier_and_without_complaint(
    tiny_model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = _fake_training(tiny_model.folder)
    monkeypatch.setattr(_training_room, "import_module", lambda _: fake)
    classifier = WhichcamClassifier().fit(Manifest({"path": []}, tmp_path))
    folder = classifier.model_.folder
    assert folder.is_dir()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del classifier
        gc.collect()
    assert not folder.exists()
    assert [str(warning.message) for warning in caught] == []


@pytest.mark.parametrize("library", ["torch", "onnx"])
def test_fitting_without_the_extra_says_how_to_get_it(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: str) -> None:
        raise ModuleNotFoundError(f"No module named {library!r}", name=library)

    monkeypatch.setattr(_training_room, "import_module", missing)
    with pytest.raises(MissingDependencyError, match=r"whichcam\[train\]") as caught:
        WhichcamClassifier().fit(object())  # type: ignore[arg-type]
    assert caught.value.library == library


def test_an_import_that_fails_for_another_reason_is_not_disguised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_: str) -> None:
        raise ModuleNotFoundError("No module named 'ours'", name="ours")

    monkeypatch.setattr(_training_room, "import_module", broken)
    with pytest.raises(ModuleNotFoundError, match="ours"):
        WhichcamClassifier().fit(object())  # type: ignore[arg-type]


def test_a_folder_without_a_classifier_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFoundError, match=r"neither method\.json nor"):
        load_method(tmp_path)


def test_a_classifier_of_a_method_that_is_gone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "method.json").write_text('{"method": "magic"}')
    with pytest.raises(IncompatibleArtifactError, match="unknown method 'magic'"):
        load_method(tmp_path)


def test_a_trained_model_is_loaded_by_its_own_method(tiny_model: Any) -> None:
    assert isinstance(load_method(tiny_model.folder), WhichcamClassifier)
