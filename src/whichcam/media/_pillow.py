"""Decode PNG, TIFF, WebP and AVIF by Pillow, one plugin at a time, nothing silent."""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from whichcam._typing import PixelArray
from whichcam.errors import ImageDecodeError, ImageTooLargeError, UnsupportedFormatError
from whichcam.media._text import clean_text

if TYPE_CHECKING:
    from PIL import Image
    from PIL.ImageFile import ImageFile

# What Pillow's plugins have been seen to raise on damaged files. MemoryError and the
# decompression bomb are handled apart.
FOREIGN_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

# Python's warning filters and Pillow's LOAD_TRUNCATED_IMAGES belong to the whole
# process: they are changed only under this lock and put back.
_LOCK = threading.Lock()


_LOSSY = {
    "L": "grey picture: one channel, given three times",
    "1": "black-and-white picture: one bit a pixel, given three times",
    "P": "palette picture: colours were reduced before the file was written",
    "CMYK": "CMYK picture, converted to RGB without a colour profile",
    "RGBA": "alpha channel dropped",
    "RGBa": "alpha channel dropped",
    "LA": "grey picture: one channel, given three times; alpha channel dropped",
    "La": "grey picture: one channel, given three times; alpha channel dropped",
    "PA": "palette picture: colours were reduced; alpha channel dropped",
}
_GREY_16 = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_QUIET = frozenset({"RGB", "RGBX", "YCbCr"})


@contextmanager
def cut_off_files(*, are_taken: bool) -> Iterator[None]:
    """Have Pillow take files that are cut off, or refuse them, whoever set it before.

    WeasyPrint, for one, has the whole process take them once it is imported.
    """
    from PIL import ImageFile as settings

    with _LOCK:
        before = settings.LOAD_TRUNCATED_IMAGES
        settings.LOAD_TRUNCATED_IMAGES = are_taken
        try:
            yield
        finally:
            settings.LOAD_TRUNCATED_IMAGES = before


def open_plugin(name: str, kind: str, data: bytes) -> ImageFile:
    """Return Pillow's lazy image of `kind`, opened by that plugin alone.

    Not through ``Image.open``: it would try every format Pillow knows, and applies a
    pixel limit of its own, where whichcam has its own, stated, one.
    """
    from PIL import (
        AvifImagePlugin,
        JpegImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
    )

    plugins: dict[str, type[ImageFile]] = {
        "JPEG": JpegImagePlugin.JpegImageFile,  # only of unusual sampling
        "PNG": PngImagePlugin.PngImageFile,
        "TIFF": TiffImagePlugin.TiffImageFile,
        "WEBP": WebPImagePlugin.WebPImageFile,
        "AVIF": AvifImagePlugin.AvifImageFile,
    }
    from PIL.Image import DecompressionBombError

    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return plugins[kind](io.BytesIO(data))
        except (DecompressionBombError, MemoryError) as error:
            raise _too_large(name, kind, error) from error
        except FOREIGN_ERRORS as error:
            raise _broken(name, kind, error) from error


def decode_pillow(
    name: str, kind: str, data: bytes, *, allow_truncated: bool
) -> tuple[PixelArray, tuple[str, ...]]:
    """Return the RGB pixels of the first frame, and warnings.

    Raises
    ------
    ImageDecodeError, UnsupportedFormatError, ImageTooLargeError
        If the data are damaged or cut off, the pixels of an unsupported type, or
        memory does not suffice.
    """
    said: list[str] = []
    try:
        image = open_plugin(name, kind, data)
        _load(name, kind, image, said, tolerant=False)
    except ImageDecodeError as error:
        if not allow_truncated:
            raise
        image = open_plugin(name, kind, data)
        _load(name, kind, image, said, tolerant=True)
        reason = error.__cause__ or error
        said.append(
            f"the {kind} is damaged or truncated ({clean_text(str(reason))}): decoded "
            "as far as it goes"
        )
    with _LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is lost is said by _LOSSY
        try:
            return _to_rgb(name, kind, image, said), tuple(dict.fromkeys(said))
        except MemoryError as error:
            raise _too_large(name, kind, error) from error


def _load(
    name: str, kind: str, image: ImageFile, said: list[str], *, tolerant: bool
) -> None:
    from PIL.Image import DecompressionBombError

    with (
        cut_off_files(are_taken=tolerant),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always")
        try:
            image.load()
        except (DecompressionBombError, MemoryError) as error:
            raise _too_large(name, kind, error) from error
        except FOREIGN_ERRORS as error:
            raise _broken(name, kind, error) from error
    for warning in caught[:4]:
        said.append(f"the {kind} decoder warned: {clean_text(str(warning.message))}")


def _to_rgb(name: str, kind: str, image: Image.Image, said: list[str]) -> PixelArray:
    mode = image.mode
    if mode in _GREY_16:
        wide = np.asarray(image)
        grey = (wide >> 8).astype(np.uint8)
        said.append(_LOSSY["L"])  # that it is 16-bit stands in the header's notes
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    if mode in _LOSSY:
        said.append(_LOSSY[mode])
    elif mode not in _QUIET:
        raise UnsupportedFormatError(
            f"{name}: this {kind} holds pixels of the type {mode!r}, which cannot be "
            "reduced to 8-bit RGB without inventing; convert it yourself"
        )
    if image.info.pop("transparency", None) is not None:
        said.append("transparency dropped")
    return np.asarray(image if mode == "RGB" else image.convert("RGB"))


def _broken(name: str, kind: str, error: Exception) -> ImageDecodeError:
    reason = clean_text(str(error)) or type(error).__name__
    return ImageDecodeError(
        f"{name}: the {kind} is damaged or truncated and cannot be decoded: {reason}"
    )


def _too_large(name: str, kind: str, error: BaseException) -> ImageTooLargeError:
    reason = clean_text(str(error)) or "out of memory"
    return ImageTooLargeError(f"{name}: the {kind} is too large to decode: {reason}")
