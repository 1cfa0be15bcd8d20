"""Fit a network on views of photos: balanced, mixed, checkpointed every epoch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from whichcam._typing import IntArray
from whichcam.errors import InsufficientEvidenceError
from whichcam.traces import PROCESSING_SIZE
from whichcam.training import _distributed
from whichcam.training._batches import Batch, Batches
from whichcam.training._config import TrainingConfig
from whichcam.training._discriminant import (
    Pictures,
    fit_discriminant,
    principal_directions,
)
from whichcam.training._network import (
    CLIP,
    DISCRIMINANT_BLOCKS,
    SUBSETS,
    TraceNetwork,
    columns_of,
)
from whichcam.training._views import Views

EpochDone = Callable[[int, int], None]


def fit_network(
    views: Views,
    chosen: IntArray,
    labels: IntArray,
    devices: Sequence[str],
    sessions: Sequence[str],
    n_classes: int,
    config: TrainingConfig,
    *,
    seed: int,
    checkpoint: Path | None = None,
    epoch_done: EpochDone | None = None,
) -> TraceNetwork:
    """Train a network on some of the photos.

    Parameters
    ----------
    views : Views
        Traces of all photos.
    chosen : ndarray of shape (m,), int64
        Photos to train on, indices into ``views``.
    labels : ndarray of shape (n,), int64
        Class of every photo.
    devices, sessions : sequence of str
        Device and session of every photo.
    n_classes : int
        Outputs of the network.
    config : TrainingConfig
        Settings.
    seed : int
        Of initial weights, batches, dropout and mixing.
    checkpoint : Path, optional
        Written after every epoch and, if it is there and of the same run, continued
        from.
    epoch_done : callable, optional
        Called as ``epoch_done(done, total)``.

    Returns
    -------
    TraceNetwork
        On the CPU, in evaluation mode.

    Raises
    ------
    InsufficientEvidenceError
        If fewer than two photos are chosen.
    InputError
        If a batch has fewer than two crops for each part of each process.

    Notes
    -----
    Every process draws the same batch and looks at its part of it: with any number of
    processes the batches are those of one, and so are the weights but for rounding
    and for which units dropout leaves out. A checkpoint is continued by any number.
    """
    if len(chosen) < 2:
        raise InsufficientEvidenceError(f"{len(chosen)} photo(s) to train on; need 2")
    device = _distributed.choose_device(config.device)
    torch.manual_seed(seed)
    mean, scale = _standardization(views, chosen)
    projection = _projection(views, chosen, mean, scale, config)
    network = TraceNetwork(mean, scale, projection, n_classes, config).to(device)
    model = _distributed.share(network, device)
    data = Batches(views, chosen, labels, devices, config, network, device)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    total = config.epochs * data.steps
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=total + 1
    )
    run = _run_id(chosen, config, seed, total)
    first = _restore(checkpoint, run, network, optimizer, schedule)
    losses = first.losses
    model.train()
    for epoch in range(first.epoch, config.epochs):
        # of the epoch, so that a resumed run goes on exactly as it would have
        torch.manual_seed(seed + 7919 * (epoch + 1) + _distributed.rank())
        data.seed(seed + 7919 * (epoch + 1))
        with data.speed.training(data.steps * config.batch_size):
            losses.append(_epoch(model, data, config, optimizer, schedule))
        if checkpoint is not None and _distributed.rank() == 0:
            state = {
                "run": run,
                "epoch": epoch + 1,
                "losses": losses,
                "network": network.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
            }
            part = checkpoint.with_suffix(".part")
            torch.save(state, part)
            part.replace(checkpoint)
        if epoch_done is not None:
            epoch_done(epoch + 1, config.epochs)
    data.speed.say()
    network = network.cpu().eval()
    _fit_discriminants(network, views, chosen, labels, devices, sessions, config)
    return network


def _epoch(
    model: torch.nn.Module,
    data: Batches,
    config: TrainingConfig,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> float:
    """Take the steps of one epoch and return the mean loss of all processes."""
    device = data.labels.device
    total = torch.zeros((), device=device)
    n_parts = config.accumulation
    for _ in range(data.steps):
        batch = data.draw()
        optimizer.zero_grad()
        for part in range(n_parts):
            rows = _distributed.own_part(config.batch_size, part, n_parts)
            with (
                _distributed.adding_up(model, is_last=part == n_parts - 1),
                _distributed.mixed_precision(device),
            ):
                loss = _loss(model, batch, rows, config) / config.batch_size
                # processes' gradients are averaged, and ours are parts of a sum
                whole = loss * _distributed.world_size()
                whole.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        optimizer.step()
        schedule.step()
    return float(_distributed.sum_over_processes(total)) / data.steps


def _fit_discriminants(
    network: TraceNetwork,
    views: Views,
    chosen: IntArray,
    labels: IntArray,
    devices: Sequence[str],
    sessions: Sequence[str],
    config: TrainingConfig,
) -> None:
    """Fill in both committees' discriminants, in closed form.

    The robust one counts manipulations among the changes it looks away from.
    """
    n_components = network.get_buffer("projection").shape[1]
    lengths = [len(columns_of(g, n_components)) for g in DISCRIMINANT_BLOCKS]
    blocks = np.split(np.arange(sum(lengths)), np.cumsum(lengths)[:-1])
    columns = network.untouched.get_buffer("columns").numpy()

    def inputs(traces: npt.NDArray[np.float16]) -> npt.NDArray[np.float32]:
        # view by view: at once they would need several times the memory
        prepared = [
            network.prepare(torch.from_numpy(traces[chosen, k]))[:, columns]
            for k in range(traces.shape[1])
        ]
        none = torch.zeros(len(chosen), 0, len(columns))
        return (torch.stack(prepared, 1) if prepared else none).numpy()

    with torch.no_grad():
        photos = inputs(views.untouched[:, : config.n_crops]).mean(1)
        changes = [inputs(views.reduced), inputs(views.manipulated)]
    for committee, variants in (
        (network.untouched, changes[:1]),
        (network.robust, changes),
    ):
        pictures = Pictures(
            photos=photos,
            variants=variants,
            labels=labels[chosen],
            sessions=[f"{devices[int(k)]}\n{sessions[int(k)]}" for k in chosen],
        )
        n_classes = len(committee.get_buffer("bias"))
        committee.set_discriminant(
            fit_discriminant(pictures, blocks, n_classes, config)
        )


def _standardization(
    views: Views, chosen: IntArray
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return mean and deviation of the untouched traces of the chosen photos."""
    traces = views.untouched[chosen].astype(np.float32)
    flat = traces.reshape(-1, traces.shape[-1])
    deviation = flat.std(0, dtype=np.float64) + 1e-4
    return flat.mean(0, dtype=np.float64).astype(np.float32), deviation.astype(
        np.float32
    )


