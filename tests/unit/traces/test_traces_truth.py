"""Traces say what is known to be in a picture that was made for the purpose."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from whichcam._typing import FloatArray, PixelArray
from whichcam.datasets.synthetic import SyntheticCamera, draw_cameras
from whichcam.signal import RESIDUAL_FILTERS
from whichcam.traces import processing_traces

Group = Callable[[npt.NDArray[np.float32], str], npt.NDArray[np.float32]]

# Lags (dy, dx) in the order documented: energy apart, then these 17.
LAGS = [
    *[(0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0), (2, 2), (0, 3), (3, 0)],
    *[(1, 2), (2, 1), (0, 4), (4, 0), (0, 6), (6, 0), (0, 8), (8, 0)],
]
KERNELS = {
    "laplacian": np.array([[0, -0.25, 0], [-0.25, 1, -0.25], [0, -0.25, 0]]),
    "diagonal": np.outer([1, -2, 1], [1, -2, 1]) / 4,
    "horizontal": np.array([[1, -4, 6, -4, 1]]) / 6,
    "vertical": np.array([[1, -4, 6, -4, 1]]).T / 6,
}


def _white_noise(seed: int = 1, deviation: float = 2.5) -> PixelArray:
    """Return noise too weak for residuals to be clipped, in independent channels."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(128, deviation, (256, 256, 3))
    return np.rint(noise).astype(np.uint8)


def _autocorrelation(kernel: FloatArray, lag: tuple[int, int]) -> float:
    """Return the closed form for white noise: sum of k[p] k[p + lag] / sum of k^2."""
    padded = np.pad(kernel, 8)
    moved = np.roll(padded, (-lag[0], -lag[1]), (0, 1))
    return float((padded * moved).sum() / (padded**2).sum())


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("plane", [0, 1, 2, 3])
def test_white_noise_has_the_autocorrelation_of_the_filter_itself(
    name: str, plane: int, group: Group
) -> None:
    found = group(processing_traces(_white_noise()), "autocorrelation")
    before = 0
    for other in RESIDUAL_FILTERS[: RESIDUAL_FILTERS.index(name)]:
        before += 6 if other in ("laplacian", "band") else 4
    # three texture classes of noise differ by selection alone: the middle one least
    block = found.reshape(-1, len(LAGS), 3)[before + plane]
    expected = [_autocorrelation(KERNELS[name], lag) for lag in LAGS]
    np.testing.assert_allclose(block.mean(1), expected, atol=0.03)
    np.testing.assert_allclose(block[:, 1], expected, atol=0.06)


def test_independent_channels_are_uncorrelated_and_equal_ones_wholly(
    group: Group,
) -> None:
    independent = _white_noise()
    grey = np.repeat(independent[..., :1], 3, axis=2)
    apart = group(processing_traces(independent), "cross_correlation")
    same = group(processing_traces(grey), "cross_correlation")
    # All filters; RG, GB, RB; lag (0, 0); the middle texture, which is not selected
    # for joint deviations as the smooth and the textured class are.
    rgb = (slice(None), slice(0, 3), 0, 1)
    assert np.abs(apart.reshape(5, 6, 3, 3)[rgb]).max() < 0.06
    assert same.reshape(5, 6, 3, 3)[rgb].min() > 0.99


def test_adding_light_moves_no_trace(group: Group) -> None:
    dark = _white_noise()
    bright = dark + np.uint8(60)
    names = ("autocorrelation", "cross_correlation", "cfa_phase", "shape", "level")
    for name in (*names, "grid_phase", "spectrum"):
        np.testing.assert_allclose(
            group(processing_traces(bright), name),
            group(processing_traces(dark), name),
            atol=0.01,
        )


