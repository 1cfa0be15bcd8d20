"""Camera-model networks at run time: a folder in, evidence about a photo out."""

from whichcam.models._calibration import (
    Calibration,
    Level,
    OpenSetScore,
    Regime,
    RegimeCalibration,
)
from whichcam.models._camera_model import CameraModel
from whichcam.models._decision import Decision, Evidence
from whichcam.models._file_statistics import FileStatistics, TableKey, table_key
from whichcam.models._frame_sizes import FrameSizes
from whichcam.models._spec import ModelSpec

__all__ = [
    "Calibration",
    "CameraModel",
    "Decision",
    "Evidence",
    "FileStatistics",
    "FrameSizes",
    "Level",
    "ModelSpec",
    "OpenSetScore",
    "Regime",
    "RegimeCalibration",
    "TableKey",
    "table_key",
]
