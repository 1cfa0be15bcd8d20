"""What every method of camera-model identification can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from whichcam._typing import PathLike
from whichcam.datasets import Manifest
from whichcam.media import Photo


@runtime_checkable
class CameraModelClassifier(Protocol):
    """A scikit-learn style classifier over photos.

    Constructor arguments are stored as given; what ``fit`` learns ends in an
    underscore.
    """

    @property
    def classes_(self) -> tuple[str, ...]:
        """Camera models, in the order of the columns of `predict_proba`."""

    def fit(
        self,
        manifest: Manifest,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Self:
        """Learn from labelled photos and return self; tell how far it is."""

    def get_params(self) -> dict[str, Any]:
        """Return the constructor's arguments."""

    def predict_proba(self, photos: Sequence[Photo]) -> npt.NDArray[np.float64]:
        """Return calibrated probabilities of shape (n_photos, n_classes)."""

    def save(self, folder: PathLike) -> None:
        """Write the model to a folder, without pickles."""

    @classmethod
    def load(cls, folder: PathLike) -> Self:
        """Read what `save` wrote."""
