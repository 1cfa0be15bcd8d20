"""A photo made of an array that comes from no file."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest

from whichcam.errors import InputError
from whichcam.media import Photo


def test_it_has_no_file_behind_it_and_says_so(rng: np.random.Generator) -> None:
    pixels = rng.integers(0, 256, (20, 30, 3)).astype(np.uint8)
    photo = Photo.from_pixels(pixels, name="made up")
    assert (photo.name, photo.format) == ("made up", "PIXELS")
    assert (photo.width, photo.height) == (30, 20)
    assert photo.header.n_bytes == 1800
    assert photo.exif.is_empty
    assert photo.jpeg is None
    assert photo.warnings == ()


def test_its_hash_is_that_of_the_pixels_row_by_row(rng: np.random.Generator) -> None:
    whole = rng.integers(0, 256, (40, 30, 3)).astype(np.uint8)
    every_other_row = whole[::2]
    photo = Photo.from_pixels(every_other_row, name="x")
    assert photo.sha256 == hashlib.sha256(every_other_row.tobytes()).hexdigest()
    np.testing.assert_array_equal(photo.pixels, every_other_row)


def test_the_photo_does_not_change_with_the_array() -> None:
    pixels = np.zeros((16, 16, 3), np.uint8)
    photo = Photo.from_pixels(pixels, name="x")
    pixels[:] = 9
    assert not photo.pixels.any()
    assert pixels.flags.writeable


def test_its_pixels_cannot_be_written() -> None:
    photo = Photo.from_pixels(np.zeros((16, 16, 3), np.uint8), name="x")
    with pytest.raises(ValueError, match="read-only"):
        photo.pixels[0, 0, 0] = 1


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((16, 16), np.uint8),
        np.zeros((16, 16, 4), np.uint8),
        np.zeros((16, 16, 3), np.float32),
        np.zeros((2, 16, 16, 3), np.uint8),
    ],
)
def test_any_other_array_is_refused_with_what_it_is(wrong: Any) -> None:
    with pytest.raises(InputError, match=r"shape .* type .*; expected \(H, W, 3\)"):
        Photo.from_pixels(wrong, name="x")
