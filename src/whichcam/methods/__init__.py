"""The registry of camera-model classifiers, and the contract they share."""

from whichcam.methods._base import CameraModelClassifier
from whichcam.methods._registry import METHODS, build_method, load_method, method_of

__all__ = [
    "METHODS",
    "CameraModelClassifier",
    "build_method",
    "load_method",
    "method_of",
]
