"""The project's own method as a classifier: processing traces, two experts, tables."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from whichcam._typing import PathLike
from whichcam.datasets import Manifest
from whichcam.errors import InputError, NotFittedError
from whichcam.media import Photo
from whichcam.methods._training_room import from_training
from whichcam.models import CameraModel

MODEL_FILES = (
    *("model.onnx", "spec.json", "calibration.json"),
    *("file_statistics.json", "CARD.md"),
)
FRAME_SIZES = "frame_sizes.json"  # only of models that look at the size of pictures


class WhichcamClassifier:
    """Camera-model classifier by traces of in-camera processing.

    Parameters
    ----------
    settings : dict, optional
        Of training; see `whichcam.training.TrainingConfig`.
    output : path, optional
        Folder `fit` writes the model to; a temporary one otherwise.
    resume : bool, default False
        Go on with a killed run in ``output``.
    cache : path, optional
        Folder where the traces of photos are kept, for other fits on the same photos.

    Attributes
    ----------
    model_ : CameraModel
        After `fit` or `load`.
    report_ : TrainingReport
        After `fit`.

    See Also
    --------
    whichcam.training.train : The same training as a function.
    """

    def __init__(
        self,
        *,
        settings: dict[str, Any] | None = None,
        output: PathLike | None = None,
        resume: bool = False,
        cache: PathLike | None = None,
    ) -> None:
        self.settings = settings
        self.output = output
        self.resume = resume
        self.cache = cache

    def get_params(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "settings": self.settings,
            "output": self.output,
            "resume": self.resume,
            "cache": self.cache,
        }

    @property
    def classes_(self) -> tuple[str, ...]:
        """Camera models, in the order of the columns of `predict_proba`.

        Raises
        ------
        NotFittedError
            Before `fit` or `load`.
        """
        return self._fitted().classes

    def fit(
        self,
        manifest: Manifest,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> Self:
        """Train on a manifest; needs the extra ``train``.

        Parameters
        ----------
        manifest : Manifest
            Labelled photos.
        progress : callable, optional
            Called as ``progress(stage, done, total)``.

        Returns
        -------
        WhichcamClassifier
            Itself.

        Raises
        ------
        MissingDependencyError
            Without torch or onnx.
        DatasetError
            As `whichcam.training.train`.
        """
        train = from_training("train")
        config = from_training("TrainingConfig").from_mapping(self.settings or {})
        folder = self.output
        if folder is None:
            temporary = tempfile.mkdtemp(prefix="whichcam-")
            # kept as long as the object lives
            weakref.finalize(self, shutil.rmtree, temporary, ignore_errors=True)
            folder = Path(temporary) / "model"
        self.report_ = train(
            manifest,
            folder,
            config=config,
            resume=self.resume,
            progress=progress,
            views=self.cache,
        )
        self.model_ = CameraModel.load(folder)
        return self

    def keep(self, photo: Photo) -> None:
        """Put into ``cache`` what `fit` will ask of a photo; nothing without one.

        Parameters
        ----------
        photo : Photo
            Decoded photo.

        Raises
        ------
        MissingDependencyError
            Without torch or onnx.
        ImageTooSmallError
            If the photo is smaller than a crop.
        """
        if self.cache is not None:
            config = from_training("TrainingConfig").from_mapping(self.settings or {})
            from_training("keep_views")(photo, config, self.cache)

    def predict_proba(self, photos: Sequence[Photo]) -> npt.NDArray[np.float64]:
        """Return calibrated closed-set probabilities.

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
            If a photo is smaller than a crop.
        """
        model = self._fitted()
        if not photos:
            return np.empty((0, len(model.classes)))
        return np.stack([model.analyse(photo).probabilities for photo in photos])

    def save(self, folder: PathLike) -> None:
        """Copy the model folder.

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
        model = self._fitted()
        source, target = model.folder, Path(folder)
        if target.exists() and any(target.iterdir()):
            raise InputError(f"{target} is not empty; give a new folder")
        target.mkdir(parents=True, exist_ok=True)
        sized = model.frame_sizes is not None
        for name in (*MODEL_FILES, FRAME_SIZES) if sized else MODEL_FILES:
            shutil.copyfile(source / name, target / name)

    @classmethod
    def load(cls, folder: PathLike) -> Self:
        """Read a model folder.

        Parameters
        ----------
        folder : path
            As written by `save` or `whichcam train`.

        Raises
        ------
        ArtifactError
            If the folder is no model that can be used.
        """
        classifier = cls()
        classifier.model_ = CameraModel.load(folder)
        return classifier

    def _fitted(self) -> CameraModel:
        model = getattr(self, "model_", None)
        if not isinstance(model, CameraModel):
            raise NotFittedError("this classifier is not fitted; call fit() or load()")
        return model
