"""Networks over patches: the constraint, the blocks, the machine on top."""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("onnx", reason="the extra train is not installed")

import torch
from torch import nn

from whichcam.errors import WhichcamError
from whichcam.methods import PatchData
from whichcam.methods._patches import as_input
from whichcam.models.storage import open_onnx
from whichcam.training import _patch_fit, _patch_run
from whichcam.training._export_patches import (
    export_onnx_of,
    export_patches,
)
from whichcam.training._patch_networks import (
    PATCH_NETWORKS,
    ConstrainedConvolution,
    RemnantBlock,
    project,
)


def _striped(n_photos: int = 12, side: int = 64) -> PatchData:
    """Return photos of two kinds: stripes across, and stripes down."""
    rng = np.random.default_rng(5)
    labels = np.arange(n_photos) % 2
    wave = (np.arange(side) % 4 < 2) * 90
    pictures = []
    for label in labels:
        stripes = np.broadcast_to(wave[:, None] if label else wave[None], (side, side))
        noise = rng.integers(0, 60, (side, side, 3))
        pictures.append((stripes[..., None] + noise + 40).astype(np.uint8))
    return PatchData(
        regions=pictures,
        labels=labels,
        devices=["a"] * n_photos,
        validation=np.array([0, 1, 2, 3]),
        n_classes=2,
        patch_px=side,
        patches_per_photo=1,
        n_looks=1,
        by_quality=False,
        manipulations=(),
        turns=(0,),
        seed=0,
    )


def _fit(kind: str, data: PatchData, **changes: Any) -> tuple[bytes, list[Any]]:
    values: dict[str, Any] = {
        "epochs": 6,
        "batch_size": 4,
        "learning_rate": 1e-3,
        "patience": 6,
        "device": "cpu",
        "progress": lambda *_: None,
    }
    trained = _patch_fit.fit_patch_network(kind, data, **values | changes)
    return trained.onnx, [*trained.history]


def test_a_constrained_filter_predicts_its_middle_from_the_rest() -> None:
    torch.manual_seed(1)
    layer = ConstrainedConvolution(4, 5)
    with torch.no_grad():
        layer.weight.add_(torch.randn_like(layer.weight))
        layer.weight[1] = 0  # nothing to scale up: it starts again as a mean
    project(nn.Sequential(layer))
    weight = layer.weight.detach()
    assert (weight[:, :, 2, 2] == -1).all()
    np.testing.assert_allclose(weight.sum((1, 2, 3)).numpy(), 0, atol=1e-5)


def test_a_flat_picture_leaves_nothing_behind_a_constrained_filter() -> None:
    left = ConstrainedConvolution()(torch.full((1, 1, 16, 16), 0.7))
    np.testing.assert_allclose(left.detach().numpy(), 0, atol=1e-5)


def test_training_keeps_to_the_constraint() -> None:
    seen: list[Any] = []
    original = export_patches

    def keep(network: Any, data: PatchData) -> bytes:
        seen.append(network)
        return original(network, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_patch_fit, "export_patches", keep)
        _fit("constrained", _striped(), epochs=2)
    (layer,) = [m for m in seen[0].modules() if isinstance(m, ConstrainedConvolution)]
    assert (layer.weight[:, :, 2, 2] == -1).all()
    total = layer.weight.detach().sum((1, 2, 3)).numpy()
    np.testing.assert_allclose(total, 0, atol=1e-5)


def test_a_remnant_block_passes_on_what_it_does_not_take_away() -> None:
    block = RemnantBlock(4).eval()
    levels = torch.rand(2, 3, 16, 16)
    np.testing.assert_allclose(
        (block(levels) + block.content(levels)).detach(), levels, atol=1e-6
    )
    with torch.no_grad():
        for parameter in block.content[-1].parameters():
            parameter.zero_()
    np.testing.assert_array_equal(block(levels).detach(), levels)


@pytest.mark.parametrize("front", [ConstrainedConvolution(), RemnantBlock(4)])
def test_what_looks_for_traces_is_not_rounded(front: nn.Module) -> None:
    levels = torch.rand(2, 1 if isinstance(front, nn.Conv2d) else 3, 16, 16)
    expected = front.eval()(levels)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(front(levels), expected)


def test_an_error_of_a_thread_that_draws_ends_the_training_and_all_threads() -> None:
    original, calls = PatchData._draw, 0

    def fail(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 5:
            raise OSError("the disk is gone")
        return original(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PatchData, "_draw", fail)
        with pytest.raises(OSError, match="the disk is gone"):
            _fit("blog", dataclasses.replace(_striped(40), workers=3))
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("whichcam")]


