"""Batch normalisation by the rows of all processes; torch's own is for GPUs only."""

from __future__ import annotations

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm


class SumOverProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes, to which each one's gradient flows."""

    @staticmethod
    def forward(context: object, values: Tensor) -> Tensor:
        """Return the sum."""
        del context
        own = values.clone()
        distributed.all_reduce(own)
        return own

    @staticmethod
    def backward(context: object, gradient: Tensor) -> Tensor:
        """Return the sum of the gradients: every process's loss holds these values."""
        del context
        own = gradient.clone()
        distributed.all_reduce(own)
        return own


class _Shared(_BatchNorm):
    """What is shared by batch normalisations of all kinds.

    They are made of others by changing their class; what is stored is the same.
    """

    def forward(self, rows: Tensor) -> Tensor:
        """Normalise rows, (N, C, ...): by those of all processes in training."""
        if not self.training or not distributed.is_initialized():
            found: Tensor = super().forward(rows)
            return found
        others = [0, *range(2, rows.ndim)]
        levels = rows.float()  # counts and sums are more than half precision holds
        count = levels.new_full((1,), levels.numel() // levels.shape[1])
        own = torch.cat([count, levels.sum(others), levels.square().sum(others)])
        whole: Tensor = SumOverProcesses.apply(own)
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
        column = (1, -1, *[1] * (rows.ndim - 2))
        scale = (torch.rsqrt(variance + self.eps) * self.weight).view(column)
        shift = self.bias.view(column)
        return torch.addcmul(shift, levels - mean.view(column), scale)


class SharedBatchNorm1d(_Shared, nn.BatchNorm1d):
    """Of rows (N, C)."""


class SharedBatchNorm2d(_Shared, nn.BatchNorm2d):
    """Of planes (N, C, H, W)."""


class SharedBatchNormAct2d(SharedBatchNorm2d):
    """Of planes, with what timm puts behind."""

    drop: nn.Module
    act: nn.Module

    def forward(self, rows: Tensor) -> Tensor:
        """Normalise rows, drop some and pass them through an activation."""
        found: Tensor = self.act(self.drop(super().forward(rows)))
        return found


def share_normalisations(network: nn.Module) -> None:
    """Let the batch normalisations of a network see the rows of all processes.

    Those of torch over rows and planes, and timm's with an activation behind it; any
    other is left to each process's own rows.
    """
    for module in network.modules():
        if not isinstance(module, _BatchNorm) or not module.track_running_stats:
            continue
        if type(module) is nn.BatchNorm1d:
            module.__class__ = SharedBatchNorm1d
        elif type(module) is nn.BatchNorm2d:
            module.__class__ = SharedBatchNorm2d
        elif _is_timms(module):
            module.__class__ = SharedBatchNormAct2d


def _is_timms(module: nn.Module) -> bool:
    """Say so of timm's normalisation with an activation; only a backbone imports it."""
    kind = type(module)
    is_timms = kind.__module__.partition(".")[0] == "timm"
    return is_timms and kind.__name__ == "BatchNormAct2d"
