"""Intervals over devices and over counts."""

from __future__ import annotations

import itertools
import json

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from whichcam.errors import InputError, InsufficientEvidenceError, ShapeMismatchError
from whichcam.scoring import (
    _intervals,
    clopper_pearson_upper,
    cluster_bootstrap,
    intraclass_correlation,
    wilson_interval,
)

EXACT = 1e-12


def _every_resample(values: list[list[float]]) -> npt.NDArray[np.float64]:
    """Return the mean of each of the k ** k equally likely draws of k clusters."""
    return np.array(
        [
            np.mean(np.concatenate([values[i] for i in drawn]))
            for drawn in itertools.product(range(len(values)), repeat=len(values))
        ]
    )


@pytest.mark.parametrize("statistic", ["mean", "function"])
def test_bootstrap_agrees_with_all_resamples_enumerated(statistic: str) -> None:
    devices = [[1.0, 1.0, 0.0], [0.0], [1.0, 0.5], [0.2, 0.3, 0.1, 0.9], [0.7]]
    values = np.concatenate(devices)
    clusters = np.repeat(np.arange(5), [len(device) for device in devices])
    exact = np.quantile(_every_resample(devices), [0.05, 0.95])
    interval = cluster_bootstrap(
        values,
        clusters,
        "mean" if statistic == "mean" else lambda rows: float(rows.mean()),
        n_resamples=20_000,
        level=0.9,
        seed=3,
    )
    assert interval.estimate == pytest.approx(values.mean(), abs=EXACT)
    assert np.allclose([interval.low, interval.high], exact, atol=0.01)


def test_macro_mean_weighs_devices_alike() -> None:
    values, clusters = [1.0] * 9 + [0.0], ["a"] * 9 + ["b"]
    macro = cluster_bootstrap(values, clusters, "macro_mean", seed=0)
    plain = cluster_bootstrap(values, clusters, "mean", seed=0)
    assert macro.estimate == pytest.approx(0.5, abs=EXACT)
    assert plain.estimate == pytest.approx(0.9, abs=EXACT)


def test_bootstrap_of_single_photographs_has_the_normal_width(
    rng: np.random.Generator,
) -> None:
    values = rng.normal(size=4000)
    interval = cluster_bootstrap(values, np.arange(4000), n_resamples=4000, seed=1)
    width = interval.high - interval.low
    assert width == pytest.approx(2 * 1.96 * values.std() / np.sqrt(4000), rel=0.06)


def test_photographs_of_one_device_do_not_add_certainty(
    rng: np.random.Generator,
) -> None:
    device = (rng.uniform(size=30) < 0.5).astype(np.float64)
    one = cluster_bootstrap(device, np.arange(30), seed=5)
    fifty = cluster_bootstrap(
        np.repeat(device, 50), np.repeat(np.arange(30), 50), seed=5
    )
    assert fifty.high - fifty.low == pytest.approx(one.high - one.low, abs=EXACT)


def test_identical_values_give_no_width_at_all() -> None:
    interval = cluster_bootstrap([0.1] * 7, [0, 0, 0, 1, 1, 2, 3], seed=0)
    assert interval.low == interval.high == interval.estimate == 0.1


def test_the_seed_decides_the_interval(rng: np.random.Generator) -> None:
    values, clusters = rng.uniform(size=100), rng.integers(0, 10, size=100)
    first = cluster_bootstrap(values, clusters, seed=1)
    assert cluster_bootstrap(values, clusters, seed=1) == first
    assert cluster_bootstrap(values, clusters, seed=2) != first


