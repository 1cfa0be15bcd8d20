"""HEIC against pictures whose every sample is known."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest
from heic_file import Grey, box, heic
from PIL import Image

from whichcam.errors import ImageDecodeError, ImageTooLargeError, MissingDependencyError
from whichcam.media import Limits, open_photo, read_header
from whichcam.media._boxes import is_cut_off, without_turns

pi_heif = pytest.importorskip("pi_heif")


@pytest.fixture
def grey(rng: np.random.Generator) -> Grey:
    return rng.integers(16, 236, (32, 48), dtype=np.uint8)


def irot(quarters: int) -> bytes:
    return box(b"irot", bytes([quarters]))


def imir(axis: int) -> bytes:
    return box(b"imir", bytes([axis]))


def test_samples_come_back_exactly(grey: Grey) -> None:
    photo = open_photo(heic(grey))
    assert photo.format == "HEIC"
    assert np.array_equal(photo.pixels, np.repeat(grey[..., None], 3, axis=2))
    assert any("grey" in w for w in photo.warnings)


def test_blocks_of_32_come_back_exactly_too(rng: np.random.Generator) -> None:
    luma = rng.integers(16, 236, (128, 128), dtype=np.uint8)
    photo = open_photo(heic(luma, side=32))
    assert np.array_equal(photo.pixels[..., 0], luma)


@pytest.mark.parametrize(
    "turns",
    [(irot(1),), (irot(2),), (irot(3),), (imir(0),), (imir(1),), (irot(1), imir(0))],
)
def test_rotation_and_mirror_of_the_container_are_not_applied(
    grey: Grey, turns: tuple[bytes, ...]
) -> None:
    data = heic(grey, *turns)
    turned = np.asarray(pi_heif.open_heif(data))
    assert not np.array_equal(turned, grey), "the file must ask for a turn"
    photo = open_photo(data)
    assert (photo.width, photo.height) == (48, 32)
    assert np.array_equal(photo.pixels[..., 0], grey)


def test_ten_bits_are_reduced_to_the_high_eight(rng: np.random.Generator) -> None:
    wide = rng.integers(64, 940, (32, 48), dtype=np.uint16)
    photo = open_photo(heic(wide, depth=10))
    assert np.array_equal(photo.pixels[..., 0], wide >> 2)
    assert any("10 bits" in w for w in photo.warnings)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_colour_picture_is_rgb_and_not_turned(quarters: int) -> None:
    luma = np.full((32, 48), 120, dtype=np.uint8)
    luma[:16] = 60
    blue, red = np.full_like(luma, 128), np.full_like(luma, 128)
    red[:, :16] = 200
    photo = open_photo(heic(np.stack([luma, blue, red]), irot(quarters)))
    assert photo.pixels.shape == (32, 48, 3)
    assert np.ptp(photo.pixels[:, 20:].astype(int), axis=2).max() <= 2
    reddish = photo.pixels[:, :14].astype(int)
    assert (reddish[..., 0] - reddish[..., 2]).min() > 60
    assert photo.pixels[:14, 20:].max() < photo.pixels[18:, 20:].min()
    assert photo.warnings == ()


def test_damaged_coding_is_our_own_error(grey: Grey) -> None:
    data = bytearray(heic(grey))
    at = data.rindex(b"mdat") + 8
    data[at : at + 40] = bytes(40)
    with pytest.raises(ImageDecodeError, match="HEIC is damaged"):
        open_photo(bytes(data))


def test_file_without_turns_is_not_copied(grey: Grey) -> None:
    data = heic(grey)
    assert without_turns(data) is data


def test_exif_is_read_and_orientation_only_reported(grey: Grey) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Apple", "iPhone 11", 6
    photo = open_photo(heic(grey, irot(3), exif=exif.tobytes()[6:]))
    assert (photo.exif.make, photo.exif.model) == ("Apple", "iPhone 11")
    assert photo.exif.orientation == 6
    assert np.array_equal(photo.pixels[..., 0], grey)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_cut_file_is_an_error(grey: Grey, share: float) -> None:
    data = heic(grey)
    with pytest.raises(ImageDecodeError):
        open_photo(data[: int(len(data) * share)])


def test_cut_is_seen_by_the_boxes_alone(grey: Grey) -> None:
    data = heic(grey)
    assert not is_cut_off(data)
    assert is_cut_off(data[:-1])


def test_item_type_that_is_no_text_is_refused_before_the_library_sees_it(
    grey: Grey,
) -> None:
    data = heic(grey, exif=b"II*\0" + bytes(20))
    damaged = data.replace(b"\0\0Exif\0", b"\0\0Ex\xff\xff\0", 1)
    assert damaged != data
    with pytest.raises(ImageDecodeError, match="item table"):
        open_photo(damaged)


def test_limit_is_checked_before_decoding(grey: Grey) -> None:
    with pytest.raises(ImageTooLargeError, match="48 x 32"):
        open_photo(heic(grey), limits=Limits(max_pixels=1000))


def test_missing_library_names_the_extra(
    grey: Grey, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "pi_heif":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDependencyError, match=r"whichcam\[heif\]") as caught:
        read_header(heic(grey))
    assert caught.value.extra == "heif"
