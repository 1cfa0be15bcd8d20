"""Folds: nothing on both sides, and what cannot be tested is said."""

from __future__ import annotations

import pytest

from whichcam.datasets import Manifest
from whichcam.errors import DatasetError, InputError, SplitLeakageError
from whichcam.evaluation._crossval_plan import GROUPED, UNGROUPED, plan_folds

Devices = dict[str, dict[str, list[str]]]

# Model to device to the session of each picture.
MIXED: Devices = {
    "A One": {"a1": ["s1"] * 4, "a2": ["s2"] * 4, "a3": ["s3"] * 3},
    "A Two": {"b1": ["s4"] * 4, "b2": ["s5"] * 4},
    "C": {"c1": ["s6"] * 3 + ["s7"] * 3 + ["s8"] * 3},
    "D": {"d1": ["s9"] * 5},
}


def table(devices: Devices, **more: list[str]) -> Manifest:
    rows = [
        (model, device, session)
        for model, owned in devices.items()
        for device, sessions in owned.items()
        for session in sessions
    ]
    models, ids, sessions = zip(*rows, strict=True)
    columns: dict[str, list[str]] = {
        "path": [f"{n}.jpg" for n in range(len(rows))],
        "camera_model": list(models),
        "device_id": list(ids),
        "session": list(sessions),
    }
    return Manifest(columns | more, "photos")


def test_no_tested_device_is_learnt_from() -> None:
    manifest = table(MIXED)
    plan = plan_folds(manifest, group="device", n_folds=3, seed=0)
    for fold in range(3):
        train = set(manifest.device_id[plan.train_rows(GROUPED, fold)])
        tested = [
            manifest.device_id[row]
            for row in plan.test_rows(GROUPED, fold)
            if plan.units[row] == "device"
        ]
        assert tested
        assert train.isdisjoint(tested)


def test_a_model_with_one_device_is_held_out_by_session() -> None:
    manifest = table(MIXED)
    plan = plan_folds(manifest, group="device", n_folds=3, seed=0)
    rows = [r for r, name in enumerate(manifest.camera_model) if name == "C"]
    assert {plan.units[row] for row in rows} == {"session"}
    for fold in range(3):
        train = set(manifest.session[plan.train_rows(GROUPED, fold)])
        tested = set(rows) & set(plan.test_rows(GROUPED, fold).tolist())
        assert tested
        assert train.isdisjoint({manifest.session[row] for row in tested})


def test_a_model_that_cannot_be_tested_is_learnt_from_in_every_fold() -> None:
    manifest = table(MIXED)
    plan = plan_folds(manifest, group="device", n_folds=3, seed=0)
    rows = {r for r, name in enumerate(manifest.camera_model) if name == "D"}
    assert dict(plan.set_aside) == dict.fromkeys(
        rows, "a single device and a single session"
    )
    for fold in range(3):
        assert rows <= set(plan.train_rows(GROUPED, fold).tolist())


def test_a_session_of_two_models_is_on_one_side() -> None:
    shared = {
        "A": {"a": ["s1"] * 3 + ["s2"] * 3 + ["s3"] * 3},
        "B": {"b": ["s1"] * 3 + ["s4"] * 3 + ["s5"] * 3},
        "C": {"c": ["s2"] * 3},  # never tested, and yet in a session that is
    }
    manifest = table(shared)
    plan = plan_folds(manifest, group="session", n_folds=3, seed=0)
    for fold in range(3):
        train = set(manifest.session[plan.train_rows(GROUPED, fold)])
        assert train.isdisjoint(manifest.session[plan.test_rows(GROUPED, fold)])


def test_one_device_of_each_model_is_refused_with_the_remedy() -> None:
    lone = {"A": {"a": ["s1", "s1", "s2"]}, "B": {"b": ["s3", "s4", "s4"]}}
    with pytest.raises(DatasetError, match=r"single device.*--group session"):
        plan_folds(table(lone), group="device", n_folds=2, seed=0)


def test_one_camera_model_is_refused() -> None:
    with pytest.raises(DatasetError, match="at least two models"):
        plan_folds(
            table({"A": {"a": ["s"], "b": ["s"]}}), group="device", n_folds=2, seed=0
        )


