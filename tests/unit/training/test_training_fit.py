"""Fitting is repeatable, and a killed run goes on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")

import torch

from whichcam.errors import InsufficientEvidenceError
from whichcam.training import TrainingConfig
from whichcam.training._fit import fit_network

Fit = Callable[..., Any]
N, N_CLASSES = 24, 3


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def fit(make_views: Callable[..., Any], settings: dict[str, Any]) -> Fit:
    """Return a function that fits a tiny network to made-up views."""
    views = make_views(N, N_CLASSES)
    config = TrainingConfig.from_mapping({**settings, "epochs": 3})

    def run(*, seed: int = 1, chosen: Any = None, **keywords: Any) -> Any:
        return fit_network(
            views,
            np.arange(N) if chosen is None else chosen,
            np.arange(N) % N_CLASSES,
            [f"d{k % N_CLASSES}" for k in range(N)],
            ["s"] * N,
            N_CLASSES,
            keywords.pop("config", config),
            seed=seed,
            **keywords,
        )

    return run


def _equal(a: Any, b: Any) -> bool:
    first, second = a.state_dict(), b.state_dict()
    assert first.keys() == second.keys()
    return all(torch.equal(first[name], second[name]) for name in first)


def test_the_same_seed_gives_the_same_weights_bit_for_bit(fit: Fit) -> None:
    assert _equal(fit(seed=1), fit(seed=1))


def test_another_seed_gives_other_weights(fit: Fit) -> None:
    assert not _equal(fit(seed=1), fit(seed=2))


def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(
    fit: Fit, tmp_path: Path
) -> None:
    def kill(done: int, total: int) -> None:
        raise Killed(f"{done} of {total}")

    whole = fit()
    checkpoint = tmp_path / "checkpoint.pt"
    with pytest.raises(Killed):
        fit(checkpoint=checkpoint, epoch_done=kill)
    epochs: list[int] = []
    resumed = fit(checkpoint=checkpoint, epoch_done=lambda done, _: epochs.append(done))
    assert epochs == [2, 3]  # the first is not done again
    assert _equal(whole, resumed)


def test_a_finished_run_is_not_trained_further(fit: Fit, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    first = fit(checkpoint=checkpoint)
    epochs: list[int] = []
    again = fit(checkpoint=checkpoint, epoch_done=lambda done, _: epochs.append(done))
    assert epochs == []
    assert _equal(first, again)


@pytest.mark.parametrize("other", ["seed", "photos", "settings"])
def test_a_checkpoint_of_another_run_is_not_continued(
    other: str, fit: Fit, tmp_path: Path, settings: dict[str, Any]
) -> None:
    changes: dict[str, dict[str, Any]] = {
        "seed": {"seed": 2},
        "photos": {"chosen": np.arange(12)},
        "settings": {"config": TrainingConfig.from_mapping({**settings, "noise": 0.2})},
    }
    checkpoint = tmp_path / "checkpoint.pt"
    fit(checkpoint=checkpoint)
    assert _equal(fit(**changes[other]), fit(checkpoint=checkpoint, **changes[other]))


def test_a_checkpoint_survives_a_change_in_the_number_of_workers(
    fit: Fit, tmp_path: Path, settings: dict[str, Any]
) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    fit(checkpoint=checkpoint)
    more = TrainingConfig.from_mapping({**settings, "epochs": 3, "workers": 2})
    epochs: list[int] = []
    fit(checkpoint=checkpoint, config=more, epoch_done=lambda d, _: epochs.append(d))
    assert epochs == []


def test_the_checkpoint_is_read_without_unpickling(fit: Fit, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.pt"
    fit(checkpoint=checkpoint)
    state = torch.load(checkpoint, weights_only=True)
    assert state["epoch"] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_photos_that_were_not_chosen_do_not_count(
    fit: Fit, make_views: Callable[..., Any], settings: dict[str, Any]
) -> None:
    chosen = np.arange(12)
    views = make_views(N, N_CLASSES)
    views.untouched[12:] = 7
    views.manipulated[12:] = -7
    views.reduced[12:] = 5
    config = TrainingConfig.from_mapping({**settings, "epochs": 3})
    labels, devices = np.arange(N) % N_CLASSES, [f"d{k % 3}" for k in range(N)]
    other = fit_network(
        views, chosen, labels, devices, ["s"] * N, N_CLASSES, config, seed=1
    )
    assert _equal(fit(chosen=chosen), other)


def test_it_learns_what_can_be_learnt(
    make_views: Callable[..., Any], settings: dict[str, Any]
) -> None:
    views = make_views(N, N_CLASSES)
    labels = np.arange(N) % N_CLASSES
    config = TrainingConfig.from_mapping({**settings, "epochs": 12})
    network = fit_network(
        views, np.arange(N), labels, ["d"] * N, ["s"] * N, N_CLASSES, config, seed=1
    )
    assert not network.training
    fresh = make_views(N, N_CLASSES)
    with torch.no_grad():
        traces = torch.from_numpy(fresh.manipulated[:, 1])
        untouched, robust, embedding = network.answer(traces)
    assert (robust.argmax(1).numpy() == labels).all()
    assert (untouched.argmax(1).numpy() == labels).mean() > 0.9
    np.testing.assert_allclose(embedding.norm(dim=1).numpy(), 1, atol=1e-5)


def test_the_untouched_expert_never_sees_manipulated_views(
    fit: Fit, make_views: Callable[..., Any], settings: dict[str, Any]
) -> None:
    views = make_views(N, N_CLASSES)
    views.manipulated[:] = 3
    labels, devices = np.arange(N) % N_CLASSES, [f"d{k % 3}" for k in range(N)]
    config = TrainingConfig.from_mapping({**settings, "epochs": 3})
    other = fit_network(
        views, np.arange(N), labels, devices, ["s"] * N, 3, config, seed=1
    )
    own = fit()
    same = {
        name: torch.equal(value, other.state_dict()[name])
        for name, value in own.state_dict().items()
    }
    untouched = [same[name] for name in same if name.startswith("untouched.")]
    assert untouched
    assert all(untouched)
    assert not all(same[name] for name in same if name.startswith("robust."))


@pytest.mark.parametrize("chosen", [[], [3]])
def test_fewer_than_two_photos_are_refused(chosen: list[int], fit: Fit) -> None:
    with pytest.raises(InsufficientEvidenceError, match=f"{len(chosen)} photo"):
        fit(chosen=np.array(chosen, dtype=np.int64))
