"""Epochs of a network over patches, in one process or several, that can be resumed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from whichcam._typing import PixelArray
from whichcam.errors import InputError
from whichcam.methods import PatchData
from whichcam.training import _distributed
from whichcam.training._patch_checkpoint import Checkpoint
from whichcam.training._patch_networks import PatchNetwork, project
from whichcam.training._speed import Speed

Progress = Callable[[str, int, int], None]

_LARGEST_GRADIENT = 5.0  # norm beyond which a step is shortened
_NOT_KEPT = Checkpoint(path=None, run="")


@dataclass(kw_only=True)
class Run:
    """A training in progress: what was best so far, and how it went.

    Every process plans the same batches and draws its part of them: with any number of
    processes the batches are those of one, and so are the weights but for rounding
    and for which units dropout leaves out.

    Parameters
    ----------
    data : PatchData
        Photos.
    batch_size : int
        Patches a step, of all processes together.
    patience : int
        Epochs without a better validation that end a stage.
    device : torch.device
        Where the network is.
    accumulation : int, default 1
        Parts that each process looks at its share of a batch in, one after the other.
        Batch normalisation sees each part alone.
    checkpoint : Checkpoint, optional
        Kept after every epoch and, if there is one, gone on from.

    Raises
    ------
    InputError
        If a batch has too few photos for each part of each process to have two
        patches.
    """

    data: PatchData
    batch_size: int
    patience: int
    device: torch.device
    accumulation: int = 1
    checkpoint: Checkpoint = _NOT_KEPT
    history: list[dict[str, Any]] = field(default_factory=list)
    best_loss: float = float("inf")
    best_state: dict[str, Tensor] = field(default_factory=dict)
    speed: Speed = field(default_factory=Speed)

    def __post_init__(self) -> None:
        self._n_photos = self.data.batch_shape(self.batch_size)[1]
        n_parts = _distributed.world_size() * self.accumulation
        fewest = n_parts * -(-2 // self.data.patches_per_photo)
        if self._n_photos < fewest:
            raise InputError(
                f"a batch has {self._n_photos} photo(s), by batch_size "
                f"{self.batch_size} and {len(self.data.train)} photos to learn from; "
                f"{n_parts} part(s) of it need {fewest}"
            )
        self._n_stages = 0
        self._saved = self.checkpoint.load()
        if self._saved is not None:
            self.history = list(self._saved["history"])
            self.best_loss = float(self._saved["best_loss"])
            self.best_state = dict(self._saved["best_state"])

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
        first, waited = self._begun(network, optimizer, epochs)
        if first == epochs:  # done before
            self._n_stages += 1
            progress(name, epochs, epochs)
            return
        model = _distributed.share(network, self.device)
        for epoch in range(first, epochs):
            if waited >= self.patience:
                break
            halvings = 4 * epoch // epochs
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate / 2**halvings
            network.train()
            frozen()
            number = len(self.history)
            loss, accuracy = self._epoch(model, network, optimizer, number)
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
            self._keep(network, optimizer, epoch + 1, waited)
            progress(name, epoch + 1, epochs)
        progress(name, epochs, epochs)
        network.load_state_dict(self.best_state)
        network.eval()
        self._n_stages += 1

    def _begun(
        self, network: PatchNetwork, optimizer: torch.optim.Optimizer, epochs: int
    ) -> tuple[int, int]:
        """Return the first epoch of a stage to be done, and how long it has waited."""
        saved = self._saved
        if saved is None or self._n_stages > saved["stage"]:
            return 0, 0
        if self._n_stages < saved["stage"]:
            return epochs, 0
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
        return int(saved["epoch"]), int(saved["waited"])

    def _keep(
        self,
        network: PatchNetwork,
        optimizer: torch.optim.Optimizer,
        epoch: int,
        waited: int,
    ) -> None:
        self.checkpoint.save(
            {
                "stage": self._n_stages,
                "epoch": epoch,
                "waited": waited,
                "history": self.history,
                "best_loss": self.best_loss,
                "best_state": self.best_state,
                "network": network.state_dict(),
                "optimizer": optimizer.state_dict(),
            }
        )

    def _epoch(
        self,
        model: nn.Module,
        network: PatchNetwork,
        optimizer: torch.optim.Optimizer,
        number: int,
    ) -> tuple[float, float]:
        """Return the mean loss and the accuracy of the patches drawn."""
        torch.manual_seed(self.data.seed + 7919 * (number + 1) + _distributed.rank())
        n_batches, n_photos = self.data.batch_shape(self.batch_size)
        n_patches = n_photos * self.data.patches_per_photo
        n_parts = self.accumulation
        parts = [_distributed.own_part(n_photos, k, n_parts) for k in range(n_parts)]
        found = torch.zeros(2, dtype=torch.float64, device=self.device)
        drawn = self.data.batches(number, self.batch_size, parts)
        with self.speed.training(n_batches * n_patches), closing(drawn):
            for _ in range(n_batches):
                optimizer.zero_grad()
                for part in range(n_parts):
                    with self.speed.waiting():
                        patches, classes = next(drawn)
                    is_last = part == n_parts - 1
                    with _distributed.adding_up(model, is_last=is_last):
                        found += self._learn(model, patches, classes, n_patches)
                nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
                optimizer.step()
                project(network)
            loss, right = _distributed.sum_over_processes(found).tolist()
        return loss / n_batches, right / (n_batches * n_patches)

    def _learn(
        self, model: nn.Module, patches: PixelArray, classes: Any, n_patches: int
    ) -> Tensor:
        """Add up the gradients of some patches of a batch; return loss and hits."""
        labels = torch.from_numpy(classes).to(self.device)
        with _distributed.mixed_precision(self.device):
            logits = model(self._tensor(patches)).float()
            loss = functional.cross_entropy(logits, labels, reduction="sum") / n_patches
        # processes' gradients are averaged, and ours are parts of a sum
        whole = loss * _distributed.world_size()
        whole.backward()  # type: ignore[no-untyped-call]
        hits = (logits.detach().argmax(1) == labels).sum()
        return torch.stack([loss.detach().double(), hits.double()])

    @torch.no_grad()
    def _validate(self, network: PatchNetwork) -> tuple[float, float]:
        """Return loss and accuracy of validation patches, classes weighing alike."""
        network.eval()
        found = torch.zeros(3, self.data.n_classes, dtype=torch.float64)
        own = self.data.validation[_distributed.rank() :: _distributed.world_size()]
        with closing(self.data.looks(own)) as looks:
            for row, patches in looks:
                label = int(self.data.labels[row])
                with _distributed.mixed_precision(self.device):
                    logits = network(self._tensor(patches)).double()
                loss = -torch.log_softmax(logits, 1)[:, label].mean()
                hits = (logits.argmax(1) == label).double().mean()
                found[:, label] += torch.stack(
                    [loss, hits, torch.ones_like(hits)]
                ).cpu()
        losses, hits, counts = (
            _distributed.sum_over_processes(found.to(self.device)).cpu().numpy()
        )
        seen = counts > 0
        return (
            float(np.mean(losses[seen] / counts[seen])),
            float(np.mean(hits[seen] / counts[seen])),
        )

    def _tensor(self, patches: PixelArray) -> Tensor:
        """Return levels (n, 3, P, P), float32; what travels to the device is bytes."""
        planes = torch.from_numpy(patches).to(self.device).permute(0, 3, 1, 2)
        return planes.to(torch.float32, memory_format=torch.contiguous_format)
