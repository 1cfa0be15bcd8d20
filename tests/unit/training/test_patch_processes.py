"""Networks over patches in several processes, stopped and gone on with."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import gloo_train
import numpy as np
import pytest
from gloo import free_port, run_in_processes

pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("timm", reason="the extra train is not installed")
pytest.importorskip("onnx", reason="the extra train is not installed")

import torch

from whichcam.datasets import Manifest
from whichcam.errors import (
    ConfigError,
    IncompatibleArtifactError,
    InputError,
    UnknownNameError,
)
from whichcam.media import open_photo
from whichcam.methods import build_method, load_method
from whichcam.training import train_method
from whichcam.training.__main__ import main

ON_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="the loopback is named lo there"
)

# Sums are taken in another order; what is compared went through several epochs.
TOLERANCE = 2e-3

SETTINGS: dict[str, dict[str, Any]] = {
    "constrained": {
        "patch_px": 64,
        "n_patches": 2,
        "patches_per_photo": 2,
        "batch_size": 8,
        "epochs": 3,
        "manipulations": ["jpeg_70", "resize_0.5"],
        "learning_rate": 1e-3,
    },
    "finetune": {
        "backbone": "test_efficientnet",
        "weights": "none",
        "dropout": 0.0,
        "learning_rates": [1e-2, 1e-2],
        "epochs": 2,
        "patch_px": 64,
        "n_patches": 2,
        "batch_size": 8,
    },
}
COMMON = {"device": "cpu", "region_px": 160}


def _arguments(
    manifest: Manifest, folder: Path, method: str, name: str, **changes: Any
) -> list[str]:
    """Return the arguments of ``python -m whichcam.training``."""
    manifest.write(folder / "manifest.csv")
    config = folder / f"{name}.toml"
    settings = {**COMMON, **SETTINGS[method], **changes}
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    config.write_text("\n".join(lines))
    out = ["-o", str(folder / name), "--config", str(config)]
    return [str(folder / "manifest.csv"), "--method", method, *out]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """Folders of models, and how the command was called for the last of them."""

    one: Path
    two: Path
    whole: Path
    stopped: Path
    arguments: list[str]
    refused: tuple[int, str]


@pytest.fixture(scope="module")
def trained(manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Return what one process trained, and two: one pair of them for both trainings.

    ``one`` and ``whole`` are by one process; ``two`` is by two. ``stopped`` was begun
    by one process, refused without ``--resume``, and finished by two with it.
    """
    folder = tmp_path_factory.mktemp("patches")
    assert main(_arguments(manifest, folder, "constrained", "one", workers=0)) == 0
    assert main(_arguments(manifest, folder, "finetune", "whole")) == 0

    def stop(stage: str, done: int, total: int) -> None:
        del total
        if stage.startswith("1 of") and done == 1:
            raise KeyboardInterrupt

    settings = {**COMMON, **SETTINGS["finetune"]}
    stopped = folder / "stopped"
    with pytest.raises(KeyboardInterrupt):
        train_method(manifest, stopped, "finetune", settings=settings, progress=stop)
    arguments = _arguments(manifest, folder, "finetune", "stopped")
    with redirect_stderr(StringIO()) as said:
        refused = main(arguments)
    _in_two(
        _arguments(manifest, folder, "constrained", "two", workers=2),
        [*arguments, "--resume"],
    )
    return Trained(
        one=folder / "one",
        two=folder / "two",
        whole=folder / "whole",
        stopped=stopped,
        arguments=arguments,
        refused=(refused, said.getvalue()),
    )


def _in_two(*commands: list[str]) -> None:
    trainings = json.dumps([[free_port(), arguments] for arguments in commands])
    said = run_in_processes([sys.executable, gloo_train.__file__, trainings], 2)
    lines = said[0].splitlines()
    assert len(lines) == len(commands)
    assert all("% of the time spent waiting for data" in line for line in lines)
    assert said[1] == ""


def _weights(folder: Path) -> dict[str, Any]:
    onnx = pytest.importorskip("onnx")
    graph = onnx.load(folder / "model.onnx").graph
    return {x.name: onnx.numpy_helper.to_array(x) for x in graph.initializer}


def _history(folder: Path) -> list[dict[str, Any]]:
    header = json.loads((folder / "method.json").read_text())
    return list(header["history"])


def _assert_alike(one: Path, other: Path) -> None:
    """Compare networks by their weights, and trainings by their curves."""
    first, second = _weights(one), _weights(other)
    assert first.keys() == second.keys()
    for name, values in first.items():
        np.testing.assert_allclose(
            values, second[name], rtol=TOLERANCE, atol=TOLERANCE, err_msg=name
        )
    assert len(_history(one)) == len(_history(other))
    for a, b in zip(_history(one), _history(other), strict=True):
        assert a["stage"] == b["stage"]
        for name in ("train_loss", "validation_loss"):
            np.testing.assert_allclose(a[name], b[name], rtol=TOLERANCE)


@ON_LINUX
def test_two_processes_train_what_one_does(
    trained: Trained, manifest: Manifest
) -> None:
    _assert_alike(trained.one, trained.two)
    assert sorted(path.name for path in trained.two.iterdir()) == [
        "arrays.npz",
        "method.json",
        "model.onnx",
    ]
    photos = [open_photo(path) for path in manifest.paths[:3]]
    np.testing.assert_allclose(
        load_method(trained.one).predict_proba(photos),
        load_method(trained.two).predict_proba(photos),
        atol=TOLERANCE,
    )


