"""HEIC by libheif (extra ``heif``), kept in the orientation of the sensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from whichcam._typing import PixelArray
from whichcam.errors import (
    ImageDecodeError,
    ImageTooLargeError,
    MissingDependencyError,
    UnsupportedFormatError,
)
from whichcam.media._boxes import has_readable_items, without_turns
from whichcam.media._text import clean_text

_FOREIGN = (ValueError, EOFError, SyntaxError, RuntimeError, OSError, LookupError)


def open_heif(name: str, data: bytes) -> Any:
    """Return pi-heif's lazy file object, with no turn left to apply.

    Raises
    ------
    MissingDependencyError
        If pi-heif is not installed.
    ImageDecodeError
        If the container is damaged.
    """
    try:
        import pi_heif
    except ImportError as error:
        raise MissingDependencyError(
            "pi-heif", extra="heif", purpose=f"{name}: to read HEIC"
        ) from error
    if not has_readable_items(data):
        raise ImageDecodeError(f"{name}: the item table of the HEIC is damaged")
    try:
        file = pi_heif.open_heif(without_turns(data), convert_hdr_to_8bit=True)
    except _FOREIGN as error:
        raise _broken(name, error) from error
    if len(file) == 0:
        raise ImageDecodeError(f"{name}: the HEIC holds no picture")
    return file


def decode_heif(name: str, data: bytes) -> tuple[PixelArray, tuple[str, ...]]:
    """Return the RGB pixels of the primary picture, and warnings."""
    file = open_heif(name, data)
    said = []
    try:
        image = file[file.primary_index]
        array = np.asarray(image)
        mode = str(image.mode)
    except MemoryError as error:
        raise ImageTooLargeError(f"{name}: the HEIC is too large to decode") from error
    except _FOREIGN as error:
        raise _broken(name, error) from error
    if mode == "I;16":  # grey of 10 or 12 bits, which libheif shifts up to 16
        array, mode = (array >> 8).astype(np.uint8), "L"
    if array.dtype != np.uint8 or mode not in ("L", "LA", "RGB", "RGBA", "RGBa"):
        raise UnsupportedFormatError(
            f"{name}: this HEIC holds pixels of the type {mode!r} ({array.dtype}), "
            "expected 8-bit grey or RGB"
        )
    if mode.casefold().endswith("a"):
        said.append("alpha channel dropped")
    if mode.startswith("L"):
        said.append("grey picture: one channel, given three times")
        grey = array if array.ndim == 2 else array[..., 0]
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2), tuple(said)
    return np.array(array[..., :3], order="C"), tuple(said)


@dataclass(frozen=True, slots=True)
class HeifFacts:
    """What the container says of its primary picture."""

    width: int
    height: int
    exif: bytes
    notes: tuple[str, ...]


def heif_facts(file: Any) -> HeifFacts:
    """Return size, raw EXIF and what is to be said before decoding."""
    image = file[file.primary_index]
    notes = []
    bits = image.info.get("bit_depth", 8)
    if bits > 8:
        notes.append(f"{bits} bits a sample: reduced to 8")
    if len(file) > 1:
        notes.append(f"{len(file)} pictures in the file: only the primary one is used")
    width, height = image.size
    return HeifFacts(width, height, image.info.get("exif") or b"", tuple(notes))


def _broken(name: str, error: Exception) -> ImageDecodeError:
    return ImageDecodeError(
        f"{name}: the HEIC is damaged or truncated and cannot be decoded: "
        f"{clean_text(str(error)) or type(error).__name__}"
    )
