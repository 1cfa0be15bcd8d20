"""Fusion of crops and tables against closed forms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from whichcam.models import OpenSetScore, RegimeCalibration
from whichcam.models.fusion import (
    RawOutput,
    fuse,
    log_softmax,
    open_set_signs,
    pixel_evidence,
)

UNTOUCHED = np.log([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2]])
ROBUST = np.log([[0.2, 0.2, 0.6], [0.1, 0.3, 0.6]])
TABLES = np.log([0.1, 0.8, 0.1])


def _rule(pixel_weight: float = 1.0, table_weight: float = 1.0) -> RegimeCalibration:
    return RegimeCalibration(
        pixel_weight=pixel_weight,
        table_weight=table_weight,
        open_set=OpenSetScore(mean=(0.0,), scale=(1.0,), weight=(0.0,), bias=0.0),
        known_threshold=0.0,
        thresholds={},
    )


def _raw(tables: npt.NDArray[np.float64] | None, shift: float = 0.0) -> RawOutput:
    return RawOutput(
        untouched=(UNTOUCHED + shift).astype(np.float32),
        robust=(ROBUST - shift).astype(np.float32),
        tables=tables,
    )


def test_the_log_softmax_of_logarithms_of_probabilities_is_themselves() -> None:
    np.testing.assert_allclose(log_softmax(UNTOUCHED), UNTOUCHED, atol=1e-12)
    np.testing.assert_allclose(log_softmax(UNTOUCHED + 5), UNTOUCHED, atol=1e-12)


def test_the_log_softmax_stands_numbers_beyond_the_exponential() -> None:
    found = log_softmax(np.array([1e4, 0.0, -1e4]))
    assert found.tolist() == [0, -1e4, -2e4]


@pytest.mark.parametrize("shift", [0.0, 30.0])
def test_believed_files_are_judged_by_the_untouched_expert(shift: float) -> None:
    found = pixel_evidence(_raw(TABLES, shift))
    np.testing.assert_allclose(found, UNTOUCHED.mean(0), atol=1e-5)


@pytest.mark.parametrize("shift", [0.0, 30.0])
def test_doubted_files_are_judged_by_the_robust_expert(shift: float) -> None:
    found = pixel_evidence(_raw(None, shift))
    np.testing.assert_allclose(found, ROBUST.mean(0), atol=1e-5)


def test_without_tables_the_answer_is_the_geometric_mean_of_the_crops() -> None:
    mean = np.sqrt(np.exp(ROBUST).prod(0))
    found = np.exp(fuse(_raw(None), _rule()))
    np.testing.assert_allclose(found, mean / mean.sum(), atol=1e-6)


def test_weights_are_exponents_of_the_two_kinds_of_evidence() -> None:
    pixels = np.sqrt(np.exp(UNTOUCHED).prod(0))
    product = pixels**0.5 * np.exp(TABLES) ** 2.0
    found = np.exp(fuse(_raw(TABLES), _rule(0.5, 2.0)))
    np.testing.assert_allclose(found, product / product.sum(), atol=1e-6)
    assert found.argmax() == 1


def test_tables_of_no_weight_leave_the_pixels_answer() -> None:
    found = np.exp(fuse(_raw(TABLES), _rule(1.0, 0.0)))
    pixels = np.sqrt(np.exp(UNTOUCHED).prod(0))
    np.testing.assert_allclose(found, pixels / pixels.sum(), atol=1e-6)


def test_the_open_set_signs_are_what_they_are_said_to_be() -> None:
    raw = _raw(TABLES, shift=2.0)
    answer = fuse(raw, _rule())
    best = int(answer.argmax())
    untouched, robust = UNTOUCHED + 2, ROBUST - 2
    expected = [
        answer[best],
        2.0,  # energy of logits that are log probabilities plus 2
        -2.0,
        untouched.mean(0).max(),
        robust.mean(0).max(),
        untouched.mean(0)[best] - untouched.mean(),
        robust.mean(0)[best] - robust.mean(),
        TABLES.max(),
        TABLES[best],
    ]
    np.testing.assert_allclose(open_set_signs(raw, answer), expected, atol=1e-5)


def test_without_tables_there_are_no_signs_of_tables() -> None:
    raw = _raw(None)
    assert open_set_signs(raw, fuse(raw, _rule())).shape == (7,)


def test_the_open_set_score_is_a_weighted_sum_of_standardised_signs() -> None:
    rule = OpenSetScore(mean=(1.0, 2.0), scale=(2.0, 4.0), weight=(3.0, -1.0), bias=0.5)
    found = rule.score([[1.0, 2.0], [3.0, 2.0], [1.0, 6.0]])
    np.testing.assert_allclose(found, [0.5, 3.5, -0.5])
    assert rule.score([3.0, 6.0]) == 2.5
