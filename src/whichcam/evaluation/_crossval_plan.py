"""Which photo is tested in which fold, and which photos never are, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from whichcam._typing import IntArray
from whichcam.datasets import GroupedKFold, Manifest, check_split
from whichcam.errors import DatasetError, InputError

GROUPED, UNGROUPED = "grouped", "ungrouped"
NOT_TESTED: Final = -1
FEWEST_PHOTOS: Final = 2  # of a camera model in training, as methods need them

# What a model is held out by; the next one where it has a single one of the first.
CHAINS: Final = {
    "device": ("device", "session"),
    "session": ("session",),
    "source": ("source", "device", "session"),
}
_COLUMNS: Final = {"device": "device_id", "session": "session", "source": "source"}
_REMEDIES: Final = {
    "device": "bring pictures of a second device of each model, or use --group session",
    "session": "bring pictures of a second day or place of each model",
    "source": "bring pictures of a second source of each model, or use --group device",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrossvalPlan:
    """The folds of a cross-validation.

    Attributes
    ----------
    units : tuple of str
        Of each row: ``device``, ``session`` or ``source``, that by which its model is
        held out; empty where it is never tested.
    folds, ungrouped_folds : ndarray of shape (n_rows,), int64
        Fold in which each row is tested; -1 for never. The second deals the same rows
        out one by one.
    set_aside : tuple of (int, str)
        Rows that are not tested, and why.
    groups : mapping of str to ndarray
        Group of each row for each unit in use.
    n_folds : int
        Number of folds.
    """

    units: tuple[str, ...]
    folds: IntArray
    ungrouped_folds: IntArray
    set_aside: tuple[tuple[int, str], ...]
    groups: dict[str, npt.NDArray[Any]]
    n_folds: int

    def test_rows(self, scheme: str, fold: int) -> IntArray:
        """Return the rows tested in a fold, ascending."""
        folds = self.folds if scheme == GROUPED else self.ungrouped_folds
        return np.flatnonzero(folds == fold).astype(np.int64)

    def train_rows(self, scheme: str, fold: int) -> IntArray:
        """Return the rows learnt from in a fold: none of a group that is tested."""
        tested = self.test_rows(scheme, fold)
        keep = np.ones(len(self.units), dtype=bool)
        keep[tested] = False
        if scheme == GROUPED:
            for row in self._held(fold):
                groups = self.groups[self.units[row]]
                keep &= groups != groups[row]
        return np.flatnonzero(keep).astype(np.int64)

    def _held(self, fold: int) -> list[int]:
        """Return one tested row of each group that is out in a fold."""
        first: dict[tuple[str, str], int] = {}
        for row in self.test_rows(GROUPED, fold).tolist():
            unit = self.units[row]
            first.setdefault((unit, str(self.groups[unit][row])), row)
        return list(first.values())


def plan_folds(
    manifest: Manifest, *, group: str, n_folds: int, seed: int
) -> CrossvalPlan:
    """Divide the rows of a manifest into folds that cannot leak.

    Raises
    ------
    InputError
        If the group or the number of folds cannot be.
    DatasetError
        If there are fewer than two camera models, a column is missing, or no model
        has two groups.
    SplitLeakageError
        If a file stands on both sides all the same (the same bytes twice).
    """
    if group not in CHAINS:
        raise InputError(f"group is {group!r}; expected one of {sorted(CHAINS)}")
    if n_folds < 2:
        raise InputError(f"folds is {n_folds}; expected at least 2")
    names = np.array([str(name) for name in manifest.camera_model], dtype=object)
    if len({name for name in names if name.strip()}) < 2:
        raise DatasetError(
            f"{len(names)} picture(s) of {len(set(names) - {''})} camera model(s); at "
            "least two models are needed to tell one from another"
        )
    groups = _groups(manifest, group)
    units, reasons = _units(names, groups, group)
    rng = np.random.default_rng(seed)
    folds = np.full(len(names), NOT_TESTED, dtype=np.int64)
    for unit in groups:
        rows = np.flatnonzero(units == unit)
        if len(rows):
            folds[rows] = _dealt_groups(
                names[rows], groups[unit][rows], unit, unit == group, n_folds, seed
            )
    plan = _plan(units, folds, groups, reasons, n_folds)
    for row, reason in _hopeless(plan, names).items():
        reasons[row] = reason
        folds[row] = NOT_TESTED
    if not (folds[units == group] >= 0).any():
        raise DatasetError(f"nothing can be tested by {group}; {_REMEDIES[group]}")
    units[folds == NOT_TESTED] = ""
    plan = _plan(units, folds, groups, reasons, n_folds)
    plan.ungrouped_folds[:] = _dealt_photos(names, folds >= 0, n_folds, rng)
    _prove(plan, manifest)
    return plan


def _plan(
    units: npt.NDArray[Any],
    folds: IntArray,
    groups: dict[str, npt.NDArray[Any]],
    reasons: dict[int, str],
    n_folds: int,
) -> CrossvalPlan:
    return CrossvalPlan(
        units=tuple(str(unit) for unit in units),
        folds=folds,
        ungrouped_folds=np.full(len(folds), NOT_TESTED, dtype=np.int64),
        set_aside=tuple(sorted(reasons.items())),
        groups=groups,
        n_folds=n_folds,
    )


def _groups(manifest: Manifest, group: str) -> dict[str, npt.NDArray[Any]]:
    """Return the groups of the rows for each unit the manifest knows of."""
    found: dict[str, npt.NDArray[Any]] = {}
    for unit in CHAINS[group]:
        column = _COLUMNS[unit]
        if column not in manifest:
            if unit == group:
                raise DatasetError(
                    f"folds by {unit} need the column {column!r}; the manifest has "
                    f"{list(manifest.names)}: add it, or choose another --group"
                )
            continue
        if unit == "source" or (unit == "session" and "device_id" not in manifest):
            # Blank cells of a model may all be one source: they stay together.
            pairs = zip(manifest.camera_model, manifest.column(column), strict=True)
            cells = [value or f"{model} / unknown {unit}" for model, value in pairs]
            found[unit] = np.array(cells, dtype=object)
        else:
            found[unit] = manifest.groups(unit)
    return found


def _units(
    names: npt.NDArray[Any], groups: dict[str, npt.NDArray[Any]], group: str
) -> tuple[npt.NDArray[Any], dict[int, str]]:
    """Return by what each row's model is held out, and why some rows are not."""
    units = np.full(len(names), "", dtype=object)
    reasons: dict[int, str] = {}
    for name in sorted(set(names)):
        rows = np.flatnonzero(names == name)
        several = [u for u, member in groups.items() if len(set(member[rows])) > 1]
        if not name.strip():
            reasons |= dict.fromkeys(rows.tolist(), "no camera model is given")
        elif several:
            units[rows] = several[0]
        else:
            lacking = " and ".join(f"a single {unit}" for unit in groups)
            reasons |= dict.fromkeys(rows.tolist(), lacking)
    if not (units == group).any():
        raise DatasetError(
            f"folds by {group} are impossible: each of {len(set(names))} camera models "
            f"has a single {group}; {_REMEDIES[group]}"
        )
    return units, reasons


