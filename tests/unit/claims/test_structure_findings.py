"""Compression, grid, thumbnail and trailing data, against files made to show them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from whichcam._typing import PixelArray
from whichcam.claims import Finding, check_claims
from whichcam.claims._first_quality import FREQUENCIES, first_quantization
from whichcam.claims._grid_votes import count_zeros, grid_votes, second_grid
from whichcam.claims._luma import middle_luma
from whichcam.datasets._screen_tables import standard_tables
from whichcam.media import open_photo

Jpeg = Callable[..., bytes]
Found = Callable[[bytes], dict[str, Finding]]


def decoded(data: bytes) -> PixelArray:
    return open_photo(data).pixels


@pytest.mark.parametrize(("first", "last"), [(75, 90), (60, 85), (80, 95)])
def test_the_first_quality_is_recovered(
    scene: PixelArray, jpeg: Jpeg, first: int, last: int
) -> None:
    twice = jpeg(decoded(jpeg(scene, quality=first)), quality=last)
    luma = middle_luma(decoded(twice), 512) - 128
    estimate = first_quantization(luma, standard_tables(last)[0])
    table = standard_tables(first)[0]
    right = [
        step == table[place]
        for place, step in zip(FREQUENCIES, estimate.steps, strict=True)
        if step
    ]
    assert sum(right) >= 5
    assert sum(right) >= 0.7 * len(right)
    finding = {f.code: f for f in check_claims(twice)}["compressed_twice"]
    assert finding.direction == "contradicts"
    named = re.search(r"about standard quality (\d+)", finding.text)
    assert named is not None
    assert abs(int(named[1]) - first) <= 1


@pytest.mark.parametrize("quality", [60, 75, 90, 95, 100])
def test_one_compression_is_not_two(
    scene: PixelArray, jpeg: Jpeg, found: Found, quality: int
) -> None:
    assert "compressed_twice" not in found(jpeg(scene, quality=quality))


def test_the_standard_quality_is_named(
    plain: PixelArray, jpeg: Jpeg, found: Found
) -> None:
    finding = found(jpeg(plain, quality=83))["standard_quality"]
    assert "quality 83" in finding.text
    assert finding.direction == "neutral"


@pytest.mark.parametrize("offset", [(3, 5), (0, 2), (7, 0), (4, 4)])
def test_a_crop_of_a_compressed_picture_shows_its_grid(
    scene: PixelArray, jpeg: Jpeg, offset: tuple[int, int]
) -> None:
    dy, dx = offset
    cut = decoded(jpeg(scene, quality=80))[dy:, dx:]
    luma = middle_luma(np.ascontiguousarray(cut), 512)
    votes = grid_votes(count_zeros(luma), luma.shape)
    assert votes is not None
    assert votes.offset == ((8 - dy) % 8, (8 - dx) % 8)
    assert votes.log10_false_alarms < -10


def test_pixels_that_were_never_compressed_have_no_grid(scene: PixelArray) -> None:
    luma = middle_luma(scene, 512)
    votes = grid_votes(count_zeros(luma), luma.shape)
    assert votes is None or votes.log10_false_alarms > -3


def test_a_flat_picture_casts_no_vote() -> None:
    luma = np.full((96, 96), 120, np.float32)
    assert grid_votes(count_zeros(luma), luma.shape) is None


def test_a_second_grid_stands_out_beside_the_files_own(
    scene: PixelArray, jpeg: Jpeg, found: Found
) -> None:
    cut = np.ascontiguousarray(decoded(jpeg(scene, quality=75))[3:, 5:])
    twice = jpeg(cut, quality=95)
    second = second_grid(count_zeros(middle_luma(decoded(twice), 512)))
    assert second.offset == (5, 3)
    assert found(twice)["grid_offset"].direction == "contradicts"
    assert "grid_offset" not in found(jpeg(scene, quality=95))


def test_a_png_of_a_jpeg_is_found_out(
    scene: PixelArray, jpeg: Jpeg, found: Found
) -> None:
    def png(pixels: PixelArray) -> bytes:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        return file.getvalue()

    whole = decoded(jpeg(scene, quality=80))
    assert "grid_of_jpeg" in found(png(whole))
    assert "grid_offset" in found(png(np.ascontiguousarray(whole[1:, 1:])))
    assert not {"grid_of_jpeg", "grid_offset"} & set(found(png(scene)))


def with_thumbnail(jpeg: Jpeg, pixels: PixelArray, thumbnail: bytes) -> bytes:
    """Write a JPEG whose second directory holds a thumbnail."""
    import struct

    make = b"Canon\0"
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 0x010F, 2, len(make), 26)
    tiff += struct.pack("<I", 32) + make
    at = len(tiff) + 2 + 24 + 4
    tiff += struct.pack("<HHHII", 2, 0x0201, 4, 1, at)
    tiff += struct.pack("<HHIII", 0x0202, 4, 1, len(thumbnail), 0) + thumbnail
    data = jpeg(pixels)
    body = b"Exif\0\0" + tiff
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]


def small(jpeg: Jpeg, pixels: PixelArray, size: tuple[int, int]) -> bytes:
    image = Image.fromarray(pixels).resize(size, Image.Resampling.BOX)
    return jpeg(np.asarray(image), quality=80)


def test_the_thumbnail_shows_the_picture(
    scene: PixelArray, jpeg: Jpeg, found: Found
) -> None:
    data = with_thumbnail(jpeg, scene, small(jpeg, scene, (160, 123)))
    assert found(data)["thumbnail_agrees"].direction == "agrees"


def test_bars_about_a_thumbnail_are_left_out(
    scene: PixelArray, jpeg: Jpeg, found: Found
) -> None:
    wide = np.ascontiguousarray(scene[:232])
    image = Image.new("RGB", (160, 120))
    image.paste(Image.fromarray(wide).resize((160, 90), Image.Resampling.BOX), (0, 15))
    data = with_thumbnail(jpeg, wide, jpeg(np.asarray(image), quality=85))
    assert "thumbnail_agrees" in found(data)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda p: p[::-1, ::-1], "thumbnail_turned"),
        (lambda p: 255 - p, "thumbnail_of_another_picture"),
    ],
)
def test_a_thumbnail_of_something_else_contradicts(
    scene: PixelArray,
    jpeg: Jpeg,
    found: Found,
    change: Callable[[PixelArray], PixelArray],
    code: str,
) -> None:
    other = np.ascontiguousarray(change(scene))
    finding = found(with_thumbnail(jpeg, scene, small(jpeg, other, (160, 123))))[code]
    assert finding.direction == "contradicts"


def test_a_broken_thumbnail_is_a_note(
    plain: PixelArray, jpeg: Jpeg, found: Found
) -> None:
    data = with_thumbnail(jpeg, plain, b"\xff\xd8\xff\xe0 nothing")
    assert found(data)["thumbnail_unreadable"].strength == "note"


@pytest.mark.parametrize(
    ("tail", "what", "direction"),
    [
        (bytes(500), "padding", "neutral"),
        (b"\0\0\0\x18ftypmp42" + bytes(20), "video", "neutral"),
        (b"\xff\xff\xd8\xff\xe1" + bytes(range(50)), "JPEG picture", "neutral"),
        (b"abc SEFH...SEFT", "Samsung data", "neutral"),
        (b"some more bytes", "data", "neutral"),
        (b"PK\x03\x04 archive", "ZIP archive", "contradicts"),
        (b"<?php system($_GET[0]); ?>", "script or web page", "contradicts"),
    ],
)
def test_what_follows_the_picture_is_named(
    plain: PixelArray,
    jpeg: Jpeg,
    found: Found,
    tail: bytes,
    what: str,
    direction: str,
) -> None:
    finding = found(jpeg(plain) + tail)["trailing_data"]
    assert what in finding.seen
    assert finding.direction == direction


def test_nothing_follows_an_ordinary_picture(
    plain: PixelArray, jpeg: Jpeg, found: Found
) -> None:
    assert "trailing_data" not in found(jpeg(plain))