def test_a_slope_of_light_is_no_residual(group: Group) -> None:
    flat = _white_noise()
    slope = (np.arange(256) // 8)[None, :, None].astype(np.uint8)
    found = group(processing_traces(flat + slope), "level")
    expected = group(processing_traces(flat), "level")
    assert np.median(np.abs(found - expected)) < 0.1


def test_stronger_noise_raises_level_and_leaves_correlations(group: Group) -> None:
    weak = processing_traces(_white_noise(deviation=1.5))
    strong = processing_traces(_white_noise(deviation=3.0))
    rise = (group(strong, "level") - group(weak, "level")).reshape(5, 6, 3)
    # variance four times as high; rounding adds 1 / 12 to both
    expected = np.log((9 + 1 / 12) / (2.25 + 1 / 12))
    np.testing.assert_allclose(rise[:, :3].mean(2), expected, atol=0.08)
    change = group(strong, "autocorrelation") - group(weak, "autocorrelation")
    assert np.abs(change).mean() < 0.02


def _checkerboard_contrast(traces: FloatArray, group: Group) -> float:
    """Return how green's residual differs between the two diagonals of a CFA cell."""
    phases = group(traces, "cfa_phase").reshape(5, 6, 3, 4)
    green = phases[RESIDUAL_FILTERS.index("laplacian"), 1, 1]  # middle texture
    return float(abs(green[[0, 3]].mean() - green[[1, 2]].mean()))


def _noise_through_a_cfa(*, interpolated: bool) -> PixelArray:
    full = np.random.default_rng(3).normal(128, 8, (256, 256, 3))
    if interpolated:
        rows, cols = np.mgrid[:256, :256]
        missing = (rows + cols) % 2 == 0  # green is measured on one diagonal
        green = full[..., 1]
        around = sum(np.roll(green, s, a) for s in (1, -1) for a in (0, 1)) / 4
        full[..., 1] = np.where(missing, around, green)
    return np.rint(full).clip(0, 255).astype(np.uint8)


def test_interpolated_green_shows_its_diagonal_and_measured_green_none(
    group: Group,
) -> None:
    none = processing_traces(_noise_through_a_cfa(interpolated=False))
    bilinear = processing_traces(_noise_through_a_cfa(interpolated=True))
    assert _checkerboard_contrast(none, group) < 0.1
    assert _checkerboard_contrast(bilinear, group) > 0.5


def test_a_cameras_cfa_is_seen_and_vanishes_when_the_picture_is_halved(
    group: Group,
) -> None:
    camera = SyntheticCamera(
        demosaicing="bilinear", luma_denoise=0.0, sharpen_amount=0.0, blur_px=0.35
    )
    picture = camera.shoot(seed=4, size=(512, 512), gain=8)
    halved = picture.reshape(256, 2, 256, 2, 3).mean((1, 3)).round().astype(np.uint8)
    contrast = _checkerboard_contrast(processing_traces(picture[:256, :256]), group)
    assert contrast > 4 * _checkerboard_contrast(processing_traces(halved), group)
    assert contrast > 0.15


def test_compression_in_blocks_shows_in_the_grid_phase(group: Group) -> None:
    smooth = _white_noise().astype(np.float64)
    blocks = smooth.copy()
    blocks[:, ::8] += 6  # a step at every eighth column, as coarse quantisation leaves
    before = group(processing_traces(smooth.astype(np.uint8)), "grid_phase")
    after = group(processing_traces(blocks.astype(np.uint8)), "grid_phase")
    cols_of_luma = slice(8, 16)
    assert np.ptp(before[cols_of_luma]) < 0.2
    assert after[cols_of_luma].argmax() == 0
    assert np.ptp(after[cols_of_luma]) > 1
    assert np.ptp(after[0:8]) < 0.2  # rows know nothing of it


def test_cameras_are_told_apart_whatever_the_scene() -> None:
    cameras = draw_cameras(3, seed=3)
    known = np.array([_traces(camera, range(6)) for camera in cameras])
    asked = np.array([_traces(camera, range(20, 28)) for camera in cameras])
    scale = known.reshape(-1, known.shape[2]).std(0) + 1e-3
    centres = known.mean(1) / scale
    right = 0
    for label, pictures in enumerate(asked):
        distances = ((pictures / scale)[:, None] - centres).clip(-4, 4)
        right += int((np.square(distances).sum(2).argmin(1) == label).sum())
    assert right >= 20  # of 24; chance is 8


def _traces(camera: SyntheticCamera, seeds: range) -> FloatArray:
    return np.array(
        [processing_traces(camera.shoot(seed=s, size=(160, 160))) for s in seeds]
    )
