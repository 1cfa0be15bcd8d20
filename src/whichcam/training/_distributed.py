"""One process or several started by torchrun, behind the same few calls."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import distributed, nn

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
    """Average gradients over processes where there are several."""
    if world_size() == 1:
        return network
    from torch.nn.parallel import DistributedDataParallel

    ids = [device.index] if device.type == "cuda" else None
    return DistributedDataParallel(network, device_ids=ids)
