"""Features of several ImageNet networks side by side, fewer of them, and a forest."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, PathLike
from whichcam.datasets import Manifest
from whichcam.errors import (
    ConfigError,
    DatasetError,
    IncompatibleArtifactError,
    InputError,
)
from whichcam.media import Photo
from whichcam.methods._fitted import FittedClasses
from whichcam.methods._frozen_backbone import FrozenBackbone
from whichcam.methods._held_out import fit_temperature, softmax
from whichcam.methods._persistence import (
    load_method,
    save_method,
    stored_classes,
    stored_settings,
)
from whichcam.methods._principal import PrincipalComponents
from whichcam.methods._random_forest import RandomForest
from whichcam.methods._trace_inputs import checked_classes, known_groups, read_traces
from whichcam.models.storage import field, read_onnx

Progress = Callable[[str, int, int], None]


class StackedFeaturesClassifier(FittedClasses):
    """Camera-model classifier by ImageNet features, principal components and a forest.

    Parameters
    ----------
    backbones : tuple of str, default ("vgg16", "resnet50:mean", "inception_v3")
        Names of timm; with ``:mean`` the features are averaged over the crop, else
        those of every place are kept. The default gives 25,088 + 2,048 + 131,072
        columns.
    weights : tuple of str, default ("auto",)
        Where their weights come from, one for each backbone or one for all; see
        `FinetuneClassifier`.
    crop_px : int, default 0
        Side of the crop from the middle of a photo, at native resolution; 0 for the
        size that each backbone learnt on. A smaller photo is continued by mirroring.
    smallest_px : int, default 128
        Smaller photos are refused.
    n_components : int, default 1000
        Principal components kept, at most.
    n_trees : int, default 500
        Of the forest.
    calibration_folds : int, default 3
        Whose answers about photos not learnt from set the temperature.
    cache : str, default ""
        Folder that features are kept in, by photo, backbone, weights and crop; "" to
        keep none.
    workers : int, default 1
        Threads that read photos and take their features in `fit`.
    seed : int, default 0
        Decides the forest, folds, and random weights.

    Attributes
    ----------
    temperature_ : float
        Divides the logarithms of the forest's shares of votes.
    n_features_ : int
        Columns side by side.
    origin_ : str
        Where the backbones' weights came from.
    skipped_ : tuple of (str, str)
        Path and reason of each file that `fit` could not use.

    Notes
    -----
    The first attempt of the blog post that this project grew from: at most 30 % of
    validation photos of ten phones, because ImageNet features tell of scenes. Kept as
    a warning. Where it departs: crops are cut at native resolution and never resized;
    the principal components are exact, by the photos' inner products, from a file of
    features that memory need not hold (2,000 photos of 158,208 columns take 1.3 GB of
    disk); probabilities are calibrated on held-out photos, the components having
    seen them all, without their names. The saved folder carries the backbones as
    ONNX, 240 MB for the default ones, and up to 630 MB of components: it is large, but
    nothing needs torch to answer.

    References
    ----------
    .. [1] L. Breiman, "Random forests", Machine Learning 45, 2001.
       doi:10.1023/A:1010933404324
    """

    method = "stacked_features"

    def __init__(
        self,
        *,
        backbones: tuple[str, ...] = ("vgg16", "resnet50:mean", "inception_v3"),
        weights: tuple[str, ...] = ("auto",),
        crop_px: int = 0,
        smallest_px: int = 128,
        n_components: int = 1000,
        n_trees: int = 500,
        calibration_folds: int = 3,
        cache: str = "",
        workers: int = 1,
        seed: int = 0,
    ) -> None:
        self.backbones = backbones
        self.weights = weights
        self.crop_px = crop_px
        self.smallest_px = smallest_px
        self.n_components = n_components
        self.n_trees = n_trees
        self.calibration_folds = calibration_folds
        self.cache = cache
        self.workers = workers
        self.seed = seed

    @property
    def n_features_(self) -> int:
        """Columns side by side."""
        self.classes_  # noqa: B018 - raises where nothing is fitted
        return sum(backbone.n_features for backbone in self._backbones)

    @property
    def origin_(self) -> str:
        """Where the backbones' weights came from."""
        self.classes_  # noqa: B018 - raises where nothing is fitted
        return "; ".join(backbone.origin for backbone in self._backbones)

    def fit(self, manifest: Manifest, progress: Progress | None = None) -> Self:
        """Learn from labelled photos; needs the extra ``train``.

        Parameters
        ----------
        manifest : Manifest
            With ``camera_model``; sessions and devices are used where they are known.
        progress : callable, optional
            Called as ``progress(stage, done, total)``. What it raises ends the run and
            leaves the classifier as it was.

        Returns
        -------
        StackedFeaturesClassifier
            Itself.

        Raises
        ------
        MissingDependencyError
            Without torch, timm or onnx.
        ConfigError
            If an argument of the constructor is out of range.
        UnknownNameError, ArtifactError
            If there is no such backbone, or no weights for it.
        DatasetError
            If a camera model is blank, there are fewer than two, or one has fewer than
            two photos that can be used.
        """
        self._check()
        names = np.array([str(name) for name in manifest.camera_model], dtype=object)
        checked_classes(names, np.ones(len(names), dtype=bool))
        backbones = self._export()
        with tempfile.TemporaryDirectory(prefix="whichcam-") as folder:
            rows, table, skipped = self._tabulate(
                manifest, backbones, Path(folder) / "features.npy", progress
            )
            usable = np.isin(np.arange(len(names)), rows)
            if not rows:
                raise DatasetError(
                    f"none of {len(names)} photos can be used; the first: "
                    f"{skipped[0][1]}"
                )
            classes = checked_classes(names, usable)
            labels = np.searchsorted(classes, names[usable].astype(str))
            labels = labels.astype(np.int64)
            principal = PrincipalComponents(self.n_components).fit(table[: len(rows)])
            reduced = principal.transform(table[: len(rows)])
            del table  # before the folder goes, or some systems keep it
        self.temperature_ = fit_temperature(
            lambda X, y: self._forest(X, y).scores,
            reduced,
            labels,
            known_groups(manifest)[usable],
            n_folds=self.calibration_folds,
            seed=self.seed,
        )
        self._grown = self._forest(reduced, labels)
        self._principal, self._backbones = principal, backbones
        self.skipped_, self._classes = tuple(skipped), classes
        return self

    def predict_proba(self, photos: Sequence[Photo]) -> npt.NDArray[np.float64]:
        """Return calibrated closed-set probabilities; needs no torch.

        Parameters
        ----------
        photos : sequence of Photo
            Decoded photos.

        Returns
        -------
        ndarray of shape (n_photos, n_classes), float64
            Rows sum to 1.

        Raises
        ------
        NotFittedError
            Before `fit` or `load`.
        ImageTooSmallError
            If a photo is smaller than ``smallest_px``.
        """
        classes = self.classes_
        if not photos:
            return np.empty((0, len(classes)))
        stacked = [self._stacked(photo, self._backbones) for photo in photos]
        reduced = self._principal.transform(np.stack(stacked))
        return softmax(self._grown.scores(reduced) / self.temperature_)

    def save(self, folder: PathLike) -> None:
        """Write the method to a folder: ONNX, JSON and plain arrays.

        Parameters
        ----------
        folder : path
            New or empty.

        Raises
        ------
        NotFittedError
            Before `fit` or `load`.
        InputError
            If the folder holds something already.
        """
        header = {
            "method": self.method,
            "classes": list(self.classes_),
            # a model that is passed on should not tell the folders it was made in
            "params": {
                **self.get_params(),
                "weights": [Path(weights).name for weights in self.weights],
                "cache": "",
            },
            "backbones": [backbone.to_dict() for backbone in self._backbones],
        }
        arrays = {
            **self._principal.state(),
            **self._grown.state(),
            "temperature": np.array([self.temperature_]),
        }
        save_method(folder, header, arrays)
        for number, backbone in enumerate(self._backbones):
            (Path(folder) / _file(number)).write_bytes(backbone.onnx)

    @classmethod
    def load(cls, folder: PathLike) -> Self:
        """Read a folder written by `save`; needs no torch.

        Parameters
        ----------
        folder : path
            As given to `save`.

        Raises
        ------
        ArtifactError
            If it holds no such method, or was damaged.
        """
        header, arrays = load_method(folder)
        if field(header, "method", str) != cls.method:
            raise IncompatibleArtifactError(
                f"{Path(folder)} holds {header['method']!r}; expected {cls.method!r}"
            )
        loaded = cls(**stored_settings(header, cls().get_params()))
        classes = stored_classes(header)
        loaded._backbones = tuple(
            FrozenBackbone.from_dict(
                told,
                read_onnx(Path(folder) / _file(number), field(told, "sha256", str)),
            )
            for number, told in enumerate(field(header, "backbones", list))
        )
        try:
            loaded._principal = PrincipalComponents(loaded.n_components).restore(arrays)
            width = len(loaded._principal.components_)
            loaded._grown = RandomForest(n_trees=loaded.n_trees, seed=loaded.seed)
            loaded._grown.restore(arrays, width, len(classes))
            loaded.temperature_ = float(arrays["temperature"].reshape(1)[0])
        except (KeyError, TypeError, IndexError, ValueError) as error:
            raise IncompatibleArtifactError(
                f"{Path(folder)} cannot be used: {error!r}"
            ) from error
        loaded._classes = classes
        stored = len(loaded._principal.mean_)
        if loaded.n_features_ != stored or loaded.temperature_ <= 0:
            raise IncompatibleArtifactError(
                f"the stored backbones give {loaded.n_features_} columns and the "
                f"components take {stored}; the folder was put together from two"
            )
        return loaded

    def _check(self) -> None:
        for name in ("smallest_px", "n_components", "n_trees", "workers"):
            if getattr(self, name) < 1:
                raise ConfigError(name, f"is {getattr(self, name)}; expected 1 or more")
        if self.calibration_folds < 2:
            raise ConfigError(
                "calibration_folds", f"is {self.calibration_folds}; expected 2 or more"
            )
        if self.crop_px and not 32 <= self.crop_px <= 4096:
            raise ConfigError("crop_px", f"is {self.crop_px}; expected 0 or 32 to 4096")
        if not self.backbones or len(self.weights) not in (1, len(self.backbones)):
            raise ConfigError(
                "weights",
                f"are {len(self.weights)} for {len(self.backbones)} backbone(s); "
                "expected one for all, or one each",
            )

    def _export(self) -> tuple[FrozenBackbone, ...]:
        weights = self.weights * (len(self.backbones) if len(self.weights) == 1 else 1)
        return tuple(
            FrozenBackbone.export(name, chosen, crop_px=self.crop_px, seed=self.seed)
            for name, chosen in zip(self.backbones, weights, strict=True)
        )

    def _forest(self, X: FloatArray, y: npt.NDArray[np.int64]) -> RandomForest:
        return RandomForest(n_trees=self.n_trees, seed=self.seed).fit(X, y)

    def _stacked(self, photo: Photo, backbones: Sequence[FrozenBackbone]) -> FloatArray:
        """Return the columns of one photo, from the cache where they are there."""
        cache = Path(self.cache) if self.cache else None
        return np.concatenate(
            [b.features(photo, cache, smallest_px=self.smallest_px) for b in backbones]
        )

    def _tabulate(
        self,
        manifest: Manifest,
        backbones: Sequence[FrozenBackbone],
        path: Path,
        progress: Progress | None,
    ) -> tuple[list[int], FloatArray, list[tuple[str, str]]]:
        """Write the columns of all photos to a file; return rows, table, and the rest.

        The table's row k is that of photo ``rows[k]``.
        """

        def take(photo: Photo) -> FloatArray | str:
            try:
                return self._stacked(photo, backbones)
            except InputError as error:
                return str(error)

        width = sum(backbone.n_features for backbone in backbones)
        table: FloatArray = np.lib.format.open_memmap(
            path, "w+", np.float32, (len(manifest), width)
        )
        rows: list[int] = []
        skipped = []
        found = read_traces(manifest.paths, take, workers=self.workers)
        for row, (file, columns) in enumerate(found):
            if isinstance(columns, str):
                skipped.append((str(file), columns))
            else:
                table[len(rows)] = columns
                rows.append(row)
            if progress is not None:
                progress("taking features", row + 1, len(manifest))
        return rows, table, skipped


def _file(number: int) -> str:
    return f"backbone_{number}.onnx"
