"""The file's own tables and levels, classified by a linear support vector machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, IntArray, PixelArray
from whichcam.errors import IncompatibleArtifactError, NotJPEGError
from whichcam.media import Photo
from whichcam.methods._held_out import Scores, fit_temperature, softmax
from whichcam.methods._traced import TraceClassifier
from whichcam.traces import (
    JPEG_STATISTICS_LAYOUT,
    JPEG_STATISTICS_SIZE,
    JPEG_STATISTICS_VERSION,
    jpeg_statistics,
)

_FURTHEST = 5.0  # standard deviations: what no training photo had must not decide
_MOSTLY = 0.5  # share of files with tables of their own: beyond it, of scenes


class JpegStatisticsClassifier(TraceClassifier):
    """Camera-model classifier by quantisation tables, coding and AC histograms.

    Parameters
    ----------
    crop_size_px : int, default 768
        Side of the square from the middle of the photo whose levels are counted.
    smallest_px : int, default 128
        Smaller photos are refused.
    penalty : float, default 0.1
        C of the support vector machine: less means a simpler classifier.
    huffman_tables : bool, default True
        Use Huffman tables. Where most training files have tables that no other file
        has, they were optimised for each picture, tell of scenes and not of encoders,
        and are left out anyway.
    calibration_folds : int, default 3
        Folds whose answers about photos not learnt from set the temperature, 2 or
        more.
    workers : int, default 1
        Threads that read photos in `fit`.
    seed : int, default 0
        Decides folds.

    Attributes
    ----------
    temperature_ : float
        Divides the machines' decision values.
    uses_huffman_ : bool
        Whether Huffman tables are used.

    See Also
    --------
    whichcam.traces.jpeg_statistics : The numbers taken from a file.

    Notes
    -----
    Strong on files as the camera wrote them and worthless on any other: a photo that
    is no JPEG gets equal probabilities and an `OutOfDomainWarning`. A picture saved
    again as JPEG carries the tables of the program that did it; this method cannot
    tell, `whichcam.datasets.screen` often can.

    Kee et al. [1]_ look signatures up in a list of known ones; a linear machine over
    the same numbers, beside histograms of AC levels, generalises to tables not seen
    before. One machine a class against all others, classes weighing the same; a
    temperature fitted on held-out photos turns decision values into probabilities.

    References
    ----------
    .. [1] E. Kee, M. K. Johnson, H. Farid, "Digital image authentication from JPEG
       headers", IEEE TIFS 6(3), 2011. doi:10.1109/TIFS.2011.2128309
    """

    method = "jpeg_statistics"
    trace_version = JPEG_STATISTICS_VERSION
    n_features = JPEG_STATISTICS_SIZE

    def __init__(
        self,
        *,
        crop_size_px: int = 768,
        smallest_px: int = 128,
        penalty: float = 0.1,
        huffman_tables: bool = True,
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
        self.penalty = penalty
        self.huffman_tables = huffman_tables
        self.calibration_folds = calibration_folds

    @property
    def uses_huffman_(self) -> bool:
        """Whether Huffman tables are used."""
        self.classes_  # noqa: B018 - raises where nothing is fitted
        return bool(self._scale[_HUFFMAN].any())

    def _extract(self, photo: Photo, crop: PixelArray) -> FloatArray:
        if photo.jpeg is not None:
            try:
                return jpeg_statistics(crop, photo.jpeg)
            except NotJPEGError:  # a file without its tables says nothing either
                pass
        return np.full(self.n_features, np.nan, np.float32)

    def _fit(self, X: FloatArray, labels: IntArray, groups: npt.NDArray[Any]) -> None:
        spread = X.std(0, dtype=np.float64)
        # constant columns count for nothing, in whatever photo they then change
        self._scale = np.where(spread > 1e-6, 1 / np.maximum(spread, 1e-6), 0.0)
        self._centre = X.mean(0, dtype=np.float64)
        own = len(np.unique(X[:, _HUFFMAN], axis=0)) > max(2, _MOSTLY * len(X))
        if own or not self.huffman_tables:
            self._scale[_HUFFMAN] = 0.0
        self.temperature_ = fit_temperature(
            self._machine,
            X,
            labels,
            groups,
            n_folds=self.calibration_folds,
            seed=self.seed,
        )
        self._weights, self._offsets = self._solved(X, labels)

    def _machine(self, X: FloatArray, labels: IntArray) -> Scores:
        weights, offsets = self._solved(X, labels)
        return lambda other: self._standardized(other) @ weights + offsets

    def _solved(
        self, X: FloatArray, labels: IntArray
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        from sklearn.svm import LinearSVC

        machine = LinearSVC(
            C=self.penalty, class_weight="balanced", dual=False, max_iter=5000
        ).fit(self._standardized(X), labels)
        weights, offsets = machine.coef_.T, np.ravel(machine.intercept_)
        if weights.shape[1] == 1:  # of two classes one machine speaks for both
            weights, offsets = (
                np.hstack([-weights, weights]),
                np.array([-1, 1]) * offsets,
            )
        return np.ascontiguousarray(weights), offsets

    def _standardized(self, X: FloatArray) -> npt.NDArray[np.float64]:
        standard = (X - self._centre) * self._scale
        return np.asarray(np.clip(standard, -_FURTHEST, _FURTHEST))

    def _predict(self, X: FloatArray) -> npt.NDArray[np.float64]:
        scores = self._standardized(X) @ self._weights + self._offsets
        return softmax(scores / self.temperature_)

    def _state(self) -> dict[str, npt.NDArray[Any]]:
        return {
            "centre": self._centre,
            "scale": self._scale,
            "weights": self._weights,
            "offsets": self._offsets,
            "temperature": np.array([self.temperature_]),
        }

    def _restore(self, arrays: Mapping[str, npt.NDArray[Any]], n_classes: int) -> None:
        shapes = {name: array.shape for name, array in arrays.items()}
        width = self.n_features
        expected = {
            "centre": (width,),
            "scale": (width,),
            "weights": (width, n_classes),
            "offsets": (n_classes,),
            "temperature": (1,),
        }
        if shapes != expected or arrays["temperature"][0] <= 0:
            raise IncompatibleArtifactError(
                f"the stored machine has arrays of shapes {shapes}; expected "
                f"{expected} and a temperature above 0"
            )
        self._centre, self._scale = arrays["centre"], arrays["scale"]
        self._weights, self._offsets = arrays["weights"], arrays["offsets"]
        self.temperature_ = float(arrays["temperature"][0])


def _columns_of(group: str) -> slice:
    start = 0
    for name, length in JPEG_STATISTICS_LAYOUT:
        if name == group:
            return slice(start, start + length)
        start += length
    raise KeyError(group)


_HUFFMAN = _columns_of("huffman")
