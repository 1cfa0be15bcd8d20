"""Names of methods and where they live; add one line to add a method."""

from __future__ import annotations

from typing import Any

from whichcam._registry import load
from whichcam.methods._base import CameraModelClassifier

METHODS = {
    "cooccurrence": "whichcam.methods._cooccurrence:CooccurrenceClassifier",
    "demosaicing": "whichcam.methods._demosaicing:DemosaicingClassifier",
    "jpeg_statistics": "whichcam.methods._jpeg_statistics:JpegStatisticsClassifier",
    "noise_moments": "whichcam.methods._noise_moments:NoiseMomentsClassifier",
    "whichcam": "whichcam.methods._whichcam:WhichcamClassifier",
}
"""Registry name to ``module:attribute`` of every camera-model classifier."""


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
