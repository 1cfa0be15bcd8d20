"""Balanced batches of what a network looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from whichcam._typing import IntArray
from whichcam.errors import InputError
from whichcam.traces import PROCESSING_SIZE
from whichcam.training import _distributed
from whichcam.training._config import TrainingConfig
from whichcam.training._network import TraceNetwork
from whichcam.training._speed import Speed
from whichcam.training._views import Views


def balanced_weights(
    labels: IntArray, devices: Sequence[str]
) -> npt.NDArray[np.float64]:
    """Weigh photos so that models count alike, and devices of one model alike.

    Parameters
    ----------
    labels : ndarray of shape (n,), int64
        Class of each photo.
    devices : sequence of str
        Device of each photo.

    Returns
    -------
    ndarray of shape (n,), float64
        Sums to 1.
    """
    pairs = list(zip(labels.tolist(), devices, strict=True))
    per_device = Counter(pairs)
    devices_of = Counter(label for label, _ in per_device)
    weights = np.array([1 / per_device[p] / devices_of[p[0]] for p in pairs])
    return np.asarray(weights / weights.sum(), dtype=np.float64)


class Batch(NamedTuple):
    """One step's crops, of all processes: untouched, with mixed histories, and how.

    Row ``k`` is to be mixed with row ``partner[k]``, which counts ``share[k]``.
    """

    untouched: Tensor
    mixed: Tensor
    labels: Tensor
    share: Tensor
    partner: Tensor


class Batches:
    """Draws balanced batches of prepared inputs, the same in every process."""

    def __init__(
        self,
        views: Views,
        chosen: IntArray,
        labels: IntArray,
        devices: Sequence[str],
        config: TrainingConfig,
        network: TraceNetwork,
        device: torch.device,
    ) -> None:
        def prepared(traces: npt.NDArray[np.float16]) -> Tensor:
            found = [
                network.prepare(torch.from_numpy(traces[chosen, k]).to(device)).half()
                for k in range(traces.shape[1])
            ]
            return torch.stack(found, 1) if found else self.untouched[:, :0]

        with torch.no_grad():
            self.untouched = prepared(views.untouched)
            self.manipulated = prepared(views.manipulated)
            self.reduced = prepared(views.reduced)
        own = [devices[int(k)] for k in chosen]
        self.labels = torch.from_numpy(labels[chosen]).to(device)
        self.weights = torch.from_numpy(balanced_weights(labels[chosen], own)).to(
            device
        )
        self.config = config
        n_views = len(chosen) * self.untouched.shape[1]
        self.steps = max(1, round(n_views / 2 / config.batch_size))
        self.generator = torch.Generator(device)
        self.speed = Speed()
        fewest = 2 * _distributed.world_size() * config.accumulation
        if config.batch_size < fewest:
            raise InputError(
                f"batch_size is {config.batch_size}; {_distributed.world_size()} "
                f"process(es) in {config.accumulation} part(s) need at least {fewest}"
            )

    def seed(self, seed: int) -> None:
        """Set what is drawn next: of an epoch, the same in every process."""
        self.generator.manual_seed(seed)

    def draw(self) -> Batch:
        """Return a batch."""
        with self.speed.waiting():
            return self._draw()

    def _draw(self) -> Batch:
        size = self.config.batch_size
        photo = torch.multinomial(
            self.weights, size, replacement=True, generator=self.generator
        )
        untouched = self._view(self.untouched, photo)
        mixed = self._view(self.untouched, photo)
        if self.manipulated.shape[1]:
            touched = self._uniform(size) >= self.config.untouched_share
            other = self._view(self.manipulated, photo)
            mixed = torch.where(touched[:, None], other, mixed)
        if self.reduced.shape[1]:
            for batch in (untouched, mixed):
                self._show_reduced(batch, photo)
        return Batch(
            untouched=untouched,
            mixed=mixed,
            labels=self.labels[photo],
            share=self._uniform(size) * self.config.mixup,
            partner=torch.randperm(
                size, generator=self.generator, device=self.labels.device
            ),
        )

    def _show_reduced(self, batch: Tensor, photo: Tensor) -> None:
        """Let the expert on co-occurrences see some pictures at a smaller size."""
        some = self._uniform(len(photo)) < self.config.reduced_share
        other = self._view(self.reduced, photo)[:, PROCESSING_SIZE:]
        own = batch[:, PROCESSING_SIZE:]
        batch[:, PROCESSING_SIZE:] = torch.where(some[:, None], other, own)

    def _view(self, source: Tensor, photo: Tensor) -> Tensor:
        device = self.labels.device
        view = torch.randint(
            source.shape[1], photo.shape, generator=self.generator, device=device
        )
        traces = source[photo, view].float()
        noise = torch.randn(traces.shape, generator=self.generator, device=device)
        return traces + self.config.noise * noise

    def _uniform(self, size: int) -> Tensor:
        return torch.rand(size, generator=self.generator, device=self.labels.device)
