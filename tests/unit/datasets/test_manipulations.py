"""Manipulations do what their names say, and nothing else."""

from __future__ import annotations

import json
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from whichcam._typing import PixelArray
from whichcam.datasets.manipulations import (
    MANIPULATIONS,
    SP_CUP,
    manipulate,
    parse_chain,
    parse_manipulation,
)
from whichcam.errors import (
    ConfigError,
    ImageTooLargeError,
    ImageTooSmallError,
    InputError,
    UnknownNameError,
)


@pytest.fixture
def picture(rng: np.random.Generator) -> PixelArray:
    """Return a textured picture of odd sides, larger than every listed crop."""
    rows, columns = np.mgrid[0:535, 0:621]
    smooth = 110 + 60 * np.sin(rows / 17) * np.cos(columns / 23)
    noise = rng.normal(0, 6, (535, 621, 3))
    picture: PixelArray = np.clip(smooth[..., None] + noise, 0, 255).astype(np.uint8)
    return picture


def _mean_difference(first: PixelArray, second: PixelArray) -> float:
    return float(np.abs(first.astype(float) - second.astype(float)).mean())


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_every_listed_manipulation_leaves_its_input_as_it_was(
    name: str, picture: PixelArray
) -> None:
    before = picture.copy()
    picture.flags.writeable = False

    result = manipulate(picture, name)

    assert np.array_equal(picture, before)
    assert result.dtype == np.uint8
    assert result.flags.c_contiguous
    assert result.flags.writeable
    assert not np.may_share_memory(result, picture)


@pytest.mark.parametrize("name", [name for name in MANIPULATIONS if name != "none"])
def test_every_listed_manipulation_but_none_changes_the_picture(
    name: str, picture: PixelArray
) -> None:
    wide = np.tile(picture, (1, 4, 1))  # past the longest side of every messenger
    assert not np.array_equal(manipulate(wide, name), wide)


def test_none_gives_the_same_pixels(picture: PixelArray) -> None:
    assert np.array_equal(manipulate(picture, "none"), picture)


def test_the_sp_cup_list_holds_its_eight_manipulations() -> None:
    steps = [MANIPULATIONS[name] for name in SP_CUP]
    assert [(step.kind, step.parameter) for step in steps] == [
        ("jpeg", 70),
        ("jpeg", 90),
        ("resize", 0.5),
        ("resize", 0.8),
        ("resize", 1.5),
        ("resize", 2.0),
        ("gamma", 0.8),
        ("gamma", 1.2),
    ]


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_the_name_of_a_manipulation_reads_back_to_it(name: str) -> None:
    assert MANIPULATIONS[name].name == name
    assert parse_manipulation(name) == MANIPULATIONS[name]


def test_a_chain_is_recorded_step_by_step_as_json() -> None:
    record = [step.to_dict() for step in parse_chain("resize_0.8 + jpeg_90")]
    assert json.loads(json.dumps(record)) == [
        {"name": "resize_0.8", "kind": "resize", "parameter": 0.8},
        {"name": "jpeg_90", "kind": "jpeg", "parameter": 90},
    ]


@pytest.mark.parametrize("name", ["jpeg_70", "gamma_1.2", "flip_vertical"])
def test_some_manipulations_keep_the_size(name: str, picture: PixelArray) -> None:
    assert manipulate(picture, name).shape == picture.shape


@pytest.mark.parametrize("plain", ["", "plain_"])
@pytest.mark.parametrize(
    ("factor", "height", "width"),
    [("0.5", 268, 311), ("0.8", 428, 497), ("1.5", 803, 932), ("2.0", 1070, 1242)],
)
def test_resizing_rounds_each_side_half_up(
    plain: str, factor: str, height: int, width: int, picture: PixelArray
) -> None:
    resized = manipulate(picture, f"resize_{plain}{factor}")
    assert resized.shape == (height, width, 3)


def test_only_resize_removes_detail_that_the_small_picture_cannot_hold() -> None:
    stripes = np.zeros((90, 90, 3), dtype=np.uint8)
    stripes[:, ::3] = 240  # period 3 px: beyond what half the size can hold
    smoothed = manipulate(stripes, "resize_0.5")[8:-8, 8:-8]
    aliased = manipulate(stripes, "resize_plain_0.5")[8:-8, 8:-8]
    assert np.ptp(smoothed) < 60
    assert np.ptp(aliased) > 120


