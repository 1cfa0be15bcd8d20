"""Prove that a split does not leak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy.typing as npt

from whichcam.datasets._groups import GroupBy
from whichcam.datasets._manifest import Manifest
from whichcam.datasets._near_duplicates import near_duplicates
from whichcam.datasets._rows import Selection
from whichcam.errors import SplitLeakageError

_NAMED: Final = 5  # as many offenders a message can name and still be read


def check_split(
    train: Selection,
    test: Selection,
    manifest: Manifest,
    *,
    by: GroupBy = "device",
    max_distance: int | None = None,
) -> None:
    """Raise unless training and test set share no row, file, group or near-duplicate.

    Parameters
    ----------
    train, test : array-like of int or of bool
        Row indices or masks of the two sets.
    manifest : Manifest
        The table they are rows of.
    by : {"device", "session", "device_or_session"} or a column's name
        What must not be on both sides; see `Manifest.groups`.
    max_distance : int, optional
        Also refuse pictures on both sides whose perceptual hashes differ in at most
        so many bits; see `near_duplicates`. Not looked for where not given.

    Raises
    ------
    SplitLeakageError
        Names the devices (or sessions, files) on both sides.
    ManifestError
        If the manifest lacks a column that is needed.
    InputError
        If an index is out of range.

    Examples
    --------
    >>> m = Manifest({"path": ["1", "2", "3"], "device_id": ["a", "b", "a"]}, root=".")
    >>> check_split([0, 2], [1], m)
    >>> check_split([0, 1], [2], m)
    Traceback (most recent call last):
    whichcam.errors.SplitLeakageError: 1 device(s) in both training and test: 'a'; ...
    """
    left, right = manifest.rows_of(train), manifest.rows_of(test)
    paths = manifest.column("path")
    _refuse(paths[left], paths[right], "picture(s)", by)
    if "sha256" in manifest:
        hashes = manifest.column("sha256")
        shared = _shared(hashes[left], hashes[right])
        same = [paths[i] for i in right if hashes[i] in shared]
        if same:
            raise SplitLeakageError(
                f"{len(same)} picture(s) of the test set are, byte for byte, in "
                f"training too: {_list(same)}; keep one copy of each"
            )
    groups = manifest.groups(by)
    kind = {"device_or_session": "device(s) or session(s)"}.get(by, f"{by}(s)")
    _refuse(groups[left], groups[right], kind, by)
    if max_distance is not None:
        _refuse_twins(manifest, set(left.tolist()), set(right.tolist()), max_distance)


def _refuse(
    left: npt.NDArray[Any], right: npt.NDArray[Any], kind: str, by: GroupBy
) -> None:
    shared = sorted(_shared(left, right))
    if shared:
        raise SplitLeakageError(
            f"{len(shared)} {kind} in both training and test: {_list(shared)}; use a "
            f"splitter with by={by!r}"
        )


def _refuse_twins(
    manifest: Manifest, left: set[int], right: set[int], max_distance: int
) -> None:
    paths = manifest.column("path")
    for group in near_duplicates(manifest, max_distance=max_distance):
        seen = [row for row in group if row in left]
        tested = [row for row in group if row in right]
        if seen and tested:
            raise SplitLeakageError(
                f"{paths[tested[0]]!r} in the test set is nearly the same picture as "
                f"{paths[seen[0]]!r} in training (perceptual hashes linked by steps of "
                f"at most {max_distance} bits); keep such pictures on one side"
            )


def _shared(left: npt.NDArray[Any], right: npt.NDArray[Any]) -> set[Any]:
    return (set(left.tolist()) & set(right.tolist())) - {""}


def _list(names: Sequence[Any]) -> str:
    listed = ", ".join(repr(str(name)[:120]) for name in names[:_NAMED])
    return listed + (", ..." if len(names) > _NAMED else "")
