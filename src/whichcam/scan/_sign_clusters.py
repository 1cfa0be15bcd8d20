"""Pictures sorted by camera by the signs of their noise, shard against shard."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from whichcam.errors import InputError
from whichcam.prnu import agreement, threshold_for
from whichcam.scan._signs import SignShards, Words, blocks_of, in_processes

_QUERIES: Final = 256  # rows of one shard that are put to another at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class SignClusters:
    """Which pictures show one sensor's pattern, by their signs alone.

    Attributes
    ----------
    labels : ndarray of shape (n,), int64
        Number of each row's cluster, the largest first; -1 where it is alone.
    n_clusters : int
        Clusters of two or more.
    z_threshold : float
        Agreement from which two pictures are taken to be of one camera.
    n_comparisons : int
        Pairs, at two rotations each.
    n_links : int
        Pairs that reached it.
    """

    labels: npt.NDArray[np.int64]
    n_clusters: int
    z_threshold: float
    n_comparisons: int
    n_links: int

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "labels": self.labels.tolist(),
            "n_clusters": self.n_clusters,
            "z_threshold": self.z_threshold,
            "n_comparisons": self.n_comparisons,
            "n_links": self.n_links,
        }


def cluster_signs(
    shards: SignShards, *, false_alarm_rate: float = 1e-3, workers: int = 1
) -> SignClusters:
    """Sort pictures by camera by comparing the signs of all pairs.

    Parameters
    ----------
    shards : SignShards
        Of pictures of one size, such as a scan with the task fingerprint makes.
    false_alarm_rate : float, default 1e-3
        Chance, over all pairs, that two pictures of different cameras are linked, as
        far as their noise has nothing in common.
    workers : int, default 1
        Processes; 1 is this one. Each takes pairs of shards.

    Returns
    -------
    SignClusters

    Raises
    ------
    InputError
        If there are fewer than two rows, or a number is out of range.

    See Also
    --------
    whichcam.prnu.cluster : Up to 10,000 pictures, by exact correlations: it finds
        more, as clusters' noises are added up. Run it on what this finds.

    Notes
    -----
    Two pictures are in one cluster if a chain of links joins them. Memory holds a
    block of rows a worker; time grows with the square of the number of pictures.
    """
    n = len(shards)
    if n < 2:
        raise InputError(f"there are {n} rows; expected at least 2")
    n_comparisons = n * (n - 1)
    z = threshold_for(false_alarm_rate, n_comparisons).z
    numbers = range(len(shards.n_rows))
    jobs = [(a, b) for a in numbers for b in numbers if a <= b]
    parent = np.arange(n)
    n_links = 0
    for count, links in in_processes(partial(_links, shards, z), jobs, workers):
        n_links += count
        for one, other in links:
            _join(parent, one, other)
    roots = [_root(parent, k) for k in range(n)]
    names, sizes = np.unique(roots, return_counts=True)
    large = [k for k in np.lexsort((names, -sizes)).tolist() if sizes[k] > 1]
    number = {int(names[k]): label for label, k in enumerate(large)}
    labels = np.array([number.get(root, -1) for root in roots], np.int64)
    return SignClusters(
        labels=labels,
        n_clusters=len(large),
        z_threshold=z,
        n_comparisons=n_comparisons,
        n_links=n_links,
    )


def _links(
    shards: SignShards, z: float, pair: tuple[int, int]
) -> tuple[int, list[tuple[int, int]]]:
    """Return how many pairs of rows of two shards agree, and enough to join them all.

    Ten thousand pictures of one camera have fifty million pairs, of which one less than
    there are pictures say the same.
    """
    a, b = pair
    ours, theirs = shards.mapped(a), shards.mapped(b)
    offset = 0 if a == b else len(ours)
    parent = np.arange(offset + len(theirs))
    n_links, found = 0, []
    for first in range(0, len(ours), _QUERIES):
        rows = ours[first : first + _QUERIES]
        queries = np.concatenate([_both_ways(row, shards.n_bits) for row in rows])
        for start, block in blocks_of(theirs):
            if a == b and start + len(block) <= first:
                continue  # these pairs were taken the other way round
            scores = agreement(queries, block, n_bits=shards.n_bits, n_threads=1)
            scores = scores.reshape(len(rows), 2, len(block)).max(axis=1)
            for k, row in zip(*np.nonzero(scores >= z), strict=True):
                one, other = first + int(k), start + int(row)
                if a == b and one >= other:
                    continue
                n_links += 1
                if _join(parent, one, offset + other):
                    found.append((shards.starts[a] + one, shards.starts[b] + other))
    return n_links, found


def _both_ways(row: Words, n_bits: int) -> Words:
    """Return a row, and the row of the same picture upside down."""
    bits = np.unpackbits(
        np.ascontiguousarray(row).view(np.uint8), count=n_bits, bitorder="little"
    )
    packed = np.packbits(bits[::-1], bitorder="little")
    turned = np.zeros(row.size * 8, np.uint8)
    turned[: packed.size] = packed
    return np.stack([row, turned.view("<u8").astype(np.uint64, copy=False)])


def _root(parent: npt.NDArray[np.int64], k: int) -> int:
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = int(parent[k])
    return k


def _join(parent: npt.NDArray[np.int64], one: int, other: int) -> bool:
    """Join two rows' sets and say whether they were apart."""
    first, second = sorted((_root(parent, one), _root(parent, other)))
    parent[second] = first
    return first != second
