"""RAW against a DNG whose mosaic is known."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pytest
from dng_file import dng

from whichcam.errors import ImageDecodeError, ImageTooLargeError, MissingDependencyError
from whichcam.media import Limits, open_photo, read_header

rawpy = pytest.importorskip("rawpy")
pytest.importorskip("tifffile")

HEIGHT, WIDTH = 64, 96


@pytest.fixture
def mosaic() -> np.ndarray[Any, Any]:
    """Return a scene whose left half is dark and whose lower half is darker."""
    scene = np.full((HEIGHT, WIDTH), 3000, dtype=np.uint16)
    scene[:, : WIDTH // 2] = 1000
    scene[HEIGHT // 2 :] //= 4
    return scene


def test_dng_is_developed_with_a_warning(mosaic: np.ndarray[Any, Any]) -> None:
    photo = open_photo(dng(mosaic))
    assert photo.format == "RAW"
    assert photo.pixels.shape == (HEIGHT, WIDTH, 3)
    assert (photo.exif.make, photo.exif.model) == ("Maker", "Model")
    assert any("developed by LibRaw" in w for w in photo.warnings)


def test_mosaic_ends_up_where_the_sensor_had_it(mosaic: np.ndarray[Any, Any]) -> None:
    green = open_photo(dng(mosaic)).pixels[..., 1].astype(float)
    quarters = [
        green[rows, columns].mean()
        for rows in (slice(4, 28), slice(36, 60))
        for columns in (slice(4, 44), slice(52, 92))
    ]
    upper_left, upper_right, lower_left, lower_right = quarters
    assert upper_right > upper_left > lower_right > lower_left


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_orientation_is_reported_but_not_applied(
    mosaic: np.ndarray[Any, Any], orientation: int
) -> None:
    photo = open_photo(dng(mosaic, orientation))
    assert photo.exif.orientation == orientation
    assert np.array_equal(photo.pixels, open_photo(dng(mosaic)).pixels)


def test_size_is_known_without_developing(mosaic: np.ndarray[Any, Any]) -> None:
    header = read_header(dng(mosaic))
    assert (header.format, header.width, header.height) == ("RAW", WIDTH, HEIGHT)


def test_cut_file_is_an_error(mosaic: np.ndarray[Any, Any]) -> None:
    data = dng(mosaic)
    with pytest.raises(ImageDecodeError, match="sensor data lie beyond its end"):
        open_photo(data[: len(data) * 3 // 4])


def test_limit_is_checked_before_developing(mosaic: np.ndarray[Any, Any]) -> None:
    with pytest.raises(ImageTooLargeError):
        open_photo(dng(mosaic), limits=Limits(max_pixels=HEIGHT * WIDTH - 1))


@pytest.mark.parametrize("start", [b"FUJIFILMCCD-RAW ", b"IIRO\x08\0\0\0", b"FOVb"])
def test_what_only_begins_like_raw_is_an_error(start: bytes) -> None:
    with pytest.raises(ImageDecodeError, match="RAW"):
        open_photo(start + bytes(200))


def test_missing_library_names_the_extra(
    mosaic: np.ndarray[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "rawpy":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    data = dng(mosaic)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDependencyError, match=r"whichcam\[raw\]"):
        read_header(data)
