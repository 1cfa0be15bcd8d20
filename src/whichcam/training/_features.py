"""Backbones as they are: frozen, cut before their heads, written as ONNX."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from whichcam.training._backbones import (
    FeatureMap,
    create_backbone,
    learnt_px,
    levels_of,
)
from whichcam.training._export_patches import export_onnx_of
from whichcam.training._patch_networks import PatchNetwork


def export_backbone(
    name: str, weights: str, *, crop_px: int, mean: bool, seed: int
) -> dict[str, Any]:
    """Write the features of a frozen backbone as ONNX.

    Parameters
    ----------
    name : str
        Of a timm model.
    weights : str
        ``"auto"``, ``"hub"``, ``"package"``, ``"none"`` or a file.
    crop_px : int
        Side of the squares it looks at; 0 for the size it learnt on.
    mean : bool
        Average features over the square; else keep those of each place.
    seed : int
        Of random weights.

    Returns
    -------
    dict
        ``onnx``, bytes, from ``patches`` of shape (n, 3, P, P), 0 to 255, to
        ``features``; ``weights_sha256``; ``origin``, where they came from;
        ``n_features``.

    Raises
    ------
    UnknownNameError
        If timm has no such backbone.
    ArtifactError
        If its weights are not here, or are others.
    """
    side = crop_px or learnt_px(name)
    model, origin = create_backbone(name, weights, patch_px=side, seed=seed)
    centre, scale = levels_of(model)
    network = PatchNetwork(FeatureMap(model, mean=mean), 1, 1, mean=centre, scale=scale)
    samples = np.random.default_rng(seed).uniform(0, 255, (1, 3, side, side))
    features = _Features(network).eval()
    inputs = samples.astype(np.float32)
    with torch.no_grad():
        n_features = features(torch.from_numpy(inputs)).shape[1]
    return {
        "onnx": export_onnx_of(features, inputs, output="features"),
        "weights_sha256": origin.sha256,
        "origin": str(origin),
        "n_features": n_features,
    }


class _Features(nn.Module):
    """Gives a network's features where its logits are not wanted."""

    def __init__(self, network: PatchNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, patches: Tensor) -> Tensor:
        found: Tensor = self.network.features(patches)
        return found
