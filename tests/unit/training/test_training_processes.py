"""Two processes train what one would: the same weights, the same curve."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gloo import run_in_processes

pytest.importorskip("torch", reason="the extra train is not installed")

import torch
from torch import nn

from whichcam.errors import ConfigError, InputError
from whichcam.training import TrainingConfig, _distributed
from whichcam.training.__main__ import main

# Sums are taken in another order, and AdamW divides by what may be next to nothing.
TOLERANCE = 2e-3

_PROGRAM = """
import json, os, sys
from pathlib import Path

import numpy as np
import torch

from whichcam.traces import TRACE_SIZE
from whichcam.training import TrainingConfig, _distributed
from whichcam.training._fit import fit_network
from whichcam.training._views import Views

torch.set_num_threads(1)
out, epochs_before_death = Path(sys.argv[1]), int(sys.argv[2])
config = TrainingConfig.from_mapping(json.loads(sys.argv[3]))
n, n_classes = 24, 3
rng = np.random.default_rng(0)
labels = np.arange(n) % n_classes
centres = rng.normal(size=(n_classes, 1, TRACE_SIZE))
kinds = (centres[labels] + rng.normal(size=(3, n, 2, TRACE_SIZE))).astype(np.float16)
views = Views(untouched=kinds[0], manipulated=kinds[1], reduced=kinds[2],
              tables=(None,) * n, rows=np.arange(n), skipped=())

def done(epoch, total):
    if epoch == epochs_before_death:
        _distributed.wait()
        os._exit(9)

with _distributed.process_group(torch.device("cpu")):
    network = fit_network(views, np.arange(n), labels, [f"d{k % 3}" for k in range(n)],
                          ["s"] * n, n_classes, config, seed=1,
                          checkpoint=out / "checkpoint.pt", epoch_done=done)
    if _distributed.rank() == 0:
        weights = {k: v.numpy() for k, v in network.state_dict().items()}
        np.savez(out / "weights.npz", **weights)
"""


@pytest.fixture
def train_in(
    tmp_path: Path, settings: dict[str, Any]
) -> Callable[..., tuple[dict[str, Any], list[float]]]:
    """Return a function that trains in some processes and returns weights and curve."""
    script = tmp_path / "fit.py"
    script.write_text(_PROGRAM)
    config = {
        **settings,
        "epochs": 4,
        "batch_size": 8,
        "components": 16,
        "input_dropout": 0.0,
        "hidden_dropout": 0.0,
    }

    def run(
        n_processes: int, name: str, *, dies_after: int = 0, **changes: Any
    ) -> tuple[dict[str, Any], list[float]]:
        out = tmp_path / name
        out.mkdir(exist_ok=True)
        command = [sys.executable, str(script), str(out), str(dies_after)]
        run_in_processes(
            [*command, json.dumps({**config, **changes})],
            n_processes,
            exit_code=9 if dies_after else 0,
        )
        losses = torch.load(out / "checkpoint.pt", weights_only=True)["losses"]
        if dies_after:
            return {}, losses
        with np.load(out / "weights.npz") as kept:
            return dict(kept), losses

    return run


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
def test_two_processes_train_what_one_does(train_in: Callable[..., Any]) -> None:
    weights, curve = train_in(1, "one")
    assert curve[-1] < curve[0]
    two, two_curve = train_in(2, "two")
    assert_close(weights, two)
    np.testing.assert_allclose(two_curve, curve, rtol=TOLERANCE)
    # Killed after two epochs, and gone on with by another number of processes.
    assert train_in(2, "killed", dies_after=2)[1] == two_curve[:2]
    resumed, resumed_curve = train_in(1, "killed")
    assert resumed_curve[:2] == two_curve[:2]
    assert_close(weights, resumed)
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
