"""Perceptual hashes, and the groups they make."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from whichcam.datasets import Manifest, near_duplicates, perceptual_hash
from whichcam.datasets._perceptual_hash import hash_of_bytes
from whichcam.errors import ImageDecodeError, InputError, ManifestError


def manifest_of(hashes: list[int | None]) -> Manifest:
    cells = ["" if h is None else format(h, "016x") for h in hashes]
    paths = [f"{i}.jpg" for i in range(len(hashes))]
    return Manifest({"path": paths, "perceptual_hash": cells}, root=".")


def scene(rng: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    coarse = rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((320, 240)))


def bits_apart(left: str, right: str) -> int:
    return (int(left, 16) ^ int(right, 16)).bit_count()


@pytest.mark.parametrize(("quality", "size"), [(50, (320, 240)), (90, (160, 120))])
def test_another_encoding_of_a_picture_stays_within_six_bits(
    rng: np.random.Generator, quality: int, size: tuple[int, int]
) -> None:
    pixels = scene(rng)
    stream = io.BytesIO()
    Image.fromarray(pixels).resize(size).save(stream, "JPEG", quality=quality)
    assert bits_apart(perceptual_hash(pixels), hash_of_bytes(stream.getvalue())) <= 6


def test_two_scenes_are_far_apart(rng: np.random.Generator) -> None:
    hashes = [perceptual_hash(scene(rng)) for _ in range(12)]
    apart = [bits_apart(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(apart) > 10


def test_a_flat_picture_has_no_hash(rng: np.random.Generator) -> None:
    noise = rng.integers(127, 130, (240, 320, 3)).astype(np.uint8)
    assert perceptual_hash(noise) == ""


def test_bytes_that_are_no_picture_are_refused() -> None:
    with pytest.raises(ImageDecodeError, match="cannot be decoded"):
        hash_of_bytes(b"\xff\xd8\xff no picture")


def test_hashes_within_the_distance_are_grouped_and_others_not() -> None:
    groups = near_duplicates(
        manifest_of([0, 0b111, 2**64 - 1, 0, 2**64 - 2]), max_distance=2
    )
    assert groups == ((0, 3), (2, 4))


def test_likeness_is_passed_on_along_a_series() -> None:
    series = [(1 << (2 * i)) - 1 for i in range(10)]
    assert near_duplicates(manifest_of([*series]), max_distance=2) == (
        tuple(range(10)),
    )


def test_blank_hashes_belong_to_no_group() -> None:
    assert near_duplicates(manifest_of([None, None, 5, None])) == ()


@pytest.mark.parametrize("distance", [0, 3, 6, 12, 31, 64])
def test_groups_are_those_of_the_full_comparison(
    rng: np.random.Generator, distance: int
) -> None:
    hashes = [int(h) for h in rng.integers(0, 2**64, 60, dtype=np.uint64)]
    for original in hashes[:40]:
        flips = rng.choice(64, rng.integers(0, 14), replace=False)
        hashes.append(original ^ sum(1 << int(bit) for bit in flips))
    expected = _all_pairs(hashes, distance)
    assert near_duplicates(manifest_of([*hashes]), max_distance=distance) == expected


def _all_pairs(hashes: list[int], distance: int) -> tuple[tuple[int, ...], ...]:
    group = list(range(len(hashes)))
    for i, a in enumerate(hashes):
        for j, b in enumerate(hashes):
            if (a ^ b).bit_count() <= distance and group[i] != group[j]:
                old, new = group[j], group[i]
                group = [new if g == old else g for g in group]
    members: dict[int, list[int]] = {}
    for row, g in enumerate(group):
        members.setdefault(g, []).append(row)
    return tuple(sorted(tuple(m) for m in members.values() if len(m) > 1))


def test_fifty_thousand_rows_are_compared_without_a_square_matrix(
    rng: np.random.Generator,
) -> None:
    import tracemalloc

    hashes: list[int | None] = [*rng.integers(0, 2**64, 50_000, dtype=np.uint64)]
    hashes[-1] = int(hashes[0] or 0) ^ 0b11
    manifest = manifest_of([None if h is None else int(h) for h in hashes])
    tracemalloc.start()
    groups = near_duplicates(manifest)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (0, 49_999) in groups
    assert peak < 200e6  # a square of bytes would be 2.5e9


def test_a_manifest_without_hashes_is_refused() -> None:
    with pytest.raises(ManifestError, match="perceptual_hash"):
        near_duplicates(Manifest({"path": ["a"]}, root="."))


@pytest.mark.parametrize("distance", [-1, 65])
def test_a_distance_beyond_the_bits_is_refused(distance: int) -> None:
    with pytest.raises(InputError, match="expected 0 to 64"):
        near_duplicates(manifest_of([1]), max_distance=distance)
