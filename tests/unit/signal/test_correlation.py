"""Correlations: what they are for patterns whose relation is known."""

from __future__ import annotations

import numpy as np
import pytest

from whichcam.errors import InputError, ShapeMismatchError
from whichcam.signal import cross_correlation, ncc
from whichcam.signal._correlation import products_in_window


def test_correlation_with_itself_is_one_whatever_scale_and_offset(
    rng: np.random.Generator,
) -> None:
    a = rng.normal(size=(40, 31))
    assert ncc(a, 3 * a + 7) == pytest.approx(1, abs=1e-6)
    assert ncc(a, 2 - a) == pytest.approx(-1, abs=1e-6)


def test_correlation_is_that_of_numpy(rng: np.random.Generator) -> None:
    a, b = rng.normal(size=(2, 300, 211))
    b += 0.05 * a + 30
    expected = np.corrcoef(a.ravel(), b.ravel())[0, 1]
    assert ncc(a, b) == pytest.approx(expected, abs=1e-5)


def test_a_constant_pattern_correlates_with_nothing(rng: np.random.Generator) -> None:
    a = rng.normal(size=(16, 16))
    assert ncc(a, np.full((16, 16), 0.1)) == 0
    assert not cross_correlation(np.full((16, 16), 0.1), a).any()


@pytest.mark.parametrize("shift", [(0, 0), (3, 20), (31, 1), (-1, -8)])
def test_the_surface_has_its_peak_of_one_at_the_circular_shift(
    rng: np.random.Generator, shift: tuple[int, int]
) -> None:
    b = rng.normal(size=(32, 45))
    surface = cross_correlation(np.roll(b, shift, (0, 1)), b)
    at = shift[0] % 32, shift[1] % 45
    assert surface.dtype == np.float32
    assert divmod(int(surface.argmax()), 45) == at
    assert surface[at] == pytest.approx(1, abs=1e-5)


def test_the_surface_is_the_correlation_at_every_shift(
    rng: np.random.Generator,
) -> None:
    a, b = rng.normal(size=(2, 9, 14))
    surface = cross_correlation(a, b)
    expected = [
        [ncc(a, np.roll(b, (dy, dx), (0, 1))) for dx in range(14)] for dy in range(9)
    ]
    np.testing.assert_allclose(surface, expected, atol=1e-5)


@pytest.mark.parametrize("size", [(40, 50), (300, 260), (226, 450)])
@pytest.mark.parametrize("window", [(1, 1), (7, 3), (33, 33)])
def test_sums_over_tiles_are_those_of_each_position(
    rng: np.random.Generator, size: tuple[int, int], window: tuple[int, int]
) -> None:
    a = rng.normal(size=size).astype(np.float32)
    larger = size[0] + window[0] - 1, size[1] + window[1] - 1
    b = rng.normal(size=larger).astype(np.float32)
    found = products_in_window(a, b)
    assert found.shape == window
    for y in {0, window[0] // 2, window[0] - 1}:
        for x in {0, window[1] // 3, window[1] - 1}:
            expected = float((a * b[y : y + size[0], x : x + size[1]]).sum())
            assert found[y, x] == pytest.approx(expected, abs=0.05)


def test_patterns_are_left_as_they_were(rng: np.random.Generator) -> None:
    a, b = rng.normal(size=(2, 16, 24)).astype(np.float32)
    before = a.copy(), b.copy()
    ncc(a, b)
    cross_correlation(a, b)
    np.testing.assert_array_equal((a, b), before)


@pytest.mark.parametrize("function", [ncc, cross_correlation])
def test_unequal_shapes_are_refused_with_both(function: object) -> None:
    assert callable(function)
    with pytest.raises(ShapeMismatchError, match=r"\(4, 5\).*\(5, 4\)"):
        function(np.zeros((4, 5)), np.zeros((5, 4)))


@pytest.mark.parametrize("function", [ncc, cross_correlation])
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.full((8, 8), np.nan), "NaN"),
        (np.full((8, 8), np.inf), "infinite"),
        (np.zeros((0, 8)), "empty"),
        (np.zeros(8), "two dimensions"),
        (np.full((8, 8), "a"), "dtype"),
    ],
)
def test_what_is_no_pattern_is_refused(
    function: object, bad: np.ndarray, message: str
) -> None:
    assert callable(function)
    with pytest.raises(InputError, match=message):
        function(bad, bad)
