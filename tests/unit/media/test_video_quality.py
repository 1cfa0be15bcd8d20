"""Which frames of a video are looked at."""

from __future__ import annotations

import numpy as np
import pytest

from whichcam.media._video_quality import QualityMeter, best_of, spread_out


def _grain(low: int = 90, high: int = 100) -> np.ndarray[tuple[int, int], np.dtype]:
    rng = np.random.default_rng(3)
    return rng.integers(low, high, (64, 64)).astype(np.uint8)


def test_dark_and_burnt_frames_are_worth_nothing() -> None:
    assert QualityMeter().measure(_grain(0, 10)).score == 0
    assert QualityMeter().measure(_grain(240, 250)).score == 0
    assert QualityMeter().measure(_grain()).score > 0


def test_fine_detail_counts_up_to_a_limit() -> None:
    smooth = np.full((64, 64), 100, np.uint8)
    fine, coarse = (
        QualityMeter().measure(_grain()),
        QualityMeter().measure(_grain(50, 230)),
    )
    assert QualityMeter().measure(smooth).score < fine.score < coarse.score
    assert coarse.sharpness == 8.0


def test_motion_is_the_change_from_the_frame_before() -> None:
    meter = QualityMeter()
    frame = _grain()
    assert meter.measure(frame).motion == 0
    assert meter.measure(frame + 16).motion == pytest.approx(16)
    assert meter.measure(frame + 16).motion == 0


def test_a_still_frame_is_better_than_a_moving_one() -> None:
    meter = QualityMeter()
    frame = _grain()
    still = meter.measure(frame)
    moving = meter.measure(frame + 40)
    assert moving.score < still.score


def test_numbers_are_spread_from_the_first_on() -> None:
    assert spread_out(3, 8) == {0, 1, 2}
    assert spread_out(100, 4) == {0, 25, 50, 75}


def test_the_best_of_each_stretch_is_taken() -> None:
    scores = {number: float(number == 2 or number == 9) for number in range(4, 12)}
    assert best_of(scores, 2) == {4, 9}
    assert best_of({7: 0.1}, 5) == {7}
