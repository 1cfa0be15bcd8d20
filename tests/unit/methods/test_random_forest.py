"""The forest as arrays, against scikit-learn's own trees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from whichcam.errors import IncompatibleArtifactError
from whichcam.methods._random_forest import RandomForest


@pytest.fixture
def table(rng: np.random.Generator) -> tuple[Any, Any]:
    labels = np.arange(60) % 3
    features = rng.normal(size=(60, 5)) + labels[:, None]
    return features.astype(np.float32), labels


def test_votes_are_those_of_the_trees_it_was_made_of(table: tuple[Any, Any]) -> None:
    features, labels = table
    ours = RandomForest(n_trees=15, seed=2).fit(features, labels)
    forest = RandomForestClassifier(15, class_weight="balanced", random_state=2)
    forest.fit(features, labels)
    trees = [tree.predict(features).astype(int) for tree in forest.estimators_]
    votes = np.stack([np.bincount(v, minlength=3) for v in np.stack(trees, 1)])
    expected = np.log((votes + 1) / (15 + 3))
    np.testing.assert_allclose(ours.scores(features), expected, rtol=0, atol=1e-12)


def test_no_class_is_impossible(table: tuple[Any, Any]) -> None:
    forest = RandomForest(n_trees=3, seed=0).fit(*table)
    scores = forest.scores(table[0])
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(np.exp(scores).sum(1), 1, atol=1e-12)


def test_a_forest_can_be_taken_up_again(table: tuple[Any, Any]) -> None:
    forest = RandomForest(n_trees=4, seed=0).fit(*table)
    again = RandomForest(n_trees=4, seed=0).restore(forest.state(), 5, 3)
    np.testing.assert_array_equal(again.scores(table[0]), forest.scores(table[0]))


@pytest.mark.parametrize(
    ("name", "value"),
    [("left", 0), ("right", 10**6), ("feature", 99), ("vote", 3), ("vote", -1)],
)
def test_trees_that_would_lead_astray_are_refused(
    name: str, value: int, table: tuple[Any, Any]
) -> None:
    arrays = RandomForest(n_trees=4, seed=0).fit(*table).state()
    arrays[name] = arrays[name].copy()
    arrays[name][0] = value
    with pytest.raises(IncompatibleArtifactError, match="no trees over 5 features"):
        RandomForest(n_trees=4, seed=0).restore(arrays, 5, 3)
