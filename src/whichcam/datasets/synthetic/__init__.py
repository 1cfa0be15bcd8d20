"""Cameras that never existed, whose every parameter is known.

A synthetic camera photographs procedural scenes: radiance, lens, colour filter
array, sensor with a known PRNU, and a pipeline from white balance to JPEG. It is
the ground truth for tests and demonstrations; what it makes is named synthetic
wherever it is written.
"""

from __future__ import annotations

from whichcam.datasets.synthetic._camera import SyntheticCamera
from whichcam.datasets.synthetic._demosaic import DEMOSAICINGS
from whichcam.datasets.synthetic._population import draw_cameras
from whichcam.datasets.synthetic._scene import scene_radiance
from whichcam.datasets.synthetic._sensor import CFA_PATTERNS
from whichcam.datasets.synthetic._write import write_dataset

__all__ = [
    "CFA_PATTERNS",
    "DEMOSAICINGS",
    "SyntheticCamera",
    "draw_cameras",
    "scene_radiance",
    "write_dataset",
]
