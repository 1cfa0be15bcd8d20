"""Signs of patterns: how they are packed, and that the planted one comes first."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam._typing import FloatArray
from whichcam.errors import InputError, ShapeMismatchError
from whichcam.prnu import (
    PhotoNoise,
    SearchRange,
    agreement,
    query_bits,
    shortlist,
    sign_bits,
)


def _noise(
    residual: FloatArray, intensity: FloatArray | None = None, name: str = ""
) -> PhotoNoise:
    return PhotoNoise(
        residual=residual,
        intensity=np.ones_like(residual) if intensity is None else intensity,
        saturated_share=0.0,
        dark_share=0.0,
        mean_level=128.0,
        name=name,
    )


def _white(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    return rng.standard_normal(shape, dtype=np.float32)


def test_bits_are_the_signs_row_by_row_lowest_first() -> None:
    pattern = -np.ones((3, 40))
    pattern[0, 0] = pattern[1, 30] = pattern[2, 39] = 1
    found = sign_bits(pattern)
    assert found.dtype == np.uint64
    assert found.tolist() == [1, 1 << (70 - 64) | 1 << (119 - 64)]


def test_zero_is_not_positive() -> None:
    assert not sign_bits(np.array([[0.0, -0.0]])).any()


@pytest.mark.parametrize("n_threads", [1, 2, None])
@pytest.mark.parametrize("n", [1, 5, 300])
def test_scores_are_agreeing_less_differing_signs(
    rng: np.random.Generator, n_threads: int | None, n: int
) -> None:
    patterns = _white(rng, (n, 70 * 9)).reshape(n, 70, 9)
    query = _white(rng, (70, 9))
    matrix = np.stack([sign_bits(pattern) for pattern in patterns])
    indices, scores = shortlist(
        sign_bits(query), matrix, k=n, n_bits=630, n_threads=n_threads
    )
    signs = ((patterns > 0) == (query > 0)) * 2.0 - 1
    expected = signs.sum(axis=(1, 2)) / math.sqrt(630)
    np.testing.assert_allclose(scores, np.sort(expected)[::-1], atol=1e-9)
    np.testing.assert_allclose(expected[indices], scores, atol=1e-9)


def test_blocks_of_rows_give_what_one_block_does(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = rng.integers(0, 2**64, (101, 30), np.uint64)
    whole = shortlist(matrix[3], matrix, k=20)
    monkeypatch.setattr("whichcam.prnu._shortlist._BLOCK_BYTES", 7 * 30 * 8)
    for n_threads in (1, 2):
        parts = shortlist(matrix[3], matrix, k=20, n_threads=n_threads)
        np.testing.assert_array_equal(parts[0], whole[0])
        np.testing.assert_array_equal(parts[1], whole[1])


def test_a_planted_photo_comes_first_upside_down_too(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    n, shape, strength = 200, (256, 256), np.float32(0.06)
    path = tmp_path / "signs"
    matrix = np.memmap(path, np.uint64, "w+", shape=(n, 256 * 256 // 64))
    patterns = [_white(rng, shape) for _ in range(n)]
    for row, pattern in enumerate(patterns):
        matrix[row] = sign_bits(pattern)
    for row in range(0, n, 20):
        residual = _white(rng, shape) + strength * patterns[row]
        turned = np.ascontiguousarray(residual[::-1, ::-1])
        for seen in (residual, turned):
            indices, scores = shortlist(query_bits(_noise(seen)), matrix, k=3)
            assert indices[0] == row
            expected = 2 / math.pi * 0.06 * 256
            assert scores[0] == pytest.approx(expected, abs=4.5)


def test_ties_come_in_the_order_of_their_rows() -> None:
    matrix = np.zeros((6, 3), np.uint64)
    indices, _ = shortlist(matrix[0], matrix, k=6)
    assert indices.tolist() == [0, 1, 2, 3, 4, 5]


def test_an_empty_gallery_has_an_empty_short_list() -> None:
    query = np.zeros(3, np.uint64)
    indices, scores = shortlist(query, np.empty((0, 3), np.uint64))
    assert (len(indices), len(scores)) == (0, 0)


def test_rotations_that_change_the_shape_are_refused(
    rng: np.random.Generator,
) -> None:
    noise = _noise(_white(rng, (64, 96)))
    with pytest.raises(ShapeMismatchError, match="two shapes"):
        query_bits(noise, search=SearchRange(rotations=(0, 90)))
    assert len(query_bits(noise, search=SearchRange(rotations=(90, 270)))) == 2


@pytest.mark.parametrize(
    ("query", "matrix", "arguments", "message"),
    [
        (np.zeros(3, np.uint64), np.zeros((2, 4), np.uint64), {}, "3 words.*4"),
        (np.zeros(3, np.int64), np.zeros((2, 3), np.uint64), {}, "uint64"),
        (np.zeros(3, np.uint64), np.zeros(3, np.uint64), {}, "shapes"),
        (np.zeros(3, np.uint64), np.zeros((2, 3), np.uint64), {"k": 0}, "k is 0"),
        (
            np.zeros(3, np.uint64),
            np.zeros((2, 3), np.uint64),
            {"n_bits": 128},
            "n_bits",
        ),
        (
            np.zeros(3, np.uint64),
            np.zeros((2, 3), np.uint64),
            {"n_threads": 0},
            "n_threads",
        ),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(
    query: np.ndarray, matrix: np.ndarray, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        shortlist(query, matrix, **arguments)


@pytest.mark.parametrize(
    "bad", [np.zeros((0, 3)), np.zeros(3), np.full((2, 2), np.nan)]
)
def test_what_has_no_signs_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(InputError, match="pattern"):
        sign_bits(bad)


@pytest.mark.parametrize("n_queries", [1, 3, 4, 5, 8, 11])
def test_every_query_is_scored_against_every_row(
    n_queries: int, rng: np.random.Generator
) -> None:
    """Whole fours and what is left of them, whole parts of words and rows and not."""
    side = 200  # 625 words: a part and some
    patterns = rng.normal(size=(41, side, side))
    asked = rng.normal(size=(n_queries, side, side)) + 0.1 * patterns[:n_queries]
    found = agreement(
        np.stack([sign_bits(p) for p in asked]),
        np.stack([sign_bits(p) for p in patterns]),
    )
    signs = [np.where(p > 0, 1.0, -1.0).reshape(len(p), -1) for p in (asked, patterns)]
    np.testing.assert_allclose(found, signs[0] @ signs[1].T / side, atol=1e-9)


def test_a_short_list_takes_the_better_of_two_queries(
    rng: np.random.Generator,
) -> None:
    rows = np.stack([sign_bits(rng.normal(size=(40, 40))) for _ in range(9)])
    queries = rows[[7, 2]]
    best, scores = shortlist(queries, rows, k=2)
    assert best.tolist() == [2, 7]
    np.testing.assert_allclose(scores, agreement(queries, rows).max(axis=0)[best])
