"""Patches at native resolution: which are good, where they lie, what is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from whichcam.datasets.manipulations import manipulate
from whichcam.methods import PatchData
from whichcam.methods._patches import (
    as_input,
    at_least,
    cut,
    patch_places,
    patch_quality,
)
from whichcam.methods._windows import changed_patch, window_px


def _patch(level: int, spread: int, rng: np.random.Generator) -> Any:
    noise = rng.integers(-spread, spread + 1, (64, 64, 3))
    return np.clip(level + noise, 0, 255).astype(np.uint8)


def test_textured_patches_of_middle_brightness_are_best(
    rng: np.random.Generator,
) -> None:
    kinds = [(128, 60), (128, 0), (40, 20), (255, 0), (0, 0)]
    found = patch_quality(np.stack([_patch(*kind, rng) for kind in kinds]))
    assert found.argmax() == 0
    assert set(found.argsort()[:2]) == {3, 4}
    assert ((found >= 0) & (found <= 1)).all()


def test_the_quality_is_the_published_formula(rng: np.random.Generator) -> None:
    patch = _patch(90, 30, rng)
    expected = 0.0
    for channel in range(3):
        levels = patch[..., channel] / 255.0
        mean, spread = levels.mean(), levels.std()
        expected += 0.7 * 4 * (mean - mean**2) + 0.3 * (1 - 0.01**spread)
    assert patch_quality(patch[None])[0] == pytest.approx(expected / 3, rel=1e-5)


@pytest.mark.parametrize("by_quality", [True, False])
@pytest.mark.parametrize("size", [64, 100])
def test_places_lie_side_by_side_on_the_grid_and_inside(
    size: int, by_quality: bool, rng: np.random.Generator
) -> None:
    pixels = rng.integers(0, 256, (331, 217, 3)).astype(np.uint8)
    places = patch_places(pixels, size, by_quality=by_quality)
    assert len(places) == (331 // (104 if size == 100 else 64)) * (
        217 // (104 if size == 100 else 64)
    )
    for top, left in places:
        assert top % 8 == left % 8 == 0
        assert top + size <= 331
        assert left + size <= 217
    seen = np.zeros((331, 217), int)
    for top, left in places:
        seen[top : top + size, left : left + size] += 1
    assert seen.max() == 1


def test_without_quality_the_middle_comes_first() -> None:
    pixels = np.zeros((320, 320, 3), np.uint8)
    assert patch_places(pixels, 64, by_quality=False)[0] == (128, 128)


def test_the_best_patch_comes_first(rng: np.random.Generator) -> None:
    pixels = np.zeros((192, 192, 3), np.uint8)
    pixels[128:, 64:128] = _patch(128, 60, rng)
    assert patch_places(pixels, 64, by_quality=True)[0] == (128, 64)


def test_a_small_picture_is_continued_by_mirroring(rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (50, 200, 3)).astype(np.uint8)
    found = at_least(pixels, 64)
    assert found.shape == (64, 200, 3)
    np.testing.assert_array_equal(found[:50], pixels)
    np.testing.assert_array_equal(found[50:], pixels[49:35:-1])
    assert at_least(pixels, 50) is pixels


def test_networks_get_channels_first_and_levels_as_they_are(
    rng: np.random.Generator,
) -> None:
    patches = rng.integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    found = as_input(patches)
    assert found.shape == (2, 3, 64, 64)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[1, 2], patches[1, :, :, 2])


def _data(**changes: Any) -> PatchData:
    rng = np.random.default_rng(1)
    values: dict[str, Any] = {
        "regions": [
            rng.integers(0, 256, (160, 192, 3)).astype(np.uint8) for _ in range(12)
        ],
        "labels": np.array([0] * 9 + [1] * 3),
        "devices": ["a"] * 9 + ["b"] * 3,
        "validation": np.array([0, 11]),
        "n_classes": 2,
        "patch_px": 64,
        "patches_per_photo": 2,
        "n_looks": 3,
        "by_quality": False,
        "manipulations": (),
        "turns": (0,),
        "seed": 3,
    }
    return PatchData(**values | changes)


def _drawn(data: PatchData, epoch: int) -> tuple[Any, Any]:
    batches = list(data.batches(epoch, 8))
    assert len(batches) == data.batch_shape(8)[0]
    assert len({len(patches) for patches, _ in batches}) == 1
    return np.concatenate([b[0] for b in batches]), np.concatenate(
        [b[1] for b in batches]
    )


@pytest.mark.parametrize("by_quality", [True, False])
def test_an_epoch_draws_as_many_photos_as_there_are_to_learn_from(
    by_quality: bool,
) -> None:
    data = _data(by_quality=by_quality)
    patches, labels = _drawn(data, 0)
    assert patches.shape == (24, 64, 64, 3)  # two of each of ten, in batches alike
    assert len(labels) == 24
    assert data.batch_shape(8) == (3, 4)
    assert data.batch_shape(1000) == (1, 10)


def test_draws_are_the_same_for_a_seed_and_others_in_another_epoch() -> None:
    first, again, later = (_drawn(_data(), epoch)[0] for epoch in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, later)
    assert not np.array_equal(first, _drawn(_data(seed=4), 0)[0])


@pytest.mark.parametrize("by_quality", [True, False])
def test_who_draws_and_how_many_changes_nothing(by_quality: bool) -> None:
    changes = {"manipulations": ("jpeg_70", "gamma_0.8"), "turns": (0, 90, 180)}
    data = _data(by_quality=by_quality, **changes)
    whole, labels = _drawn(data, 2)
    ahead = _data(by_quality=by_quality, workers=3, **changes)
    np.testing.assert_array_equal(_drawn(ahead, 2)[0], whole)
    # as two processes draw: the first photo of each batch, and the three others
    shares = [[slice(0, 1)], [slice(1, 3), slice(3, 4)]]
    drawn = [list(data.batches(2, 8, parts)) for parts in shares]
    assert [len(found) for found in drawn] == [3, 6]
    joined = [
        (drawn[0][k], drawn[1][2 * k], drawn[1][2 * k + 1])
        for k in range(data.batch_shape(8)[0])
    ]
    again = [patches for batch in joined for patches, _ in batch]
    np.testing.assert_array_equal(np.concatenate(again), whole)
    classes = [found for batch in joined for _, found in batch]
    np.testing.assert_array_equal(np.concatenate(classes), labels)


def test_every_draw_has_a_place_of_its_own() -> None:
    data = _data(labels=np.array([0, 0, 1, 1]), devices=["a"] * 4, patches_per_photo=1)
    one = data.regions[1]
    object.__setattr__(data, "regions", [one] * 12)
    object.__setattr__(data, "validation", np.array([0, 3]))
    drawn = np.concatenate([_drawn(data, epoch)[0] for epoch in range(20)])
    assert len(np.unique(drawn.reshape(len(drawn), -1), axis=0)) > 0.8 * len(drawn)


def test_an_epochs_plan_is_balanced_whatever_its_parts() -> None:
    data = _data(devices=["a"] * 2 + ["c"] * 7 + ["b"] * 3)
    plans = np.concatenate([data.plan(epoch, 8) for epoch in range(200)])
    assert plans.shape == (600, 4)
    for part in (slice(0, 2), slice(2, 4)):  # of each of two processes
        rows = plans[:, part].ravel()
        assert abs((rows > 8).mean() - 1 / 2) < 0.05
        assert abs((rows < 2).mean() - 1 / 4) < 0.04


def test_rare_classes_are_drawn_as_often() -> None:
    data = _data()
    labels = np.concatenate([_drawn(data, epoch)[1] for epoch in range(60)])
    assert abs((labels == 1).mean() - 0.5) < 0.06  # 3 standard deviations of 600 draws


def test_devices_of_one_model_are_drawn_as_often() -> None:
    shades = [np.full((64, 64, 3), 10 * k, np.uint8) for k in range(12)]
    data = _data(regions=shades, devices=["a"] * 2 + ["c"] * 7 + ["b"] * 3)
    drawn = np.concatenate([_drawn(data, epoch)[0] for epoch in range(60)])
    shade = drawn[:, 0, 0, 0] // 10
    of_a, of_c = (shade == 1).sum(), ((shade > 1) & (shade < 9)).sum()
    assert abs(of_a / (of_a + of_c) - 0.5) < 0.09


def test_validation_photos_are_never_drawn() -> None:
    shades = [np.full((64, 64, 3), k, np.uint8) for k in range(12)]
    data = _data(regions=shades)
    drawn = np.concatenate([_drawn(data, epoch)[0] for epoch in range(30)])
    assert set(np.unique(drawn)) == set(range(1, 11))
    assert [row for row, _ in data.looks(data.validation)] == [0, 11]


def test_what_is_looked_at_is_cut_from_the_photo_unchanged() -> None:
    data = _data(manipulations=("jpeg_10",), turns=(90,))
    for row, patches in data.looks(data.validation):
        places = patch_places(data.regions[row], 64, by_quality=False)[:3]
        np.testing.assert_array_equal(patches, cut(data.regions[row], places, 64))


@pytest.mark.parametrize("share", [None, 0.0, 0.2, 1.0])
def test_a_share_of_the_draws_is_manipulated(share: float | None) -> None:
    shades = [np.full((64, 64, 3), 100, np.uint8) for _ in range(12)]
    settings: dict[str, Any] = {"regions": shades, "manipulations": ("gamma_0.8",)}
    if share is not None:
        settings["manipulated_share"] = share
    data = _data(**settings)
    drawn = np.concatenate([_drawn(data, epoch)[0] for epoch in range(60)])
    expected = int(manipulate(shades[0], "gamma_0.8")[0, 0, 0])
    assert {*np.unique(drawn)} <= {100, expected}
    changed = (drawn == expected).all((1, 2, 3)).mean()
    assert abs(changed - (0.5 if share is None else share)) < 0.08  # of 720 draws


@pytest.mark.parametrize("by_quality", [True, False])
def test_a_photo_is_manipulated_before_its_patch_is_cut(by_quality: bool) -> None:
    rng = np.random.default_rng(4)
    picture = rng.integers(0, 256, (200, 200, 3)).astype(np.uint8)
    data = _data(
        regions=[picture] * 12,
        manipulations=("gamma_1.2+jpeg_50",),
        manipulated_share=1.0,
        by_quality=by_quality,
    )
    side = window_px("jpeg_50", 64)
    assert side == 96
    starts = range(0, 200 - side + 1, 8)
    possible = {
        manipulate(picture[top : top + side, left : left + side], "gamma_1.2+jpeg_50")[
            16:80, 16:80
        ].tobytes()
        for top in starts
        for left in starts
    }
    for patch in _drawn(data, 0)[0]:
        assert patch.tobytes() in possible


def test_patches_whose_whole_picture_decides_are_cut_from_it_changed() -> None:
    rng = np.random.default_rng(4)
    picture = rng.integers(0, 256, (200, 200, 3)).astype(np.uint8)
    for name in ("fit_100", "resize_0.4"):  # the window would be the picture
        data = _data(regions=[picture] * 12, manipulations=(name,))
        object.__setattr__(data, "manipulated_share", 1.0)
        whole = manipulate(picture, name)
        starts = range(0, len(whole) - 63, 8)
        possible = {
            whole[top : top + 64, left : left + 64].tobytes()
            for top in starts
            for left in starts
        }
        assert {p.tobytes() for p in _drawn(data, 0)[0]} <= possible


def test_a_manipulation_that_leaves_too_little_is_passed_over() -> None:
    shades = [np.full((64, 64, 3), 100, np.uint8) for _ in range(12)]
    for name in ("resize_0.5", "crop_100"):  # too small, and larger than there is
        drawn, _ = _drawn(_data(regions=shades, manipulations=(name,)), 0)
        assert drawn.shape[1:] == (64, 64, 3)


def test_draws_are_turned_by_the_degrees_given() -> None:
    ramp = np.broadcast_to(
        np.arange(64, dtype=np.uint8)[:, None, None], (64, 64, 3)
    ).copy()
    data = _data(regions=[ramp] * 12, turns=(180,))
    drawn, _ = _drawn(data, 0)
    np.testing.assert_array_equal(drawn[0], ramp[::-1, ::-1])


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ("jpeg_70", 96),
        ("gamma_0.8+rotate_90", 96),
        ("resize_0.5", 160),
        ("resize_0.8", 120),  # the next multiple of 8 whose 0.8 is a whole number
        ("resize_2.0", 64),
        ("crop_100", 136),
        ("resize_0.5+crop_100", 232),
        ("fit_512", None),
        ("messenger_1600", None),
    ],
)
def test_a_window_is_as_large_as_the_chain_needs(
    chain: str, expected: int | None
) -> None:
    assert window_px(chain, 64) == expected


@pytest.mark.parametrize("chain", ["jpeg_70", "resize_0.5", "resize_1.5", "crop_0.9"])
def test_a_patch_of_a_window_is_that_of_the_whole_picture(chain: str) -> None:
    ramp = np.arange(256, dtype=np.uint8)
    flat = np.broadcast_arrays(ramp[:, None], ramp[None], np.uint8(90))
    picture = np.stack(flat, -1)
    for place in ((0, 0), (96, 40), (192, 192)):
        patch = changed_patch(picture, place, 64, chain, 3)
        assert patch is not None
        assert patch.shape == (64, 64, 3)
        assert patch.dtype == np.uint8
        # what is seen of the ramps lies about the place that was asked for
        scale = {"resize_0.5": 2.0, "resize_1.5": 2 / 3}.get(chain, 1.0)
        for plane, start in zip((0, 1), place, strict=True):
            span = patch[..., plane].astype(int)
            middle = (int(span.min()) + int(span.max())) / 2
            assert abs(middle - (start + 32)) <= 8 + 48 * scale
            assert abs(np.ptp(span) - 63 * scale) < 16


def test_a_region_too_small_for_a_chain_gives_no_patch() -> None:
    picture = np.zeros((64, 400, 3), np.uint8)
    assert changed_patch(picture, (0, 0), 64, "resize_0.5", 0) is None
    assert changed_patch(picture, (0, 0), 64, "crop_100", 0) is None
    with pytest.raises(ValueError, match="size of the picture"):
        changed_patch(picture, (0, 0), 64, "fit_90", 0)
