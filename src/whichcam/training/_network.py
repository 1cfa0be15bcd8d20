"""The network: two committees over standardised traces, one of them for any history."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from whichcam._typing import FloatArray
from whichcam.traces import TRACE_LAYOUT
from whichcam.training._config import TrainingConfig

CLIP = 4.0  # standard deviations beyond which a trace is an outlier, not evidence

# Views of a camera that err on different devices: without autocorrelations, without
# what depends on the scene's energy, and what the colour filter array leaves alone.
# Chosen on validation; see docs/experiments.md.
SUBSETS: tuple[tuple[str, ...], ...] = (
    (
        *("cross_correlation", "cfa_phase", "shape", "level"),
        *("grid_phase", "spectrum"),
    ),
    (
        *("autocorrelation", "cross_correlation", "cfa_phase", "shape"),
        "grid_phase",
    ),
    ("cross_correlation", "cfa_phase"),
)


def columns_of(groups: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Return the positions of some groups of traces in the vector."""
    start, chosen = 0, []
    for name, length in TRACE_LAYOUT:
        if name in groups:
            chosen.append(np.arange(start, start + length))
        start += length
    return np.concatenate(chosen)


class Expert(nn.Module):
    """One hidden layer and a linear classifier over some groups of traces."""

    def __init__(
        self, groups: tuple[str, ...], n_classes: int, config: TrainingConfig
    ) -> None:
        super().__init__()
        columns = torch.from_numpy(columns_of(groups))
        self.register_buffer("columns", columns)
        self.input_dropout = nn.Dropout(config.input_dropout)
        self.hidden = nn.Linear(len(columns), config.hidden)
        self.norm = nn.BatchNorm1d(config.hidden)
        self.hidden_dropout = nn.Dropout(config.hidden_dropout)
        self.classifier = nn.Linear(config.hidden, n_classes)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (N, n_classes) and hidden units (N, hidden)."""
        own = inputs.index_select(1, self.get_buffer("columns"))
        hidden = torch.relu(self.norm(self.hidden(self.input_dropout(own))))
        logits: Tensor = self.classifier(self.hidden_dropout(hidden))
        return logits, hidden


class Committee(nn.Module):
    """Experts over different groups of traces, whose logits are averaged."""

    def __init__(self, n_classes: int, config: TrainingConfig) -> None:
        super().__init__()
        self.experts = nn.ModuleList(
            Expert(groups, n_classes, config) for groups in SUBSETS
        )

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (n_experts, N, n_classes) and all hidden units (N, ...)."""
        answers = [expert(inputs) for expert in self.experts]
        logits = torch.stack([answer[0] for answer in answers])
        return logits, torch.cat([answer[1] for answer in answers], dim=1)


class TraceNetwork(nn.Module):
    """Camera-model network over processing traces.

    The ``untouched`` committee is trained on pictures as cameras wrote them, the
    ``robust`` one on manipulated copies too; the embedding joins the hidden units of
    both.

    Parameters
    ----------
    mean, scale : ndarray of shape (TRACE_SIZE,), float32
        Standardise the traces; part of the network, not of its input.
    n_classes : int
        Camera models.
    config : TrainingConfig
        Widths and dropouts.
    """

    def __init__(
        self,
        mean: FloatArray,
        scale: FloatArray,
        n_classes: int,
        config: TrainingConfig,
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("scale", torch.from_numpy(scale))
        self.untouched = Committee(n_classes, config)
        self.robust = Committee(n_classes, config)

    def standardize(self, traces: Tensor) -> Tensor:
        """Return traces of mean 0 and deviation 1, outliers clipped."""
        centred = (traces.float() - self.get_buffer("mean")) / self.get_buffer("scale")
        return centred.clamp(-CLIP, CLIP)

    def forward(self, untouched: Tensor, mixed: Tensor) -> Tensor:
        """Return every expert's logits for its committee's standardised batch.

        Returns
        -------
        Tensor of shape (2 * n_experts, N, n_classes)
        """
        return torch.cat([self.untouched(untouched)[0], self.robust(mixed)[0]])

    def answer(self, traces: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return both committees' logits and the embedding, as exported.

        Parameters
        ----------
        traces : Tensor of shape (N, TRACE_SIZE)
            As `whichcam.traces.processing_traces` gives them.
        """
        inputs = self.standardize(traces)
        untouched, hidden_u = self.untouched(inputs)
        robust, hidden_r = self.robust(inputs)
        joined = torch.cat([hidden_u, hidden_r], dim=1)
        norm = joined.square().sum(1, keepdim=True).add(1e-12).sqrt()
        return untouched.mean(0), robust.mean(0), joined / norm
