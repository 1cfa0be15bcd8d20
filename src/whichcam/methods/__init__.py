"""The registry of camera-model classifiers, and the contract they share."""

from whichcam.methods._base import CameraModelClassifier
from whichcam.methods._patch_data import PatchData, TrainedPatches
from whichcam.methods._registry import (
    METHODS,
    QUICK_SETTINGS,
    build_method,
    load_method,
    method_of,
)

__all__ = [
    "METHODS",
    "QUICK_SETTINGS",
    "CameraModelClassifier",
    "PatchData",
    "TrainedPatches",
    "build_method",
    "load_method",
    "method_of",
]
