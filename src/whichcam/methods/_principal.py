"""Principal components of more columns than memory holds, exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.errors import IncompatibleArtifactError

_COLUMNS = 8192  # at a time


class PrincipalComponents:
    """Projection to the directions of largest variance.

    There are far fewer photos than columns: the photos' inner products hold all that
    the covariance does, so the result is exact, and columns are read in blocks.

    Parameters
    ----------
    n_components : int
        At most so many; never more than photos less one.
    """

    mean_: FloatArray
    components_: FloatArray

    def __init__(self, n_components: int) -> None:
        self.n_components = n_components

    def fit(self, X: FloatArray) -> Self:
        """Learn from rows, of shape (n, D), float32; may be memory-mapped."""
        n, width = X.shape
        self.mean_ = np.empty(width, np.float32)
        inner = np.zeros((n, n))
        for start in range(0, width, _COLUMNS):
            block = np.asarray(X[:, start : start + _COLUMNS], dtype=np.float64)
            self.mean_[start : start + _COLUMNS] = block.mean(0)
            block -= self.mean_[start : start + _COLUMNS]
            inner += block @ block.T
        values, vectors = np.linalg.eigh(inner)
        # what centring and rounding leave at nothing is no direction
        usable = int((values > 1e-10 * max(values[-1], 1e-30)).sum())
        kept = max(1, min(self.n_components, n - 1, usable))
        chosen = vectors[:, ::-1][:, :kept]
        lengths = np.sqrt(np.maximum(values[::-1][:kept], 1e-30))
        self.components_ = np.empty((kept, width), np.float32)
        for start in range(0, width, _COLUMNS):
            block = np.asarray(X[:, start : start + _COLUMNS], dtype=np.float64)
            block -= self.mean_[start : start + _COLUMNS]
            self.components_[:, start : start + _COLUMNS] = (
                chosen.T @ block / lengths[:, None]
            )
        # a direction has two signs: the largest entry shall be positive
        largest = np.abs(self.components_).argmax(1)
        signs = np.sign(self.components_[np.arange(kept), largest])
        self.components_ *= np.where(signs == 0, 1, signs)[:, None].astype(np.float32)
        return self

    def transform(self, X: FloatArray) -> FloatArray:
        """Return components of shape (n, n_components), row by row."""
        found = np.empty((len(X), len(self.components_)), np.float32)
        for row, values in enumerate(X):
            found[row] = self.components_ @ (values - self.mean_)
        return found

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return what was learnt."""
        return {"mean": self.mean_, "components": self.components_}

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> Self:
        """Take what `state` gave.

        Raises
        ------
        IncompatibleArtifactError
            If the shapes do not fit.
        """
        mean, components = arrays["mean"], arrays["components"]
        if mean.ndim != 1 or components.shape[1:] != mean.shape or not len(components):
            raise IncompatibleArtifactError(
                f"the stored components have shape {components.shape} and the mean "
                f"{mean.shape}; expected (k, D) and (D,)"
            )
        self.mean_, self.components_ = mean, components
        return self
