"""Which frames of a video to look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from whichcam.media._video_types import FrameQuality

_DARK: Final = 40
_BURNT: Final = 235
_MOST_DETAIL: Final = 8.0  # grey levels
_STEP: Final = 4  # of luma rows looked at


class QualityMeter:
    """Measure one frame after another; only a thinned one is kept."""

    def __init__(self) -> None:
        self._before: npt.NDArray[np.int16] | None = None

    def measure(self, grey: npt.NDArray[np.uint8]) -> FrameQuality:
        """Return the quality of a frame of luma (H, W); not modified."""
        lines = grey[::_STEP].astype(np.int16)
        exposed = float(np.mean((lines >= _DARK) & (lines <= _BURNT)))
        detail = float(np.mean(np.abs(np.diff(lines, axis=1))))
        thin = lines[:, ::_STEP]
        before = self._before
        motion = 0.0
        if before is not None and before.shape == thin.shape:
            motion = float(np.mean(np.abs(thin - before)))
        self._before = thin
        return FrameQuality(
            exposed_share=exposed,
            sharpness=min(detail, _MOST_DETAIL),
            motion=motion,
        )


def spread_out(count: int, wanted: int) -> frozenset[int]:
    """Return up to ``wanted`` of ``count`` numbers, evenly spread from the first on."""
    if count <= wanted:
        return frozenset(range(count))
    return frozenset((np.arange(wanted) * count // wanted).tolist())


def best_of(scores: Mapping[int, float], wanted: int) -> frozenset[int]:
    """Return the best number of each of ``wanted`` stretches of equal length."""
    numbers = sorted(scores)
    if len(numbers) <= wanted:
        return frozenset(numbers)
    edges = np.arange(wanted + 1) * len(numbers) // wanted
    return frozenset(
        max(numbers[start:end], key=lambda number: scores[number])
        for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    )
