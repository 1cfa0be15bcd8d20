"""Trees as arrays: what makes them safe to walk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt


def are_trees(
    arrays: Mapping[str, npt.NDArray[Any]], leaf: str, n_features: int
) -> bool:
    """Say whether arrays are trees over so many features.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        ``starts`` of shape (n_trees + 1,), where each tree begins; ``feature``
        (below 0 in a leaf), ``threshold``, ``left``, ``right`` and the leaves' values,
        of shape (n_nodes,). Children count from the tree's first node.
    leaf : str
        Name of the leaves' values.
    n_features : int
        Columns that may be asked for.
    """
    starts, feature = arrays["starts"], arrays["feature"]
    left, right = arrays["left"], arrays["right"]
    n_nodes, sizes = len(feature), np.diff(starts)
    whole = (
        starts.ndim == 1
        and {x.dtype.kind for x in (starts, feature, left, right)} == {"i"}
        and len(starts) > 1
        and starts[0] == 0
        and starts[-1] == n_nodes
        and bool((sizes > 0).all())
        and all(
            arrays[name].shape == (n_nodes,)
            for name in ("feature", "threshold", "left", "right", leaf)
        )
    )
    if not whole:
        return False
    place = np.arange(n_nodes) - np.repeat(starts[:-1], sizes)
    size = np.repeat(sizes, sizes)
    inner = feature >= 0
    # children stand behind their parent: every walk comes to its end
    ahead = (left > place) & (right > place) & (left < size) & (right < size)
    return bool(ahead[inner].all()) and int(feature.max()) < n_features
