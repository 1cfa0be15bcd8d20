"""Splits on small tables whose right answer is plain."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import whichcam.datasets
from whichcam.datasets import (
    GroupedKFold,
    Holdout,
    LeaveDeviceOut,
    LeaveSessionOut,
    Manifest,
    check_split,
)
from whichcam.errors import InputError, ManifestError, SplitLeakageError


def table(rows: str) -> Manifest:
    """Build rows from words such as "X.x1.s1": model, device, session."""
    cells = [word.split(".") for word in rows.split()]
    columns = {
        "path": [f"{i}.jpg" for i in range(len(cells))],
        "camera_model": [cell[0] for cell in cells],
        "device_id": [cell[1] for cell in cells],
        "session": [cell[2] for cell in cells],
    }
    return Manifest(columns, root=".")


TWO_AND_ONE = table("X.x1.s1 X.x1.s2 X.x2.s3 X.x2.s3 Y.y1.s4 Y.y1.s5")


def test_folds_hold_a_device_of_each_model_where_there_are_enough() -> None:
    rows = table(" ".join(f"{m}.{m}{d}.s" for m in "XYZ" for d in range(4)) * 1)
    for _, test in GroupedKFold(4, by="device").split(rows):
        assert sorted(rows.camera_model[test]) == ["X", "Y", "Z"]


def test_folds_are_about_equally_large() -> None:
    rows = table(" ".join(f"X.{d}.s" for d in "aaaaabbbbcccdde"))
    sizes = sorted(len(test) for _, test in GroupedKFold(3).split(rows))
    assert sizes == [5, 5, 5]


@pytest.mark.parametrize("n_splits", [0, 1, 4])
def test_more_folds_than_groups_or_fewer_than_two_are_refused(n_splits: int) -> None:
    with pytest.raises(InputError, match=r"at most the number of groups, 3"):
        next(GroupedKFold(n_splits).split(TWO_AND_ONE))


def test_a_split_without_groups_is_refused() -> None:
    with pytest.raises(InputError, match="groups are needed"):
        next(GroupedKFold(2).split([1, 2, 3], [0, 1, 0]))


def test_lengths_that_disagree_are_refused() -> None:
    with pytest.raises(InputError, match="one value a row"):
        next(GroupedKFold(2).split([1, 2, 3], groups=[0, 1]))


def test_each_device_is_left_out_once_in_order_of_name() -> None:
    splitter = LeaveDeviceOut()
    tested = [TWO_AND_ONE.device_id[test][0] for _, test in splitter.split(TWO_AND_ONE)]
    assert tested == ["x1", "x2", "y1"]
    assert splitter.get_n_splits(TWO_AND_ONE) == 3


def test_a_lone_device_may_be_kept_in_training() -> None:
    splitter = LeaveDeviceOut(only_comparable=True)
    tested = [TWO_AND_ONE.device_id[test][0] for _, test in splitter.split(TWO_AND_ONE)]
    assert tested == ["x1", "x2"]
    assert splitter.get_n_splits(TWO_AND_ONE) == 2


def test_each_session_is_left_out_once() -> None:
    splits = list(LeaveSessionOut().split(TWO_AND_ONE))
    assert len(splits) == 5
    assert [len(test) for _, test in splits] == [1, 1, 2, 1, 1]


def test_one_group_cannot_be_left_out() -> None:
    with pytest.raises(InputError, match="one group only"):
        next(LeaveDeviceOut().split(table("X.x1.s1 X.x1.s2")))


@pytest.mark.parametrize("seed", range(5))
def test_a_holdout_by_device_leaves_lone_devices_in_training(seed: int) -> None:
    ((train, test),) = Holdout(0.2, seed=seed).split(TWO_AND_ONE)
    assert set(TWO_AND_ONE.camera_model[train]) == {"X", "Y"}
    assert set(TWO_AND_ONE.camera_model[test]) == {"X"}


def test_a_holdout_by_device_or_session_tests_lone_devices_too() -> None:
    ((train, test),) = Holdout(0.2, by="device_or_session").split(TWO_AND_ONE)
    assert set(TWO_AND_ONE.camera_model[train]) == {"X", "Y"}
    assert set(TWO_AND_ONE.camera_model[test]) == {"X", "Y"}
    check_split(train, test, TWO_AND_ONE, by="device_or_session")
    with pytest.raises(SplitLeakageError, match="'y1'"):
        check_split(train, test, TWO_AND_ONE, by="device")


def test_a_holdout_comes_near_its_share() -> None:
    rows = table(" ".join(f"{m}.{m}{i % 20}.s" for m in "XY" for i in range(100)))
    ((_, test),) = Holdout(0.3).split(rows)
    shares = [np.mean(rows.camera_model[test] == m) for m in "XY"]
    assert len(test) == 60
    assert shares == [0.5, 0.5]


def test_a_holdout_of_lone_devices_is_refused_with_the_remedy() -> None:
    with pytest.raises(InputError, match="split by 'device_or_session'"):
        next(Holdout().split(table("X.x1.s1 Y.y1.s1")))


@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan")])
def test_a_share_outside_zero_to_one_is_refused(share: float) -> None:
    with pytest.raises(InputError, match="expected 0 < share < 1"):
        next(Holdout(share).split(TWO_AND_ONE))


@pytest.mark.parametrize(
    "splitter",
    [GroupedKFold(2), LeaveDeviceOut(), LeaveSessionOut(), Holdout()],
    ids=lambda s: type(s).__name__,
)
def test_scikit_learn_takes_every_splitter(splitter: GroupedKFold) -> None:
    from sklearn.dummy import DummyClassifier
    from sklearn.model_selection import cross_val_score

    groups = TWO_AND_ONE.groups("device")
    labels = TWO_AND_ONE.camera_model.astype(str)
    scores = cross_val_score(
        DummyClassifier(), np.zeros((6, 1)), labels, groups=groups, cv=splitter
    )
    assert len(scores) == splitter.get_n_splits(np.zeros((6, 1)), labels, groups)


def test_a_device_on_both_sides_is_named() -> None:
    with pytest.raises(SplitLeakageError, match=r"1 device\(s\) in both.*'x1'"):
        check_split([0, 2], [1, 4], TWO_AND_ONE)


def test_a_row_on_both_sides_is_named() -> None:
    with pytest.raises(SplitLeakageError, match=r"1 picture\(s\) in both.*'0\.jpg'"):
        check_split([0, 2], [0], TWO_AND_ONE)


def test_one_file_under_two_names_on_both_sides_is_named() -> None:
    rows = TWO_AND_ONE.with_column("sha256", ["a" * 64, *[""] * 4, "a" * 64])
    with pytest.raises(SplitLeakageError, match=r"byte for byte.*'5\.jpg'"):
        check_split([0], [5], rows)


def test_nearly_the_same_picture_on_both_sides_is_found_when_asked_for() -> None:
    hashes = ["0" * 16, *[""] * 4, "0" * 15 + "3"]
    rows = TWO_AND_ONE.with_column("perceptual_hash", hashes)
    check_split([0], [5], rows)
    check_split([0], [5], rows, max_distance=1)
    with pytest.raises(SplitLeakageError, match=r"'5\.jpg'.*same picture as '0\.jpg'"):
        check_split([0], [5], rows, max_distance=2)


def test_a_clean_split_passes_as_masks_and_as_indices() -> None:
    train = np.array([True, True, False, False, True, True])
    check_split(train, ~train, TWO_AND_ONE)
    check_split([0, 1, 4], [2, 3], TWO_AND_ONE)
    with pytest.raises(SplitLeakageError):
        check_split(train, train, TWO_AND_ONE)


def test_a_table_without_devices_cannot_be_checked() -> None:
    with pytest.raises(ManifestError, match="no column 'device_id'"):
        check_split([0], [1], Manifest({"path": ["a", "b"]}, root="."))


def test_every_public_name_is_there_and_nothing_heavy_with_it() -> None:
    for name in whichcam.datasets.__all__:
        found = getattr(whichcam.datasets, name)
        if callable(found):  # constants do not know their names
            assert found.__name__ == name
    script = (
        "import sys, whichcam.datasets\n"
        "from whichcam.datasets import GroupedKFold, Manifest, canonical_camera\n"
        "heavy = {'pyarrow', 'sklearn', 'scipy', 'PIL', 'torch', 'numba', 'onnx'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
