"""Photos of known cameras, unlabelled, are sorted into them and into no others."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from whichcam._typing import FloatArray
from whichcam.errors import (
    ArtifactNotFoundError,
    InputError,
    ShapeMismatchError,
)
from whichcam.prnu import Clustering, PhotoNoise, cluster
from whichcam.prnu import _gram as gram_module
from whichcam.prnu._agglomerate import Groups
from whichcam.prnu._gram import Gram, NoiseStore, gram_of

SHAPE = (104, 120)


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


def _photos(
    rng: np.random.Generator, counts: list[int], strength: float = 0.4
) -> tuple[list[PhotoNoise], list[int], list[bool]]:
    """Return photos of cameras in a random order, some of them upside down."""
    patterns = [_white(rng, SHAPE) for _ in counts]
    cameras = np.repeat(np.arange(len(counts)), counts)
    rng.shuffle(cameras)
    turned = rng.random(len(cameras)) < 0.3
    noises = []
    for camera, is_turned in zip(cameras, turned, strict=True):
        level = rng.uniform(0.5, 1, SHAPE).astype(np.float32)
        residual = _white(rng, SHAPE) + np.float32(strength) * level * patterns[camera]
        planes = (residual, level)
        if is_turned:
            planes = (np.rot90(residual, 2), np.rot90(level, 2))
        residual, level = (np.ascontiguousarray(plane) for plane in planes)
        noises.append(_noise(residual, level))
    return noises, cameras.tolist(), turned.tolist()


def _pairs(labels: tuple[int, ...] | list[int]) -> np.ndarray:
    """Return which pairs are together; -1 is with nothing."""
    values = np.array(labels)
    same = (values[:, None] == values[None]) & (values >= 0)[:, None]
    np.fill_diagonal(same, False)
    return np.asarray(same)


def test_cameras_are_told_apart_and_their_photos_found(
    rng: np.random.Generator,
) -> None:
    noises, cameras, turned = _photos(rng, [9, 7, 5, 3, 1])
    found = cluster(noises)
    alone = cameras.index(4)
    assert found.n_clusters == 4
    assert found.labels[alone] == -1
    assert found.unassigned_share == 1 / 25
    expected = [-1 if camera == 4 else camera for camera in cameras]
    np.testing.assert_array_equal(_pairs(found.labels), _pairs(expected))
    for number in range(4):
        members = [i for i, label in enumerate(found.labels) if label == number]
        against_first = [turned[i] != turned[members[0]] for i in members]
        assert [found.rotations[i] == 180 for i in members] == against_first
    sizes = [found.labels.count(number) for number in range(4)]
    assert sizes == [9, 7, 5, 3]


def test_weak_photos_find_their_camera_once_it_is_known(
    rng: np.random.Generator,
) -> None:
    pattern = _white(rng, SHAPE)
    strong = [_noise(_white(rng, SHAPE) + pattern) for _ in range(12)]
    weak = [_noise(_white(rng, SHAPE) + np.float32(0.1) * pattern) for _ in range(3)]
    assert cluster(weak).n_clusters == 0  # a pair of them: z of 1
    assert cluster(strong + weak).labels == (0,) * 15


def test_strangers_stay_alone(rng: np.random.Generator) -> None:
    n_joined = 0
    for _ in range(6):
        found = cluster(_noise(_white(rng, SHAPE)) for _ in range(12))
        n_joined += found.n_clusters
    assert n_joined == 0


def test_a_common_block_of_jpeg_joins_nothing(rng: np.random.Generator) -> None:
    block = np.tile(_white(rng, (8, 8)), (13, 15)) * np.float32(0.3)
    noises = [_noise(_white(rng, SHAPE) + block) for _ in range(30)]
    assert cluster(noises).n_clusters == 0


@pytest.mark.parametrize("rotations", [(0,), (0, 180)])
def test_the_order_of_photos_does_not_matter(
    rng: np.random.Generator, rotations: tuple[int, ...]
) -> None:
    noises, _, _ = _photos(rng, [5, 4, 3], strength=0.35)
    order = rng.permutation(12)
    first = cluster(noises, rotations=rotations)
    second = cluster([noises[i] for i in order], rotations=rotations)
    moved = np.array(first.labels)[order]
    np.testing.assert_array_equal(_pairs(moved.tolist()), _pairs(second.labels))


def test_upside_down_photos_are_apart_where_rotations_are_not_tried(
    rng: np.random.Generator,
) -> None:
    pattern = _white(rng, SHAPE)
    turned = np.ascontiguousarray(np.rot90(pattern, 2))
    noises = [_noise(_white(rng, SHAPE) + p) for p in (pattern, turned) * 3]
    assert cluster(noises).labels == (0,) * 6
    assert cluster(noises, rotations=(0,)).labels == (0, 1) * 3


def test_a_scratch_folder_gives_the_same_and_is_left_empty(
    rng: np.random.Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noises, _, _ = _photos(rng, [4, 3, 1])
    whole = cluster(noises)
    assert cluster(noises, scratch=tmp_path) == whole
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(gram_module, "_CHUNK_BYTES", 4 * 8 * 8 * 40)  # small tiles
    tiled = cluster(noises, scratch=tmp_path)
    assert tiled.labels == whole.labels


def test_products_are_those_of_whole_planes(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gram_module, "_CHUNK_BYTES", 4 * 3 * 8 * 40)
    planes = [_white(rng, (37, 43)) for _ in range(3)]
    with NoiseStore(None) as store:
        for plane in planes:
            store.append(plane, float(np.vdot(plane, plane)))
        gram = gram_of(store, (37, 43), is_turned=True)
    clean = []
    for plane in planes:
        x = plane.copy()
        for i in range(8):
            for j in range(8):
                x[i::8, j::8] -= x[i::8, j::8].mean()
        clean.append(x / np.linalg.norm(x))
    for i in range(3):
        for j in range(3):
            upright = float((clean[i] * clean[j]).sum())
            turned = float((clean[i] * clean[j][::-1, ::-1]).sum())
            assert gram.products[0, i, j] == pytest.approx(upright, abs=2e-3)
            assert gram.products[1, i, j] == pytest.approx(turned, abs=2e-3)


def test_a_member_that_does_not_agree_with_the_rest_is_put_out() -> None:
    products = np.eye(5, dtype=np.float32)[None].repeat(2, 0)
    products[0, :4, :4] = 0.5
    products[0, 4, 3] = products[0, 3, 4] = 0.4
    np.fill_diagonal(products[0], 1)
    products[1] = 0
    groups = Groups(Gram(products=products, spread=np.ones(5), n_pixels=10_000))
    groups.join_down_to(3)
    assert groups.labels()[0] == (0,) * 5
    groups.put_out_below(20)
    assert groups.labels()[0] == (0, 0, 0, 0, -1)
    assert (groups.n_clusters, groups.n_single) == (1, 1)
    groups.take_in_down_to(5)
    assert groups.labels()[0] == (0,) * 5


def test_what_only_resembles_one_photo_of_a_camera_is_put_out(
    rng: np.random.Generator,
) -> None:
    pattern, scene = _white(rng, SHAPE), _white(rng, SHAPE)
    photos = [_noise(_white(rng, SHAPE) + np.float32(0.65) * pattern) for _ in "x" * 40]
    both = _noise(photos[0].residual + np.float32(1.2) * scene)
    stranger = _noise(_white(rng, SHAPE) + np.float32(1.2) * scene)
    found = cluster([both, stranger, *photos[1:]])
    assert found.merges[0].first == 0  # the two with one scene are joined at first
    assert found.merges[0].second == 1
    assert found.labels == (0, -1, *[0] * 39)


@pytest.mark.parametrize("is_turned", [False, True])
def test_a_group_counts_as_the_sum_of_its_photos_as_they_lie(
    rng: np.random.Generator, is_turned: bool
) -> None:
    pattern = _white(rng, SHAPE)
    planes = [_white(rng, SHAPE) + np.float32(s) * pattern for s in (2, 2, 0.5)]
    with NoiseStore(None) as store:
        for index, plane in enumerate(planes):
            turned = plane[::-1, ::-1] if index == 1 and is_turned else plane
            store.append(turned, float(np.vdot(plane, plane)))
        gram = gram_of(store, SHAPE, is_turned=True)
    groups = Groups(gram)
    groups.join_down_to(5)
    first, second, third = (x / np.linalg.norm(x) for x in planes)
    pair = first + second
    spread = gram.spread[2] * gram.spread[:2].mean()
    expected = float((pair * third).sum()) / float(np.linalg.norm(pair))
    expected *= float(np.sqrt(gram.n_pixels / spread))
    assert groups.merges[0].rotation == (180 if is_turned else 0)
    assert groups.merges[1].z == pytest.approx(expected, rel=0.05)


def test_photos_without_a_usable_pixel_are_left_unassigned(
    rng: np.random.Generator,
) -> None:
    noises, _, _ = _photos(rng, [4])
    dark = _noise(noises[0].residual, np.zeros(SHAPE, np.float32))
    flat = _noise(np.zeros(SHAPE, np.float32))
    found = cluster([dark, *noises, flat])
    assert found.labels == (-1, 0, 0, 0, 0, -1)


def test_one_photo_is_a_set_too(rng: np.random.Generator) -> None:
    found = cluster([_noise(_white(rng, SHAPE))])
    assert (found.labels, found.n_clusters) == ((-1,), 0)
    assert found.unassigned_share == 1


def test_a_clustering_is_json(rng: np.random.Generator) -> None:
    noises, _, _ = _photos(rng, [3])
    found = cluster(noises)
    stored = json.loads(json.dumps(found.to_dict()))
    assert stored["labels"] == [0, 0, 0]
    assert [merge["n_photos"] for merge in stored["merges"]] == [2, 3]
    assert isinstance(found, Clustering)


def test_another_shape_is_refused_with_its_name(rng: np.random.Generator) -> None:
    noises = [_noise(_white(rng, SHAPE)), _noise(_white(rng, (64, 64)), name="b.jpg")]
    with pytest.raises(ShapeMismatchError, match=r"photo 1 \(b.jpg\)"):
        cluster(noises)


def test_impossible_sets_are_refused(
    rng: np.random.Generator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = _noise(_white(rng, SHAPE))
    with pytest.raises(InputError, match="no photo"):
        cluster([])
    with pytest.raises(InputError, match="rotations"):
        cluster([noise], rotations=(0, 90))
    with pytest.raises(InputError, match="false_alarm_rate"):
        cluster([noise], false_alarm_rate=0)
    with pytest.raises(ArtifactNotFoundError, match="no folder"):
        cluster([noise], scratch=tmp_path / "missing")
    with pytest.raises(InputError, match="NaN"):
        cluster([_noise(noise.residual * np.float32(np.nan))])
    monkeypatch.setattr("whichcam.prnu._cluster._MAX_PHOTOS", 2)
    with pytest.raises(InputError, match="more than 2 photos"):
        cluster([noise] * 3)
