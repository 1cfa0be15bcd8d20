"""PNG, TIFF, WebP and AVIF: sensor orientation, and every reduction said aloud."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile

from whichcam.errors import (
    ImageDecodeError,
    ImageTooLargeError,
    UnsupportedFormatError,
)
from whichcam.media import Limits, Photo, open_photo, read_header

EXACT: list[tuple[str, dict[str, Any]]] = [
    ("PNG", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ("WEBP", {"lossless": True}),
]


def blocks(mode: str = "RGB") -> Image.Image:
    rng = np.random.default_rng(3)
    small = rng.integers(0, 256, (8, 12, 3), dtype=np.uint8)
    return Image.fromarray(np.kron(small, np.ones((8, 8, 1), np.uint8))).convert(mode)


def encode(kind: str, image: Image.Image | None = None, **options: Any) -> bytes:
    file = io.BytesIO()
    (image or blocks()).save(file, kind, **options)
    return file.getvalue()


def warned(photo: Photo, word: str) -> bool:
    return any(word in warning for warning in photo.warnings)


@pytest.mark.parametrize(("kind", "options"), EXACT)
def test_lossless_formats_come_back_exactly(kind: str, options: dict[str, Any]) -> None:
    photo = open_photo(encode(kind, **options))
    assert photo.format == kind
    assert np.array_equal(photo.pixels, np.asarray(blocks()))
    assert photo.warnings == ()
    assert photo.jpeg is None


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("kind", "options"), EXACT)
def test_orientation_tag_does_not_turn_pixels(
    kind: str, options: dict[str, Any], orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = open_photo(encode(kind, exif=exif, **options))
    assert photo.exif.orientation == orientation
    assert (photo.width, photo.height) == (96, 64)
    assert np.array_equal(photo.pixels, np.asarray(blocks()))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif_rotation_and_mirror_are_not_applied(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation  # Pillow writes it as irot and imir
    photo = open_photo(encode("AVIF", exif=exif, quality=100, subsampling="4:4:4"))
    assert np.abs(photo.pixels.astype(int) - np.asarray(blocks())).mean() < 2


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "AVIF"])
def test_exif_is_read_without_decoding(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Apple", "iPhone 6"
    header = read_header(encode(kind, exif=exif))
    assert (header.exif.make, header.exif.model) == ("Apple", "iPhone 6")
    assert (header.width, header.height) == (96, 64)


def test_png_text_is_listed_and_escaped() -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Software", "Editor\x07 1")
    info.add_itxt("Comment", "größer")
    tags = read_header(encode("PNG", pnginfo=info)).exif.tags
    assert tags["PNG Software"] == r"Editor\x07 1"
    assert tags["PNG Comment"] == "größer"


@pytest.mark.parametrize(
    ("kind", "mode", "word"),
    [
        ("PNG", "L", "grey"),
        ("PNG", "1", "black-and-white"),
        ("PNG", "P", "palette"),
        ("PNG", "RGBA", "alpha"),
        ("PNG", "LA", "alpha"),
        ("TIFF", "L", "grey"),
        ("TIFF", "P", "palette"),
        ("TIFF", "RGBA", "alpha"),
        ("TIFF", "CMYK", "CMYK"),
    ],
)
def test_reduction_is_said_in_a_warning(kind: str, mode: str, word: str) -> None:
    image = blocks(mode)
    photo = open_photo(encode(kind, image))
    assert photo.pixels.dtype == np.uint8
    assert np.array_equal(photo.pixels, np.asarray(image.convert("RGB")))
    assert warned(photo, word)


def test_webp_alpha_is_dropped_with_a_warning() -> None:
    image = blocks("RGBA")
    image.putalpha(100)
    assert warned(open_photo(encode("WEBP", image, lossless=True)), "alpha")


def test_palette_transparency_is_dropped_with_a_warning() -> None:
    photo = open_photo(encode("PNG", blocks("P"), transparency=b"\0\x80\xff"))
    assert warned(photo, "transparency")


def sixteen_bit_png(values: np.ndarray[Any, Any]) -> bytes:
    """Write an RGB PNG of 16 bits a sample, which Pillow cannot."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def test_sixteen_bit_png_is_reduced_to_the_high_byte(rng: np.random.Generator) -> None:
    wide = rng.integers(0, 65536, (10, 14, 3), dtype=np.uint16)
    photo = open_photo(sixteen_bit_png(wide))
    assert np.array_equal(photo.pixels, wide >> 8)
    assert warned(photo, "16 bits")


def test_sixteen_bit_tiff_is_reduced_to_the_high_byte(rng: np.random.Generator) -> None:
    tifffile = pytest.importorskip("tifffile")
    wide = rng.integers(0, 65536, (10, 14, 3), dtype=np.uint16)
    file = io.BytesIO()
    tifffile.imwrite(file, wide, photometric="rgb")
    photo = open_photo(file.getvalue())
    assert np.array_equal(photo.pixels, wide >> 8)
    assert warned(photo, "16 bits")


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_reduced_to_the_high_byte(
    kind: str, rng: np.random.Generator
) -> None:
    wide = rng.integers(0, 65536, (10, 14), dtype=np.uint16)
    photo = open_photo(encode(kind, Image.fromarray(wide)))
    assert np.array_equal(photo.pixels[..., 1], wide >> 8)
    assert warned(photo, "16 bits")
    assert warned(photo, "grey")


