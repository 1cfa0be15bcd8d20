"""Where pictures come from, and what is refused before it is parsed."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whichcam.errors import (
    ConfigError,
    ImageTooLargeError,
    ImageTooSmallError,
    InputError,
    PhotoNotFoundError,
    UnsupportedFormatError,
)
from whichcam.media import Limits, open_photo, read_header
from whichcam.media._text import clean_bytes, clean_text


def jpeg(width: int = 64, height: int = 48) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((width, height), 40).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def test_path_bytes_and_file_object_give_the_same_photo(tmp_path: Path) -> None:
    data = jpeg()
    path = tmp_path / "one.jpg"
    path.write_bytes(data)
    with path.open("rb") as file:
        photos = [open_photo(s) for s in (path, str(path), data, file)]
        assert not file.closed
    assert len({photo.sha256 for photo in photos}) == 1
    assert all(np.array_equal(p.pixels, photos[0].pixels) for p in photos)
    assert [p.name for p in photos] == ["one.jpg", "one.jpg", "<bytes>", "one.jpg"]


def test_sha256_and_size_are_those_of_the_whole_file() -> None:
    data = jpeg() + b"something after the end"
    header = read_header(data)
    assert header.sha256 == hashlib.sha256(data).hexdigest()
    assert header.n_bytes == len(data)


def test_pixels_cannot_be_written_to() -> None:
    photo = open_photo(jpeg())
    with pytest.raises(ValueError, match="read-only"):
        photo.pixels[0, 0, 0] = 1


def test_photo_delegates_to_its_header() -> None:
    photo = open_photo(jpeg(80, 40))
    assert (photo.width, photo.height) == (80, 40)
    assert photo.exif is photo.header.exif
    assert photo.jpeg is photo.header.jpeg
    assert photo.format == "JPEG"


def test_header_survives_pickling_between_processes() -> None:
    header = read_header(jpeg())
    assert pickle.loads(pickle.dumps(header)).to_dict() == header.to_dict()


def test_missing_path_is_reported_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(
        PhotoNotFoundError, match=r"nowhere\.jpg: there is no such file"
    ):
        open_photo(tmp_path / "nowhere.jpg")


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PhotoNotFoundError, match="a folder"):
        open_photo(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    seen: list[Exception] = []

    def attempt() -> None:
        try:
            open_photo(tmp_path / "pipe")
        except PhotoNotFoundError as error:
            seen.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert "named pipe" in str(seen[0])


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices here")
def test_device_is_refused() -> None:
    with pytest.raises(PhotoNotFoundError, match="device"):
        open_photo("/dev/zero")


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(PhotoNotFoundError, match="cannot be read"):
        open_photo(tmp_path / "file" / "inside.jpg")


def test_path_with_a_nul_is_refused() -> None:
    with pytest.raises(PhotoNotFoundError, match="no valid path"):
        open_photo("a\0b.jpg")


def test_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(UnsupportedFormatError, match="empty"):
        open_photo(tmp_path / "empty.jpg")


def test_text_file_is_called_a_text_file() -> None:
    with pytest.raises(UnsupportedFormatError, match="text file"):
        open_photo(b"Dear Sir,\n\nthis is not a photograph.\n")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"GIF89a" + bytes(40), "GIF"),
        (b"%PDF-1.7" + bytes(40), "PDF"),
        (b"PK\x03\x04" + bytes(40), "ZIP"),
        (b"BM" + bytes(40), "BMP"),
        (b"\0\0\0\x18ftypisom" + bytes(40), "video"),
        (b"\x7fELF" + bytes(40), "begins with 7f 45 4c 46"),
        (b"\xff", "begins with ff"),
    ],
)
def test_what_is_no_photo_is_named(data: bytes, said: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=said):
        open_photo(data)


def test_name_of_the_file_does_not_decide_the_format(tmp_path: Path) -> None:
    path = tmp_path / "really_a_jpeg.png"
    path.write_bytes(jpeg())
    assert open_photo(path).format == "JPEG"


def test_object_of_another_type_is_refused() -> None:
    with pytest.raises(InputError, match="not as int"):
        open_photo(7)  # type: ignore[arg-type]


def test_text_mode_file_is_refused() -> None:
    with pytest.raises(InputError, match="binary"):
        open_photo(io.StringIO("x"))  # type: ignore[arg-type]


def test_closed_file_is_refused() -> None:
    file = io.BytesIO(jpeg())
    file.close()
    with pytest.raises(InputError, match="reading failed"):
        open_photo(file)


def test_byte_limit_is_stated_for_paths(tmp_path: Path) -> None:
    path = tmp_path / "big.jpg"
    path.write_bytes(bytes(5000))
    with pytest.raises(ImageTooLargeError, match="4999"):
        open_photo(path, limits=Limits(max_bytes=4999))


def test_byte_limit_ends_an_endless_stream() -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            return bytes(max(size, 1))

    with pytest.raises(ImageTooLargeError, match="2000000"):
        open_photo(Endless(), limits=Limits(max_bytes=2_000_000))  # type: ignore[arg-type]


def test_pixel_limit_is_inclusive_and_stated() -> None:
    data = jpeg(64, 48)
    assert open_photo(data, limits=Limits(max_pixels=64 * 48)).width == 64
    with pytest.raises(ImageTooLargeError, match=r"64 x 48 = 3072 .*limit of 3071"):
        open_photo(data, limits=Limits(max_pixels=64 * 48 - 1))


def test_shortest_side_is_inclusive_and_stated() -> None:
    data = jpeg(64, 48)
    assert open_photo(data, limits=Limits(min_side=48)).height == 48
    with pytest.raises(ImageTooSmallError, match="64 x 48"):
        open_photo(data, limits=Limits(min_side=49))


def test_limits_below_one_are_refused_with_their_path() -> None:
    with pytest.raises(ConfigError, match=r"limits\.max_pixels"):
        Limits(max_pixels=0)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"Canon\0\0garbage", "Canon"),
        (b"  NIKON   ", "NIKON"),
        ("Zürich".encode(), "Zürich"),
        (b"Z\xfcrich", "Zürich"),
        (b"\x1b[31mred", r"\x1b[31mred"),
        ("a\u202eb".encode(), r"a\u202eb"),
        (b"", ""),
    ],
)
def test_bytes_become_safe_text(raw: bytes, text: str) -> None:
    assert clean_bytes(raw) == text


def test_long_text_is_cut_and_says_so() -> None:
    text = clean_text("x" * 10_000)
    assert len(text) == 256
    assert text.endswith("x…")
