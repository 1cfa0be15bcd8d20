"""Splits that keep a device, or a session, on one side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from whichcam.datasets._groups import GroupBy
from whichcam.datasets._manifest import Manifest
from whichcam.errors import InputError

Indices: TypeAlias = npt.NDArray[np.intp]
Labels: TypeAlias = Sequence[Any] | npt.NDArray[Any] | None

_NO_GROUPS: Final = (
    "groups are needed: pass a Manifest as X, or groups=manifest.groups('device')"
)


class _GroupSplitter:
    """What all splitters share: where groups and camera models come from."""

    by: GroupBy = "device"

    def _inputs(
        self, X: Any, y: Labels, groups: Labels
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return the group and the label of each row, as whole numbers from 0."""
        if isinstance(X, Manifest):
            groups = X.groups(self.by) if groups is None else groups
            y = X.camera_model if y is None and "camera_model" in X else y
        if groups is None:
            raise InputError(_NO_GROUPS)
        group = np.asarray(groups)
        label = np.zeros(len(group), int) if y is None else np.asarray(y)
        n_rows = len(group) if X is None else len(X)
        if group.ndim != 1 or label.ndim != 1 or {len(group), len(label)} != {n_rows}:
            raise InputError(
                f"X has {n_rows} rows, y has shape {label.shape} and groups have shape "
                f"{group.shape}; expected one value a row"
            )
        if n_rows == 0:
            raise InputError("there are no rows to split")
        return _numbered(group), _numbered(label)


class GroupedKFold(_GroupSplitter):
    """Cross-validation in k folds, no group in two of them.

    Each row is tested once. Folds are alike in camera models as far as groups allow:
    groups are dealt out, large ones first, to the fold that holds least of their
    models. A model with fewer groups than folds is absent from some test folds; one
    with a single group is absent from training when it is tested (`Holdout` and
    ``by="device_or_session"`` treat such models otherwise).

    Parameters
    ----------
    n_splits : int, default 5
        Number of folds, at least 2.
    by : {"device", "session", "device_or_session"} or a column's name
        What a group is where X is a `Manifest`; see `Manifest.groups`.
    seed : int, default 0
        Decides between equally good folds. The same seed gives the same folds.

    Examples
    --------
    >>> devices = ["a", "a", "b", "b"]
    >>> folds = GroupedKFold(n_splits=2).split(devices, groups=devices)
    >>> sorted(test.tolist() for _, test in folds)
    [[0, 1], [2, 3]]
    """

    def __init__(
        self, n_splits: int = 5, *, by: GroupBy = "device", seed: int = 0
    ) -> None:
        self.n_splits = n_splits
        self.by = by
        self.seed = seed

    def split(
        self, X: Any, y: Labels = None, groups: Labels = None
    ) -> Iterator[tuple[Indices, Indices]]:
        """Yield the row indices of training and test set of each fold, ascending.

        Parameters
        ----------
        X : Manifest or sequence
            A manifest gives groups and camera models itself; of anything else only
            the length is used.
        y : array-like of shape (n_rows,), optional
            Camera models, to make folds alike.
        groups : array-like of shape (n_rows,), optional
            Group of each row; needed unless X is a manifest.

        Raises
        ------
        InputError
            If there are fewer groups than folds, or lengths disagree.
        """
        group, label = self._inputs(X, y, groups)
        n_groups = int(group.max()) + 1
        if not 2 <= self.n_splits <= n_groups:
            raise InputError(
                f"n_splits is {self.n_splits}; expected at least 2 and at most the "
                f"number of groups, {n_groups}"
            )
        fold = _dealt(_counts(group, label), self.n_splits, self.seed)[group]
        for number in range(self.n_splits):
            yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)

    def get_n_splits(
        self,
        X: Any = None,  # noqa: ARG002 - scikit-learn's contract
        y: Labels = None,  # noqa: ARG002
        groups: Labels = None,  # noqa: ARG002
    ) -> int:
        """Return the number of folds."""
        return self.n_splits


class _LeaveGroupOut(_GroupSplitter):
    def __init__(self, *, only_comparable: bool = False) -> None:
        self.only_comparable = only_comparable

    def split(
        self, X: Any, y: Labels = None, groups: Labels = None
    ) -> Iterator[tuple[Indices, Indices]]:
        """Yield training and test rows, each group tested in turn, by name.

        Parameters
        ----------
        X : Manifest or sequence
            A manifest gives groups and camera models itself; of anything else only
            the length is used.
        y : array-like of shape (n_rows,), optional
            Camera models; needed where ``only_comparable`` is set.
        groups : array-like of shape (n_rows,), optional
            Group of each row; needed unless X is a manifest.

        Raises
        ------
        InputError
            If there is but one group, or lengths disagree.
        """
        group, label = self._inputs(X, y, groups)
        for number in self._tested(group, label).tolist():
            yield np.flatnonzero(group != number), np.flatnonzero(group == number)

    def get_n_splits(
        self, X: Any = None, y: Labels = None, groups: Labels = None
    ) -> int:
        """Return the number of groups that are tested.

        Raises
        ------
        InputError
            If there is but one group, or no groups are given.
        """
        if X is None:
            X = groups
        return len(self._tested(*self._inputs(X, y, groups)))

    def _tested(
        self, group: npt.NDArray[Any], label: npt.NDArray[Any]
    ) -> npt.NDArray[Any]:
        counts = _counts(group, label)
        if len(counts) < 2:
            raise InputError("there is one group only; at least 2 are needed to split")
        if not self.only_comparable:
            return np.arange(len(counts))
        owners = np.count_nonzero(counts, axis=0)
        comparable = ~np.any((counts > 0) & (owners == 1), axis=1)
        return np.flatnonzero(comparable)


