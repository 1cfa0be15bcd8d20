"""What methods share whose classifier is the ensemble of Fisher discriminants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, IntArray
from whichcam.methods._fisher_ensemble import FisherEnsemble
from whichcam.methods._traced import TraceClassifier


class FisherTraceClassifier(TraceClassifier):
    """Base of trace classifiers that end in `FisherEnsemble`.

    Parameters
    ----------
    crop_size_px, smallest_px, workers, seed : int
        As `TraceClassifier`.
    subspace_sizes : tuple of int
        Numbers of columns a learner of the ensemble may see; out-of-bag error chooses.
    max_learners : int
        At most so many learners.
    shrinkage : float
        Of a learner's covariance, in (0, 1].
    """

    def __init__(
        self,
        *,
        crop_size_px: int = 768,
        smallest_px: int = 128,
        subspace_sizes: tuple[int, ...] = (100, 200, 400, 800),
        max_learners: int = 100,
        shrinkage: float = 0.01,
        workers: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__(
            crop_size_px=crop_size_px,
            smallest_px=smallest_px,
            workers=workers,
            seed=seed,
        )
        self.subspace_sizes = subspace_sizes
        self.max_learners = max_learners
        self.shrinkage = shrinkage

    def _ensemble(self) -> FisherEnsemble:
        return FisherEnsemble(
            subspace_sizes=self.subspace_sizes,
            max_learners=self.max_learners,
            shrinkage=self.shrinkage,
            seed=self.seed,
        )

    def _fit(self, X: FloatArray, labels: IntArray, groups: npt.NDArray[Any]) -> None:
        self.ensemble_ = self._ensemble().fit(X, labels, groups)

    def _predict(self, X: FloatArray) -> npt.NDArray[np.float64]:
        return self.ensemble_.predict_proba(X)

    def _state(self) -> dict[str, npt.NDArray[Any]]:
        return self.ensemble_.state()

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]], n_classes: int) -> None:
        self.ensemble_ = self._ensemble().restore(arrays, self.n_features, n_classes)
