"""The network: two experts over standardised traces, one of them for any history."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from whichcam._typing import FloatArray
from whichcam.training._config import TrainingConfig

CLIP = 4.0  # standard deviations beyond which a trace is an outlier, not evidence


class Expert(nn.Module):
    """One hidden layer and a linear classifier."""

    def __init__(self, n_inputs: int, n_classes: int, config: TrainingConfig) -> None:
        super().__init__()
        self.input_dropout = nn.Dropout(config.input_dropout)
        self.hidden = nn.Linear(n_inputs, config.hidden)
        self.norm = nn.BatchNorm1d(config.hidden)
        self.hidden_dropout = nn.Dropout(config.hidden_dropout)
        self.classifier = nn.Linear(config.hidden, n_classes)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (N, n_classes) and hidden units (N, hidden)."""
        hidden = torch.relu(self.norm(self.hidden(self.input_dropout(inputs))))
        logits: Tensor = self.classifier(self.hidden_dropout(hidden))
        return logits, hidden


class TraceNetwork(nn.Module):
    """Camera-model network over processing traces.

    The ``untouched`` expert is trained on pictures as cameras wrote them, the
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
        self.untouched = Expert(len(mean), n_classes, config)
        self.robust = Expert(len(mean), n_classes, config)

    def standardize(self, traces: Tensor) -> Tensor:
        """Return traces of mean 0 and deviation 1, outliers clipped."""
        centred = (traces.float() - self.get_buffer("mean")) / self.get_buffer("scale")
        return centred.clamp(-CLIP, CLIP)

    def forward(self, untouched: Tensor, mixed: Tensor) -> tuple[Tensor, Tensor]:
        """Return each expert's logits for its own standardised batch."""
        return self.untouched(untouched)[0], self.robust(mixed)[0]

    def answer(self, traces: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return both experts' logits and the embedding, as the exported network does.

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
        return untouched, robust, joined / norm
