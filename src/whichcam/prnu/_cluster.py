"""Unlabelled photos sorted into cameras, purity before completeness."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from whichcam._typing import PathLike
from whichcam.errors import (
    InputError,
    InsufficientEvidenceError,
    ShapeMismatchError,
)
from whichcam.prnu._agglomerate import Groups, Merge
from whichcam.prnu._chance import threshold_for
from whichcam.prnu._gram import NoiseStore, gram_of
from whichcam.prnu._noise import PhotoNoise
from whichcam.prnu._planes import Photo
from whichcam.signal._correlation import as_plane

_MAX_PHOTOS: Final = 10_000  # all pairs of them, twice in float32, are 0.8 GB


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustering:
    """Which photos were taken by one camera.

    Attributes
    ----------
    labels : tuple of int
        For each photo the number of its cluster, from 0, the largest first; -1 where
        nothing ties it to any other photo surely enough.
    rotations : tuple of int
        For each photo 0 or 180: how it lies against the first of its cluster.
    n_clusters : int
        Clusters of two photos or more.
    unassigned_share : float
        Share of photos labelled -1.
    merges : tuple of Merge
        What was joined, in order, and how sure that was.
    z_threshold : float
        The z that photos or clusters must reach to be joined.
    false_alarm_rate : float
        What it was set for: the chance, over the whole set, that any two photos of
        different cameras reach it.
    """

    labels: tuple[int, ...]
    rotations: tuple[int, ...]
    n_clusters: int
    unassigned_share: float
    merges: tuple[Merge, ...]
    z_threshold: float
    false_alarm_rate: float

    def to_dict(self) -> dict[str, Any]:
        """Return the clustering as JSON holds it."""
        return {
            "labels": list(self.labels),
            "rotations": list(self.rotations),
            "n_clusters": self.n_clusters,
            "unassigned_share": self.unassigned_share,
            "merges": [merge.to_dict() for merge in self.merges],
            "z_threshold": self.z_threshold,
            "false_alarm_rate": self.false_alarm_rate,
        }


def cluster(
    noises: Iterable[PhotoNoise],
    *,
    false_alarm_rate: float = 1e-3,
    rotations: tuple[int, ...] = (0, 180),
    scratch: PathLike | None = None,
) -> Clustering:
    """Sort photos of one shape into cameras by their noise alone.

    Parameters
    ----------
    noises : iterable of PhotoNoise
        Read once, one at a time. Photos without a
        usable pixel are left unassigned.
    false_alarm_rate : float, default 1e-3
        Chance, over the whole set, that photos of different cameras are joined, as
        far as their noise has nothing else in common.
    rotations : {(0,), (0, 180)}, default (0, 180)
        Whether photos may be upside down against each other.
    scratch : path-like, optional
        A folder for a file without a name, of one byte a pixel and photo; it is gone
        at the end. Without it this is kept in memory.

    Returns
    -------
    Clustering
        Independent of the photos' order, save for the numbers of equal clusters.

    Raises
    ------
    ShapeMismatchError
        If a photo has another shape than the first.
    InputError
        If there is no photo or too many, a photo holds NaN, or a parameter is out of
        range.
    ArtifactNotFoundError
        If ``scratch`` is no folder.

    Notes
    -----
    All pairs are correlated tile by tile, in memory that does not depend on the
    photos' size. Then

    1. the two photos or clusters that agree most surely are joined, and their noises
       added up, until none reach the threshold;
    2. a photo that does not reach it against the rest of its own cluster is put out;
    3. photos left over are tried again on the clusters, at the threshold for so many
       fewer comparisons.

    Two clusters of one camera may stay apart (noise too weak); it takes more photos
    of it to join them.

    References
    ----------
    .. [1] G. J. Bloy, "Blind camera fingerprinting and image clustering", IEEE Trans.
       Pattern Anal. Mach. Intell. 30(3), 2008. https://doi.org/10.1109/TPAMI.2007.1183
    """
    turns = tuple(dict.fromkeys(r % 360 for r in rotations))
    if turns not in {(0,), (0, 180)}:
        raise InputError(f"rotations is {rotations}, expected (0,) or (0, 180)")
    threshold_for(false_alarm_rate)  # refuse a rate out of range before the work
    with NoiseStore(scratch) as store:
        shape = _fill(store, noises)
        gram = gram_of(store, shape, is_turned=len(turns) == 2)
    groups = Groups(gram)
    n_pairs = max(groups.n_photos * (groups.n_photos - 1) // 2, 1) * len(turns)
    z = threshold_for(false_alarm_rate, n_pairs).z
    groups.join_down_to(z)
    groups.put_out_below(z)
    n_tests = groups.n_single * groups.n_clusters * len(turns)
    if n_tests:
        groups.take_in_down_to(threshold_for(false_alarm_rate, n_tests).z)
    labels, upside_down = groups.labels()
    return Clustering(
        labels=labels,
        rotations=tuple(180 if turned else 0 for turned in upside_down),
        n_clusters=max(labels) + 1,
        unassigned_share=labels.count(-1) / len(labels),
        merges=tuple(groups.merges),
        z_threshold=z,
        false_alarm_rate=false_alarm_rate,
    )


def _fill(store: NoiseStore, noises: Iterable[PhotoNoise]) -> tuple[int, int]:
    """Store all noises and return their shape."""
    shape: tuple[int, int] | None = None
    for index, noise in enumerate(noises):
        found = noise.residual.shape
        if shape is None:
            shape = found[0], found[1]
        if found != shape or noise.intensity.shape != shape:
            raise ShapeMismatchError(
                f"photo {index} ({noise.name or 'without a name'}) has shape {found} "
                f"but the first has {shape}; cluster photos of each shape apart"
            )
        if index >= _MAX_PHOTOS:
            raise InputError(
                f"more than {_MAX_PHOTOS} photos; cluster them in parts, and compare "
                "the clusters' fingerprints"
            )
        residual = as_plane(noise.residual, "residual")
        intensity = as_plane(noise.intensity, "intensity")
        try:
            photo = Photo(residual, intensity, 1.0, 0)
            x, energy = photo[:, :], photo.energy
        except InsufficientEvidenceError:
            x, energy = np.zeros(shape, np.float32), 0.0
        store.append(x, energy)
    if shape is None:
        raise InputError("there is no photo; give one or more")
    return shape