@pytest.mark.parametrize("mode", ["I", "F", "LAB"])
def test_pixel_types_without_an_honest_reduction_are_refused(mode: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=repr(mode)):
        open_photo(encode("TIFF", blocks(mode)))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_animation_gives_its_first_frame_with_a_warning(kind: str) -> None:
    frames = [blocks(), blocks().rotate(180)]
    data = encode(kind, frames[0], save_all=True, append_images=frames[1:], quality=100)
    photo = open_photo(data)
    near = np.abs(photo.pixels.astype(int) - np.asarray(frames[0])).mean()
    far = np.abs(photo.pixels.astype(int) - np.asarray(frames[1])).mean()
    assert near < 20 < far
    assert warned(photo, "animated")


def test_second_page_of_a_tiff_is_left_out_with_a_warning() -> None:
    data = encode("TIFF", save_all=True, append_images=[blocks().rotate(180)])
    photo = open_photo(data)
    assert np.array_equal(photo.pixels, np.asarray(blocks()))
    assert warned(photo, "more than one page")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.7, 0.99])
def test_cut_file_is_an_error(kind: str, share: float) -> None:
    data = encode(kind)
    with pytest.raises(ImageDecodeError):
        open_photo(data[: int(len(data) * share)])


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_cut_file_is_decoded_on_request_and_recorded(kind: str) -> None:
    data = encode(kind)
    photo = open_photo(data[: int(len(data) * 0.7)], allow_truncated=True)
    assert np.array_equal(photo.pixels[:8], np.asarray(blocks())[:8])
    assert warned(photo, "as far as it goes")


@pytest.mark.parametrize("before", [False, True])
def test_decoding_a_cut_file_leaves_pillow_as_it_was(
    before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", before)
    data = encode("PNG")
    cut = data[: int(len(data) * 0.7)]
    with pytest.raises(ImageDecodeError):
        open_photo(cut)
    open_photo(cut, allow_truncated=True)
    assert before == ImageFile.LOAD_TRUNCATED_IMAGES


def test_warning_of_the_decoder_is_recorded_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from PIL import PngImagePlugin

    def load_end(_self: Any) -> None:
        warnings.warn("something \x07 odd", stacklevel=1)

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load_end", load_end)
    photo = open_photo(encode("PNG"))
    assert warned(photo, r"decoder warned: something \x07 odd")


def test_flipped_bit_in_a_png_does_not_pass_in_silence() -> None:
    data = bytearray(encode("PNG"))
    data[data.index(b"IDAT") + 20] ^= 4
    with pytest.raises(ImageDecodeError, match="checksum of IDAT"):
        open_photo(bytes(data))


def png_declaring(width: int, height: int) -> bytes:
    data = bytearray(encode("PNG"))
    struct.pack_into(">II", data, 16, width, height)
    struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    return bytes(data)


def webp_declaring(width: int, height: int) -> bytes:
    data = bytearray(encode("WEBP"))
    at = data.index(b"\x9d\x01\x2a") + 3
    struct.pack_into("<HH", data, at, width, height)
    return bytes(data)


def tiff_declaring(width: int, height: int) -> bytes:
    data = bytearray(encode("TIFF"))
    for tag, old, new in ((0x100, 96, width), (0x101, 64, height)):
        at = data.index(struct.pack("<HHII", tag, 4, 1, old))
        struct.pack_into("<HHII", data, at, tag, 4, 1, new)
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        png_declaring(60_000, 60_000),
        webp_declaring(16_000, 16_000),
        tiff_declaring(60_000, 60_000),
    ],
)
def test_bomb_is_refused_by_its_header(data: bytes) -> None:
    with pytest.raises(ImageTooLargeError, match="nothing was decoded"):
        open_photo(data)


def test_pillows_own_pixel_limit_and_warning_do_not_interfere() -> None:
    # Pillow warns above 89 million pixels; a warning would be an error here.
    flat = Image.new("1", (10_000, 9_000))
    header = read_header(encode("PNG", flat))
    assert header.width * header.height == 90_000_000


def test_avif_limit_is_checked_before_decoding() -> None:
    with pytest.raises(ImageTooLargeError, match="96 x 64"):
        open_photo(encode("AVIF"), limits=Limits(max_pixels=6000))


def test_size_of_zero_is_an_error() -> None:
    for data in (png_declaring(0, 8), tiff_declaring(0, 8)):
        with pytest.raises(ImageDecodeError, match="0 x 8"):
            open_photo(data)


def test_high_bit_depth_avif_is_noted() -> None:
    data = bytearray(encode("AVIF"))
    assert read_header(bytes(data)).notes == ()
    data[data.index(b"av1C") + 6] |= 0x40
    depths = data.index(b"pixi") + 9  # libavif wants both to agree
    data[depths : depths + 3] = bytes([10, 10, 10])
    assert any("bits a sample" in note for note in read_header(bytes(data)).notes)


def test_png_of_nothing_but_chunks_is_refused_quickly() -> None:
    chunk = struct.pack(">I4sI", 0, b"teXt", zlib.crc32(b"teXt"))
    data = encode("PNG")[:33] + chunk * 300_000
    with pytest.raises(ImageDecodeError, match="200000 PNG chunks"):
        read_header(data)


def test_big_tiff_is_read() -> None:
    tifffile = pytest.importorskip("tifffile")
    file = io.BytesIO()
    tifffile.imwrite(file, np.asarray(blocks()), photometric="rgb", bigtiff=True)
    photo = open_photo(file.getvalue())
    assert np.array_equal(photo.pixels, np.asarray(blocks()))