def test_drawing_in_blocks_changes_nothing(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    values, clusters = rng.uniform(size=60), rng.integers(0, 10, size=60)
    whole = cluster_bootstrap(values, clusters, n_resamples=100, seed=1)
    monkeypatch.setattr(_intervals, "_DRAWS_PER_BLOCK", 70)
    parts = cluster_bootstrap(values, clusters, n_resamples=100, seed=1)
    assert np.allclose([parts.low, parts.high], [whole.low, whole.high], atol=EXACT)


def test_a_function_sees_rows_of_several_numbers_with_whole_devices() -> None:
    rows = [[0.0, 1.0], [0.0, 2.0], [1.0, 3.0]]
    seen: set[tuple[float, ...]] = set()

    def remember(drawn: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
        seen.add(tuple(sorted(drawn[:, 1])))
        return float(drawn[:, 1].mean())

    cluster_bootstrap(rows, ["a", "a", "b"], remember, n_resamples=50, seed=0)
    assert seen == {(1.0, 2.0, 3.0), (1.0, 1.0, 2.0, 2.0), (3.0, 3.0)}


def test_bootstrap_refuses_what_it_cannot_use() -> None:
    with pytest.raises(InsufficientEvidenceError, match="at least 2 devices"):
        cluster_bootstrap([1.0, 0.0], ["a", "a"], seed=0)
    with pytest.raises(ShapeMismatchError, match="needs \\(n,\\)"):
        cluster_bootstrap([[1.0, 0.0], [1.0, 0.0]], ["a", "b"], seed=0)
    with pytest.raises(ShapeMismatchError, match="clusters has 3 row"):
        cluster_bootstrap([1.0, 0.0], ["a", "b", "c"], seed=0)
    with pytest.raises(InputError, match="statistic is 'median'"):
        cluster_bootstrap([1.0, 0.0], ["a", "b"], "median", seed=0)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="level is 95"):
        cluster_bootstrap([1.0, 0.0], ["a", "b"], level=95, seed=0)
    with pytest.raises(InputError, match="n_resamples is 0"):
        cluster_bootstrap([1.0, 0.0], ["a", "b"], n_resamples=0, seed=0)


@pytest.mark.parametrize(("right", "total"), [(0, 10), (3, 17), (81, 263), (10, 10)])
@pytest.mark.parametrize("level", [0.9, 0.99])
def test_wilson_interval_agrees_with_scipy(
    right: int, total: int, level: float
) -> None:
    theirs = stats.binomtest(right, total).proportion_ci(level, method="wilson")
    ours = wilson_interval(right, total, level)
    assert np.allclose([ours.low, ours.high], [theirs.low, theirs.high], atol=1e-9)


def test_wilson_interval_gives_newcombes_published_example() -> None:
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table
    # I, method 3: 81 of 263.
    interval = wilson_interval(81, 263)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.2553, 0.3662)


@pytest.mark.parametrize(("wrong", "total"), [(0, 59), (2, 100), (7, 7), (50, 51)])
def test_upper_bound_agrees_with_scipy(wrong: int, total: int) -> None:
    theirs = stats.binomtest(wrong, total, alternative="less").proportion_ci(0.95).high
    assert clopper_pearson_upper(wrong, total) == pytest.approx(theirs, abs=1e-9)


def test_upper_bound_without_errors_is_the_rule_of_three() -> None:
    bound = clopper_pearson_upper(0, 300)
    assert bound == pytest.approx(1 - 0.05 ** (1 / 300), abs=EXACT)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(InsufficientEvidenceError, match="0 trials"):
        wilson_interval(0, 0)
    with pytest.raises(InputError, match="5 successes in 3 trials"):
        wilson_interval(5, 3)
    with pytest.raises(InsufficientEvidenceError, match="0 trials"):
        clopper_pearson_upper(0, 0)
    with pytest.raises(InputError, match="level is 1"):
        clopper_pearson_upper(0, 5, 1.0)


def test_intraclass_correlation_recovers_a_known_one(rng: np.random.Generator) -> None:
    device = rng.normal(0.0, np.sqrt(0.3), size=2000)
    codes = np.repeat(np.arange(2000), rng.integers(2, 9, size=2000))
    values = device[codes] + rng.normal(0.0, np.sqrt(0.7), size=codes.shape[0])
    assert intraclass_correlation(values, codes) == pytest.approx(0.3, abs=0.03)


def test_intraclass_correlation_is_0_for_unrelated_and_for_constant_values(
    rng: np.random.Generator,
) -> None:
    values = rng.normal(size=20_000)
    assert intraclass_correlation(values, np.arange(20_000) // 4) < 0.02
    assert intraclass_correlation([0.1] * 6, [0, 0, 1, 1, 2, 2]) == 0.0
    assert intraclass_correlation([0.0, 1.0], ["a", "b"]) == 0.0
    assert intraclass_correlation([0.0, 1.0, 0.0, 1.0], [0, 0, 1, 1]) == 0.0


def test_intraclass_correlation_needs_two_devices() -> None:
    with pytest.raises(InsufficientEvidenceError, match="at least 2"):
        intraclass_correlation([0.0, 1.0], ["a", "a"])


def test_interval_is_json() -> None:
    plain = wilson_interval(1, 2).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["method"] == "Wilson score"