@pytest.mark.parametrize("name", ["resize_0.5", "resize_plain_0.5", "resize_2.0"])
def test_resizing_keeps_a_constant_picture_constant(name: str) -> None:
    flat = np.full((33, 41, 3), (10, 130, 250), dtype=np.uint8)
    assert np.array_equal(np.unique(manipulate(flat, name)), [10, 130, 250])


def test_plain_resizing_interpolates_a_ramp_between_pixel_centres() -> None:
    ramp = np.repeat(np.arange(0, 200, 8, dtype=np.uint8)[None, :, None], 9, axis=0)
    ramp = np.repeat(ramp, 3, axis=2)
    doubled = manipulate(ramp, "resize_plain_2.0")[4, 6:-6, 0].astype(int)
    expected = (np.arange(50) + 0.5) * 4 - 4
    # The kernel with a = -0.75 has no linear precision: it errs by up to 0.4 of
    # 8 levels a pixel, which is far less than a shift by half a pixel.
    assert np.abs(doubled - expected[6:-6]).max() <= 1.5


def test_plain_resizing_weighs_an_impulse_by_keys_kernel_with_a_minus_3_quarters() -> (
    None
):
    pixels = np.full((9, 9, 3), 50, dtype=np.uint8)
    pixels[:, 4] = 150
    # Keys' formula at distances 1.75, 1.25, 0.75 and 0.25 px, by hand.
    half = [-0.03515625, -0.10546875, 0.26171875, 0.87890625]
    expected = np.rint(50 + 100 * np.array(half + half[::-1]))
    doubled = manipulate(pixels, "resize_plain_2.0")
    assert doubled[9, 5:13, 1].tolist() == expected.tolist()


def test_jpeg_uses_4_2_0_and_the_quality_named(picture: PixelArray) -> None:
    buffer = BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=83, subsampling="4:2:0")
    reference = np.asarray(Image.open(buffer))
    assert np.array_equal(manipulate(picture, "jpeg_83"), reference)


def test_a_lower_jpeg_quality_loses_more(picture: PixelArray) -> None:
    low = _mean_difference(manipulate(picture, "jpeg_70"), picture)
    high = _mean_difference(manipulate(picture, "jpeg_90"), picture)
    assert low > high > 0


def test_gamma_raises_relative_levels_to_the_power_named() -> None:
    levels = np.array([0, 51, 127, 204, 255], dtype=np.uint8)
    pixels = np.broadcast_to(levels[None, :, None], (1, 5, 3))
    changed = manipulate(pixels, "gamma_0.8")[0, :, 0]
    assert changed.tolist() == [0, 70, 146, 213, 255]


def test_a_gamma_and_its_inverse_nearly_cancel(picture: PixelArray) -> None:
    back = manipulate(picture, "gamma_0.8+gamma_1.25")
    assert np.abs(back.astype(int) - picture.astype(int)).max() <= 1


def _window(crop: PixelArray, picture: PixelArray) -> tuple[int, int]:
    """Return the only (row, column) of ``picture`` at which ``crop`` stands."""
    matches = np.argwhere((picture == crop[0, 0]).all(axis=2))
    height, width = crop.shape[:2]
    places = [
        (int(row), int(column))
        for row, column in matches
        if np.array_equal(picture[row : row + height, column : column + width], crop)
    ]
    assert len(places) == 1
    return places[0]


def test_a_crop_is_a_window_of_the_picture(picture: PixelArray) -> None:
    crop = manipulate(picture, "crop_256", seed=3)
    row, column = _window(crop, picture)
    assert crop.shape == (256, 256, 3)
    assert np.array_equal(picture[row : row + 256, column : column + 256], crop)


def test_crops_fall_on_and_off_the_8_x_8_grid(picture: PixelArray) -> None:
    phases = {
        tuple(np.mod(_window(manipulate(picture, "crop_64", seed=s), picture), 8))
        for s in range(24)
    }
    assert len(phases) > 12


def test_grid_crops_stay_on_the_8_x_8_grid_and_move(picture: PixelArray) -> None:
    places = {
        _window(manipulate(picture, "crop_grid_64", seed=s), picture) for s in range(12)
    }
    assert len(places) > 8
    assert all(row % 8 == 0 and column % 8 == 0 for row, column in places)


def test_a_crop_by_share_keeps_that_share_of_each_side(picture: PixelArray) -> None:
    assert manipulate(picture, "crop_0.9").shape == (482, 559, 3)


