"""The network: two committees over standardised traces, one of them for any history."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from whichcam._typing import FloatArray
from whichcam.traces import PROCESSING_SIZE, TRACE_LAYOUT
from whichcam.training._config import TrainingConfig
from whichcam.training._discriminant import Discriminant

CLIP = 4.0  # standard deviations beyond which a trace is an outlier, not evidence

COOCCURRENCE = "cooccurrence"  # the group that enters by its principal components

# Views of a camera that err on different devices: without autocorrelations, without
# what depends on the scene's energy, what the colour filter array leaves alone, and
# co-occurrences.
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
    (COOCCURRENCE,),
)

# What discriminants look at: as the first expert, and at co-occurrences, which change
# least with the size of the picture.
DISCRIMINANT_BLOCKS: tuple[tuple[str, ...], ...] = (SUBSETS[0], (COOCCURRENCE,))


def columns_of(groups: tuple[str, ...], n_components: int) -> npt.NDArray[np.int64]:
    """Return the positions of some groups in a network's inputs.

    Parameters
    ----------
    groups : tuple of str
        Names of groups of `TRACE_LAYOUT`.
    n_components : int
        Inputs that stand for the co-occurrences, the last ones.
    """
    start, chosen = 0, []
    for name, length in TRACE_LAYOUT:
        size = n_components if name == COOCCURRENCE else length
        if name in groups:
            chosen.append(np.arange(start, start + size))
        start += size
    return np.concatenate(chosen)


class Expert(nn.Module):
    """One hidden layer and a linear classifier over some groups of inputs."""

    def __init__(
        self, columns: npt.NDArray[np.int64], n_classes: int, config: TrainingConfig
    ) -> None:
        super().__init__()
        self.register_buffer("columns", torch.from_numpy(columns))
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
    """Experts over different groups of inputs and a discriminant, averaged.

    The discriminant is not learnt by descent: `set_discriminant` fills it in.
    """

    def __init__(
        self, n_components: int, n_classes: int, config: TrainingConfig
    ) -> None:
        super().__init__()
        columns = np.concatenate(
            [columns_of(groups, n_components) for groups in DISCRIMINANT_BLOCKS]
        )
        self.register_buffer("columns", torch.from_numpy(columns))
        self.register_buffer("weight", torch.zeros(n_classes, len(columns)))
        self.register_buffer("bias", torch.zeros(n_classes))
        self.experts = nn.ModuleList(
            Expert(columns_of(groups, n_components), n_classes, config)
            for groups in SUBSETS
        )

    def set_discriminant(self, found: Discriminant) -> None:
        """Fill in the discriminant."""
        self.get_buffer("weight").copy_(torch.from_numpy(found.weight))
        self.get_buffer("bias").copy_(torch.from_numpy(found.bias))

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (n_experts, N, n_classes) and all hidden units (N, ...)."""
        answers = [expert(inputs) for expert in self.experts]
        logits = torch.stack([answer[0] for answer in answers])
        return logits, torch.cat([answer[1] for answer in answers], dim=1)

    def answer(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean logits of experts and discriminant, and hidden units."""
        logits, hidden = self(inputs)
        own = inputs.index_select(1, self.get_buffer("columns"))
        last = own @ self.get_buffer("weight").T + self.get_buffer("bias")
        return torch.cat([logits, last[None]]).mean(0), hidden


class TraceNetwork(nn.Module):
    """Camera-model network over processing traces.

    The ``untouched`` committee is trained on pictures as cameras wrote them, the
    ``robust`` one on manipulated copies too; the embedding joins the hidden units of
    both committees' experts.

    Parameters
    ----------
    mean, scale : ndarray of shape (TRACE_SIZE,), float32
        Standardise the traces; part of the network, not of its input.
    projection : ndarray of shape (COOCCURRENCE_SIZE, n_components), float32
        Takes standardised co-occurrences to principal components.
    n_classes : int
        Camera models.
    config : TrainingConfig
        Widths and dropouts.
    """

    def __init__(
        self,
        mean: FloatArray,
        scale: FloatArray,
        projection: FloatArray,
        n_classes: int,
        config: TrainingConfig,
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("scale", torch.from_numpy(scale))
        self.register_buffer("projection", torch.from_numpy(projection))
        self.untouched = Committee(projection.shape[1], n_classes, config)
        self.robust = Committee(projection.shape[1], n_classes, config)

    def prepare(self, traces: Tensor) -> Tensor:
        """Return what experts look at, shape (N, PROCESSING_SIZE + n_components).

        Processing traces of mean 0 and deviation 1, outliers clipped, and the
        principal components of the co-occurrences.
        """
        standard = self._standardize(traces)
        counts = standard[:, PROCESSING_SIZE:] @ self.get_buffer("projection")
        return torch.cat([standard[:, :PROCESSING_SIZE], counts], dim=1)

    def _standardize(self, traces: Tensor) -> Tensor:
        centred = (traces.float() - self.get_buffer("mean")) / self.get_buffer("scale")
        return centred.clamp(-CLIP, CLIP)

    def forward(self, untouched: Tensor, mixed: Tensor) -> Tensor:
        """Return every expert's logits for its committee's prepared batch.

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
            As `whichcam.traces.network_traces` gives them.
        """
        inputs = self.prepare(traces)
        untouched, hidden_u = self.untouched.answer(inputs)
        robust, hidden_r = self.robust.answer(inputs)
        joined = torch.cat([hidden_u, hidden_r], dim=1)
        norm = joined.square().sum(1, keepdim=True).add(1e-12).sqrt()
        return untouched, robust, joined / norm
