"""The wavelet filter: against its definition, and what it takes for noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from whichcam.errors import InputError
from whichcam.signal import LUMA_WEIGHTS, picture_noise, wavelet_noise
from whichcam.signal._wavelet import SCALING_FILTER, n_coefficients

Array = npt.NDArray[np.float64]
LOW = np.array(SCALING_FILTER)
HIGH = LOW[::-1] * np.array([1, -1] * 4)


def _matrix(n: int, taps: Array) -> Array:
    """Return the matrix of one level along one axis, borders mirrored."""
    rows = n_coefficients(n)
    matrix = np.zeros((rows, n))
    mirrored = np.concatenate([np.arange(n), np.arange(n)[::-1]])
    for k in range(rows):
        for tap in range(8):
            matrix[k, mirrored[(2 * k - 6 + tap) % (2 * n)]] += taps[tap]
    return matrix


def _back(n: int, taps: Array) -> Array:
    rows = n_coefficients(n)
    matrix = np.zeros((n, rows))
    for i in range(n):
        for k in range(rows):
            if 0 <= i + 6 - 2 * k < 8:
                matrix[i, k] = taps[i + 6 - 2 * k]
    return matrix


def _shrunk(x: Array, variance: float) -> Array:
    windows = [
        ndimage.uniform_filter(x**2, size, mode="constant") for size in (3, 5, 7, 9)
    ]
    signal = np.min([np.maximum(mean - variance, 0) for mean in windows], axis=0)
    return np.asarray(x * variance / (signal + variance))


def _slow_noise(x: Array, sigma: float, levels: int) -> Array:
    """The published filter by dense matrices, level by level."""
    if levels == 0:
        return np.zeros_like(x)
    height, width = x.shape
    low, high = x @ _matrix(width, LOW).T, x @ _matrix(width, HIGH).T
    down, across = _matrix(height, LOW), _matrix(height, HIGH)
    coarse = _slow_noise(down @ low, sigma, levels - 1)
    bands = [_shrunk(b, sigma**2) for b in (across @ low, down @ high, across @ high)]
    up, out = _back(height, LOW), _back(height, HIGH)
    left = up @ coarse + out @ bands[0]
    right = up @ bands[1] + out @ bands[2]
    return np.asarray(left @ _back(width, LOW).T + right @ _back(width, HIGH).T)


def _scene(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Smooth content with edges, and noise of uneven strength."""
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    scene = 120 + 60 * np.sin(rows / 9) + 30 * (cols > shape[1] // 2)
    return np.asarray(scene + rng.normal(0, 1 + 7 * (rows > shape[0] // 3), shape))


@pytest.mark.parametrize("shape", [(64, 80), (65, 49), (37, 90), (9, 12), (2, 5)])
@pytest.mark.parametrize(("sigma", "levels"), [(5.0, 4), (2.0, 1), (9.0, 3)])
def test_noise_is_that_of_the_published_filter(
    shape: tuple[int, int], sigma: float, levels: int, rng: np.random.Generator
) -> None:
    x = _scene(rng, shape)
    found = wavelet_noise(x.astype(np.float32), sigma=sigma, levels=levels)
    np.testing.assert_allclose(found, _slow_noise(x, sigma, levels), atol=2e-3)


@pytest.mark.parametrize("shape", [(64, 80), (51, 45)])
def test_noise_of_a_picture_is_the_weighted_sum_of_its_colours(
    shape: tuple[int, int], rng: np.random.Generator
) -> None:
    planes = [np.clip(_scene(rng, shape), 0, 255).astype(np.uint8) for _ in range(3)]
    pixels = np.stack(planes, axis=2)
    each = [wavelet_noise(plane.astype(np.float32)) for plane in planes]
    expected = sum(w * noise for w, noise in zip(LUMA_WEIGHTS, each, strict=True))
    np.testing.assert_allclose(picture_noise(pixels), expected, atol=1e-3)
    one = picture_noise(pixels, weights=(0, 1, 0))
    np.testing.assert_allclose(one, each[1], atol=1e-3)


@pytest.mark.parametrize(("colour", "weight"), [(0, 0.299), (1, 0.587), (2, 0.114)])
def test_colours_weigh_as_in_luma(
    colour: int, weight: float, rng: np.random.Generator
) -> None:
    pixels = np.full((48, 40, 3), 90, np.uint8)
    pixels[:, :, colour] = rng.integers(80, 100, (48, 40))
    alone = wavelet_noise(pixels[:, :, colour].astype(np.float32))
    np.testing.assert_allclose(picture_noise(pixels), weight * alone, atol=1e-3)


def test_weak_white_noise_is_taken_out_all_but_its_coarsest_sixteenth(
    rng: np.random.Generator,
) -> None:
    noise = rng.normal(0, 1, (128, 128)).astype(np.float32)
    found = wavelet_noise(noise + 100)
    left = np.mean((noise - found) ** 2)
    assert 1 / 256 / 2 < left < 1 / 256 * 4  # four levels down: 1 in 16 x 16 samples


def test_content_far_above_the_noise_is_left_in() -> None:
    rows, cols = np.mgrid[:96, :96]
    chequers = 100.0 * ((rows // 2 + cols // 2) % 2)
    found = wavelet_noise(chequers)
    assert np.sqrt(np.mean(found**2)) < 0.05 * chequers.std()


def test_nothing_is_taken_out_of_a_constant_or_a_cubic_plane() -> None:
    ramp = np.linspace(-1, 1, 160)
    cubic = np.tile(100 + 90 * ramp**3, (160, 1))
    assert np.abs(wavelet_noise(np.full((64, 70), 200.0))).max() < 1e-2
    # the mirrored border is a kink: look where no filter reaches it
    assert np.abs(wavelet_noise(cubic, levels=2)[40:-40, 40:-40]).max() < 2e-3


def test_noise_of_the_negative_is_the_negative(rng: np.random.Generator) -> None:
    x = _scene(rng, (70, 64)).astype(np.float32)
    np.testing.assert_allclose(wavelet_noise(255 - x), -wavelet_noise(x), atol=1e-3)


def test_noise_moves_with_the_picture_by_the_step_of_the_coarsest_level(
    rng: np.random.Generator,
) -> None:
    x = _scene(rng, (288, 256)).astype(np.float32)
    inner = slice(128, -112)  # where neither border is felt
    moved = wavelet_noise(x[16:])[112:-112, inner]
    np.testing.assert_allclose(moved, wavelet_noise(x)[inner, inner], atol=1e-3)


def test_noise_of_a_turned_plane_is_turned(rng: np.random.Generator) -> None:
    x = _scene(rng, (64, 96)).astype(np.float32)
    np.testing.assert_allclose(wavelet_noise(x.T), wavelet_noise(x).T, atol=1e-3)


def test_inputs_stay_as_they_are_and_may_be_read_only(rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (40, 48, 3)).astype(np.uint8)
    plane = pixels[:, :, 0].astype(np.float32)
    copies = pixels.copy(), plane.copy()
    pixels.flags.writeable = plane.flags.writeable = False
    picture_noise(pixels)
    wavelet_noise(plane)
    np.testing.assert_array_equal(pixels, copies[0])
    np.testing.assert_array_equal(plane, copies[1])


def test_any_stride_gives_the_same(rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (60, 70, 3)).astype(np.uint8)
    turned = pixels[::-1, ::-1]
    expected = picture_noise(np.ascontiguousarray(turned))
    np.testing.assert_array_equal(picture_noise(turned), expected)


@pytest.mark.parametrize("plane", [np.zeros((4, 4, 3)), np.zeros(9), np.zeros((0, 4))])
def test_what_is_no_plane_is_refused_with_its_shape(plane: Array) -> None:
    with pytest.raises(InputError, match=r"plane has shape \(.*expected \(H, W\)"):
        wavelet_noise(plane)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
    ],
)
def test_what_is_no_picture_is_refused(pixels: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(InputError, match=r"expected \(H, W, 3\), uint8, RGB"):
        picture_noise(pixels)


def test_an_empty_picture_and_two_weights_are_refused() -> None:
    with pytest.raises(InputError, match="not empty"):
        picture_noise(np.zeros((0, 8, 3), np.uint8))
    with pytest.raises(InputError, match="2 weights"):
        picture_noise(np.zeros((8, 8, 3), np.uint8), weights=(1, 1))


@pytest.mark.parametrize("levels", [0, 9, -1])
def test_levels_out_of_range_are_refused(levels: int) -> None:
    with pytest.raises(InputError, match="expected 1 to 8"):
        wavelet_noise(np.zeros((8, 8)), levels=levels)


@pytest.mark.parametrize("sigma", [0.0, -1.0, np.nan, np.inf])
def test_a_sigma_that_is_no_strength_is_refused(sigma: float) -> None:
    with pytest.raises(InputError, match="positive number of grey levels"):
        wavelet_noise(np.zeros((8, 8)), sigma=sigma)