def test_waiting_for_patches_is_counted_with_threads_and_without() -> None:
    original, learn = PatchData._draw, _patch_run.Run._learn

    def slow_draw(*arguments: Any) -> Any:
        time.sleep(0.005)
        return original(*arguments)

    def slow_learning(*arguments: Any) -> Any:
        time.sleep(0.02)
        return learn(*arguments)

    waited = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PatchData, "_draw", slow_draw)
        patch.setattr(_patch_run.Run, "_learn", slow_learning)
        for workers in (0, 2):
            data = dataclasses.replace(_striped(40), workers=workers)
            run = _patch_run.Run(
                data=data, batch_size=4, patience=9, device=torch.device("cpu")
            )
            network = PATCH_NETWORKS["blog"](2, 64)
            optimizer = torch.optim.SGD(network.parameters(), 1e-3)
            run.stage("slow", network, optimizer, epochs=2, progress=lambda *_: None)
            assert run.speed.n_crops == 2 * 9 * 4
            assert run.speed.seconds > 2 * 9 * 0.02
            waited[workers] = run.speed.waiting_s
            assert run.speed.waiting_share == waited[workers] / run.speed.seconds
    assert waited[0] >= 72 * 0.005  # how much threads shorten it, benchmarks tell


@pytest.mark.parametrize("kind", sorted(PATCH_NETWORKS))
@pytest.mark.parametrize("patch_px", [64, 96])
def test_every_network_takes_patches_of_several_sizes(kind: str, patch_px: int) -> None:
    network = PATCH_NETWORKS[kind](3, patch_px).eval()
    with torch.no_grad():
        assert network(torch.zeros(2, 3, patch_px, patch_px)).shape == (2, 3)


def test_bondis_network_has_the_published_size() -> None:
    network = PATCH_NETWORKS["bondi"](18, 64)
    sizes = [tuple(p.shape) for p in network.trunk.parameters() if p.ndim > 1]
    assert sizes == [
        *((32, 3, 4, 4), (48, 32, 5, 5), (64, 48, 5, 5), (128, 64, 5, 5)),
        (128, 128),
    ]


@pytest.mark.parametrize("kind", sorted(PATCH_NETWORKS))
def test_every_network_learns_what_is_plain_to_see(kind: str) -> None:
    shape: dict[str, Any] = {"planes": 4} if kind == "remnant" else {}
    data = _striped()
    descent = {"learning_rate": 1e-2, "epochs": 12, "patience": 12}
    if kind in ("bondi", "constrained"):  # stochastic descent takes more steps
        shape |= descent
    onnx, history = _fit(kind, data, **shape)
    session = open_onnx(onnx, outputs=("logits",))
    patches = np.stack([data.regions[row] for row in range(12)]).astype(np.float32)
    logits = session.run(["logits"], {"patches": patches.transpose(0, 3, 1, 2)})[0]
    assert (logits.argmax(1) == data.labels).mean() >= 0.9
    assert {"train_loss", "validation_accuracy"} < history[-1].keys()


def test_training_ends_when_validation_gets_no_better() -> None:
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (64, 64, 3)).astype(np.uint8) for _ in range(12)]
    data = _striped()
    object.__setattr__(data, "regions", noise)
    told: list[tuple[str, int, int]] = []
    _, history = _fit(
        "blog", data, epochs=40, patience=2, progress=lambda *a: told.append(a)
    )
    assert len(history) < 40
    assert told[-1] == ("training", 40, 40)


def test_the_best_state_is_kept_and_not_the_last() -> None:
    data = _striped()
    run = _patch_run.Run(
        data=data, batch_size=4, patience=9, device=torch.device("cpu")
    )
    network = PATCH_NETWORKS["blog"](2, 64)
    optimizer = torch.optim.SGD(network.parameters(), 0.5)  # it gets worse soon
    run.stage("wild", network, optimizer, epochs=4, progress=lambda *_: None)
    best = min(entry["validation_loss"] for entry in run.history)
    assert run._validate(network)[0] == pytest.approx(best)


def test_validation_looks_at_every_photo_and_weighs_classes_alike() -> None:
    data = _striped()
    object.__setattr__(data, "validation", np.array([0, 1, 2, 4]))  # one is of class 1
    run = _patch_run.Run(
        data=data, batch_size=4, patience=1, device=torch.device("cpu")
    )
    torch.manual_seed(2)
    network = PATCH_NETWORKS["blog"](2, 64).eval()
    pictures = torch.from_numpy(as_input(np.stack([data.regions[k] for k in range(5)])))
    with torch.no_grad():
        losses = torch.log_softmax(network(pictures).double(), 1).neg().numpy()
    of_0 = np.mean([losses[k, 0] for k in (0, 2, 4)])
    assert run._validate(network)[0] == pytest.approx((of_0 + losses[1, 1]) / 2)


def test_the_callers_random_numbers_are_left_alone() -> None:
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    _fit("blog", _striped(), epochs=1)
    assert torch.equal(torch.rand(3), expected)


def test_an_export_that_differs_is_refused() -> None:
    class Fickle(nn.Module):
        calls = 0

        def forward(self, patches: Any) -> Any:
            Fickle.calls += 1
            return patches.mean((2, 3)) * Fickle.calls

    samples = np.full((1, 3, 8, 8), 9.0, np.float32)
    with pytest.raises(WhichcamError, match="differs from the trained one"):
        export_onnx_of(Fickle(), samples, output="logits")