class LeaveDeviceOut(_LeaveGroupOut):
    """Test each device in turn, trained on all others.

    Parameters
    ----------
    only_comparable : bool, default False
        Leave a device in training where it is the only one of a model: tested, its
        pictures could not be named rightly by anyone.
    """


class LeaveSessionOut(_LeaveGroupOut):
    """Test each session in turn, trained on all others.

    The device of a session may stand in training too: this measures other scenes,
    not other devices, and is to be shown beside a split by device.

    Parameters
    ----------
    only_comparable : bool, default False
        Leave a session in training where it is the only one of a model.
    """

    by = "session"


class Holdout(_GroupSplitter):
    """One split: whole groups are set aside, about a given share of each model.

    Every model with two or more groups is on both sides, even where that misses the
    share by far; a model with one group stays in training, since a test of a model
    never seen measures nothing. (With groups that hold several models, as sessions
    may, being in training comes first.)

    Parameters
    ----------
    test_share : float, default 0.2
        Share of each model's pictures to set aside, between 0 and 1.
    by : {"device", "session", "device_or_session"} or a column's name
        What a group is where X is a `Manifest`; see `Manifest.groups`.
    seed : int, default 0
        Decides which groups are tried first. The same seed gives the same split.
    """

    def __init__(
        self, test_share: float = 0.2, *, by: GroupBy = "device", seed: int = 0
    ) -> None:
        self.test_share = test_share
        self.by = by
        self.seed = seed

    def split(
        self, X: Any, y: Labels = None, groups: Labels = None
    ) -> Iterator[tuple[Indices, Indices]]:
        """Yield one pair of row indices: training and test, ascending.

        Parameters
        ----------
        X : Manifest or sequence
            A manifest gives groups and camera models itself; of anything else only
            the length is used.
        y : array-like of shape (n_rows,), optional
            Camera models; without them all rows count as one model.
        groups : array-like of shape (n_rows,), optional
            Group of each row; needed unless X is a manifest.

        Raises
        ------
        InputError
            If the share is not between 0 and 1, lengths disagree, or every model
            has one group only.
        """
        group, label = self._inputs(X, y, groups)
        if not 0 < self.test_share < 1:
            raise InputError(f"test_share is {self.test_share}, expected 0 < share < 1")
        held = _held_out(_counts(group, label), self.test_share, self.seed)
        if not held.any():
            raise InputError(
                "nothing can be held out: every camera model has one group only; split "
                "by 'device_or_session' or bring more devices"
            )
        yield np.flatnonzero(~held[group]), np.flatnonzero(held[group])

    def get_n_splits(
        self,
        X: Any = None,  # noqa: ARG002 - scikit-learn's contract
        y: Labels = None,  # noqa: ARG002
        groups: Labels = None,  # noqa: ARG002
    ) -> int:
        """Return 1."""
        return 1


def _numbered(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.unique(values, return_inverse=True)[1]


def _counts(group: npt.NDArray[Any], label: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return how many rows of each label (columns) each group (rows) holds."""
    counts = np.zeros((group.max() + 1, label.max() + 1), dtype=np.int64)
    np.add.at(counts, (group, label), 1)
    return counts


def _dealt(counts: npt.NDArray[Any], n_folds: int, seed: int) -> npt.NDArray[Any]:
    """Return the fold of each group: large groups first, where they are missed most."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(counts))
    order = shuffled[np.argsort(-counts[shuffled].sum(axis=1), kind="stable")]
    share = counts / counts.sum(axis=0)
    held = np.zeros((n_folds, counts.shape[1]))
    rows = np.zeros(n_folds)
    fold = np.zeros(len(counts), dtype=np.intp)
    for group in order:
        # How much of this group's models each fold has; then how full it is at all.
        load = held[:, counts[group] > 0].sum(axis=1).round(12)
        fold[group] = best = np.lexsort((rows, load))[0]
        held[best] += share[group]
        rows[best] += counts[group].sum()
    return fold


def _held_out(counts: npt.NDArray[Any], share: float, seed: int) -> npt.NDArray[Any]:
    """Return which groups are set aside."""
    rng = np.random.default_rng(seed)
    target = share * counts.sum(axis=0)
    in_test = np.zeros(counts.shape[1])
    in_training = np.count_nonzero(counts, axis=0)
    held = np.zeros(len(counts), dtype=bool)
    # First one group of each model that has none yet, then more while it helps.
    for needed in (True, False):
        for group in rng.permutation(len(counts)):
            has = counts[group] > 0
            if held[group] or (in_training[has] < 2).any():
                continue
            before = np.abs(in_test - target)[has].sum()
            after = np.abs(in_test + counts[group] - target)[has].sum()
            if (in_test[has] == 0).any() if needed else after < before:
                held[group] = True
                in_test += counts[group]
                in_training[has] -= 1
    return held
