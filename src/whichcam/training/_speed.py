"""How fast a training is, and what share of it is waiting for data."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


class Speed:
    """How many crops a second a run trains on, and what share of it is waiting.

    Validation and checkpoints are not counted.

    Attributes
    ----------
    n_crops : int
        Trained on so far, by all processes.
    seconds, waiting_s : float
        In which this process trained, and those of them in which it waited for data.
    """

    def __init__(self) -> None:
        self.n_crops = 0
        self.seconds = 0.0
        self.waiting_s = 0.0

    @contextmanager
    def training(self, n_crops: int) -> Iterator[None]:
        """Count the block as training on so many crops."""
        start = time.perf_counter()
        yield
        self.seconds += time.perf_counter() - start
        self.n_crops += n_crops

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the block, inside one of training, as waiting for data."""
        start = time.perf_counter()
        yield
        self.waiting_s += time.perf_counter() - start

    @property
    def crops_per_s(self) -> float:
        """Crops of all processes; 0 before the first epoch."""
        return self.n_crops / self.seconds if self.seconds else 0.0

    @property
    def waiting_share(self) -> float:
        """Share of the time in which data was waited for, 0 to 1."""
        return self.waiting_s / self.seconds if self.seconds else 0.0

    def to_dict(self) -> dict[str, float]:
        """Return JSON-ready values."""
        return {
            "crops_per_s": self.crops_per_s,
            "seconds": self.seconds,
            "waiting_s": self.waiting_s,
            "waiting_share": self.waiting_share,
        }

    def say(self) -> None:
        """Log both."""
        if self.seconds:
            logger.info(
                "%.0f crops a second; %.1f %% of the time spent waiting for data",
                self.crops_per_s,
                100 * self.waiting_share,
            )
