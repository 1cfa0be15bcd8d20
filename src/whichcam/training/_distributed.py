"""One process or several started by torchrun, behind the same few calls."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import Tensor, distributed, nn

from whichcam.errors import InputError
from whichcam.training._shared_norm import share_normalisations

# The others wait while the first process decodes all photos: hours. Of one that dies
# torchrun tells the rest.
_PATIENCE = timedelta(days=2)


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
    backend = "nccl" if device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=_PATIENCE)
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


def mixed_precision(device: torch.device) -> torch.autocast:
    """Take products in bfloat16 on a GPU, and as they are on a CPU."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


def share(network: nn.Module, device: torch.device) -> nn.Module:
    """Average gradients over processes where there are several.

    Batch normalisation then normalises by the whole batch, not by each process's part.
    What does not learn when this is called stays out: call it again when that changes.
    """
    if world_size() == 1:
        return network
    from torch.nn.parallel import DistributedDataParallel

    share_normalisations(network)
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


def from_first(make: Callable[[], bytes], device: torch.device) -> bytes:
    """Return what the first process makes, in all of them.

    Parameters
    ----------
    make : callable
        Called in the first process only.
    device : torch.device
        Through which the bytes travel.
    """
    if world_size() == 1:
        return make()
    own = make() if rank() == 0 else b""
    length = torch.tensor([len(own)], dtype=torch.int64, device=device)
    distributed.broadcast(length, 0)
    data = torch.zeros(int(length), dtype=torch.uint8)
    if rank() == 0:
        data = torch.frombuffer(bytearray(own), dtype=torch.uint8)
    data = data.to(device)
    distributed.broadcast(data, 0)
    return data.cpu().numpy().tobytes()


def sum_over_processes(values: Tensor) -> Tensor:
    """Return the sum of a tensor over all processes."""
    if distributed.is_initialized():
        distributed.all_reduce(values)
    return values