@ON_LINUX
def test_two_processes_go_on_where_one_was_stopped(
    trained: Trained, capsys: pytest.CaptureFixture[str]
) -> None:
    assert trained.refused[0] == 3
    assert "holds an unfinished run" in trained.refused[1]
    stages = [row["stage"] for row in _history(trained.stopped)]
    assert stages == ["0 of 7 blocks open"] * 2 + ["1 of 7 blocks open"] * 2
    _assert_alike(trained.whole, trained.stopped)
    capsys.readouterr()
    assert main([*trained.arguments, "--resume"]) == 3
    assert "holds a model already" in capsys.readouterr().err


def _stopped(
    manifest: Manifest, cache: Path, after: int, **changes: Any
) -> tuple[Any, list[str]]:
    """Fit and stop after some epochs; return the classifier and the stages reported."""
    settings = {**COMMON, **SETTINGS["constrained"], **changes}
    settings["manipulations"] = tuple(settings["manipulations"])
    classifier = build_method("constrained", cache=str(cache), **settings)
    told: list[str] = []

    def stop(stage: str, done: int, total: int) -> None:
        del total
        told.append(f"{stage} {done}")
        if stage == "training" and done == after:
            raise KeyboardInterrupt

    if after:
        with pytest.raises(KeyboardInterrupt):
            classifier.fit(manifest, progress=stop)
    else:
        classifier.fit(manifest, progress=stop)
    return classifier, told


def test_a_stopped_training_goes_on_to_the_same_bytes(
    manifest: Manifest, tmp_path: Path
) -> None:
    whole, _ = _stopped(manifest, tmp_path / "a", 0)
    assert not [*(tmp_path / "a").glob("*.pt")]
    _stopped(manifest, tmp_path / "b", 2)
    (kept,) = (tmp_path / "b").glob("training-*.pt")
    assert kept.stat().st_size > 1000
    # of other settings, it is another training
    _stopped(manifest, tmp_path / "b", 1, batch_size=6)
    assert len([*(tmp_path / "b").glob("training-*.pt")]) == 2
    again, told = _stopped(manifest, tmp_path / "b", 0)
    assert told == ["reading photos 24", "training 3", "training 3"]
    assert again.history_ == whole.history_
    assert again._onnx == whole._onnx
    assert len([*(tmp_path / "b").glob("training-*.pt")]) == 1


def test_a_state_that_is_damaged_is_refused(manifest: Manifest, tmp_path: Path) -> None:
    _stopped(manifest, tmp_path, 1)
    (kept,) = tmp_path.glob("training-*.pt")
    whole = kept.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"no state"):
        kept.write_bytes(damaged)
        with pytest.raises(IncompatibleArtifactError, match="remove it to begin again"):
            _stopped(manifest, tmp_path, 0)
    kept.write_bytes(whole)
    state = torch.load(kept, weights_only=True)
    for other in ({**state, "run": "of another"}, {"run": state["run"]}, [state]):
        torch.save(other, kept)
        with pytest.raises(IncompatibleArtifactError, match="no state of this"):
            _stopped(manifest, tmp_path, 0)


def test_parts_of_a_batch_give_the_gradients_of_the_whole(manifest: Manifest) -> None:
    settings = {**COMMON, "variant": "blog", "epochs": 2, "batch_size": 16}
    found: list[Any] = []
    for n_parts in (1, 3):
        fitted: Any = build_method("scratch", **settings, accumulation=n_parts)
        with pytest.MonkeyPatch.context() as patch:  # dropout differs by part
            patch.setattr(torch.nn.Dropout, "forward", lambda _, x: x)
            fitted.fit(manifest)
        found.append([row["train_loss"] for row in fitted.history_])
    np.testing.assert_allclose(found[0], found[1], rtol=TOLERANCE)


def test_a_batch_too_small_for_its_parts_is_refused(manifest: Manifest) -> None:
    settings = {**COMMON, "batch_size": 8, "patches_per_photo": 4}
    with pytest.raises(InputError, match=r"3 part\(s\) of it need 3"):
        build_method("scratch", **settings, accumulation=3).fit(manifest)
    with pytest.raises(InputError, match=r"1 part\(s\) of it need 2"):
        build_method("finetune", **SETTINGS_OF_ONE).fit(manifest)


SETTINGS_OF_ONE = {"backbone": "test_resnet", "weights": "none", "batch_size": 1}


@pytest.mark.parametrize(
    ("method", "settings", "error", "said"),
    [
        ("cooccurrence", {}, InputError, "those are constrained, finetune, remnant"),
        ("scrotch", {}, UnknownNameError, "scratch"),
        ("scratch", {"epocks": 3}, ConfigError, "epocks"),
        ("scratch", {"epochs": "three"}, ConfigError, "epochs"),
        ("scratch", {"manipulated_share": "half"}, ConfigError, "manipulated_share"),
        ("scratch", {"manipulated_share": 2}, ConfigError, "manipulated_share"),
    ],
)
def test_what_cannot_be_trained_is_said(
    method: str,
    settings: dict[str, Any],
    error: type[Exception],
    said: str,
    manifest: Manifest,
    tmp_path: Path,
) -> None:
    with pytest.raises(error, match=said):
        train_method(manifest, tmp_path / "out", method, settings=settings)
