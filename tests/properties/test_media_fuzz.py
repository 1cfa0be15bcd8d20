"""Whatever the bytes, the media layer gives a picture or one of our own errors."""

from __future__ import annotations

import io
import time
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from whichcam.errors import WhichcamError
from whichcam.media import Limits, open_photo, read_header
from whichcam.media._exif import read_exif
from whichcam.media._jpeg import parse_jpeg
from whichcam.media._text import clean_bytes

LIMITS = Limits(max_pixels=1_000_000)
MAX_SECONDS = 5.0  # the slowest seen took a twentieth of a second
MAX_TRACED_BYTES = 64 << 20

Edit = Callable[[bytes], bytes]


@cache
def originals(kind: str) -> tuple[bytes, ...]:
    rng = np.random.default_rng(1)
    image = Image.fromarray(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Canon", "Canon EOS 700D", 6
    inner = exif.get_ifd(0x8769)
    inner[0x9003] = "2020:01:02 03:04:05"
    # A Canon maker note of one entry: the serial number.
    inner[0x927C] = b"\x01\0\x0c\0\x04\0\x01\0\0\0\x39\x30\0\0\0\0\0\0"
    small = io.BytesIO()
    image.resize((16, 12)).save(small, "JPEG")

    def encode(picture: Image.Image = image, **options: Any) -> bytes:
        file = io.BytesIO()
        picture.save(file, kind, **options)
        return file.getvalue()

    first = encode(exif=exif)
    again: dict[str, Any] = {"save_all": True, "append_images": [image.rotate(90)]}
    build: dict[str, Callable[[], tuple[bytes, ...]]] = {
        "JPEG": lambda: (
            first,
            encode(progressive=True, exif=exif),
            encode(image.convert("L"), restart_marker_blocks=2),
            encode(image.convert("CMYK")),
            first + small.getvalue(),
        ),
        "PNG": lambda: (first, encode(image.convert("P")), encode(**again)),
        "TIFF": lambda: (first, encode(image.convert("P")), encode(**again)),
        "WEBP": lambda: (first, encode(lossless=True), encode(**again)),
        "AVIF": lambda: (first,),
    }
    return build[kind]()


SPECIAL = st.sampled_from([0, 1, 2, 8, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 2**32 - 1])
# Cubed, two thirds of the edits fall into the first third: that is where headers are.
PLACES = st.one_of(st.floats(0, 1), st.floats(0, 1).map(lambda x: x**3))


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """Draw one change: overwrite, set a number, cut out, double, insert or cut off."""
    place = draw(PLACES)
    what = draw(st.sampled_from(["overwrite", "number", "delete", "double", "cut"]))
    length = draw(st.integers(1, 64))
    filling = draw(st.binary(min_size=1, max_size=8))
    order = draw(st.sampled_from(["little", "big"]))
    number = draw(SPECIAL)

    def apply(data: bytes) -> bytes:
        at = int(place * len(data))
        if what == "overwrite":
            return data[:at] + filling + data[at + len(filling) :]
        if what == "number":
            n_bytes = 4 if number > 0xFFFF or length > 32 else 2
            mask = (1 << 8 * n_bytes) - 1
            packed = (number & mask).to_bytes(
                n_bytes, "little" if order == "little" else "big"
            )
            return data[:at] + packed + data[at + n_bytes :]
        if what == "delete":
            return data[:at] + data[at + length :]
        if what == "double":
            return data[:at] + data[at : at + length] * 2 + data[at + length :]
        return data[: max(at, 4)]

    return apply


def mutate(data: bytes, changes: list[Edit]) -> bytes:
    for change in changes:
        data = change(data)
    return data


def check_survives(data: bytes, *, allow_truncated: bool) -> None:
    """Open `data`: a sound photo or one of our errors, in bounded time and memory."""
    began = time.perf_counter()
    tracemalloc.start()
    try:
        photo = open_photo(data, limits=LIMITS, allow_truncated=allow_truncated)
    except WhichcamError as error:
        message = str(error)
    else:
        message = ",".join(photo.warnings) or "sound"
        assert photo.pixels.dtype == np.uint8
        assert photo.pixels.shape == (photo.height, photo.width, 3)
        assert all(tag.isprintable() for tag in photo.exif.tags.values())
        assert all(len(tag) <= 300 for tag in photo.exif.tags.values())
        assert len(photo.warnings) < 20
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert message
    assert message.isprintable()
    assert time.perf_counter() - began < MAX_SECONDS
    assert peak < MAX_TRACED_BYTES


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@settings(max_examples=80, suppress_health_check=list(HealthCheck))
@given(
    which=st.integers(0, 9),
    changes=st.lists(edits(), min_size=1, max_size=5),
    allow_truncated=st.booleans(),
)
def test_mutated_files_give_a_photo_or_our_own_error(
    kind: str, which: int, changes: list[Edit], *, allow_truncated: bool
) -> None:
    files = originals(kind)
    check_survives(
        mutate(files[which % len(files)], changes), allow_truncated=allow_truncated
    )


@settings(max_examples=150)
@given(changes=st.lists(edits(), min_size=1, max_size=8))
def test_mutated_exif_is_read_or_complained_of_never_raised(
    changes: list[Edit],
) -> None:
    data = originals("TIFF")[0]
    body = mutate(data, changes)
    reading = read_exif(body, 0, len(body))
    assert len(reading.complaints) <= 4


@settings(max_examples=150)
@given(body=st.binary(max_size=400), order=st.sampled_from([b"II*\0", b"MM\0*"]))
def test_random_directories_are_read_or_complained_of(
    body: bytes, order: bytes
) -> None:
    data = order + (b"\x08\0\0\0" if order == b"II*\0" else b"\0\0\0\x08") + body
    reading = read_exif(data, 0, len(data))
    assert all(text.isprintable() for text in reading.exif.tags.values())


@settings(max_examples=150)
@given(body=st.binary(max_size=600))
def test_random_bytes_after_a_start_marker_are_survived(body: bytes) -> None:
    check_survives(b"\xff\xd8\xff" + body, allow_truncated=True)


@given(body=st.binary(max_size=2000))
def test_any_bytes_become_printable_bounded_text(body: bytes) -> None:
    text = clean_bytes(body)
    assert text.isprintable()
    assert len(text) <= 256


@settings(max_examples=60)
@given(cut=st.floats(0, 1), which=st.integers(0, 4))
def test_every_cut_of_a_jpeg_is_an_error_or_a_recorded_warning(
    cut: float, which: int
) -> None:
    data = originals("JPEG")[which]
    jpeg, _, _ = parse_jpeg("x", data)
    end = len(data) - jpeg.trailing_bytes
    part = data[: int(cut * (end - 1))]
    with pytest.raises(WhichcamError):
        open_photo(part)
    try:
        photo = open_photo(part, allow_truncated=True)
    except WhichcamError:
        return
    assert any("truncated" in warning for warning in photo.warnings)


@settings(max_examples=60)
@given(tail=st.binary(max_size=300))
def test_what_follows_the_end_changes_only_its_count(tail: bytes) -> None:
    data = originals("JPEG")[0]
    jpeg = read_header(data + tail).jpeg
    assert jpeg is not None
    assert jpeg.trailing_bytes == len(tail)
    assert not jpeg.truncated


@pytest.mark.data
@settings(
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    which=st.integers(0, 999),
    changes=st.lists(edits(), min_size=1, max_size=4),
    allow_truncated=st.booleans(),
)
def test_mutated_real_files_give_a_photo_or_our_own_error(
    photos_dir: Path, which: int, changes: list[Edit], *, allow_truncated: bool
) -> None:
    paths = sorted((photos_dir / "claims").glob("*.jpg"))
    small = [path for path in paths if path.stat().st_size < 300_000]
    data = small[which % len(small)].read_bytes()
    check_survives(mutate(data, changes), allow_truncated=allow_truncated)
