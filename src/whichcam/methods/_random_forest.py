"""A random forest: grown by scikit-learn, kept and walked as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, IntArray
from whichcam.errors import IncompatibleArtifactError
from whichcam.methods._tree_arrays import are_trees

Int32Array = npt.NDArray[np.int32]


class RandomForest:
    """Trees grown to the end, each on its own sample; each casts one vote.

    Parameters
    ----------
    n_trees : int
        How many.
    seed : int
        Decides samples and columns.

    References
    ----------
    .. [1] L. Breiman, "Random forests", Machine Learning 45, 2001.
       doi:10.1023/A:1010933404324
    """

    def __init__(self, *, n_trees: int, seed: int) -> None:
        self.n_trees = n_trees
        self.seed = seed

    def fit(self, features: FloatArray, labels: IntArray) -> Self:
        """Grow the trees; ``labels`` holds every class index from 0 on."""
        from sklearn.ensemble import RandomForestClassifier

        forest = RandomForestClassifier(
            self.n_trees, class_weight="balanced", random_state=self.seed, n_jobs=1
        ).fit(features, labels)
        trees = [tree.tree_ for tree in forest.estimators_]
        self.n_classes = int(labels.max()) + 1
        self._starts = np.cumsum([0, *(t.node_count for t in trees)], dtype=np.int64)
        self._feature = np.concatenate([t.feature for t in trees]).astype(np.int32)
        inner = self._feature >= 0
        self._threshold = np.concatenate([t.threshold for t in trees])
        self._left = np.concatenate([t.children_left for t in trees]).astype(np.int32)
        self._right = np.concatenate([t.children_right for t in trees]).astype(np.int32)
        self._vote = np.concatenate([t.value[:, 0].argmax(1) for t in trees])
        self._vote = self._vote.astype(np.int32)
        self._threshold[~inner] = 0.0
        return self

    def scores(self, features: FloatArray) -> npt.NDArray[np.float64]:
        """Return logarithms of shares of votes, (n, n_classes); one vote for each more.

        The vote on top keeps a class that no tree chose from being impossible.
        """
        votes = _count(
            np.ascontiguousarray(features, dtype=np.float32),
            self._starts,
            self._feature,
            self._threshold,
            self._left,
            self._right,
            self._vote,
            self.n_classes,
        )
        return np.asarray(np.log((votes + 1) / (votes + 1).sum(1, keepdims=True)))

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return the trees as arrays."""
        return {
            "starts": self._starts,
            "feature": self._feature,
            "threshold": self._threshold,
            "left": self._left,
            "right": self._right,
            "vote": self._vote,
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
        vote = arrays["vote"]
        whole = (
            are_trees(arrays, "vote", n_features)
            and vote.dtype.kind == "i"
            and int(vote.min()) >= 0
            and int(vote.max()) < n_classes
        )
        if not whole:
            raise IncompatibleArtifactError(
                f"the stored arrays are no trees over {n_features} features and "
                f"{n_classes} classes"
            )
        self._starts, self._feature = arrays["starts"], arrays["feature"]
        self._vote = vote
        self._left, self._right = arrays["left"], arrays["right"]
        self._threshold, self.n_classes = arrays["threshold"], n_classes
        return self


@numba.njit(cache=True, nogil=True)
def _count(
    features: FloatArray,
    starts: IntArray,
    feature: Int32Array,
    threshold: npt.NDArray[np.float64],
    left: Int32Array,
    right: Int32Array,
    vote: Int32Array,
    n_classes: int,
) -> npt.NDArray[np.float64]:
    votes = np.zeros((len(features), n_classes), np.float64)
    for row in range(len(features)):
        for tree in range(len(starts) - 1):
            node = starts[tree]
            while feature[node] >= 0:
                low = features[row, feature[node]] <= threshold[node]
                node = starts[tree] + (left[node] if low else right[node])
            votes[row, vote[node]] += 1.0
    return votes
