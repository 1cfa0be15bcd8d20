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
from whichcam.scoring._likelihood_ratios import (
    LikelihoodRatioMap,
    scores_sha256,
    transform_scores,
)
from whichcam.scoring._lr_curves import PavCurve, TippettCurve, pav_curve, tippett
from whichcam.scoring._lr_metrics import (
    cllr,
    cllr_min,
    equal_error_rate,
    true_match_rate,
)
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
from whichcam.scoring._pooling import (
    adapt_to_set,
    fit_pool_weights,
    log_linear_pool,
)
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
    "LikelihoodRatioMap",
    "OpenSetCurve",
    "PavCurve",
    "PlattScaling",
    "ReliabilityCurve",
    "SelectiveThreshold",
    "TemperatureScaling",
    "TippettCurve",
    "adapt_to_set",
    "adaptive_calibration_error",
    "auroc",
    "brier_score",
    "cascade_thresholds",
    "cllr",
    "cllr_min",
    "clopper_pearson_upper",
    "cluster_bootstrap",
    "confusion_matrix",
    "equal_error_rate",
    "expected_calibration_error",
    "families_from_confusions",
    "family_assignment",
    "fit_pool_weights",
    "intraclass_correlation",
    "level_probabilities",
    "log_linear_pool",
    "log_loss",
    "macro_accuracy",
    "open_set_classification_rate",
    "pav_curve",
    "per_class_report",
    "photographs_needed",
    "pool_adjacent_violators",
    "rejection_at_acceptance",
    "reliability_curve",
    "scores_sha256",
    "selective_threshold",
    "sp_cup_score",
    "tippett",
    "top_k_accuracy",
    "transform_scores",
    "true_match_rate",
    "wilson_interval",
]
