"""Residual filters: what they cancel, what they answer to one bright pixel."""

from __future__ import annotations

import numpy as np
import pytest

from whichcam._typing import FloatArray
from whichcam.errors import UnknownNameError
from whichcam.signal import RESIDUAL_FILTERS, residual

ALL = pytest.mark.parametrize("name", RESIDUAL_FILTERS)
MARGIN = 5
_SECOND = np.array([1, -2, 1]) / 2
_FOURTH = np.array([1, -4, 6, -4, 1]) / 6


def _band() -> FloatArray:
    mean3, mean7 = np.full((3, 3), 1 / 9), np.full((7, 7), 1 / 49)
    response = np.zeros((9, 9))
    for i in range(3):
        for j in range(3):
            response[i : i + 7, j : j + 7] -= mean3[i, j] * mean7
    response[3:6, 3:6] += mean3
    return response.astype(np.float32)


# From the definitions in words: what a single pixel of value 1 becomes.
IMPULSES = {
    "laplacian": np.array([[0, -0.25, 0], [-0.25, 1, -0.25], [0, -0.25, 0]]),
    "diagonal": np.outer(_SECOND, _SECOND),
    "horizontal": _FOURTH[None, :],
    "vertical": _FOURTH[:, None],
    "band": _band(),
}


@ALL
def test_the_response_to_one_bright_pixel_is_the_predictors_definition(
    name: str,
) -> None:
    plane = np.zeros((31, 33), np.float32)
    plane[15, 16] = 1
    expected = np.zeros((31, 33))
    rows, cols = IMPULSES[name].shape
    top, left = 15 - rows // 2, 16 - cols // 2
    expected[top : top + rows, left : left + cols] = IMPULSES[name]
    np.testing.assert_allclose(residual(plane, name), expected, atol=1e-6)


@ALL
@pytest.mark.parametrize("value", [0, 1, 255])
def test_nothing_is_left_of_a_constant_plane(name: str, value: int) -> None:
    left = residual(np.full((24, 32), value, np.float32), name)
    assert np.abs(left).max() < 1e-4


@ALL
def test_nothing_is_left_of_a_linear_ramp(name: str) -> None:
    rows, cols = np.mgrid[:24, :32]
    left = residual((10 + 3 * rows - 2 * cols).astype(np.float32), name)
    assert np.abs(left).max() < 2e-4


@pytest.mark.parametrize("name", ["horizontal", "vertical"])
def test_fourth_differences_leave_nothing_of_a_cubic_curve(name: str) -> None:
    t = np.linspace(-1, 1, 32)
    curve = (100 * t**3 - 40 * t**2 + t).astype(np.float32)
    plane = np.tile(curve, (32, 1)) if name == "horizontal" else curve[:, None]
    whole = np.ascontiguousarray(np.broadcast_to(plane, (32, 32)))
    assert np.abs(residual(whole, name)).max() < 1e-4
    assert np.abs(residual(whole, "laplacian")).max() > 0.1


@ALL
def test_the_margin_is_zero_and_the_rest_is_not(
    name: str, rng: np.random.Generator
) -> None:
    left = residual(rng.normal(size=(30, 40)).astype(np.float32), name)
    inner = left[MARGIN:-MARGIN, MARGIN:-MARGIN].copy()
    left[MARGIN:-MARGIN, MARGIN:-MARGIN] = 0
    assert not left.any()
    assert (inner != 0).all()


@ALL
def test_writing_into_a_used_array_gives_what_a_fresh_one_would(
    name: str, rng: np.random.Generator
) -> None:
    plane = rng.normal(size=(30, 40)).astype(np.float32)
    used = np.full((30, 40), np.nan, np.float32)
    before = plane.copy()
    found = residual(plane, name, out=used)
    assert found is used
    np.testing.assert_array_equal(found, residual(plane, name))
    np.testing.assert_array_equal(plane, before)


@ALL
@pytest.mark.parametrize("shape", [(3, 3), (9, 12), (10, 10)])
def test_a_plane_of_nothing_but_margin_gives_zeros(
    name: str, shape: tuple[int, int]
) -> None:
    assert not residual(np.ones(shape, np.float32), name).any()


def test_an_unknown_filter_is_refused_with_the_known_names() -> None:
    with pytest.raises(UnknownNameError, match=r"'median'.*laplacian, diagonal"):
        residual(np.zeros((16, 16), np.float32), "median")
