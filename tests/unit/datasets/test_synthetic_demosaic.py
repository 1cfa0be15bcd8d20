"""Demosaicings reproduce what their papers say they reproduce."""

from __future__ import annotations

import numpy as np
import pytest

from whichcam._typing import FloatArray
from whichcam.datasets.synthetic import CFA_PATTERNS, DEMOSAICINGS
from whichcam.datasets.synthetic._demosaic import demosaic
from whichcam.datasets.synthetic._sensor import mosaic_of
from whichcam.errors import UnknownNameError

EVERY_METHOD = pytest.mark.parametrize("method", DEMOSAICINGS)
EVERY_PATTERN = pytest.mark.parametrize("pattern", CFA_PATTERNS)


def _ramps(height: int = 33, width: int = 38) -> FloatArray:
    """Return planes that rise linearly, each in its own direction."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return np.stack(
        [0.1 + 0.010 * y + 0.005 * x, 0.9 - 0.004 * y - 0.012 * x, 0.3 + 0.006 * x]
    ).astype(np.float32)


@EVERY_METHOD
@EVERY_PATTERN
@pytest.mark.parametrize("size", [(16, 16), (17, 22), (22, 17)])
def test_a_constant_colour_stays_constant_up_to_the_border(
    method: str, pattern: str, size: tuple[int, int]
) -> None:
    colour = np.array([0.7, 0.4, 0.2], dtype=np.float32)
    planes = np.broadcast_to(colour[:, None, None], (3, *size))
    result = demosaic(mosaic_of(planes, pattern), pattern, method)
    assert result.shape == (3, *size)
    assert np.abs(result - planes).max() < 1e-6


@EVERY_METHOD
@EVERY_PATTERN
def test_measured_samples_are_kept(
    method: str, pattern: str, rng: np.random.Generator
) -> None:
    mosaic = rng.random((20, 26), dtype=np.float32)
    result = demosaic(mosaic, pattern, method)
    assert np.abs(mosaic_of(result, pattern) - mosaic).max() < 1e-6


@EVERY_PATTERN
@pytest.mark.parametrize("method", ["malvar", "hamilton_adams", "bilinear"])
def test_linear_ramps_are_exact_in_the_interior(method: str, pattern: str) -> None:
    planes = _ramps()
    result = demosaic(mosaic_of(planes, pattern), pattern, method)
    inner = (slice(None), slice(4, -4), slice(4, -4))
    assert np.abs(result[inner] - planes[inner]).max() < 1e-6


def test_pixel_doubling_is_not_exact_on_ramps() -> None:
    planes = _ramps()
    result = demosaic(mosaic_of(planes, "RGGB"), "RGGB", "nearest")
    assert np.abs(result - planes)[:, 4:-4, 4:-4].max() > 0.003


def test_malvars_filters_answer_an_impulse_as_published() -> None:
    # An impulse on a red site of RGGB: what each colour plane takes from it, times 8.
    mosaic = np.zeros((17, 17), dtype=np.float32)
    mosaic[8, 8] = 8
    red, green, blue = demosaic(mosaic, "RGGB", "malvar")
    assert green[8, 6:11].tolist() == [-1, 0, 4, 0, -1]
    assert green[6:11, 8].tolist() == [-1, 0, 4, 0, -1]
    assert red[8, 6:11].tolist() == [0, 4, 8, 4, 0]
    assert red[7, 7:10].tolist() == [2, 4, 2]
    assert blue[8, 6:11].tolist() == [-1.5, 0, 6, 0, -1.5]


def test_malvars_filters_answer_a_green_impulse_as_published() -> None:
    mosaic = np.zeros((17, 17), dtype=np.float32)
    mosaic[8, 9] = 8  # green in a red row
    red, green, blue = demosaic(mosaic, "RGGB", "malvar")
    assert green[8, 8:11].tolist() == [2, 8, 2]
    assert red[8, 7:12].tolist() == [-1, 0, 5, 0, -1]
    assert red[6:11, 9].tolist() == [0.5, 0, 5, 0, 0.5]
    assert blue[8, 7:12].tolist() == [0.5, 0, 5, 0, 0.5]
    assert red[7, 8:11].tolist() == [-1, 0, -1]


def test_directed_interpolation_keeps_an_edge_that_the_mean_blurs() -> None:
    grey = np.full((24, 24), 0.2, dtype=np.float32)
    grey[:, 12:] = 0.8
    planes = np.stack([grey] * 3)
    errors = {
        method: float(
            np.abs(demosaic(mosaic_of(planes, "GRBG"), "GRBG", method)[1] - grey).max()
        )
        for method in ("bilinear", "hamilton_adams")
    }
    assert errors["hamilton_adams"] < 1e-6
    assert errors["bilinear"] > 0.1


def test_smooth_hue_is_exact_where_hue_is_constant_and_green_is_harmonic() -> None:
    # x^2 - y^2 equals the mean of its four neighbours, but not of two of them.
    y, x = np.mgrid[-16:16, -16:16].astype(np.float32)
    green = 0.5 + 0.001 * (x**2 - y**2)
    # Ratios are taken of values raised by 0.02: these are constant.
    ratios = np.array([0.9, 1, 0.6], dtype=np.float32)[:, None, None]
    planes: FloatArray = (ratios * (green + 0.02) - 0.02).astype(np.float32)
    errors = {
        method: float(
            np.abs(demosaic(mosaic_of(planes, "RGGB"), "RGGB", method) - planes)[
                :, 4:-4, 4:-4
            ].max()
        )
        for method in ("bilinear", "smooth_hue")
    }
    assert errors["smooth_hue"] < 1e-6
    assert errors["bilinear"] > 5e-4


def test_the_mosaic_is_left_as_it_was(rng: np.random.Generator) -> None:
    mosaic = rng.random((20, 20), dtype=np.float32)
    before = mosaic.copy()
    for method in DEMOSAICINGS:
        demosaic(mosaic, "RGGB", method)
    assert np.array_equal(mosaic, before)


def test_an_unknown_demosaicing_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="malvar"):
        demosaic(np.zeros((16, 16), dtype=np.float32), "RGGB", "magic")


def test_an_unknown_pattern_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="GBRG"):
        demosaic(np.zeros((16, 16), dtype=np.float32), "RGBG", "malvar")
