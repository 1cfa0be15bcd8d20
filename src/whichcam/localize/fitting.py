"""What the fit of the localizers needs from inside them; not for other uses.

`whichcam.training.fit_localizer` works with raw maps, whose layout may change.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from whichcam._typing import BoolArray, FloatArray
from whichcam.localize._area_traces import N_FEATURES, window_features
from whichcam.localize._cells import box_mean
from whichcam.localize._consistency import WINDOW_AREAS
from whichcam.localize._fusion import fused_odds, picture_score, probability
from whichcam.localize._maps import RawMaps, cell_features, consistency_of, raw_maps

__all__ = [
    "N_FEATURES",
    "RawMaps",
    "cell_features",
    "consistency_of",
    "f1_score_of",
    "fused_odds",
    "picture_score",
    "probability",
    "raw_maps",
    "sampled_windows",
]


def f1_score_of(mask: BoolArray, truth: BoolArray) -> float:
    """Return the F1 of a mask, in [0, 1]; 0 where mask and truth are both empty."""
    both = float((mask & truth).sum())
    return 2 * both / max(float(mask.sum()) + float(truth.sum()), 1.0)


def sampled_windows(traces: FloatArray) -> npt.NDArray[np.float64]:
    """Return the features of windows that do not overlap.

    Parameters
    ----------
    traces : ndarray of shape (n, H // 16, W // 16), float32
        Sums by area.

    Returns
    -------
    ndarray of shape (n_windows, N_FEATURES), float64
    """
    half = WINDOW_AREAS // 2
    windows = box_mean(traces, WINDOW_AREAS)[:, half::WINDOW_AREAS, half::WINDOW_AREAS]
    return window_features(windows.reshape(len(traces), -1)).astype(np.float64)
