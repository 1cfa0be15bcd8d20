"""Moments and correlations of the noise residual, classified by boosted trees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, IntArray, PixelArray
from whichcam.errors import IncompatibleArtifactError
from whichcam.media import Photo
from whichcam.methods._boosted_trees import BoostedTrees
from whichcam.methods._held_out import fit_temperature, softmax
from whichcam.methods._traced import TraceClassifier
from whichcam.traces import NOISE_MOMENTS_SIZE, NOISE_MOMENTS_VERSION, noise_moments


class NoiseMomentsClassifier(TraceClassifier):
    """Camera-model classifier by 28 moments of the noise and gradient boosting.

    Parameters
    ----------
    crop_size_px : int, default 768
        Side of the square from the middle of the photo that is looked at, at native
        resolution.
    smallest_px : int, default 128
        Smaller photos are refused.
    n_rounds : int, default 60
        Boosting rounds; each grows a small tree for every class.
    learning_rate : float, default 0.1
        Shrinkage of each tree's answer.
    max_leaves : int, default 8
        Leaves of a tree.
    smallest_leaf : int, default 5
        Photos in a leaf.
    l2 : float, default 1.0
        Penalty on the leaves' values.
    calibration_folds : int, default 3
        Folds whose answers about photos not learnt from set the temperature; 0 leaves
        the temperature at 1 and spares as many fits.
    workers : int, default 1
        Threads that read photos in `fit`.
    seed : int, default 0
        Decides folds and binning.

    Attributes
    ----------
    temperature_ : float
        Divides log probabilities.

    See Also
    --------
    whichcam.traces.noise_moments : The numbers taken from a photo.

    Notes
    -----
    Filler et al. [1]_ classify fingerprints, each estimated from several photos of a
    camera, with support vector machines. One photo holds much less; boosted trees need
    no scaling and no kernel to be chosen.

    References
    ----------
    .. [1] T. Filler, J. Fridrich, M. Goljan, "Using sensor pattern noise for camera
       model identification", IEEE ICIP 2008. doi:10.1109/ICIP.2008.4712000
    """

    method = "noise_moments"
    trace_version = NOISE_MOMENTS_VERSION
    n_features = NOISE_MOMENTS_SIZE

    def __init__(
        self,
        *,
        crop_size_px: int = 768,
        smallest_px: int = 128,
        n_rounds: int = 60,
        learning_rate: float = 0.1,
        max_leaves: int = 8,
        smallest_leaf: int = 5,
        l2: float = 1.0,
        calibration_folds: int = 3,
        workers: int = 1,
        seed: int = 0,
    ) -> None:
        super().__init__(
            crop_size_px=crop_size_px,
            smallest_px=smallest_px,
            workers=workers,
            seed=seed,
        )
        self.n_rounds = n_rounds
        self.learning_rate = learning_rate
        self.max_leaves = max_leaves
        self.smallest_leaf = smallest_leaf
        self.l2 = l2
        self.calibration_folds = calibration_folds

    def _extract(self, photo: Photo, crop: PixelArray) -> FloatArray:  # noqa: ARG002
        return noise_moments(crop)

    def _new_trees(self) -> BoostedTrees:
        return BoostedTrees(
            n_rounds=self.n_rounds,
            learning_rate=self.learning_rate,
            max_leaves=self.max_leaves,
            smallest_leaf=self.smallest_leaf,
            l2=self.l2,
            seed=self.seed,
        )

    def _fit(self, X: FloatArray, labels: IntArray, groups: npt.NDArray[Any]) -> None:
        self.temperature_ = 1.0
        if self.calibration_folds:
            self.temperature_ = fit_temperature(
                lambda part, own: self._new_trees().fit(part, own).scores,
                X,
                labels,
                groups,
                n_folds=self.calibration_folds,
                seed=self.seed,
            )
        self._trees = self._new_trees().fit(X, labels)

    def _predict(self, X: FloatArray) -> npt.NDArray[np.float64]:
        return softmax(self._trees.scores(X) / self.temperature_)

    def _state(self) -> dict[str, npt.NDArray[Any]]:
        return {**self._trees.state(), "temperature": np.array([self.temperature_])}

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]], n_classes: int) -> None:
        temperature = float(arrays["temperature"][0])
        if temperature <= 0:
            raise IncompatibleArtifactError(
                f"the stored temperature is {temperature}; expected above 0"
            )
        self.temperature_ = temperature
        self._trees = self._new_trees().restore(arrays, self.n_features, n_classes)
