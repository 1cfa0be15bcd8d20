"""Folds that keep groups together, and a temperature from what they leave out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichcam._typing import FloatArray, IntArray
from whichcam.methods._held_out import (
    Scores,
    fit_temperature,
    held_out_folds,
    held_out_rows,
    softmax,
)


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=30
    ),
    n_folds=st.integers(2, 5),
    seed=st.integers(0, 50),
)
def test_no_class_is_missing_outside_a_fold(
    rows: list[tuple[int, int]], n_folds: int, seed: int
) -> None:
    rows = [*rows, *((label, 9) for label in range(4) for _ in range(2))]
    labels = np.array([label for label, _ in rows])
    groups = np.array([group for _, group in rows])
    folds = held_out_folds(labels, groups, n_folds, seed)
    assert folds.min() >= 0
    assert folds.max() < n_folds
    for fold in range(n_folds):
        assert set(labels[folds != fold]) == set(range(4))


def test_groups_of_a_class_with_several_stay_together() -> None:
    labels, groups = np.repeat([0, 1], [12, 6]), np.repeat([3, 4, 5], 6)
    folds = held_out_folds(labels, groups, 3, seed=0)
    assert len(set(folds[:6])) == len(set(folds[6:12])) == 1
    assert folds[0] != folds[6]
    assert len(set(folds[12:])) == 3, "a lone group is dealt out by rows"


def _fixed(scale: float) -> Scores:
    def scores(features: FloatArray) -> FloatArray:
        return features * scale

    return scores  # type: ignore[return-value]


def test_overconfident_scores_get_a_temperature_above_one() -> None:
    rng = np.random.default_rng(3)
    labels: IntArray = np.repeat(np.arange(3), 60)
    features = rng.normal(size=(180, 3))
    features[np.arange(180), labels] += 1.0  # the true log odds
    fitted = [
        fit_temperature(
            lambda _, __, scale=scale: _fixed(scale),  # type: ignore[misc]
            features.astype(np.float32),
            labels,
            np.zeros(180),
            n_folds=3,
            seed=0,
        )
        for scale in (1.0, 10.0)
    ]
    assert fitted[0] == pytest.approx(1, abs=0.25)
    assert fitted[1] == pytest.approx(10 * fitted[0], rel=0.05)


def test_what_is_judged_was_not_learnt_from() -> None:
    labels = np.repeat(np.arange(2), 20)
    features = np.arange(40, dtype=np.float32)[:, None]
    judged: list[float] = []

    def fit(part: FloatArray, own: IntArray) -> Scores:
        learnt = set(part[:, 0].tolist())
        assert len(learnt) == len(own)

        def scores(
            other: FloatArray,
        ) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
            assert learnt.isdisjoint(other[:, 0].tolist())
            judged.extend(other[:, 0].tolist())
            return np.column_stack([other[:, 0], 39.0 - other[:, 0]]).astype(float)

        return scores

    fit_temperature(fit, features, labels, np.zeros(40), n_folds=4, seed=1)
    assert sorted(judged) == list(range(40))


def test_scores_that_tell_nothing_leave_the_temperature_at_one() -> None:
    found = fit_temperature(
        lambda _, __: lambda other: np.zeros((len(other), 2)),
        np.zeros((8, 1), np.float32),
        np.repeat([0, 1], 4),
        np.zeros(8),
        n_folds=2,
        seed=0,
    )
    assert found == 1


def test_probabilities_of_huge_scores_are_finite() -> None:
    found = softmax(np.array([[1e6, 0.0], [-1e6, -1e6]]))
    np.testing.assert_array_equal(found, [[1, 0], [0.5, 0.5]])


def test_whole_groups_of_every_class_are_held_out() -> None:
    rng = np.random.default_rng(4)
    labels = np.repeat([0, 1, 2], 30)
    groups = labels * 10 + rng.integers(0, 6, 90)
    held = held_out_rows(labels, groups, 0.2, seed=1)
    rest = np.setdiff1d(np.arange(90), held)
    assert set(labels[held]) == set(labels[rest]) == {0, 1, 2}
    assert not set(groups[held]) & set(groups[rest])
    assert 0.1 < len(held) / 90 < 0.35


def test_a_class_with_one_group_gives_its_last_rows() -> None:
    held = held_out_rows(np.zeros(10, np.int64), np.zeros(10), 0.2, seed=0)
    np.testing.assert_array_equal(held, [8, 9])


def test_of_two_photos_one_is_held_out() -> None:
    for groups in (np.zeros(2), np.arange(2)):
        held = held_out_rows(np.zeros(2, np.int64), groups, 0.5, seed=0)
        assert len(held) == 1


def test_a_large_group_is_left_where_a_small_one_will_do() -> None:
    groups = np.array([0] * 18 + [1] * 2)
    held = held_out_rows(np.zeros(20, np.int64), groups, 0.15, seed=0)
    np.testing.assert_array_equal(held, [18, 19])
