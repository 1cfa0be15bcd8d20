"""What a model must offer to be evaluated: `whichcam.models.CameraModel` does."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from whichcam._typing import PathLike
from whichcam.datasets import FrameSize
from whichcam.media import Photo


class EvaluableEvidence(Protocol):
    """What a model says of one photograph."""

    @property
    def probabilities(self) -> npt.NDArray[np.floating[Any]]:
        """(n_classes,) floats that sum to 1."""

    @property
    def known_score(self) -> float:
        """Higher for cameras more like the known ones."""

    @property
    def unknown_probability(self) -> float:
        """Probability in [0, 1] that the camera is none of the classes."""

    @property
    def n_crops(self) -> int:
        """Crops looked at."""

    @property
    def file_statistics_used(self) -> bool:
        """Whether more than the pixels was looked at."""

    @property
    def frame_size_used(self) -> bool:
        """Whether the size of the whole picture was, too."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What limits the answer."""


class EvaluableDecision(Protocol):
    """The answer a model gives on its evidence."""

    @property
    def level(self) -> str:
        """Either "model", "family", "make" or "unknown"."""

    @property
    def answer(self) -> str:
        """Name of the model, family or make."""

    @property
    def confidence(self) -> float:
        """Probability in [0, 1] of the answer."""

    @property
    def error_rate(self) -> float | None:
        """Error rate promised at this level; None where none is."""

    @property
    def members(self) -> tuple[str, ...]:
        """Classes the answer stands for; empty for "unknown"."""


class ModelSpec(Protocol):
    """The description a model was saved with."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; ``training.devices`` names trained devices."""


class EvaluableModel(Protocol):
    """A camera model classifier that lies in a folder."""

    @property
    def folder(self) -> Path:
        """Where workers load it from."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Camera models it knows."""

    @property
    def makes(self) -> tuple[str, ...]:
        """Make of each class."""

    @property
    def families(self) -> tuple[str, ...]:
        """Family of each class."""

    @property
    def model_id(self) -> str:
        """Digest of its content."""

    @property
    def spec(self) -> ModelSpec:
        """Its description."""

    @classmethod
    def load(cls, folder: PathLike, /) -> EvaluableModel:
        """Load the model lying in a folder."""

    def analyse(
        self, photo: Photo, /, *, frame_size: FrameSize | None = None
    ) -> EvaluableEvidence:
        """Look at a photograph, cut from a frame of this size where one is given."""

    def decide(self, evidence: Any, /) -> EvaluableDecision:
        """Give the finest answer the evidence supports."""
