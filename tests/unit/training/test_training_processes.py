"""Two processes train what one would: the same weights, the same curve."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gloo import run_in_processes

pytest.importorskip("torch", reason="the extra train is not installed")

import gloo_fit
import torch
from torch import nn

from whichcam.errors import ConfigError, InputError
from whichcam.training import TrainingConfig, _distributed
from whichcam.training.__main__ import main

# Sums are taken in another order, and AdamW divides by what may be next to nothing.
TOLERANCE = 2e-3


@dataclass(frozen=True, kw_only=True)
class InTwo:
    """What two processes left: a whole training, and one killed after two epochs."""

    config: TrainingConfig
    whole: Path
    killed: Path


@pytest.fixture
def in_two(tmp_path: Path, settings: dict[str, Any]) -> InTwo:
    """Return what two processes trained, one pair of them for both trainings."""
    config = {
        **settings,
        "epochs": 4,
        "batch_size": 8,
        "components": 16,
        "input_dropout": 0.0,
        "hidden_dropout": 0.0,
    }
    whole, killed = tmp_path / "two", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    command = [sys.executable, gloo_fit.__file__, str(whole), str(killed)]
    run_in_processes([*command, json.dumps(config)], 2, exit_code=gloo_fit.EXIT_CODE)
    return InTwo(config=TrainingConfig.from_mapping(config), whole=whole, killed=killed)


def curve_in(folder: Path) -> list[float]:
    losses: list[float] = torch.load(folder / "checkpoint.pt", weights_only=True)[
        "losses"
    ]
    return losses


def weights_in(folder: Path) -> dict[str, Any]:
    with np.load(folder / "weights.npz") as kept:
        return dict(kept)


def assert_close(first: dict[str, Any], second: dict[str, Any]) -> None:
    """Compare weights, save what batch normalisation takes off again.

    A constant added before it changes nothing: its gradient is rounding alone, which
    AdamW brings up to full size. The running mean trails it.
    """
    assert first.keys() == second.keys()
    for name, values in first.items():
        if not name.endswith(("hidden.bias", "norm.running_mean")):
            np.testing.assert_allclose(
                values, second[name], rtol=TOLERANCE, atol=TOLERANCE, err_msg=name
            )


@pytest.mark.skipif(sys.platform != "linux", reason="the loopback is named lo there")
def test_two_processes_train_what_one_does(in_two: InTwo, tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.mkdir()
    gloo_fit.fit(one, in_two.config)
    weights, curve = weights_in(one), curve_in(one)
    assert curve[-1] < curve[0]
    two_curve = curve_in(in_two.whole)
    assert_close(weights, weights_in(in_two.whole))
    np.testing.assert_allclose(two_curve, curve, rtol=TOLERANCE)
    # Killed after two epochs, and gone on with by another number of processes.
    assert curve_in(in_two.killed) == two_curve[: gloo_fit.EPOCHS_BEFORE_DEATH]
    assert not (in_two.killed / "weights.npz").exists()
    gloo_fit.fit(in_two.killed, in_two.config)
    resumed_curve = curve_in(in_two.killed)
    assert resumed_curve[:2] == two_curve[:2]
    assert_close(weights, weights_in(in_two.killed))
    np.testing.assert_allclose(resumed_curve, curve, rtol=TOLERANCE)


@pytest.mark.parametrize("n_processes", [1, 2, 3, 8])
@pytest.mark.parametrize("n_parts", [1, 2, 5])
def test_the_parts_of_all_processes_are_the_batch(
    n_processes: int, n_parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_distributed, "world_size", lambda: n_processes)
    rows: list[int] = []
    for rank in range(n_processes):
        monkeypatch.setattr(_distributed, "rank", lambda rank=rank: rank)
        for part in range(n_parts):
            rows += range(101)[_distributed.own_part(101, part, n_parts)]
    assert rows == list(range(101))


def test_parts_add_up_to_the_gradient_of_the_whole() -> None:
    model = nn.Linear(3, 2)
    rows = torch.arange(30.0).reshape(10, 3)
    model(rows).square().sum().backward()
    assert model.weight.grad is not None
    whole = model.weight.grad.clone()
    model.zero_grad()
    for part in range(4):
        with _distributed.adding_up(model, is_last=part == 3):
            own = rows[_distributed.own_part(10, part, 4)]
            model(own).square().sum().backward()
    torch.testing.assert_close(model.weight.grad, whole)


def test_a_batch_too_small_for_its_parts_is_refused(
    make_views: Callable[..., Any], settings: dict[str, Any]
) -> None:
    from whichcam.training._fit import fit_network

    config = TrainingConfig.from_mapping({**settings, "accumulation": 9})
    with pytest.raises(InputError, match="at least 18"):
        fit_network(
            make_views(12, 3),
            np.arange(12),
            np.arange(12) % 3,
            ["d"] * 12,
            ["s"] * 12,
            3,
            config,
            seed=1,
        )
    with pytest.raises(ConfigError, match="accumulation"):
        TrainingConfig(accumulation=0)


def test_the_command_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("epocks = 3\n")
    manifest = tmp_path / "m.csv"
    manifest.write_text("path,camera_model\na.jpg,X\n")
    out = ["-o", str(tmp_path / "model")]
    assert main([str(tmp_path / "none.csv"), *out]) == 3
    assert main([str(manifest), *out, "--config", str(settings)]) == 3
    settings.write_text("epochs =")
    assert main([str(manifest), *out, "--config", str(settings)]) == 3
    assert main([str(manifest), *out, "--config", str(tmp_path / "no.toml")]) == 3
    said = capsys.readouterr().err
    assert "none.csv" in said
    assert "epocks: unknown setting" in said
    assert "is no TOML" in said
    assert "no.toml" in said
