"""One process or several started by torchrun, behind the same few calls."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, distributed, nn

from whichcam.errors import InputError


def rank() -> int:
    """Return this process's number; 0 writes files."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def world_size() -> int:
    """Return the number of processes."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def wait() -> None:
    """Wait until all processes are here."""
    if distributed.is_initialized():
        distributed.barrier()


@contextmanager
def process_group(device: torch.device) -> Iterator[None]:
    """Join the group that torchrun announces, if it does."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        distributed.destroy_process_group()


def choose_device(name: str) -> torch.device:
    """Return the device to train on; "auto" takes this process's GPU if any."""
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise InputError(
            "device 'cuda' was asked for, but torch sees no GPU; use 'cpu'"
        )
    if name == "cpu" or not available:
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))


def share(network: nn.Module, device: torch.device) -> nn.Module:
    """Average gradients over processes where there are several.

    Batch normalisation then normalises by the whole batch, not by each process's part.
    """
    if world_size() == 1:
        return network
    from torch.nn.parallel import DistributedDataParallel

    for module in network.modules():
        if type(module) is nn.BatchNorm1d:
            module.__class__ = SharedBatchNorm
    ids = [device.index] if device.type == "cuda" else None
    return DistributedDataParallel(network, device_ids=ids)


def own_part(n_rows: int, part: int, n_parts: int) -> slice:
    """Return the rows of a batch that this process looks at as its n-th part.

    Each process has its share of the rows, cut into ``n_parts``; all together are the
    batch, whatever the number of processes.
    """
    number, count = rank() * n_parts + part, world_size() * n_parts
    return slice(n_rows * number // count, n_rows * (number + 1) // count)


@contextmanager
def adding_up(model: nn.Module, *, is_last: bool) -> Iterator[None]:
    """Add gradients of parts of a batch up; those of all processes at the last."""
    if is_last or world_size() == 1:
        yield
        return
    with model.no_sync():  # type: ignore[operator]
        yield


def sum_over_processes(values: Tensor) -> Tensor:
    """Return the sum of a tensor over all processes."""
    if distributed.is_initialized():
        distributed.all_reduce(values)
    return values


class SumOverProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes, to which each one's gradient flows."""

    @staticmethod
    def forward(context: object, values: Tensor) -> Tensor:
        """Return the sum."""
        del context
        return sum_over_processes(values.clone())

    @staticmethod
    def backward(context: object, gradient: Tensor) -> Tensor:
        """Return the sum of the gradients: every process's loss holds these values."""
        del context
        return sum_over_processes(gradient.clone())


class SharedBatchNorm(nn.BatchNorm1d):
    """Batch normalisation by the rows of all processes; torch's own is for GPUs only.

    Made of an `torch.nn.BatchNorm1d` by changing its class; what is stored is the same.
    """

    def forward(self, rows: Tensor) -> Tensor:
        """Normalise rows, (N, C): by all processes' rows in training."""
        if not self.training or world_size() == 1:
            return super().forward(rows)
        own = torch.cat(
            [rows.new_full((1,), len(rows)), rows.sum(0), rows.square().sum(0)]
        )
        whole: Tensor = SumOverProcesses.apply(own.float())
        n, total, squares = torch.split(whole, [1, *2 * [rows.shape[1]]])
        mean = total / n
        variance = (squares / n - mean.square()).clamp_min(0)
        with torch.no_grad():
            kept = 1.0 - (self.momentum or 0.0)
            for name, seen in (
                ("running_mean", mean),
                ("running_var", variance * n / (n - 1).clamp_min(1)),
            ):
                buffer = self.get_buffer(name)
                buffer.mul_(kept).add_(seen.detach() * (1 - kept))
            self.get_buffer("num_batches_tracked").add_(1)
        scaled: Tensor = (rows - mean) * torch.rsqrt(variance + self.eps)
        return torch.addcmul(self.bias, scaled, self.weight)
