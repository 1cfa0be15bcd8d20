"""Pictures that are nearly the same, found by their perceptual hashes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from whichcam.datasets._manifest import Manifest
from whichcam.errors import InputError

# Encodings of one picture (JPEG quality 50 to 95, half size) lie 0 to 6 bits apart,
# save 2 of 396 measured on crops of 100 photographs; two independent hashes with 32
# of 64 bits set come within 6 once in 7e10 pairs (hypergeometric).
DEFAULT_DISTANCE: Final = 6

Links: TypeAlias = npt.NDArray[np.intp]

_BLOCK: Final = 1 << 22  # comparisons held at a time: tens of megabytes
_BITS: Final = 64


def near_duplicates(
    manifest: Manifest, *, max_distance: int = DEFAULT_DISTANCE
) -> tuple[tuple[int, ...], ...]:
    """Return groups of rows whose pictures look alike.

    Parameters
    ----------
    manifest : Manifest
        With a ``perceptual_hash`` column; rows where it is blank belong to no group.
    max_distance : int, default 6
        Hashes that differ in at most so many of 64 bits are alike. Likeness is
        passed on: a time-lapse makes one group though its ends differ.

    Returns
    -------
    tuple of tuples of int
        Row indices (from 0) of each group of two or more, ascending; groups in the
        order of their first row.

    Raises
    ------
    ManifestError
        If the manifest has no perceptual hashes.
    InputError
        If ``max_distance`` is not from 0 to 64.

    Notes
    -----
    Exact: two hashes within d bits agree wholly in one of d + 1 pieces of their
    bits, so only pictures that share a piece are compared. Memory grows with the
    number of rows, never with its square.
    """
    if not 0 <= max_distance <= _BITS:
        raise InputError(f"max_distance is {max_distance}, expected 0 to {_BITS} bits")
    cells = manifest.column("perceptual_hash").tolist()
    rows = np.array([i for i, cell in enumerate(cells) if cell], dtype=np.int64)
    hashes = np.array([int(cells[i], 16) for i in rows], dtype=np.uint64)
    # Rows with the very same hash are one point: a thousand copies cost nothing.
    points, which = np.unique(hashes, return_inverse=True)
    groups = _UnionFind(len(points))
    for links in _links(points, max_distance):
        for left, right in links.tolist():
            groups.join(left, right)
    members: dict[int, list[int]] = {}
    for row, point in zip(rows.tolist(), which.tolist(), strict=True):
        members.setdefault(groups.find(point), []).append(row)
    return tuple(sorted(tuple(group) for group in members.values() if len(group) > 1))


def _links(points: npt.NDArray[np.uint64], distance: int) -> Iterator[Links]:
    """Yield pairs (n, 2) that tie together all points within the distance."""
    edges = np.linspace(0, _BITS, min(distance, _BITS - 1) + 2).astype(int)
    for low, high in pairwise(edges.tolist()):
        mask = np.uint64((1 << high) - (1 << low))
        pieces = points & mask
        order = np.argsort(pieces, kind="stable")
        starts = np.flatnonzero(np.diff(pieces[order])) + 1
        for bucket in np.split(order, starts):
            step = max(1, _BLOCK // max(len(bucket), 1))
            for start in range(0, len(bucket) - 1, step):
                yield _links_of_block(points, bucket[start:], step, distance)


def _links_of_block(
    points: npt.NDArray[np.uint64],
    bucket: npt.NDArray[np.intp],
    n_left: int,
    distance: int,
) -> Links:
    """Compare the first points of a bucket with all of it."""
    values = points[bucket]
    apart = np.bitwise_count(values[:n_left, None] ^ values[None, :])
    left, right = np.nonzero(apart <= distance)
    if len(left) == len(values[:n_left]):  # each point is near itself only
        return np.empty((0, 2), dtype=np.intp)
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    # All pairs of a long time-lapse would be millions of links; its members' ties to
    # one of them say as much.
    size = len(values)
    graph = coo_array((np.ones(len(left), bool), (left, right)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    _, first = np.unique(label, return_index=True)
    member = np.flatnonzero(first[label] != np.arange(size))
    return np.stack([bucket[first[label[member]]], bucket[member]], axis=1)


class _UnionFind:
    """Which points hang together."""

    def __init__(self, n: int) -> None:
        self._parent = list(range(n))

    def find(self, point: int) -> int:
        while self._parent[point] != point:
            self._parent[point] = self._parent[self._parent[point]]
            point = self._parent[point]
        return point

    def join(self, left: int, right: int) -> None:
        a, b = self.find(left), self.find(right)
        if a != b:
            self._parent[max(a, b)] = min(a, b)
