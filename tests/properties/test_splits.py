"""What must hold for every split of every table."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import assume, given
from hypothesis import strategies as st

from whichcam.datasets import (
    GroupedKFold,
    Holdout,
    LeaveDeviceOut,
    LeaveSessionOut,
    Manifest,
    check_split,
)

MODELS = "XYZ"
# Model, device within the model, session (which may be shared by devices and models).
ROW = st.tuples(st.sampled_from(MODELS), st.integers(0, 3), st.integers(0, 4))
BY = st.sampled_from(["device", "session", "device_or_session"])
Pair = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


def table(rows: list[tuple[str, int, int]]) -> Manifest:
    columns: dict[str, list[Any]] = {
        "path": [f"{i}.jpg" for i in range(len(rows))],
        "camera_model": [row[0] for row in rows],
        "device_id": [f"{row[0]}{row[1]}" for row in rows],
        "session": [f"s{row[2]}" for row in rows],
    }
    return Manifest(columns, root=".")


TABLES = st.lists(ROW, min_size=2, max_size=40).map(table)


def same(left: list[Pair], right: list[Pair]) -> bool:
    return len(left) == len(right) and all(
        np.array_equal(a, b)
        for one, other in zip(left, right, strict=True)
        for a, b in zip(one, other, strict=True)
    )


@given(TABLES, BY, st.integers(2, 4), st.integers(0, 9))
def test_folds_test_every_row_once_and_never_leak(
    manifest: Manifest, by: str, n_splits: int, seed: int
) -> None:
    assume(len(set(manifest.groups(by))) >= n_splits)
    splitter = GroupedKFold(n_splits, by=by, seed=seed)
    splits = list(splitter.split(manifest))
    assert len(splits) == splitter.get_n_splits(manifest) == n_splits
    assert sorted(np.concatenate([test for _, test in splits])) == [
        *range(len(manifest))
    ]
    for train, test in splits:
        assert len(test) > 0
        assert len(train) + len(test) == len(manifest)
        check_split(train, test, manifest, by=by)


@given(TABLES, BY, st.integers(0, 9))
def test_the_same_seed_gives_the_same_folds(
    manifest: Manifest, by: str, seed: int
) -> None:
    assume(len(set(manifest.groups(by))) >= 2)
    first, second = (
        list(GroupedKFold(2, by=by, seed=seed).split(manifest)) for _ in range(2)
    )
    assert same(first, second)


@given(TABLES, st.integers(2, 4))
def test_groups_given_by_hand_split_as_the_manifest_does(
    manifest: Manifest, n_splits: int
) -> None:
    groups = manifest.groups("device")
    assume(len(set(groups)) >= n_splits)
    splitter = GroupedKFold(n_splits)
    by_hand = splitter.split(list(range(len(manifest))), manifest.camera_model, groups)
    assert same(list(splitter.split(manifest)), list(by_hand))


@given(TABLES, st.integers(2, 4))
def test_a_model_of_enough_devices_is_in_every_fold(
    manifest: Manifest, n_splits: int
) -> None:
    assume(len(set(manifest.device_id)) >= n_splits)
    owned = {m: len(set(manifest.where(camera_model=m).device_id)) for m in MODELS}
    enough = {model for model, devices in owned.items() if devices >= n_splits}
    for _, test in GroupedKFold(n_splits).split(manifest):
        assert enough <= set(manifest.camera_model[test])


@given(TABLES, st.booleans())
def test_leaving_one_out_tests_each_group_whole_and_never_leaks(
    manifest: Manifest, sessions: bool
) -> None:
    by, splitter = (
        ("session", LeaveSessionOut()) if sessions else ("device", LeaveDeviceOut())
    )
    groups = manifest.groups(by)
    assume(len(set(groups)) >= 2)
    splits = list(splitter.split(manifest))
    tested = [set(groups[test]) for _, test in splits]
    assert tested == [{group} for group in sorted(set(groups))]
    for train, test in splits:
        assert len(train) + len(test) == len(manifest)
        check_split(train, test, manifest, by=by)


@given(TABLES)
def test_comparable_devices_always_leave_their_model_in_training(
    manifest: Manifest,
) -> None:
    assume(len(set(manifest.device_id)) >= 2)
    for train, test in LeaveDeviceOut(only_comparable=True).split(manifest):
        assert set(manifest.camera_model[test]) <= set(manifest.camera_model[train])


@given(TABLES, BY, st.floats(0.05, 0.95), st.integers(0, 9))
def test_a_holdout_never_leaks_and_every_model_stays_in_training(
    manifest: Manifest, by: str, share: float, seed: int
) -> None:
    models, groups = manifest.camera_model, manifest.groups(by)
    owned = {m: set(groups[models == m]) for m in set(models)}
    lone = set().union(*(g for g in owned.values() if len(g) == 1))
    assume(set(groups) - lone)
    splitter = Holdout(share, by=by, seed=seed)
    ((train, test),) = splits = list(splitter.split(manifest))
    check_split(train, test, manifest, by=by)
    assert len(train) + len(test) == len(manifest)
    assert set(models[train]) == set(models)
    assert same(splits, list(splitter.split(manifest)))


@given(TABLES, st.floats(0.05, 0.95), st.integers(0, 9))
def test_a_holdout_by_device_tests_every_model_of_several_devices(
    manifest: Manifest, share: float, seed: int
) -> None:
    models = manifest.camera_model
    several = {m for m in set(models) if len(set(manifest.device_id[models == m])) > 1}
    assume(several)
    ((_, test),) = Holdout(share, seed=seed).split(manifest)
    assert set(models[test]) == several
