"""Vectors in kernels, against the same written for single numbers."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from whichcam.signal._vectors import WIDTH, filled, load, store, stream


@numba.njit
def _work(a: np.ndarray, b: np.ndarray, row: int, factor: np.float32) -> None:
    x, y = load(a, row, 3), load(a, row + 1, 0)
    total = x - y
    total += filled(factor) * (x + y)
    store(b, row, 5, total)


@numba.njit
def _copy_past_the_caches(a: np.ndarray, b: np.ndarray) -> None:
    for row in range(a.shape[0]):
        for column in range(0, a.shape[1], WIDTH):
            stream(b, row, column, load(a, row, column))


@pytest.mark.parametrize("width", [WIDTH + 5, 3 * WIDTH])
def test_each_number_of_a_vector_is_worked_on_alone(
    rng: np.random.Generator, width: int
) -> None:
    a = rng.normal(size=(4, width)).astype(np.float32)
    b = np.zeros_like(a)
    _work(a, b, 2, np.float32(3))
    x, y = a[2, 3 : 3 + WIDTH], a[3, :WIDTH]
    np.testing.assert_allclose(b[2, 5 : 5 + WIDTH], x - y + 3 * (x + y), rtol=1e-5)
    b[2, 5 : 5 + WIDTH] = 0
    assert not b.any()


def test_what_is_written_past_the_caches_is_there(rng: np.random.Generator) -> None:
    a = rng.normal(size=(50, 4 * WIDTH)).astype(np.float32)
    room = np.zeros(a.size + WIDTH, np.float32)
    start = -room.ctypes.data // room.itemsize % WIDTH
    b = room[start : start + a.size].reshape(a.shape)
    _copy_past_the_caches(a, b)
    np.testing.assert_array_equal(b, a)
