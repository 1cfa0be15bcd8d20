"""Pools of opinions: neutral ones, fitted weights, sets with other shares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from whichcam.errors import InputError, InsufficientEvidenceError, ShapeMismatchError
from whichcam.scoring import adapt_to_set, fit_pool_weights, log_linear_pool


def _opinions(rng: np.random.Generator, m: int, n: int, c: int) -> np.ndarray:
    return rng.dirichlet(np.ones(c), size=(m, n))


def test_equal_opinions_are_left_as_they_are(rng: np.random.Generator) -> None:
    one = _opinions(rng, 1, 20, 4)
    pooled = log_linear_pool(np.repeat(one, 3, axis=0))
    np.testing.assert_allclose(pooled, one[0], rtol=1e-6, atol=2e-6)


def test_the_pool_is_the_geometric_mean() -> None:
    pooled = log_linear_pool([[[0.9, 0.1]], [[0.4, 0.6]]])
    odds = np.sqrt((0.9 / 0.1) * (0.4 / 0.6))
    np.testing.assert_allclose(pooled[0, 0], odds / (1 + odds))


def test_who_cannot_tell_changes_no_answer(rng: np.random.Generator) -> None:
    one = _opinions(rng, 1, 20, 4)
    even = np.full_like(one, 0.25)
    pooled = log_linear_pool(np.concatenate([one, even]), [1, 1])
    np.testing.assert_allclose(pooled, one[0], rtol=1e-6, atol=2e-6)


def test_a_judge_who_guesses_is_given_no_weight(rng: np.random.Generator) -> None:
    labels = np.arange(3000) % 3
    good = np.full((3000, 3), 0.15)
    good[np.arange(3000), labels] = 0.7
    wrong = rng.permutation(3000)[:600]
    good[wrong] = np.roll(good[wrong], 1, axis=1)
    guesses = rng.dirichlet(np.ones(3), size=3000)
    weights = fit_pool_weights(np.stack([good, guesses]), labels)
    assert weights[0] > 0.5
    assert weights[1] < 0.1


def test_fitted_weights_are_at_least_as_good_as_any(rng: np.random.Generator) -> None:
    opinions = _opinions(rng, 2, 200, 3)
    labels = np.array([rng.choice(3, p=p) for p in opinions[0]])

    def loss(weights: np.ndarray) -> float:
        own = log_linear_pool(opinions, weights)[np.arange(200), labels]
        return float(-(np.log(own) / np.bincount(labels)[labels]).sum())

    best = loss(fit_pool_weights(opinions, labels))
    others = [loss(np.array([a, b])) for a in (0.1, 0.6, 1.2) for b in (0.0, 0.4)]
    assert best <= min(others) + 1e-3


def test_shares_of_a_set_are_found(rng: np.random.Generator) -> None:
    labels = rng.choice(2, size=2000, p=[0.9, 0.1])
    shifts = rng.normal(size=2000) + np.where(labels == 0, 1.0, -1.0)
    first = 1 / (1 + np.exp(-2 * shifts))
    adapted = adapt_to_set(np.column_stack([first, 1 - first]))
    np.testing.assert_allclose(adapted.sum(1), 1.0)
    assert abs(adapted[:, 0].mean() - 0.9) < 0.03
    before = ((first < 0.5) == labels).mean()
    assert (adapted.argmax(1) == labels).mean() > before


def test_a_set_with_even_shares_is_left_alone() -> None:
    P = np.array([[0.8, 0.2], [0.2, 0.8]])
    np.testing.assert_allclose(adapt_to_set(P), P, atol=1e-3)


@pytest.mark.parametrize(
    ("opinions", "weights", "error"),
    [
        ([[0.5, 0.5]], None, ShapeMismatchError),
        ([[[0.5, 0.5]]], [1, 1], ShapeMismatchError),
        ([[[0.5, 0.5]]], [-1], InputError),
        ([[[0.5, 0.5]]], [0], InputError),
        ([[[np.nan, 0.5]]], None, InputError),
        ([[[2.0, 0.5]]], None, InputError),
    ],
)
def test_what_is_no_opinion_is_refused(
    opinions: Any, weights: list[float] | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        log_linear_pool(opinions, weights)


def test_weights_need_photos() -> None:
    with pytest.raises(InsufficientEvidenceError):
        fit_pool_weights(np.empty((2, 0, 3)), np.empty(0, dtype=int))
