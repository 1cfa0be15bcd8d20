"""JPEG pixels: exact where the file is sound, loud where it is not."""

from __future__ import annotations

import io
import struct
import tracemalloc
from typing import Any

import numpy as np
import pytest
from PIL import Image

from whichcam.errors import ImageDecodeError, ImageTooLargeError, UnsupportedFormatError
from whichcam.media import Limits, open_photo, read_header


def noise(mode: str = "RGB", size: tuple[int, int] = (96, 64)) -> Image.Image:
    rng = np.random.default_rng(5)
    small = rng.integers(0, 256, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    whole = np.kron(small, np.ones((8, 8, 1), dtype=np.uint8))
    return Image.fromarray(whole).convert(mode)


def encode(image: Image.Image | None = None, **options: Any) -> bytes:
    file = io.BytesIO()
    (image or noise()).save(file, "JPEG", **options)
    return file.getvalue()


def by_pillow(data: bytes) -> np.ndarray[Any, Any]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def patched(data: bytes, after_sof: int, *values: int) -> bytes:
    """Overwrite bytes of the frame header, counted from its marker."""
    changed = bytearray(data)
    at = changed.index(b"\xff\xc0") + after_sof
    changed[at : at + len(values)] = bytes(values)
    return bytes(changed)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quality": 100, "subsampling": "4:4:4"},
        {"progressive": True},
        {"restart_marker_blocks": 3},
        {"optimize": True},
    ],
)
def test_pixels_are_those_of_an_independent_decoder(options: dict[str, Any]) -> None:
    data = encode(**options)
    photo = open_photo(data)
    assert np.array_equal(photo.pixels, by_pillow(data))
    assert photo.warnings == ()


