"""A pattern planted at a known shift, place, turn and size is found there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from whichcam._typing import FloatArray
from whichcam.errors import InputError
from whichcam.prnu import Fingerprint, PhotoNoise, SearchRange, compare, pce

SHAPE = (176, 200)


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


def _fingerprint(pattern: FloatArray) -> Fingerprint:
    return Fingerprint(pattern=pattern, n_photos=20, saturated_share=0.0, quality=1.0)


def _white(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    return rng.standard_normal(shape, dtype=np.float32)


def _photo(rng: np.random.Generator, pattern: FloatArray) -> PhotoNoise:
    intensity = rng.uniform(0.2, 1, pattern.shape).astype(np.float32)
    return _noise(_white(rng, pattern.shape) + intensity * pattern, intensity)


@pytest.mark.parametrize("shift", [(0, 0), (3, -5), (-60, 77), (87, -99), (0, 199)])
@pytest.mark.parametrize("rotation", [0, 180])
def test_any_circular_shift_is_found(
    rng: np.random.Generator, shift: tuple[int, int], rotation: int
) -> None:
    pattern = _white(rng, SHAPE)
    seen = np.rot90(np.roll(pattern, (-shift[0], -shift[1]), (0, 1)), rotation // 90)
    match = compare(
        _photo(rng, np.ascontiguousarray(seen)),
        _fingerprint(pattern),
        search=SearchRange(shifts="all"),
    )
    assert match.rotation == rotation
    assert (match.shift[0] - shift[0]) % SHAPE[0] == 0
    assert (match.shift[1] - shift[1]) % SHAPE[1] == 0
    assert match.n_positions == 2 * SHAPE[0] * SHAPE[1]
    assert match.p_value < 1e-9


def test_the_surface_holds_the_peak_and_gives_the_same_pce(
    rng: np.random.Generator,
) -> None:
    pattern = _white(rng, SHAPE)
    noise = _photo(rng, np.roll(pattern, (4, -9), (0, 1)))
    search = SearchRange(shifts="all", rotations=(0,))
    match = compare(noise, _fingerprint(pattern), search=search, keep_surface=True)
    assert match.surface is not None
    assert match.surface.shape == SHAPE
    peak = divmod(int(match.surface.argmax()), SHAPE[1])
    assert peak == (SHAPE[0] - 4, 9)
    assert pce(match.surface) == pytest.approx(match.pce, rel=1e-4)
    unkept = compare(noise, _fingerprint(pattern), search=search)
    assert unkept.surface is None


@pytest.mark.parametrize("shift", [(0, 0), (7, -3), (-8, 8)])
def test_a_shift_within_the_window_is_found_with_its_own_pixels(
    rng: np.random.Generator, shift: tuple[int, int]
) -> None:
    larger = _white(rng, (SHAPE[0] + 40, SHAPE[1] + 40))
    pattern = np.ascontiguousarray(larger[20:-20, 20:-20])
    top, left = 20 + shift[0], 20 + shift[1]
    seen = larger[top : top + SHAPE[0], left : left + SHAPE[1]]
    search = SearchRange(shifts="window", window=8, rotations=(0,))
    match = compare(
        _photo(rng, np.ascontiguousarray(seen)),
        _fingerprint(pattern),
        search=search,
        keep_surface=True,
    )
    assert match.shift == shift
    assert match.n_positions == 17 * 17
    assert match.overlap == (SHAPE[0] - abs(shift[0])) * (SHAPE[1] - abs(shift[1]))
    assert match.surface is not None
    assert match.surface[8 + shift[0], 8 + shift[1]] == match.surface.max()
    # Of residual times intensity with the pattern: nearly the same.
    assert match.surface.max() == pytest.approx(match.ncc, rel=0.15)


def test_window_and_all_shifts_agree_where_both_look(
    rng: np.random.Generator,
) -> None:
    pattern = _white(rng, (256, 256))
    noise = _photo(rng, np.roll(pattern, (2, -3), (0, 1)))
    window, every = (
        compare(noise, _fingerprint(pattern), search=SearchRange(shifts=shifts))
        for shifts in ("window", "all")
    )
    assert window.shift == every.shift == (-2, 3)
    assert window.z == pytest.approx(every.z, rel=0.1)
    assert window.ncc == pytest.approx(every.ncc, abs=1e-6)
    assert (window.n_positions, every.n_positions) == (2 * 33**2, 2 * 256**2)


@pytest.mark.parametrize("place", [(0, 0), (33, 51), (80, 88)])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_crop_is_found_where_it_was_cut(
    rng: np.random.Generator, place: tuple[int, int], rotation: int
) -> None:
    pattern = _white(rng, SHAPE)
    rows, cols = slice(place[0], place[0] + 96), slice(place[1], place[1] + 112)
    seen = np.rot90(pattern[rows, cols], -rotation // 90)
    match = compare(
        _photo(rng, np.ascontiguousarray(seen)),
        _fingerprint(pattern),
        search=SearchRange(crop=True, rotations=(rotation,)),
        keep_surface=True,
    )
    assert match.shift == place
    assert match.rotation == rotation
    assert match.n_positions == (176 - 96 + 1) * (200 - 112 + 1)
    assert match.overlap == 96 * 112
    assert match.surface is not None
    # Of residual times intensity with the pattern: nearly the same.
    assert match.surface.max() == pytest.approx(match.ncc, rel=0.15)


def test_a_bright_corner_of_the_pattern_does_not_draw_crops_to_it(
    rng: np.random.Generator,
) -> None:
    pattern = _white(rng, SHAPE)
    pattern[:90, :90] *= 6  # enrolled from few usable pixels
    noise = _photo(rng, np.ascontiguousarray(pattern[90:154, 100:164]) * 0.4)
    match = compare(noise, _fingerprint(pattern), search=SearchRange(crop=True))
    assert match.shift == (90, 100)
    found = [
        compare(
            _noise(_white(rng, (64, 64))),
            _fingerprint(pattern),
            search=SearchRange(crop=True, rotations=(0,)),
        ).shift
        for _ in range(40)
    ]
    n_in_corner = sum(y < 30 and x < 30 for y, x in found)
    assert n_in_corner < 12  # 6 % of the places; without local energies, nearly all


def test_a_known_place_is_one_position(rng: np.random.Generator) -> None:
    pattern = _white(rng, SHAPE)
    noise = _photo(rng, np.ascontiguousarray(pattern[30:130, 41:141]))
    search = SearchRange(place=(30, 41), rotations=(0,))
    match = compare(noise, _fingerprint(pattern), search=search)
    assert (match.n_positions, match.shift) == (1, (30, 41))
    assert match.p_value < 1e-9
    near = SearchRange(place=(34, 38), shifts="window", window=5, rotations=(0,))
    assert compare(noise, _fingerprint(pattern), search=near).shift == (30, 41)
    with pytest.raises(InputError, match="reaches out"):
        compare(noise, _fingerprint(pattern), search=SearchRange(place=(100, 0)))


@pytest.mark.parametrize("scale", [0.5, 0.8, 1.25])
def test_a_resized_photo_is_found_at_its_scale(
    rng: np.random.Generator, scale: float
) -> None:
    pattern = _white(rng, (240, 320))
    size = round(320 * scale), round(240 * scale)
    small = np.asarray(
        Image.fromarray(pattern).resize(size, Image.Resampling.BICUBIC), np.float32
    )
    match = compare(
        _photo(rng, small),
        _fingerprint(pattern),
        search=SearchRange(scales=(0.5, 0.8, 1.25), rotations=(0,)),
    )
    assert match.scale == scale
    assert match.n_positions == 1  # the other sizes do not fit
    assert match.p_value < 1e-9


def test_a_crop_of_a_resized_photo_is_found(rng: np.random.Generator) -> None:
    pattern = _white(rng, (240, 320))
    half = np.asarray(
        Image.fromarray(pattern).resize((160, 120), Image.Resampling.BICUBIC)
    )
    noise = _photo(rng, np.ascontiguousarray(half[20:100, 30:130]))
    match = compare(
        noise,
        _fingerprint(pattern),
        search=SearchRange(scales=(1.0, 0.5), crop=True, rotations=(0, 180)),
    )
    assert (match.scale, match.rotation, match.shift) == (0.5, 0, (40, 60))
    n_whole, n_half = (
        (240 - 80 + 1) * (320 - 100 + 1),
        (240 - 160 + 1) * (320 - 200 + 1),
    )
    assert match.n_positions == 2 * (n_whole + n_half)
    assert match.p_value < 1e-9


@pytest.mark.parametrize(
    "search",
    [
        SearchRange(shifts="all", rotations=(0,)),
        SearchRange(shifts="window", window=6, rotations=(0,)),
    ],
)
def test_impostors_over_many_positions_have_p_values_as_they_should(
    rng: np.random.Generator, search: SearchRange
) -> None:
    p = np.array(
        [
            compare(
                _noise(_white(rng, (72, 80))),
                _fingerprint(_white(rng, (72, 80))),
                search=search,
            ).p_value
            for _ in range(600)
        ]
    )
    for rate in (0.5, 0.1):
        deviation = math.sqrt(rate * (1 - rate) / len(p))
        assert np.mean(p < rate) == pytest.approx(rate, abs=4.5 * deviation)


def test_a_scale_too_large_is_not_resampled_at_all(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 1/16 of a photo of 240 px would be 3840 px: refused before any memory is taken.
    monkeypatch.delattr("whichcam.prnu._planes._resample")
    search = SearchRange(scales=(1 / 16, 1.0), rotations=(0,))
    pattern = _white(rng, (240, 320))
    match = compare(_noise(pattern), _fingerprint(pattern), search=search)
    assert (match.scale, match.n_positions) == (1.0, 1)


def test_a_side_rounded_when_it_was_reduced_is_the_whole_side_again(
    rng: np.random.Generator,
) -> None:
    pattern = _white(rng, (241, 323))
    small = Image.fromarray(pattern).resize((162, 120), Image.Resampling.BICUBIC)
    match = compare(
        _photo(rng, np.asarray(small, np.float32)),
        _fingerprint(pattern),
        search=SearchRange(scales=(0.5,), rotations=(0,)),
    )
    assert (match.overlap, match.n_positions) == (241 * 323, 1)
    assert match.p_value < 1e-9
