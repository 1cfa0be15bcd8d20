"""From the files of a model folder to a network that can be run."""

from __future__ import annotations

import hashlib
from typing import Any

from whichcam.models._calibration import Calibration
from whichcam.models._file_statistics import FileStatistics
from whichcam.models._frame_sizes import FrameSizes
from whichcam.models._spec import ModelSpec
from whichcam.models.storage import open_onnx


def model_id(
    spec: ModelSpec,
    calibration: Calibration,
    statistics: FileStatistics,
    frames: FrameSizes | None,
) -> str:
    """Return 12 hexadecimal digits that change with anything that decides answers."""
    digest = hashlib.sha256()
    for part in (spec, calibration, statistics, frames):
        if part is not None:
            digest.update(repr(part.to_dict()).encode())
    return digest.hexdigest()[:12]


def open_network(onnx: bytes) -> Any:
    """Open the network and check that it answers what is asked of it."""
    return open_onnx(onnx, outputs=("untouched", "robust", "embedding"))
