"""The way into the training room, which needs torch: entered only to fit."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from whichcam.errors import MissingDependencyError

_LIBRARIES = ("torch", "torchvision", "timm", "onnx")


def from_training(name: str) -> Any:
    """Return a public name of `whichcam.training`.

    Raises
    ------
    MissingDependencyError
        Where a library of the extra ``train`` is missing.
    """
    try:
        found = getattr(import_module("whichcam.training"), name)
    except ImportError as error:
        if isinstance(error, MissingDependencyError) or error.name not in _LIBRARIES:
            raise
        raise MissingDependencyError(
            str(error.name), extra="train", purpose="training"
        ) from error
    if find_spec("onnx") is None:  # the network is written with it, hours later
        raise MissingDependencyError("onnx", extra="train", purpose="training")
    return found
