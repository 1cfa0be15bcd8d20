"""Zero means by phase, and a spectrum without peaks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import fft, ndimage

from whichcam._typing import FloatArray
from whichcam.errors import InputError
from whichcam.signal import flatten_spectrum, ncc, zero_mean_by_phase

Array = npt.NDArray[np.float64]
SHAPES = [(64, 64), (65, 200), (41, 73), (130, 7), (9, 9)]


def _noise(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    return rng.normal(0, 2, shape).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("period", [1, 2, 3, 7])
def test_rows_and_columns_of_every_phase_have_mean_zero(
    shape: tuple[int, int], period: int, rng: np.random.Generator
) -> None:
    centred = zero_mean_by_phase(_noise(rng, shape) + 7, period)
    for top in range(period):
        for left in range(period):
            part = centred[top::period, left::period]
            np.testing.assert_allclose(part.mean(axis=0), 0, atol=1e-5)
            np.testing.assert_allclose(part.mean(axis=1), 0, atol=1e-5)


def test_what_depends_on_row_or_column_and_phase_is_gone(
    rng: np.random.Generator,
) -> None:
    rows, cols = rng.normal(0, 9, (80, 2)), rng.normal(0, 9, (2, 90))
    structure = np.tile(rows, (1, 45)) + np.tile(cols, (40, 1))
    noise = _noise(rng, (80, 90))
    assert np.abs(zero_mean_by_phase(structure)).max() < 1e-4
    np.testing.assert_allclose(
        zero_mean_by_phase(noise + structure), zero_mean_by_phase(noise), atol=1e-4
    )


def test_taking_means_off_twice_is_taking_them_off_once(
    rng: np.random.Generator,
) -> None:
    once = zero_mean_by_phase(_noise(rng, (70, 66)))
    np.testing.assert_allclose(zero_mean_by_phase(once), once, atol=1e-5)


def test_most_of_white_noise_survives_taking_means_off(
    rng: np.random.Generator,
) -> None:
    noise = _noise(rng, (128, 128))
    # 2 x 128 + 2 x 128 means of 128 x 128 samples: a share of 1/32 goes
    assert ncc(noise, zero_mean_by_phase(noise)) > 0.98


def test_means_can_be_taken_off_in_place(rng: np.random.Generator) -> None:
    x = _noise(rng, (40, 50))
    expected = zero_mean_by_phase(x)
    found = zero_mean_by_phase(x, out=x)
    assert found is x
    np.testing.assert_array_equal(found, expected)


def _slowly_flattened(x: Array) -> Array:
    """The filter over the whole spectrum, windows going round its border."""
    spectrum = fft.fft2(x)
    power = np.abs(spectrum) ** 2 / x.size
    windows = [ndimage.uniform_filter(power, n, mode="wrap") for n in (3, 5, 7, 9)]
    excess = np.min([np.maximum(mean - x.var(), 0) for mean in windows], axis=0)
    return np.asarray(fft.ifft2(spectrum * x.var() / (excess + x.var())).real)


# 131 has no small factor, and is left to scipy
@pytest.mark.parametrize(
    "shape", [*SHAPES, (12, 3), (3, 20), (2, 9), (200, 129), (131, 60), (60, 131)]
)
def test_flattening_is_the_filter_over_the_whole_spectrum(
    shape: tuple[int, int], rng: np.random.Generator
) -> None:
    smooth = ndimage.gaussian_filter(rng.normal(0, 5, shape), 1.5)
    x = smooth + rng.normal(0, 1, shape)
    found = flatten_spectrum(x.astype(np.float32))
    np.testing.assert_allclose(found, _slowly_flattened(x), atol=1e-4)


def test_a_regular_grid_is_flattened_and_noise_is_not(rng: np.random.Generator) -> None:
    noise = _noise(rng, (192, 200))
    grid = np.zeros((192, 200), np.float32)
    grid[::8] += 4
    grid[:, ::8] += 4
    grid -= grid.mean()
    found = flatten_spectrum(noise + grid)
    assert ncc(noise + grid, grid) > 0.5
    assert abs(ncc(found, grid)) < 0.1
    assert ncc(found, noise) > 0.95


def test_flattening_scales_with_its_input(rng: np.random.Generator) -> None:
    x = _noise(rng, (60, 50))
    x[::4] += 3
    x -= x.mean()
    found = flatten_spectrum(x * np.float32(0.001))
    np.testing.assert_allclose(found, flatten_spectrum(x) * 0.001, atol=1e-7)


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_a_constant_plane_comes_back_unharmed(value: float) -> None:
    x = np.full((40, 30), value, np.float32)
    np.testing.assert_array_equal(flatten_spectrum(x), x)


def test_neither_changes_its_input(rng: np.random.Generator) -> None:
    x = _noise(rng, (48, 50))
    before = x.copy()
    x.flags.writeable = False
    zero_mean_by_phase(x)
    flatten_spectrum(x)
    np.testing.assert_array_equal(x, before)


def test_double_precision_and_any_stride_are_read(rng: np.random.Generator) -> None:
    x = rng.normal(size=(50, 64))[::-1, ::2]
    expected = np.ascontiguousarray(x, np.float32)
    for function in (zero_mean_by_phase, flatten_spectrum):
        np.testing.assert_array_equal(function(x), function(expected))


@pytest.mark.parametrize("x", [np.zeros((4, 4, 2)), np.zeros(5), np.zeros((3, 0))])
def test_what_is_no_plane_is_refused(x: Array) -> None:
    with pytest.raises(InputError, match=r"expected \(H, W\), not empty"):
        zero_mean_by_phase(x)
    with pytest.raises(InputError, match=r"expected \(H, W\), not empty"):
        flatten_spectrum(x)


@pytest.mark.parametrize("period", [0, -2, 9])
def test_a_period_that_does_not_fit_is_refused(period: int) -> None:
    with pytest.raises(InputError, match="shorter side, 8"):
        zero_mean_by_phase(np.zeros((8, 30)), period)
