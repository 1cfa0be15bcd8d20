"""Fine-tune a backbone from its output backwards, one more block a stage."""

from __future__ import annotations

from typing import Any

import torch

from whichcam.methods import PatchData, TrainedPatches
from whichcam.training import _distributed
from whichcam.training._backbones import FeatureMap, create_backbone, levels_of
from whichcam.training._export_patches import export_patches
from whichcam.training._patch_checkpoint import Checkpoint
from whichcam.training._patch_networks import PatchNetwork
from whichcam.training._patch_run import Progress, Run
from whichcam.training._unfreezing import blocks_of, unfreeze

_MOMENTUM, _DECAY = 0.9, 1e-4


def finetune(
    data: PatchData,
    *,
    backbone: str,
    weights: str,
    learning_rates: tuple[float, ...],
    dropout: float,
    epochs: int,
    batch_size: int,
    patience: int,
    device: str,
    progress: Progress,
    accumulation: int = 1,
    cache: str = "",
) -> TrainedPatches:
    """Train a new head on a backbone, then the backbone's last blocks with it.

    Parameters
    ----------
    data : PatchData
        Photos to learn from and to validate on.
    backbone : str
        Name of a timm model.
    weights : str
        ``"auto"``, ``"hub"``, ``"package"``, ``"none"`` or a file.
    learning_rates : tuple of float
        One a stage. The first trains the head alone; each further stage unfreezes one
        more block, from the output backwards.
    dropout : float
        Share of features dropped before the head.
    epochs : int
        Of a stage, at most.
    batch_size, patience, device
        As `whichcam.methods` has them.
    progress : callable
        Called as ``progress(stage, done, total)``.
    accumulation, cache
        As `fit_patch_network` has them.

    Returns
    -------
    TrainedPatches

    Raises
    ------
    UnknownNameError
        If timm has no such backbone.
    ArtifactError
        If its weights are not here, or are others; if a state that is kept is damaged.
    InputError
        If a batch has too few photos for each part of each process.
    """
    place = _distributed.choose_device(device)
    model, origin = create_backbone(
        backbone, weights, patch_px=data.patch_px, seed=data.seed
    )
    blocks = blocks_of(model, data.patch_px)
    mean, scale = levels_of(model)
    trunk = FeatureMap(model, mean=True)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(data.seed)
        n_features = trunk(torch.zeros(1, 3, data.patch_px, data.patch_px)).shape[1]
        network = PatchNetwork(
            trunk, n_features, data.n_classes, mean=mean, scale=scale, dropout=dropout
        ).to(place)
    settings: dict[str, Any] = {"backbone": backbone, "weights": origin.sha256}
    settings |= {"learning_rates": learning_rates, "dropout": dropout}
    settings |= {"epochs": epochs, "batch_size": batch_size, "patience": patience}
    checkpoint = Checkpoint.of(cache, data, settings | {"accumulation": accumulation})
    run = Run(
        data=data,
        batch_size=batch_size,
        patience=patience,
        device=place,
        accumulation=accumulation,
        checkpoint=checkpoint,
    )
    with torch.random.fork_rng(devices=[]):
        for n_open, rate in enumerate(learning_rates[: len(blocks) + 1]):
            frozen = unfreeze(model, blocks, n_open)

            def keep(parts: list[torch.nn.Module] = frozen) -> None:
                for part in parts:  # their statistics stay those of their weights
                    part.eval()

            learning = [p for p in network.parameters() if p.requires_grad]
            run.stage(
                f"{n_open} of {len(blocks)} blocks open",
                network,
                torch.optim.SGD(learning, rate, _MOMENTUM, weight_decay=_DECAY),
                epochs=epochs,
                progress=progress,
                frozen=keep,
            )
    run.speed.say()
    onnx = _distributed.from_first(lambda: export_patches(network.cpu(), data), place)
    checkpoint.remove()
    return TrainedPatches(
        onnx=onnx,
        history=tuple(run.history),
        origin=str(origin),
        speed=run.speed.to_dict(),
    )
