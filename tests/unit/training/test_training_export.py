"""The exported network answers as the trained one, or is not written off as good."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("onnx", reason="the extra train is not installed")

import onnxruntime
import torch

from whichcam.errors import WhichcamError
from whichcam.traces import TRACE_SIZE
from whichcam.training import TrainingConfig, _export
from whichcam.training._fit import fit_network

N_CLASSES = 3


@pytest.fixture(scope="module")
def network(make_views: Callable[..., Any]) -> Any:
    config = TrainingConfig(
        epochs=2, hidden=8, batch_size=16, manipulations=(), device="cpu"
    )
    views, labels = make_views(12, N_CLASSES), np.arange(12) % N_CLASSES
    return fit_network(
        views, np.arange(12), labels, ["d"] * 12, ["s"] * 12, N_CLASSES, config, seed=1
    )


@pytest.fixture
def traces(rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return traces that also pass the limits outliers are clipped at."""
    return rng.normal(0, 5, (7, TRACE_SIZE)).astype(np.float32)


def test_onnxruntime_gives_the_values_of_torch(
    network: Any, traces: Any, tmp_path: Path
) -> None:
    parity = _export.export_onnx(network, tmp_path / "model.onnx", traces)
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    found = session.run(["untouched", "robust", "embedding"], {"traces": traces})
    with torch.no_grad():
        expected = network.answer(torch.from_numpy(traces))
    assert [value.shape for value in found[:2]] == [(7, 3), (7, 3)]
    differences = []
    for own, theirs in zip(expected, found, strict=True):
        assert theirs.shape == own.shape
        np.testing.assert_allclose(theirs, own.numpy(), atol=2e-5)
        differences.append(np.abs(theirs - own.numpy()).max())
    assert parity == pytest.approx(max(differences), abs=1e-6)


def test_the_exported_network_takes_any_number_of_crops(
    network: Any, traces: Any, tmp_path: Path
) -> None:
    _export.export_onnx(network, tmp_path / "model.onnx", traces)
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    together = session.run(["robust"], {"traces": traces})[0]
    one = session.run(["robust"], {"traces": traces[3:4]})[0]
    np.testing.assert_allclose(one, together[3:4], atol=1e-5)


def test_the_same_network_gives_the_same_bytes(
    network: Any, traces: Any, tmp_path: Path
) -> None:
    for name in ("1.onnx", "2.onnx"):
        _export.export_onnx(network, tmp_path / name, traces)
    assert (tmp_path / "1.onnx").read_bytes() == (tmp_path / "2.onnx").read_bytes()


def test_a_dead_hidden_layer_gives_a_finite_embedding(
    network: Any, traces: Any, tmp_path: Path
) -> None:
    import copy

    dead = copy.deepcopy(network)
    with torch.no_grad():
        for module in dead.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.bias.fill_(-100.0)
    _export.export_onnx(dead, tmp_path / "model.onnx", traces)
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    embedding = session.run(["embedding"], {"traces": traces})[0]
    assert not embedding.any()


@pytest.mark.parametrize("factor", [1.001, float("nan")])
def test_an_export_that_differs_is_an_error(
    factor: float,
    network: Any,
    traces: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = copy.deepcopy(network)  # others use it too
    parity = _export._parity

    def after_a_fault(network: Any, *rest: Any) -> float:
        with torch.no_grad():
            network.robust.experts[0].classifier.bias.mul_(factor).add_(0.01)
        return float(parity(network, *rest))

    monkeypatch.setattr(_export, "_parity", after_a_fault)
    with pytest.raises(WhichcamError, match="differs from the trained one"):
        _export.export_onnx(network, tmp_path / "model.onnx", traces)
