"""The ensemble of Fisher discriminants, on Gaussian classes made here."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from whichcam._typing import FloatArray, IntArray
from whichcam.errors import IncompatibleArtifactError, InputError
from whichcam.methods._fisher_ensemble import (
    FisherEnsemble,
    bootstrap_counts,
    discriminant,
)

N_COLUMNS, N_CLASSES = 40, 3


def _drawn(
    n_each: int, *, seed: int, gap: float = 1.5
) -> tuple[FloatArray, IntArray, npt.NDArray[Any]]:
    """Return photos of three classes that differ in the first ten columns."""
    rng = np.random.default_rng(seed)
    means = np.zeros((N_CLASSES, N_COLUMNS))
    means[:, :10] = gap * np.random.default_rng(0).normal(size=(N_CLASSES, 10))
    labels = np.repeat(np.arange(N_CLASSES), n_each)
    noise = rng.normal(size=(len(labels), N_COLUMNS))
    features = (means[labels] + noise).astype(np.float32)
    return features, labels, np.zeros(len(labels))


def _small(**changes: Any) -> FisherEnsemble:
    settings: dict[str, Any] = {"subspace_sizes": (5, 10), "max_learners": 25}
    return FisherEnsemble(**(settings | changes))


def test_separated_classes_are_told_apart() -> None:
    ensemble = _small().fit(*_drawn(30, seed=1))
    features, labels, _ = _drawn(50, seed=2)
    found = ensemble.predict_proba(features)
    assert (found.argmax(1) == labels).mean() > 0.95
    np.testing.assert_allclose(found.sum(1), 1, rtol=0, atol=1e-12)


def test_the_out_of_bag_error_is_near_that_on_new_photos() -> None:
    ensemble = _small(max_learners=60).fit(*_drawn(300, seed=1, gap=0.5))
    features, labels, _ = _drawn(300, seed=2, gap=0.5)
    wrong = (ensemble.predict_proba(features).argmax(1) != labels).mean()
    assert 0.1 < wrong < 0.5
    assert ensemble.oob_error_ == pytest.approx(wrong, abs=0.05)


def test_probabilities_mean_what_they_say() -> None:
    ensemble = _small(max_learners=60).fit(*_drawn(300, seed=1, gap=0.5))
    features, labels, _ = _drawn(400, seed=2, gap=0.5)
    found = ensemble.predict_proba(features)
    right = found.argmax(1) == labels
    assert found.max(1).mean() == pytest.approx(right.mean(), abs=0.06)


def test_noise_alone_is_called_a_toss_up() -> None:
    features, labels, groups = _drawn(40, seed=3, gap=0.0)
    ensemble = _small().fit(features, labels, groups)
    assert ensemble.oob_error_ > 0.5
    fresh, _, _ = _drawn(40, seed=4, gap=0.0)
    assert ensemble.predict_proba(fresh).max(1).mean() < 0.5


def test_a_larger_subspace_is_taken_where_it_helps() -> None:
    features, labels, groups = _drawn(60, seed=1, gap=0.6)
    tried = _small(subspace_sizes=(1, 20)).fit(features, labels, groups)
    assert tried.subspace_size_ == 20


def test_a_size_beyond_the_columns_takes_them_all() -> None:
    ensemble = _small(subspace_sizes=(1000,)).fit(*_drawn(20, seed=1))
    assert ensemble.subspace_size_ == N_COLUMNS


def test_learners_are_added_until_the_error_settles() -> None:
    easy = _small(subspace_sizes=(20,), max_learners=200)
    easy.fit(*_drawn(30, seed=1, gap=4.0))
    assert easy.n_learners_ < 80
    assert _small(max_learners=3).fit(*_drawn(30, seed=1)).n_learners_ == 3


def test_the_seed_decides() -> None:
    data, (fresh, _, _) = _drawn(20, seed=1), _drawn(20, seed=2)
    first, again, other = (
        _small(seed=seed).fit(*data).predict_proba(fresh) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_row_is_judged_the_same_alone_and_in_a_batch() -> None:
    ensemble = _small().fit(*_drawn(20, seed=1))
    features, _, _ = _drawn(20, seed=2)
    together = ensemble.predict_proba(features)
    alone = np.concatenate([ensemble.predict_proba(row[None]) for row in features])
    np.testing.assert_allclose(alone, together, rtol=0, atol=1e-12)


def test_a_column_that_was_constant_counts_for_nothing() -> None:
    features, labels, groups = _drawn(20, seed=1)
    features[:, 3] = 7.0
    ensemble = _small(subspace_sizes=(N_COLUMNS,)).fit(features, labels, groups)
    changed = features.copy()
    changed[:, 3] = -50.0
    np.testing.assert_allclose(
        ensemble.predict_proba(changed), ensemble.predict_proba(features), atol=1e-9
    )


def test_features_are_left_as_they_were() -> None:
    features, labels, groups = _drawn(20, seed=1)
    kept = features.copy()
    features.flags.writeable = False
    _small().fit(features, labels, groups).predict_proba(features)
    np.testing.assert_array_equal(features, kept)


def test_classes_weigh_the_same_however_many_photos_they_have() -> None:
    rng = np.random.default_rng(4)
    labels = np.repeat([0, 1], [400, 20])
    features = (labels[:, None] * 1.0 + rng.normal(size=(420, 8))).astype(np.float32)
    weights, offsets = discriminant(
        np.ascontiguousarray(features.T), labels, np.ones(420, np.int64), 0.01
    )
    middle = np.full((1, 8), 0.5) @ weights + offsets
    # half-way between the means neither class is preferred
    assert abs(middle[0, 0] - middle[0, 1]) < 0.7


def test_the_discriminant_is_the_textbooks() -> None:
    features, labels, _ = _drawn(50, seed=1)
    part = features[:, :6].astype(np.float64)
    weights, offsets = discriminant(
        np.ascontiguousarray(features[:, :6].T), labels, np.ones(150, np.int64), 1e-9
    )
    means = np.stack([part[labels == c].mean(0) for c in range(3)])
    within = part - means[labels]
    inverse = np.linalg.inv(within.T @ within / len(part))
    np.testing.assert_allclose(weights, inverse @ means.T, rtol=1e-3, atol=1e-3)
    expected = [-0.5 * mean @ inverse @ mean for mean in means]
    np.testing.assert_allclose(offsets, expected, rtol=1e-3, atol=1e-3)


def test_shrunk_to_the_full_it_is_the_nearest_mean() -> None:
    features, labels, _ = _drawn(50, seed=1)
    part = features[:, :6]
    weights, offsets = discriminant(
        np.ascontiguousarray(part.T), labels, np.ones(150, np.int64), 1.0
    )
    means = np.stack([part[labels == c].mean(0) for c in range(3)])
    within = np.square(part - means[labels]).mean()
    np.testing.assert_allclose(weights, means.T / within, rtol=1e-4)
    expected = -0.5 * np.square(means).sum(1) / within
    np.testing.assert_allclose(offsets, expected, rtol=1e-4)


def test_groups_are_drawn_whole_where_a_class_has_several() -> None:
    labels = np.repeat([0, 1], [12, 6])
    groups = np.array(["a"] * 3 + ["b"] * 4 + ["c"] * 5 + ["a"] * 6)
    rng = np.random.default_rng(0)
    apart = set()
    for _ in range(20):
        times = bootstrap_counts(labels, groups, rng)
        assert times[:12].sum() > 0
        assert times[12:].sum() == 6
        for name in "abc":
            assert len(set(times[:12][groups[:12] == name])) == 1
        apart.add(len(set(times[12:])))
    assert apart != {1}, "the rows of a class with one group are drawn one by one"


def test_a_photo_of_a_session_in_the_bag_is_not_judged_out_of_it() -> None:
    # photos of a session are copies of each other: only whole sessions out of the bag
    # show that nothing is learnt about classes
    rng = np.random.default_rng(2)
    sessions = rng.normal(size=(12, N_COLUMNS))
    features = np.repeat(sessions, 6, axis=0).astype(np.float32)
    features += rng.normal(0, 0.01, features.shape).astype(np.float32)
    labels, groups = np.repeat(np.arange(2), 36), np.repeat(np.arange(12), 6)
    by_session = _small().fit(features, labels, groups)
    by_photo = _small().fit(features, labels, np.zeros(72))
    assert by_photo.oob_error_ < 0.1
    assert by_session.oob_error_ > 0.3


@pytest.mark.parametrize(
    "wrong",
    [
        {"subspace_sizes": ()},
        {"subspace_sizes": (10, 0)},
        {"max_learners": 0},
        {"shrinkage": 0.0},
        {"shrinkage": 1.5},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        _small(**wrong).fit(*_drawn(10, seed=1))


def test_what_is_restored_answers_as_before() -> None:
    ensemble = _small().fit(*_drawn(20, seed=1))
    features, _, _ = _drawn(10, seed=2)
    again = _small().restore(ensemble.state(), N_COLUMNS, N_CLASSES)
    np.testing.assert_array_equal(
        again.predict_proba(features), ensemble.predict_proba(features)
    )
    assert again.n_learners_ == ensemble.n_learners_
    assert again.oob_error_ == ensemble.oob_error_


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("columns", lambda x: x + N_COLUMNS),
        ("columns", lambda x: x - N_COLUMNS),
        ("columns", lambda x: x[:0]),
        ("columns", lambda x: x.astype(np.float64)),
        ("weights", lambda x: x[:, :, :2]),
        ("weights", lambda x: x[:, 1:]),
        ("offsets", lambda x: x[1:]),
        ("centre", lambda x: x[1:]),
        ("spread", lambda x: x * 0),
        ("summary", lambda x: -x),
    ],
)
def test_arrays_that_contradict_each_other_are_refused(name: str, change: Any) -> None:
    state = _small().fit(*_drawn(10, seed=1)).state()
    with pytest.raises(IncompatibleArtifactError, match="contradict"):
        _small().restore(state | {name: change(state[name])}, N_COLUMNS, N_CLASSES)
