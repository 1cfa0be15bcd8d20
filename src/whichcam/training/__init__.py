"""Training of the networks: the only room that knows torch."""

from whichcam.training._config import TrainingConfig
from whichcam.training._train import TrainingReport, train

__all__ = ["TrainingConfig", "TrainingReport", "train"]