def _dealt_groups(
    names: npt.NDArray[Any],
    member: npt.NDArray[Any],
    unit: str,
    chosen: bool,
    n_folds: int,
    seed: int,
) -> IntArray:
    """Return the fold of each row; a unit asked for must fill all folds."""
    n_groups = len(set(member))
    if chosen and n_groups < n_folds:
        raise InputError(
            f"{n_folds} folds need {n_folds} {unit}s of camera models that have two or "
            f"more, and there are {n_groups}; use --folds {n_groups}"
        )
    splitter = GroupedKFold(min(n_folds, n_groups), seed=seed)
    folds = np.zeros(len(names), dtype=np.int64)
    for number, (_, tested) in enumerate(splitter.split(names, names, member)):
        folds[tested] = number
    return folds


def _hopeless(plan: CrossvalPlan, names: npt.NDArray[Any]) -> dict[int, str]:
    """Return tested rows whose model would be missing from their fold's training."""
    found: dict[int, str] = {}
    for fold in range(plan.n_folds):
        left = Counter(names[plan.train_rows(GROUPED, fold)])
        for row in plan.test_rows(GROUPED, fold).tolist():
            if left[names[row]] < FEWEST_PHOTOS:
                found[row] = (
                    f"with its {plan.units[row]} held out, fewer than {FEWEST_PHOTOS} "
                    "pictures of the model remain"
                )
    return found


def _dealt_photos(
    names: npt.NDArray[Any],
    tested: npt.NDArray[np.bool_],
    n_folds: int,
    rng: np.random.Generator,
) -> IntArray:
    """Deal the tested rows out one by one, model by model: the split that leaks."""
    folds = np.full(len(names), NOT_TESTED, dtype=np.int64)
    for name in sorted(set(names[tested])):
        rows = np.flatnonzero((names == name) & tested)
        start = rng.integers(n_folds)
        folds[rows] = (rng.permutation(len(rows)) + start) % n_folds
    return folds


def _prove(plan: CrossvalPlan, manifest: Manifest) -> None:
    """Raise if a group, a file or its bytes stand on both sides of a fold."""
    for unit in set(plan.units) - {""}:
        table = manifest.with_column("crossval_group", plan.groups[unit])
        for fold in range(plan.n_folds):
            tested = plan.test_rows(GROUPED, fold)
            mine = tested[[plan.units[row] == unit for row in tested]]
            if len(mine):
                train = plan.train_rows(GROUPED, fold)
                check_split(train, mine, table, by="crossval_group")
