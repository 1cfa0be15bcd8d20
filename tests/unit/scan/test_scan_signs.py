"""Shards of sign bits are searched as one matrix is, and sorted by pattern."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from whichcam.errors import (
    ArtifactNotFoundError,
    ChecksumMismatchError,
    IncompatibleArtifactError,
    InputError,
    ShapeMismatchError,
)
from whichcam.prnu import shortlist, sign_bits
from whichcam.scan import SignShards, cluster_signs, search_signs
from whichcam.scan._sign_clusters import _both_ways

SIDE = 64
N_BITS = SIDE * SIDE

Words = npt.NDArray[np.uint64]


@pytest.fixture
def rows(rng: np.random.Generator) -> list[Words]:
    return [sign_bits(rng.normal(size=(SIDE, SIDE))) for _ in range(50)]


@pytest.mark.parametrize("rows_per_shard", [1, 7, 50, 1000])
def test_shards_are_searched_as_one_matrix_is(
    rows_per_shard: int, rows: list[Words], rng: np.random.Generator, tmp_path: Path
) -> None:
    shards = SignShards.write(
        tmp_path / "s", iter(rows), n_bits=N_BITS, rows_per_shard=rows_per_shard
    )
    assert len(SignShards.open(tmp_path / "s")) == 50
    queries = [
        np.stack([sign_bits(rng.normal(size=(SIDE, SIDE))) for _ in range(2)])
        for _ in range(3)
    ]
    queries.append(rows[31][None])
    found, scores = search_signs(queries, shards, k=5)
    for q, query in enumerate(queries):
        one, z = shortlist(query, np.stack(rows), k=5)
        np.testing.assert_array_equal(found[q], one)
        np.testing.assert_array_equal(scores[q], z)
    assert found[3, 0] == 31


def test_two_processes_find_what_one_does(rows: list[Words], tmp_path: Path) -> None:
    shards = SignShards.write(
        tmp_path / "s", iter(rows), n_bits=N_BITS, rows_per_shard=20
    )
    queries = [row[None] for row in rows[:4]]
    for one, two in zip(
        search_signs(queries, shards, k=3),
        search_signs(queries, shards, k=3, workers=2),
        strict=True,
    ):
        np.testing.assert_array_equal(one, two)


def test_pictures_are_sorted_by_their_pattern(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    cameras = rng.normal(size=(3, SIDE, SIDE))
    truth = np.array([0, 1, 2, 0, 1, 0, 0, 1, -1, 0, 2, -1])
    pictures = []
    for k, camera in enumerate(truth):
        pattern = rng.normal(size=(SIDE, SIDE))
        if camera >= 0:
            pattern = 0.6 * cameras[camera] + 0.8 * pattern
        pictures.append(sign_bits(pattern[::-1, ::-1] if k % 2 else pattern))
    shards = SignShards.write(
        tmp_path / "s", iter(pictures), n_bits=N_BITS, rows_per_shard=5
    )
    found = cluster_signs(shards)
    np.testing.assert_array_equal(found.labels, truth)
    assert (found.n_clusters, found.n_comparisons) == (3, 12 * 11)
    assert found.n_links == 10 + 3 + 1  # all pairs of 5, 3 and 2


def test_unrelated_pictures_are_not_linked(rows: list[Words], tmp_path: Path) -> None:
    shards = SignShards.write(tmp_path / "s", iter(rows), n_bits=N_BITS)
    found = cluster_signs(shards)
    assert (found.n_links, found.n_clusters) == (0, 0)
    assert set(found.labels.tolist()) == {-1}


@pytest.mark.parametrize("side", [8, 9])
def test_upside_down_is_the_row_backwards(side: int, rng: np.random.Generator) -> None:
    pattern = rng.normal(size=(side, side))
    upright, turned = _both_ways(sign_bits(pattern), side * side)
    np.testing.assert_array_equal(upright, sign_bits(pattern))
    np.testing.assert_array_equal(turned, sign_bits(pattern[::-1, ::-1]))


def test_damaged_or_missing_shards_are_refused(
    rows: list[Words], tmp_path: Path
) -> None:
    with pytest.raises(ArtifactNotFoundError, match="no shards"):
        SignShards.open(tmp_path / "s")
    SignShards.write(tmp_path / "s", iter(rows), n_bits=N_BITS)
    with pytest.raises(InputError, match="exists"):
        SignShards.write(tmp_path / "s", iter(rows), n_bits=N_BITS)
    file = tmp_path / "s" / "signs-00000.u64"
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(ChecksumMismatchError, match="cut or damaged"):
        SignShards.open(tmp_path / "s")
    (tmp_path / "s" / "shards.json").write_text('{"n_bits": 1}')
    with pytest.raises(IncompatibleArtifactError, match=r"shards\.json"):
        SignShards.open(tmp_path / "s")


def test_wrong_sizes_and_numbers_are_refused(rows: list[Words], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 1 is uint64"):
        SignShards.write(
            tmp_path / "short", iter([rows[0], rows[1][:-1]]), n_bits=N_BITS
        )
    shards = SignShards.write(tmp_path / "s", iter(rows), n_bits=N_BITS)
    with pytest.raises(InputError, match="k is 0"):
        search_signs([rows[0][None]], shards, k=0)
    with pytest.raises(InputError, match="workers is 0"):
        search_signs([rows[0][None]], shards, workers=0)
    with pytest.raises(ShapeMismatchError):
        search_signs([rows[0][None, :-1]], shards)
    lone = SignShards.write(tmp_path / "lone", iter(rows[:1]), n_bits=N_BITS)
    with pytest.raises(InputError, match="at least 2"):
        cluster_signs(lone)
