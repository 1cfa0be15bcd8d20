"""Train a published network on patches, and put Bondi's machine on top of his."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

from whichcam.methods import PatchData, TrainedPatches
from whichcam.methods._patches import as_input
from whichcam.training import _distributed
from whichcam.training._export_patches import export_patches
from whichcam.training._patch_checkpoint import Checkpoint
from whichcam.training._patch_networks import PATCH_NETWORKS, PatchNetwork
from whichcam.training._patch_run import Progress, Run

_SUPPORT_PENALTY = 0.01  # C of the machine over Bondi's features, standardised
_OPTIMIZERS: dict[str, Callable[[Iterable[Any], float], torch.optim.Optimizer]] = {
    # momentum and weight decay of the papers
    "bondi": lambda p, rate: torch.optim.SGD(
        p, rate, momentum=0.9, weight_decay=7.5e-3
    ),
    "constrained": lambda p, rate: torch.optim.SGD(
        p, rate, momentum=0.95, weight_decay=5e-4
    ),
    "remnant": torch.optim.Adam,
    "blog": torch.optim.Adam,
}


def fit_patch_network(
    kind: str,
    data: PatchData,
    *,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    patience: int,
    device: str,
    progress: Progress,
    accumulation: int = 1,
    cache: str = "",
    **shape: int,
) -> TrainedPatches:
    """Train one of the published networks over patches.

    Parameters
    ----------
    kind : {"blog", "bondi", "constrained", "remnant"}
        Which.
    data : PatchData
        Photos to learn from and to validate on.
    epochs, batch_size, learning_rate, patience, device
        As `whichcam.methods` has them.
    progress : callable
        Called as ``progress(stage, done, total)``.
    accumulation : int, default 1
        Parts that each process looks at its share of a batch in, one after the other.
    cache : str, default ""
        Folder in which the state is kept after every epoch, for this training to go on
        where it was stopped, with any number of processes; removed when it is done.
    **shape : int
        ``planes`` of a remnant block; the others take none.

    Returns
    -------
    TrainedPatches

    Raises
    ------
    InputError
        If a batch has too few photos for each part of each process.
    ArtifactError
        If a state that is kept is damaged, or cannot be written.
    """
    place = _distributed.choose_device(device)
    settings = {"kind": kind, "epochs": epochs, "batch_size": batch_size, **shape}
    settings |= {"learning_rate": learning_rate, "patience": patience}
    checkpoint = Checkpoint.of(cache, data, settings | {"accumulation": accumulation})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(data.seed)
        network = PATCH_NETWORKS[kind](data.n_classes, data.patch_px, **shape).to(place)
        optimizer = _OPTIMIZERS[kind](network.parameters(), learning_rate)
        run = Run(
            data=data,
            batch_size=batch_size,
            patience=patience,
            device=place,
            accumulation=accumulation,
            checkpoint=checkpoint,
        )
        run.stage("training", network, optimizer, epochs=epochs, progress=progress)
        run.speed.say()

        def finished() -> bytes:
            trained = network.cpu()
            if kind == "bondi":
                progress("support vector machine", 0, 1)
                put_machine_on_top(trained, data)
                progress("support vector machine", 1, 1)
            return export_patches(trained, data)

        onnx = _distributed.from_first(finished, place)
    checkpoint.remove()
    return TrainedPatches(
        onnx=onnx,
        history=tuple(run.history),
        origin="random weights",
        speed=run.speed.to_dict(),
    )


@torch.no_grad()
def put_machine_on_top(network: PatchNetwork, data: PatchData) -> None:
    """Replace the classifier by a linear support vector machine over its features.

    One machine a class against all others, over standardised features of the best
    patches of the training photos; its weights become the last layer's.
    """
    from sklearn.svm import LinearSVC

    features, labels = [], []
    for row, patches in data.looks(data.train):
        found = network.features(torch.from_numpy(as_input(patches))).numpy()
        features.append(found)
        labels += [int(data.labels[row])] * len(found)
    columns = np.concatenate(features).astype(np.float64)
    centre, spread = columns.mean(0), columns.std(0)
    scale = np.where(spread > 1e-6, 1 / np.maximum(spread, 1e-6), 0.0)
    machine = LinearSVC(
        C=_SUPPORT_PENALTY, class_weight="balanced", dual=False, max_iter=2000
    ).fit((columns - centre) * scale, labels)
    weights, offsets = machine.coef_, machine.intercept_
    if len(weights) == 1:  # of two classes one machine speaks for both
        weights, offsets = np.vstack([-weights, weights]), np.array([-1, 1]) * offsets
    weights = weights * scale
    layer = network.classifier
    layer.weight.copy_(torch.from_numpy(weights))
    layer.bias.copy_(torch.from_numpy(offsets - weights @ centre))
