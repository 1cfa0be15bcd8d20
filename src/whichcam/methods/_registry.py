"""Names of methods and where they live; add one line to add a method."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from whichcam._registry import load
from whichcam._typing import PathLike
from whichcam.errors import (
    ArtifactNotFoundError,
    IncompatibleArtifactError,
    UnknownNameError,
)
from whichcam.methods._base import CameraModelClassifier
from whichcam.models.storage import field, read_json

METHODS = {
    "constrained": "whichcam.methods._constrained:ConstrainedClassifier",
    "cooccurrence": "whichcam.methods._cooccurrence:CooccurrenceClassifier",
    "demosaicing": "whichcam.methods._demosaicing:DemosaicingClassifier",
    "finetune": "whichcam.methods._finetune:FinetuneClassifier",
    "jpeg_statistics": "whichcam.methods._jpeg_statistics:JpegStatisticsClassifier",
    "noise_moments": "whichcam.methods._noise_moments:NoiseMomentsClassifier",
    "remnant": "whichcam.methods._remnant:RemnantClassifier",
    "scratch": "whichcam.methods._scratch:ScratchClassifier",
    "stacked_features": (
        "whichcam.methods._stacked_features:StackedFeaturesClassifier"
    ),
    "whichcam": "whichcam.methods._whichcam:WhichcamClassifier",
}
"""Registry name to ``module:attribute`` of every camera-model classifier."""

QUICK_SETTINGS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "constrained": {
            "patch_px": 64,
            "n_patches": 16,
            "patches_per_photo": 8,
            "batch_size": 32,
            "learning_rate": 1e-2,
            "epochs": 6,
        },
        "finetune": {
            "patch_px": 160,
            "n_patches": 2,
            "learning_rates": (1e-2, 1e-3),
            "epochs": 3,
        },
        "remnant": {
            "planes": 16,
            "n_patches": 16,
            "patches_per_photo": 2,
            "epochs": 6,
        },
        "scratch": {"n_patches": 16, "epochs": 12},
        "stacked_features": {
            "backbones": ("tf_efficientnet_lite0",),
            "n_components": 300,
            "n_trees": 200,
        },
    }
)
"""Settings under which the slow methods learn some 1,500 photos in minutes on two
processors: small trainings, far from the best these methods can do."""


def build_method(name: str, **settings: Any) -> CameraModelClassifier:
    """Return an unfitted classifier of the registered method.

    Parameters
    ----------
    name : str
        A key of `METHODS`.
    **settings
        Constructor arguments of the method.

    Raises
    ------
    UnknownNameError
        If no method has this name.
    """
    built: CameraModelClassifier = load(METHODS, name, what="method")(**settings)
    return built


def load_method(folder: PathLike) -> CameraModelClassifier:
    """Return the fitted classifier that lies in a folder, whatever its method.

    Parameters
    ----------
    folder : path
        As written by a method's ``save``, or by `whichcam.training.train`.

    Raises
    ------
    ArtifactNotFoundError
        If there is no such folder, or no classifier in it.
    IncompatibleArtifactError
        If it was written by a method that this version does not have.
    ArtifactError
        As the method's ``load``.
    """
    place, name = Path(folder), method_of(folder)
    try:
        kind = load(METHODS, name, what="method")
    except UnknownNameError as error:
        raise IncompatibleArtifactError(f"{place}: {error}") from error
    loaded: CameraModelClassifier = kind.load(place)
    return loaded


def method_of(folder: PathLike) -> str:
    """Return the registry name of the classifier that lies in a folder.

    Parameters
    ----------
    folder : path
        As `load_method` takes it.

    Raises
    ------
    ArtifactNotFoundError
        If there is no such folder, or no classifier in it.
    """
    place = Path(folder)
    if (place / "method.json").is_file():
        name: str = field(read_json(place / "method.json"), "method", str)
        return name
    if (place / "spec.json").is_file():
        return "whichcam"  # its folder is that of whichcam.models.CameraModel
    raise ArtifactNotFoundError(
        f"{place} holds neither method.json nor spec.json; give a folder written by "
        "save() or `whichcam train`"
    )