def test_more_folds_than_devices_are_refused_with_the_number_there_is() -> None:
    with pytest.raises(InputError, match="use --folds 5"):
        plan_folds(table(MIXED), group="device", n_folds=6, seed=0)


def test_a_missing_column_is_named() -> None:
    bare = Manifest({"path": ["a", "b"], "camera_model": ["A", "B"]}, ".")
    with pytest.raises(DatasetError, match="'device_id'"):
        plan_folds(bare, group="device", n_folds=2, seed=0)


def test_an_unknown_group_is_refused() -> None:
    with pytest.raises(InputError, match="colour"):
        plan_folds(table(MIXED), group="colour", n_folds=2, seed=0)


def test_one_fold_is_refused() -> None:
    with pytest.raises(InputError, match="at least 2"):
        plan_folds(table(MIXED), group="device", n_folds=1, seed=0)


def test_blank_sources_of_a_model_stay_together() -> None:
    n = len(table(MIXED))
    sources = ["x" if row % 2 else "" for row in range(n)]
    manifest = table(MIXED, source=sources)
    plan = plan_folds(manifest, group="source", n_folds=2, seed=0)
    for fold in range(2):
        learnt = {
            (manifest.camera_model[r], sources[r])
            for r in plan.train_rows(GROUPED, fold)
        }
        tested = {
            (manifest.camera_model[r], sources[r])
            for r in plan.test_rows(GROUPED, fold)
        }
        assert tested
        assert learnt.isdisjoint(tested)


def test_ungrouped_folds_test_the_same_photos_with_devices_on_both_sides() -> None:
    manifest = table(MIXED)
    plan = plan_folds(manifest, group="device", n_folds=3, seed=0)
    assert ((plan.folds >= 0) == (plan.ungrouped_folds >= 0)).all()
    train = set(manifest.device_id[plan.train_rows(UNGROUPED, 0)])
    assert set(manifest.device_id[plan.test_rows(UNGROUPED, 0)]) <= train


def test_every_tested_photo_is_tested_once() -> None:
    plan = plan_folds(table(MIXED), group="device", n_folds=3, seed=0)
    for scheme in (GROUPED, UNGROUPED):
        rows = [r for f in range(3) for r in plan.test_rows(scheme, f).tolist()]
        assert sorted(rows) == [r for r, unit in enumerate(plan.units) if unit]


def test_a_device_without_which_too_little_remains_is_not_tested() -> None:
    lopsided = MIXED | {"E": {"e1": ["t1"] * 6, "e2": ["t2"]}}
    manifest = table(lopsided)
    plan = plan_folds(manifest, group="device", n_folds=3, seed=0)
    reasons = {
        manifest.device_id[row]: why
        for row, why in plan.set_aside
        if manifest.camera_model[row] == "E"
    }
    assert set(reasons) == {"e1"}
    assert "fewer than 2 pictures" in reasons["e1"]


def test_a_row_without_a_model_is_set_aside() -> None:
    plan = plan_folds(
        table(MIXED | {"": {"x": ["s", "t"]}}), group="device", n_folds=3, seed=0
    )
    assert [why for _, why in plan.set_aside].count("no camera model is given") == 2


def test_the_same_bytes_on_both_sides_are_refused() -> None:
    n = len(table(MIXED))
    digests = [f"{row:064x}" for row in range(n)]
    digests[4] = digests[0]  # a picture of a1 under the name of a2
    with pytest.raises(SplitLeakageError, match="byte for byte"):
        plan_folds(table(MIXED, sha256=digests), group="device", n_folds=3, seed=0)


def test_the_seed_decides_the_folds() -> None:
    first, second, other = (
        plan_folds(table(MIXED), group="device", n_folds=2, seed=seed)
        for seed in (1, 1, 4)
    )
    assert first.folds.tolist() == second.folds.tolist()
    assert first.ungrouped_folds.tolist() == second.ungrouped_folds.tolist()
    assert first.ungrouped_folds.tolist() != other.ungrouped_folds.tolist()
