"""Gradient-boosted trees: grown by scikit-learn, kept and walked as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, IntArray
from whichcam.errors import IncompatibleArtifactError
from whichcam.methods._tree_arrays import are_trees

Float64Array = npt.NDArray[np.float64]
Int32Array = npt.NDArray[np.int32]


class BoostedTrees:
    """Histogram gradient boosting over classes, all weighing the same.

    Parameters
    ----------
    n_rounds : int
        Boosting rounds; each grows a tree for every class.
    learning_rate : float
        Shrinkage of each tree's answer.
    max_leaves : int
        Leaves of a tree.
    smallest_leaf : int
        Photos in a leaf.
    l2 : float
        Penalty on the leaves' values.
    seed : int
        Decides binning.

    References
    ----------
    .. [1] J. H. Friedman, "Greedy function approximation: a gradient boosting
       machine", Annals of Statistics 29(5), 2001. doi:10.1214/aos/1013203451
    """

    def __init__(
        self,
        *,
        n_rounds: int,
        learning_rate: float,
        max_leaves: int,
        smallest_leaf: int,
        l2: float,
        seed: int,
    ) -> None:
        self.n_rounds = n_rounds
        self.learning_rate = learning_rate
        self.max_leaves = max_leaves
        self.smallest_leaf = smallest_leaf
        self.l2 = l2
        self.seed = seed

    def fit(self, features: FloatArray, labels: IntArray) -> Self:
        """Grow the trees; ``labels`` holds every class index from 0 on."""
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        booster = HistGradientBoostingClassifier(
            max_iter=self.n_rounds,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.max_leaves,
            min_samples_leaf=self.smallest_leaf,
            l2_regularization=self.l2,
            early_stopping=False,
            class_weight="balanced",
            random_state=self.seed,
        )
        # trees this small take longer to share out than to grow
        with threadpool_limits(1, user_api="openmp"):
            grown = booster.fit(features, labels)
        # There is no public way to a tree's nodes, and a pickle is no way to keep them.
        rounds = [[tree.nodes for tree in trees] for trees in grown._predictors]
        nodes = [node for trees in rounds for node in trees]
        self._base = np.ravel(grown._baseline_prediction).astype(np.float64)
        self._starts = np.cumsum([0, *map(len, nodes)], dtype=np.int64)
        table = np.concatenate(nodes)
        self._feature = np.where(table["is_leaf"], -1, table["feature_idx"])
        self._feature = self._feature.astype(np.int32)
        self._threshold = table["num_threshold"].astype(np.float64)
        self._threshold[self._feature < 0] = 0.0
        self._left = table["left"].astype(np.int32)
        self._right = table["right"].astype(np.int32)
        self._value = table["value"].astype(np.float64)
        return self

    def scores(self, features: FloatArray) -> Float64Array:
        """Return log odds of shape (n, n_classes)."""
        found = _walk(
            np.ascontiguousarray(features, dtype=np.float64),
            self._starts,
            self._feature,
            self._threshold,
            self._left,
            self._right,
            self._value,
            self._base,
        )
        if found.shape[1] == 1:  # two classes share one tree a round
            found = np.column_stack([np.zeros(len(found)), found[:, 0]])
        return np.asarray(found, dtype=np.float64)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return the trees as arrays."""
        return {
            "base": self._base,
            "starts": self._starts,
            "feature": self._feature,
            "threshold": self._threshold,
            "left": self._left,
            "right": self._right,
            "value": self._value,
        }

    def restore(
        self, arrays: Mapping[str, npt.NDArray[Any]], n_features: int, n_classes: int
    ) -> Self:
        """Take what `state` gave; trees that could be walked in circles are refused.

        Raises
        ------
        IncompatibleArtifactError
            If the arrays are no trees over so many features and classes.
        """
        n_scores = 1 if n_classes == 2 else n_classes
        whole = (
            are_trees(arrays, "value", n_features)
            and (len(arrays["starts"]) - 1) % n_scores == 0
            and arrays["base"].shape == (n_scores,)
        )
        if not whole:
            raise IncompatibleArtifactError(
                f"the stored arrays are no trees over {n_features} features and "
                f"{n_classes} classes"
            )
        self._base, self._starts = arrays["base"], arrays["starts"]
        self._feature, self._threshold = arrays["feature"], arrays["threshold"]
        self._left, self._right = arrays["left"], arrays["right"]
        self._value = arrays["value"]
        return self


@numba.njit(cache=True, nogil=True)
def _walk(
    features: Float64Array,
    starts: IntArray,
    feature: Int32Array,
    threshold: Float64Array,
    left: Int32Array,
    right: Int32Array,
    value: Float64Array,
    base: Float64Array,
) -> Float64Array:
    n_scores = len(base)
    out = np.empty((len(features), n_scores), np.float64)
    for row in range(len(features)):
        out[row] = base
        for tree in range(len(starts) - 1):
            node = starts[tree]
            while feature[node] >= 0:
                low = features[row, feature[node]] <= threshold[node]
                node = starts[tree] + (left[node] if low else right[node])
            out[row, tree % n_scores] += value[node]
    return out
