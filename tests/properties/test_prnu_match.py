"""Whatever the patterns: symmetry, bounds, and independence of scale and order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from whichcam._typing import FloatArray
from whichcam.prnu import (
    Fingerprint,
    SearchRange,
    compare_fingerprints,
    ncc,
    pce,
    shortlist,
    sign_bits,
    threshold_for,
)
from whichcam.signal import cross_correlation

SEEDS = st.integers(0, 2**32 - 1)
SIDES = st.integers(12, 40)
PLANES = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=20),
    elements=st.floats(-(2**10), 2**10, width=32),
)


def _fingerprint(pattern: FloatArray) -> Fingerprint:
    return Fingerprint(pattern=pattern, n_photos=9, saturated_share=0.0, quality=1.0)


def _pair(seed: int, shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    a = rng.standard_normal(shape, dtype=np.float32)
    return a, rng.standard_normal(shape, dtype=np.float32) + a * np.float32(0.3)


@given(PLANES)
def test_any_plane_correlates_with_itself_fully_or_is_constant(
    plane: FloatArray,
) -> None:
    found = ncc(plane, plane)
    assert found == pytest.approx(1, abs=1e-5) or (found == 0 and np.ptp(plane) < 1e-2)


@given(SEEDS, SIDES, SIDES)
def test_exchanging_two_patterns_turns_the_surface_around(
    seed: int, height: int, width: int
) -> None:
    a, b = _pair(seed, (height, width))
    forth, back = cross_correlation(a, b), cross_correlation(b, a)
    turned = np.roll(back[::-1, ::-1], (1, 1), (0, 1))
    np.testing.assert_allclose(forth, turned, atol=1e-5)
    assert np.abs(forth).max() <= 1 + 1e-5


@given(SEEDS, SIDES, SIDES, st.integers(0, 39), st.integers(0, 39))
def test_pce_finds_the_shift_even_across_borders(
    seed: int, height: int, width: int, dy: int, dx: int
) -> None:
    a, _ = _pair(seed, (height, width))
    moved = np.roll(a, (dy, dx), (0, 1))
    straight, shifted = cross_correlation(a, a), cross_correlation(moved, a)
    assert pce(shifted) == pytest.approx(pce(straight), rel=0.01)
    assert pce(shifted, (dy % height, dx % width)) == pce(shifted)


@given(SEEDS, SIDES, SIDES, st.sampled_from(["none", "all"]))
def test_comparing_either_way_gives_one_answer(
    seed: int, height: int, width: int, shifts: str
) -> None:
    a, b = (_fingerprint(p - p.mean()) for p in _pair(seed, (height, width)))
    search = SearchRange(shifts=shifts)  # type: ignore[arg-type]
    forth = compare_fingerprints(a, b, search=search)
    back = compare_fingerprints(b, a, search=search)
    assert forth.z == pytest.approx(back.z, rel=1e-3, abs=1e-3)
    assert forth.pce == pytest.approx(back.pce, rel=1e-3, abs=1e-3)
    assert 0 <= forth.p_value <= 1
    assert -1 <= forth.ncc <= 1


@given(SEEDS, st.floats(1e-3, 1e3), st.floats(1e-3, 1e3))
def test_neither_scale_matters(seed: int, left: float, right: float) -> None:
    a, b = _pair(seed, (24, 32))
    plain = compare_fingerprints(_fingerprint(a), _fingerprint(b))
    scaled = compare_fingerprints(
        _fingerprint(a * np.float32(left)), _fingerprint(b * np.float32(right))
    )
    assert scaled.z == pytest.approx(plain.z, rel=1e-3, abs=1e-4)
    assert scaled.ncc == pytest.approx(plain.ncc, rel=1e-3, abs=1e-5)


@given(SEEDS, st.integers(1, 20), st.integers(1, 200))
def test_a_row_of_the_matrix_finds_itself(seed: int, n: int, n_pixels: int) -> None:
    rng = np.random.default_rng(seed)
    patterns = rng.normal(size=(n, 1, n_pixels))
    matrix = np.stack([sign_bits(pattern) for pattern in patterns])
    row = int(rng.integers(n))
    indices, scores = shortlist(matrix[row], matrix, k=n, n_bits=n_pixels)
    assert scores[0] == pytest.approx(n_pixels**0.5)
    assert sorted(indices.tolist()) == list(range(n))
    assert (np.diff(scores) <= 0).all()
    assert (np.abs(scores) <= n_pixels**0.5 + 1e-9).all()


@given(st.floats(-12, -0.01), st.floats(-12, -0.01), st.integers(1, 10**8))
def test_rarer_false_alarms_and_more_positions_need_more(
    first: float, second: float, n: int
) -> None:
    rare, often = sorted((10.0**first, 10.0**second))
    assert threshold_for(rare, n).z >= threshold_for(often, n).z
    assert threshold_for(rare, n + 1).z >= threshold_for(rare, n).z
