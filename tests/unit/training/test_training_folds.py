"""Folds hold out what their kind promises; photos weigh as is just."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")

from whichcam.training._batches import balanced_weights
from whichcam.training._folds import Fold, calibration_folds


@dataclass(frozen=True, kw_only=True)
class Photos:
    labels: np.ndarray[Any, np.dtype[np.int64]]
    devices: list[str]
    sessions: list[str]

    def folds(self, n_folds: int = 3, seed: int = 0) -> list[Fold]:
        return calibration_folds(
            self.labels, self.devices, self.sessions, n_folds=n_folds, seed=seed
        )


@pytest.fixture
def photos() -> Photos:
    """Return models with devices (0, 1), with sessions (2, 3) and with neither (4)."""
    rows = []
    for label in (0, 1):
        rows += [
            (label, f"{label}-d{d}", f"{label}-d{d}-s{s % 2}")
            for d in range(3)
            for s in range(4)
        ]
    for label in (2, 3):
        rows += [(label, f"{label}-d0", f"{label}-s{s}") for s in range(4)] * 3
    rows += [(4, "4-d0", "4-s0")] * 9
    return Photos(
        labels=np.array([row[0] for row in rows]),
        devices=[row[1] for row in rows],
        sessions=[row[2] for row in rows],
    )


def test_every_kind_occurs(photos: Photos) -> None:
    kinds = {kind for fold in photos.folds() for kind in fold.kinds}
    assert kinds == {"device", "session", "tail", "unknown"}


def test_training_and_held_out_photos_are_all_photos_and_none_twice(
    photos: Photos,
) -> None:
    folds = photos.folds()
    assert len(folds) == 3
    for fold in folds:
        both = np.concatenate([fold.train, fold.held_out])
        assert sorted(both.tolist()) == list(range(len(photos.labels)))
        assert len(fold.kinds) == len(fold.held_out)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_held_out_shares_with_training_what_its_kind_promises(
    seed: int, photos: Photos
) -> None:
    for fold in photos.folds(seed=seed):
        seen_models = {int(photos.labels[k]) for k in fold.train}
        seen_devices = {photos.devices[k] for k in fold.train}
        seen_sessions = {photos.sessions[k] for k in fold.train}
        for photo, kind in zip(fold.held_out.tolist(), fold.kinds, strict=True):
            model = int(photos.labels[photo])
            assert (model in seen_models) == (kind != "unknown")
            if kind == "device":
                assert photos.devices[photo] not in seen_devices
            if kind == "session":
                assert photos.sessions[photo] not in seen_sessions


def test_each_model_holds_out_the_hardest_it_can(photos: Photos) -> None:
    expected = {0: "device", 1: "device", 2: "session", 3: "session", 4: "tail"}
    for fold in photos.folds():
        for photo, kind in zip(fold.held_out.tolist(), fold.kinds, strict=True):
            assert kind in ("unknown", expected[int(photos.labels[photo])])


def test_every_model_is_unknown_in_one_fold_and_known_in_the_others(
    photos: Photos,
) -> None:
    unknown = [
        sorted(
            {
                int(photos.labels[k])
                for k, kind in zip(fold.held_out.tolist(), fold.kinds, strict=True)
                if kind == "unknown"
            }
        )
        for fold in photos.folds()
    ]
    assert sorted(label for labels in unknown for label in labels) == [0, 1, 2, 3, 4]


def test_the_end_of_a_single_session_is_held_out_in_one_piece(photos: Photos) -> None:
    for fold in photos.folds():
        tail = [
            k
            for k, kind in zip(fold.held_out.tolist(), fold.kinds, strict=True)
            if kind == "tail"
        ]
        assert tail == list(range(tail[0], tail[0] + 3)) if tail else True
    assert any("tail" in fold.kinds for fold in photos.folds())


def test_of_two_models_none_is_left_out_as_unknown() -> None:
    labels = np.array([0] * 6 + [1] * 6)
    folds = calibration_folds(
        labels, ["d"] * 12, [f"s{k % 3}" for k in range(12)], n_folds=3, seed=0
    )
    assert {kind for fold in folds for kind in fold.kinds} == {"session"}


def test_a_device_with_most_of_the_photos_is_never_held_out() -> None:
    labels = np.array([0] * 10 + [1] * 10)
    devices = ["large"] * 8 + ["small"] * 2 + [f"b{k % 2}" for k in range(10)]
    for fold in calibration_folds(labels, devices, devices, n_folds=2, seed=0):
        held = {devices[k] for k in fold.held_out}
        assert "large" not in held
        assert "small" in held


def test_no_model_loses_all_its_photos_but_as_unknown() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2])  # a single photo of model 2
    for fold in calibration_folds(labels, ["d"] * 9, ["s"] * 9, n_folds=2, seed=0):
        for photo, kind in zip(fold.held_out.tolist(), fold.kinds, strict=True):
            if kind != "unknown":
                assert labels[photo] in labels[fold.train]


def test_the_same_seed_gives_the_same_folds(photos: Photos) -> None:
    for a, b in zip(photos.folds(seed=3), photos.folds(seed=3), strict=True):
        np.testing.assert_array_equal(a.held_out, b.held_out)
        assert a.kinds == b.kinds


def test_models_weigh_alike_and_devices_of_a_model_alike() -> None:
    labels = np.array([0] * 8 + [1] * 2)
    devices = ["a"] * 6 + ["b"] * 2 + ["c", "c"]
    weights = balanced_weights(labels, devices)
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-12)
    np.testing.assert_allclose(weights[:6], 1 / 4 / 6, rtol=1e-12)
    np.testing.assert_allclose(weights[6:8], 1 / 4 / 2, rtol=1e-12)
    np.testing.assert_allclose(weights[8:], 1 / 2 / 2, rtol=1e-12)


def test_a_device_name_used_by_two_models_counts_as_two_devices() -> None:
    weights = balanced_weights(np.array([0, 0, 1]), ["phone", "phone", "phone"])
    np.testing.assert_allclose(weights, [0.25, 0.25, 0.5], rtol=1e-12)