def test_two_crops_in_one_chain_are_placed_independently() -> None:
    rows, columns = np.mgrid[0:256, 0:256].astype(np.uint8)
    places = np.dstack([rows, columns, np.zeros_like(rows)])  # colour = position
    offsets = []
    for seed in range(4):
        first = manipulate(places, "crop_192", seed=seed)[0, 0].astype(int)
        both = manipulate(places, "crop_192+crop_128", seed=seed)[0, 0].astype(int)
        offsets.append((first.tolist(), (both - first).tolist()))
    assert any(first != second for first, second in offsets)


def test_rotation_is_counter_clockwise(picture: PixelArray) -> None:
    turned = manipulate(picture, "rotate_90")
    assert np.array_equal(turned[-1, 0], picture[0, 0])
    assert np.array_equal(turned[0, 0], picture[0, -1])


def test_a_horizontal_flip_swaps_left_and_right(picture: PixelArray) -> None:
    assert np.array_equal(manipulate(picture, "flip_horizontal"), picture[:, ::-1])


def test_the_order_of_a_chain_matters(picture: PixelArray) -> None:
    first = manipulate(picture, "jpeg_70+resize_0.8")
    second = manipulate(picture, "resize_0.8+jpeg_70")
    assert first.shape == second.shape
    assert _mean_difference(first, second) > 0.1


def test_fit_limits_the_longer_side_and_keeps_the_shape() -> None:
    tall = np.zeros((1000, 400, 3), dtype=np.uint8)
    assert manipulate(tall, "fit_300").shape == (300, 120, 3)


def test_fit_never_enlarges(picture: PixelArray) -> None:
    assert np.array_equal(manipulate(picture, "fit_4000"), picture)


def test_a_messenger_shrinks_and_then_compresses(picture: PixelArray) -> None:
    large = np.tile(picture, (1, 4, 1))
    sent = manipulate(large, "messenger_1600")
    assert max(sent.shape[:2]) == 1600
    assert np.array_equal(sent, manipulate(large, "fit_1600+jpeg_75"))


@pytest.mark.parametrize("name", ["", "blur_3", "jpeg_", "jpeg_ten", "crop_1e3", "+"])
def test_an_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown manipulation .*jpeg_70"):
        parse_chain(name)


@pytest.mark.parametrize(
    "name",
    [
        "jpeg_0",
        "jpeg_101",
        "jpeg_70.5",
        "resize_0.0",
        "resize_9",
        "gamma_0",
        "rotate_45",
        "rotate_100",
        "crop_0",
        "crop_1.5",
        "fit_1",
    ],
)
def test_a_parameter_out_of_range_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="expected"):
        parse_chain(name)


def test_a_chain_without_end_is_refused() -> None:
    with pytest.raises(ConfigError, match="17 steps"):
        parse_chain("+".join(["none"] * 17))


@pytest.mark.parametrize("seed", [-1, 0.5])
def test_a_bad_seed_is_refused(seed: int, picture: PixelArray) -> None:
    with pytest.raises(ConfigError, match="seed"):
        manipulate(picture, "none", seed=seed)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 4), (8, 8, 1)])
def test_pixels_that_are_no_rgb_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="expected"):
        manipulate(np.zeros(shape, dtype=np.uint8), "none")


def test_a_picture_without_pixels_is_refused() -> None:
    with pytest.raises(ImageTooSmallError, match="9 x 0 px"):
        manipulate(np.zeros((0, 9, 3), dtype=np.uint8), "none")


def test_pixels_of_another_type_are_refused() -> None:
    pixels = np.zeros((8, 8, 3))
    with pytest.raises(InputError, match="float64"):
        manipulate(pixels, "none")  # type: ignore[arg-type]


def test_a_crop_larger_than_the_picture_is_refused() -> None:
    with pytest.raises(ImageTooSmallError, match="512 x 512"):
        manipulate(np.zeros((511, 900, 3), dtype=np.uint8), "crop_512")


def test_an_enlargement_past_the_pixel_limit_is_refused_before_it_is_made() -> None:
    wide = np.zeros((1, 1, 3), dtype=np.uint8)
    large = np.broadcast_to(wide, (5000, 5000, 3))  # takes no memory
    with pytest.raises(ImageTooLargeError, match="200000000"):
        manipulate(large, "resize_8")


def test_a_jpeg_wider_than_the_format_allows_is_refused() -> None:
    with pytest.raises(ImageTooLargeError, match="65500"):
        manipulate(np.zeros((1, 65501, 3), dtype=np.uint8), "jpeg_90")
