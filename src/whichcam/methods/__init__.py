"""The registry of camera-model classifiers, and the contract they share."""

from whichcam.methods._base import CameraModelClassifier
from whichcam.methods._patch_data import PatchData
from whichcam.methods._registry import METHODS, build_method, load_method, method_of

__all__ = [
    "METHODS",
    "CameraModelClassifier",
    "PatchData",
    "build_method",
    "load_method",
    "method_of",
]