def _projection(
    views: Views,
    chosen: IntArray,
    mean: npt.NDArray[np.float32],
    scale: npt.NDArray[np.float32],
    config: TrainingConfig,
) -> npt.NDArray[np.float32]:
    """Return the principal directions of co-occurrences, scores of deviation 1 in all.

    Smaller copies count as much as photos, so that what size changes has its place.
    """
    photos = views.untouched[chosen, : config.n_crops, PROCESSING_SIZE:]
    seen = [photos.mean(1, dtype=np.float32)]
    if views.reduced.shape[1]:
        seen.append(views.reduced[chosen, 0, PROCESSING_SIZE:].astype(np.float32))
    own = slice(PROCESSING_SIZE, None)
    rows = np.clip((np.concatenate(seen) - mean[own]) / scale[own], -CLIP, CLIP)
    directions = principal_directions(rows, config.components)
    scores = rows @ directions
    return np.asarray(directions / (scores.std() + 1e-12), dtype=np.float32)


def _run_id(chosen: IntArray, config: TrainingConfig, seed: int, total: int) -> str:
    settings = {**config.to_dict(), "workers": 0}
    parts = [settings, SUBSETS, seed, total, chosen.tolist()]
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class _Progress(NamedTuple):
    """Epochs that are done, and the mean loss of each."""

    epoch: int
    losses: list[float]


def _restore(
    checkpoint: Path | None,
    run: str,
    network: TraceNetwork,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> _Progress:
    """Load the checkpoint if it is of this run; return how far it was."""
    if checkpoint is None or not checkpoint.exists():
        return _Progress(0, [])
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    if state["run"] != run:
        return _Progress(0, [])
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    return _Progress(int(state["epoch"]), list(state["losses"]))


def _loss(
    model: torch.nn.Module, batch: Batch, rows: slice, config: TrainingConfig
) -> Tensor:
    """Return the loss of some rows, summed: pictures in pairs (Zhang et al. 2018)."""
    share, partner = batch.share[rows], batch.partner[rows]
    logits = model(
        torch.lerp(batch.untouched[rows], batch.untouched[partner], share[:, None]),
        torch.lerp(batch.mixed[rows], batch.mixed[partner], share[:, None]),
    )
    loss = torch.zeros((), device=share.device)
    for values in logits:
        for target, weight in (
            (batch.labels[rows], 1 - share),
            (batch.labels[partner], share),
        ):
            each = functional.cross_entropy(
                values.float(),
                target,
                reduction="none",
                label_smoothing=config.label_smoothing,
            )
            loss = loss + (weight * each).sum()
    return loss
