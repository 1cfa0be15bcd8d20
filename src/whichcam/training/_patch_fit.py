"""Train a network on patches until photos it has not seen get no better answers."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from whichcam.methods import PatchData
from whichcam.methods._patches import as_input
from whichcam.training import _distributed
from whichcam.training._export_patches import export_patches
from whichcam.training._patch_networks import PATCH_NETWORKS, PatchNetwork, project

Progress = Callable[[str, int, int], None]

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


@dataclass(kw_only=True)
class Run:
    """A training in progress: what was best so far, and how it went.

    Parameters
    ----------
    data : PatchData
        Photos.
    batch_size : int
        Patches a step.
    patience : int
        Epochs without a better validation that end a stage.
    device : torch.device
        Where the network is.
    """

    data: PatchData
    batch_size: int
    patience: int
    device: torch.device
    history: list[dict[str, Any]] = field(default_factory=list)
    best_loss: float = float("inf")
    best_state: dict[str, Tensor] = field(default_factory=dict)

    def stage(
        self,
        name: str,
        network: PatchNetwork,
        optimizer: torch.optim.Optimizer,
        *,
        epochs: int,
        progress: Progress,
        frozen: Callable[[], None] = lambda: None,
    ) -> None:
        """Train for some epochs, and leave the network in its best state of all.

        The rate is halved three times on the way. ``frozen`` is called whenever the
        network was put into training mode, to put parts back.
        """
        rates = [group["lr"] for group in optimizer.param_groups]
        waited = 0
        for epoch in range(epochs):
            halvings = 4 * epoch // epochs
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate / 2**halvings
            network.train()
            frozen()
            number = len(self.history)
            loss, accuracy = self._epoch(network, optimizer, number)
            held_loss, held_accuracy = self._validate(network)
            self.history.append(
                {
                    "stage": name,
                    "epoch": number + 1,
                    "train_loss": loss,
                    "train_accuracy": accuracy,
                    "validation_loss": held_loss,
                    "validation_accuracy": held_accuracy,
                }
            )
            waited += 1
            if held_loss < self.best_loss or not self.best_state:
                waited, self.best_loss = 0, held_loss
                self.best_state = copy.deepcopy(network.state_dict())
            progress(name, epoch + 1, epochs)
            if waited >= self.patience:
                break
        progress(name, epochs, epochs)
        network.load_state_dict(self.best_state)
        network.eval()

    def _epoch(
        self, network: PatchNetwork, optimizer: torch.optim.Optimizer, number: int
    ) -> tuple[float, float]:
        """Return the mean loss and the accuracy of the patches drawn."""
        torch.manual_seed(self.data.seed + 7919 * (number + 1))
        total, right, count = 0.0, 0, 0
        for patches, classes in self.data.batches(number, self.batch_size):
            if len(patches) < 2:
                continue  # batch normalisation has nothing to normalise by
            labels = torch.from_numpy(classes).to(self.device)
            logits = network(self._tensor(patches))
            loss = functional.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            project(network)
            total += float(loss.detach()) * len(labels)
            right += int((logits.detach().argmax(1) == labels).sum())
            count += len(labels)
        return total / max(count, 1), right / max(count, 1)

    @torch.no_grad()
    def _validate(self, network: PatchNetwork) -> tuple[float, float]:
        """Return loss and accuracy of validation patches, classes weighing alike."""
        network.eval()
        losses: dict[int, list[float]] = {}
        hits: dict[int, list[float]] = {}
        for row, patches in self.data.looks(self.data.validation):
            label = int(self.data.labels[row])
            logits = network(self._tensor(patches)).double()
            losses.setdefault(label, []).append(
                -float(torch.log_softmax(logits, 1)[:, label].mean())
            )
            hits.setdefault(label, []).append(
                float((logits.argmax(1) == label).double().mean())
            )
        means = [[np.mean(of) for of in found.values()] for found in (losses, hits)]
        return float(np.mean(means[0])), float(np.mean(means[1]))

    def _tensor(self, patches: Any) -> Tensor:
        return torch.from_numpy(as_input(patches)).to(self.device)


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
    **shape: int,
) -> tuple[bytes, list[dict[str, Any]]]:
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
    **shape
        ``planes`` of a remnant block; the others take none.

    Returns
    -------
    bytes
        ONNX from ``patches`` to ``logits``.
    list of dict
        What each epoch came to.
    """
    place = _distributed.choose_device(device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(data.seed)
        network = PATCH_NETWORKS[kind](data.n_classes, data.patch_px, **shape).to(place)
        optimizer = _OPTIMIZERS[kind](network.parameters(), learning_rate)
        run = Run(data=data, batch_size=batch_size, patience=patience, device=place)
        run.stage("training", network, optimizer, epochs=epochs, progress=progress)
        network = network.cpu()
        if kind == "bondi":
            progress("support vector machine", 0, 1)
            put_machine_on_top(network, data)
            progress("support vector machine", 1, 1)
    return export_patches(network, data), run.history


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
