"""Metrics, intervals, calibration and levels of answer: arrays in, numbers out.

Nothing here reads a file or knows of a photograph: `whichcam.scoring` is numpy, with
scipy imported only where the beta distribution is needed.
"""

from __future__ import annotations

from whichcam.scoring._calibration import TemperatureScaling
from whichcam.scoring._cascade import LevelEvidence, cascade_thresholds
from whichcam.scoring._hierarchy import (
    Family,
    families_from_confusions,
    family_assignment,
    level_probabilities,
)
from whichcam.scoring._intervals import (
    Interval,
    clopper_pearson_upper,
    cluster_bootstrap,
    intraclass_correlation,
    wilson_interval,
)
from whichcam.scoring._isotonic import IsotonicCalibration, pool_adjacent_violators
from whichcam.scoring._metrics import (
    ClassReport,
    confusion_matrix,
    macro_accuracy,
    per_class_report,
    sp_cup_score,
    top_k_accuracy,
)
from whichcam.scoring._open_set import (
    OpenSetCurve,
    auroc,
    open_set_classification_rate,
    rejection_at_acceptance,
)
from whichcam.scoring._platt import PlattScaling
from whichcam.scoring._probabilities import (
    ReliabilityCurve,
    adaptive_calibration_error,
    brier_score,
    expected_calibration_error,
    log_loss,
    reliability_curve,
)
from whichcam.scoring._selective import (
    SelectiveThreshold,
    photographs_needed,
    selective_threshold,
)
from whichcam.scoring._validation import UNKNOWN

__all__ = [
    "UNKNOWN",
    "ClassReport",
    "Family",
    "Interval",
    "IsotonicCalibration",
    "LevelEvidence",
    "OpenSetCurve",
    "PlattScaling",
    "ReliabilityCurve",
    "SelectiveThreshold",
    "TemperatureScaling",
    "adaptive_calibration_error",
    "auroc",
    "brier_score",
    "cascade_thresholds",
    "clopper_pearson_upper",
    "cluster_bootstrap",
    "confusion_matrix",
    "expected_calibration_error",
    "families_from_confusions",
    "family_assignment",
    "intraclass_correlation",
    "level_probabilities",
    "log_loss",
    "macro_accuracy",
    "open_set_classification_rate",
    "per_class_report",
    "photographs_needed",
    "pool_adjacent_violators",
    "rejection_at_acceptance",
    "reliability_curve",
    "selective_threshold",
    "sp_cup_score",
    "top_k_accuracy",
    "wilson_interval",
]
