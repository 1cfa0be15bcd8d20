"""Trees walked as arrays answer as the library that grew them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from whichcam._typing import FloatArray, IntArray
from whichcam.errors import IncompatibleArtifactError
from whichcam.methods._boosted_trees import BoostedTrees


def _drawn(n_classes: int) -> tuple[FloatArray, IntArray]:
    rng = np.random.default_rng(n_classes)
    labels = np.repeat(np.arange(n_classes), 20 + 12 * np.arange(n_classes))
    features = rng.normal(size=(len(labels), 6))
    features[:, 2] += labels
    return features.astype(np.float32), labels


def _trees(**changes: Any) -> BoostedTrees:
    settings: dict[str, Any] = {
        "n_rounds": 8,
        "learning_rate": 0.2,
        "max_leaves": 5,
        "smallest_leaf": 3,
        "l2": 0.5,
        "seed": 0,
    }
    return BoostedTrees(**(settings | changes))


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_scores_are_those_of_the_library(n_classes: int) -> None:
    features, labels = _drawn(n_classes)
    library = HistGradientBoostingClassifier(
        max_iter=8,
        learning_rate=0.2,
        max_leaf_nodes=5,
        min_samples_leaf=3,
        l2_regularization=0.5,
        early_stopping=False,
        class_weight="balanced",
        random_state=0,
    )
    with threadpool_limits(1, user_api="openmp"):
        grown = library.fit(features, labels)
    trees = _trees().fit(features, labels)
    # on a threshold too: there is one in a row for every branch
    state = trees.state()
    edges = np.repeat(state["threshold"][state["feature"] >= 0][:, None], 6, axis=1)
    features = np.vstack([features, edges])
    expected = grown.decision_function(features)
    found = trees.scores(features)
    assert found.shape == (len(features), n_classes)
    if n_classes == 2:
        found, expected = found[:, 1] - found[:, 0], np.ravel(expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_what_is_restored_answers_as_before(n_classes: int) -> None:
    features, labels = _drawn(n_classes)
    trees = _trees().fit(features, labels)
    again = _trees().restore(trees.state(), 6, n_classes)
    np.testing.assert_array_equal(again.scores(features), trees.scores(features))


def test_features_that_tell_nothing_give_trees_without_branches() -> None:
    _, labels = _drawn(3)
    flat = np.zeros((len(labels), 6), np.float32)
    scores = _trees().fit(flat, labels).scores(flat[:1])
    np.testing.assert_allclose(scores, scores[0, 0], atol=1e-9)


def _first_branch_to_itself(state: dict[str, Any]) -> dict[str, Any]:
    left = state["left"].copy()
    left[0] = 0
    return {"left": left}


@pytest.mark.parametrize(
    "change",
    [
        _first_branch_to_itself,
        lambda state: {"right": state["right"] + 1000},
        lambda state: {"left": state["left"] - 1000},
        lambda state: {"feature": np.where(state["feature"] < 0, -1, 6)},
        lambda state: {"feature": state["feature"].astype(np.float64)},
        lambda state: {"starts": state["starts"][:-1]},
        lambda state: {"starts": state["starts"] + 1},
        lambda state: {"starts": state["starts"][:1]},
        lambda state: {"value": state["value"][1:]},
        lambda state: {"base": state["base"][1:]},
    ],
)
def test_arrays_that_are_no_trees_are_refused(change: Any) -> None:
    state = _trees().fit(*_drawn(3)).state()
    with pytest.raises(IncompatibleArtifactError, match="no trees"):
        _trees().restore(state | change(state), 6, 3)


def test_trees_of_another_number_of_classes_are_refused() -> None:
    state = _trees().fit(*_drawn(3)).state()
    with pytest.raises(IncompatibleArtifactError, match="4 classes"):
        _trees().restore(state, 6, 4)
