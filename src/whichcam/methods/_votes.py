"""A network over patches at run time: what it must be, and how its patches vote."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam._typing import PixelArray
from whichcam.errors import IncompatibleArtifactError
from whichcam.methods._patches import as_input


def votes_of(session: Any, patches: PixelArray) -> npt.NDArray[np.float64]:
    """Return the mean log probabilities of a photo's patches."""
    logits = session.run(["logits"], {"patches": as_input(patches)})[0]
    scores = logits.astype(np.float64)
    scores -= scores.max(1, keepdims=True)
    scores -= np.log(np.exp(scores).sum(1, keepdims=True))
    return np.asarray(scores.mean(0))


def check_network(session: Any, patch_px: int, n_classes: int) -> None:
    """Refuse a network for other patches or other classes."""
    shapes = [put.shape for put in (*session.get_inputs(), *session.get_outputs())]
    expected = [[3, patch_px, patch_px], [n_classes]]
    if [shape[1:] for shape in shapes] != expected:
        raise IncompatibleArtifactError(
            f"model.onnx has inputs and outputs of shapes {shapes}; expected "
            f"(n, 3, {patch_px}, {patch_px}) and (n, {n_classes})"
        )