def test_rgb_stored_without_colour_transform_is_not_converted() -> None:
    data = encode(keep_rgb=True, quality=100)
    assert np.abs(open_photo(data).pixels - np.asarray(noise(), dtype=float)).max() < 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_reported_but_never_applied(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = open_photo(encode(exif=exif))
    assert photo.exif.orientation == orientation
    assert np.array_equal(photo.pixels, open_photo(encode()).pixels)


def test_grey_is_given_three_times_with_a_warning() -> None:
    photo = open_photo(encode(noise("L")))
    assert photo.pixels.shape == (64, 96, 3)
    assert np.ptp(photo.pixels, axis=2).max() == 0
    assert any("grey" in w for w in photo.warnings)


def test_cmyk_is_converted_with_a_warning() -> None:
    ink = noise().convert("CMYK")
    photo = open_photo(encode(ink, quality=100, subsampling="4:4:4"))
    error = np.abs(photo.pixels.astype(int) - np.asarray(noise()))
    assert error.max() <= 8
    assert any("CMYK" in w for w in photo.warnings)


def test_truncated_file_is_an_error_that_names_the_way_out() -> None:
    data = encode()
    with pytest.raises(ImageDecodeError, match=r"truncated .*allow_truncated=True"):
        open_photo(data[: len(data) * 2 // 3])


def test_truncated_file_is_decoded_on_request_and_recorded() -> None:
    data = encode()
    whole = open_photo(data).pixels
    photo = open_photo(data[: len(data) * 2 // 3], allow_truncated=True)
    assert np.array_equal(photo.pixels[:8], whole[:8])
    assert not np.array_equal(photo.pixels, whole)
    assert any("truncated" in w and "as far as it goes" in w for w in photo.warnings)


def test_missing_end_marker_alone_is_truncation_too() -> None:
    data = encode()[:-2]
    with pytest.raises(ImageDecodeError, match="truncated"):
        open_photo(data)
    assert open_photo(data, allow_truncated=True).warnings


def test_cut_file_with_a_new_end_marker_is_not_taken_for_sound() -> None:
    data = encode()
    with pytest.raises(ImageDecodeError, match="damaged"):
        open_photo(data[: len(data) * 2 // 3] + b"\xff\xd9")


def test_damaged_data_do_not_pass_in_silence() -> None:
    data = bytearray(encode(quality=95))
    middle = len(data) // 2
    data[middle : middle + 40] = bytes([0x55] * 40)
    with pytest.raises(ImageDecodeError, match="damaged"):
        open_photo(bytes(data))
    assert open_photo(bytes(data), allow_truncated=True).warnings


def test_padding_before_the_end_is_only_a_warning() -> None:
    data = encode()
    photo = open_photo(data[:-2] + bytes(6) + data[-2:])
    assert np.array_equal(photo.pixels, open_photo(data).pixels)
    assert any("extraneous" in w for w in photo.warnings)


def test_padding_does_not_excuse_a_missing_end() -> None:
    with pytest.raises(ImageDecodeError):
        open_photo(encode()[:-2] + bytes(6))


def test_unknown_jfif_revision_is_only_a_warning() -> None:
    data = encode()
    at = data.index(b"JFIF\0") + 5
    odd = data[:at] + b"\x09" + data[at + 1 :]
    photo = open_photo(odd)
    assert np.array_equal(photo.pixels, open_photo(data).pixels)
    assert any("JFIF revision" in w for w in photo.warnings)


def test_unknown_adobe_transform_is_read_as_libjpeg_does() -> None:
    data = encode()
    payload = b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 77)
    adobe = b"\xff\xee" + struct.pack(">H", len(payload) + 2) + payload
    photo = open_photo(data[:2] + adobe + data[20:])  # in the place of JFIF
    assert np.array_equal(photo.pixels, open_photo(data).pixels)
    assert any("Adobe" in w for w in photo.warnings)


def test_damaged_exif_beside_unusual_sampling_warns_nobody_outside() -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    data = bytearray(patched(encode(exif=exif), 11, 0x31))
    at = data.index(b"\x01\x12\x00\x03")
    data[at + 4 : at + 8] = b"\x7f\xff\xff\xff"
    assert open_photo(bytes(data)).pixels.shape == (64, 96, 3)


def test_harmless_complaint_does_not_hide_a_truncation() -> None:
    data = bytearray(encode())
    end_of_spectrum = data.index(b"\xff\xda") + 12
    assert data[end_of_spectrum] == 63
    data[end_of_spectrum] = 62
    photo = open_photo(bytes(data))
    assert any("Invalid SOS" in w for w in photo.warnings)
    with pytest.raises(ImageDecodeError, match="truncated"):
        open_photo(bytes(data[: len(data) * 9 // 10]))


def test_bytes_after_the_end_do_not_disturb() -> None:
    data = encode()
    photo = open_photo(data + encode(noise(size=(16, 16))))
    assert np.array_equal(photo.pixels, open_photo(data).pixels)


def test_twelve_bits_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedFormatError, match="12 bits"):
        open_photo(patched(encode(), 4, 12))


def test_height_left_to_dnl_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedFormatError, match="DNL"):
        open_photo(patched(encode(), 5, 0, 0))


def test_width_of_zero_is_an_error() -> None:
    with pytest.raises(ImageDecodeError, match="width of 0"):
        open_photo(patched(encode(), 7, 0, 0))


@pytest.mark.parametrize("process", [3, 5, 6, 7, 11, 13, 14, 15])
def test_lossless_and_hierarchical_coding_are_refused_by_name(process: int) -> None:
    with pytest.raises(UnsupportedFormatError, match=f"SOF{process} "):
        open_photo(patched(encode(), 1, 0xC0 + process))


def test_huffman_data_called_arithmetic_are_damaged() -> None:
    with pytest.raises(ImageDecodeError):
        open_photo(patched(encode(), 1, 0xC9))


def test_two_components_are_refused() -> None:
    data = encode()
    at = data.index(b"\xff\xc0")
    sof = (
        b"\xff\xc0" + struct.pack(">HBHHB", 14, 8, 64, 96, 2) + data[at + 10 : at + 16]
    )
    with pytest.raises(UnsupportedFormatError, match="2 colour components"):
        open_photo(data[:at] + sof + data[at + 19 :])


def test_unusual_sampling_is_decoded_and_says_that_damage_would_not_show() -> None:
    photo = open_photo(patched(encode(), 11, 0x31))
    assert photo.pixels.shape == (64, 96, 3)
    assert any("unusual JPEG sampling" in w for w in photo.warnings)


def test_bomb_is_refused_by_its_header_before_memory_is_spent() -> None:
    bomb = patched(encode(), 5, 0xFF, 0xDC, 0xFF, 0xDC)
    tracemalloc.start()
    try:
        with pytest.raises(ImageTooLargeError, match="65500 x 65500"):
            open_photo(bomb)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_large_size_without_the_data_for_it_is_truncated_before_memory_is_spent() -> (
    None
):
    hollow = patched(encode(), 5, 0x27, 0x10, 0x27, 0x10)
    tracemalloc.start()
    try:
        with pytest.raises(ImageDecodeError, match="at the very least"):
            open_photo(hollow)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("progressive", [False, True])
def test_flattest_picture_has_data_enough(progressive: bool) -> None:
    # One colour compresses to the least bits a block can take.
    flat = Image.new("RGB", (2048, 2048), (128, 128, 128))
    data = encode(flat, optimize=True, progressive=progressive, quality=1)
    assert open_photo(data).width == 2048


def test_thousands_of_scans_are_refused() -> None:
    data = encode(progressive=True)
    at = data.index(b"\xff\xda")
    scan = data[at : data.index(b"\xff", at + 14)]
    bomb = data[:at] + scan * 300 + data[at:]
    with pytest.raises(ImageDecodeError, match="scans"):
        open_photo(bomb)


def test_second_start_marker_is_noted_and_refused_by_the_decoder() -> None:
    data = encode()
    assert (
        "a second SOI marker inside the picture" in read_header(data[:2] + data).notes
    )
    with pytest.raises(ImageDecodeError):
        open_photo(data[:2] + data)


def test_header_reading_does_not_need_sound_pixels() -> None:
    data = encode()
    header = read_header(data[: len(data) // 2], limits=Limits(min_side=64))
    assert header.jpeg is not None
    assert header.jpeg.truncated


@pytest.mark.data
def test_real_photographs_decode_as_by_an_independent_decoder(photos_dir: Any) -> None:
    paths = sorted((photos_dir / "claims").glob("*.jpg"))
    assert len(paths) > 20
    for path in paths:
        data = path.read_bytes()
        assert np.array_equal(open_photo(path).pixels, by_pillow(data)), path.name
