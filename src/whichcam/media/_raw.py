"""Camera RAW by LibRaw (extra ``raw``), developed without turning."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from whichcam._typing import PixelArray
from whichcam.errors import ImageDecodeError, ImageTooLargeError, MissingDependencyError
from whichcam.media._text import clean_text

DEVELOPED = (
    "RAW file, developed by LibRaw with the camera's white balance: the pixels did not "
    "pass through the camera's own processing"
)


@contextmanager
def _opened(name: str, data: bytes) -> Iterator[Any]:
    try:
        import rawpy
    except ImportError as error:
        raise MissingDependencyError(
            "rawpy", extra="raw", purpose=f"{name}: to read camera RAW"
        ) from error
    file = rawpy.RawPy()
    try:
        file.open_buffer(io.BytesIO(data))
        yield file
    except (rawpy.LibRawTooBigError, rawpy.LibRawUnsufficientMemoryError) as error:
        raise ImageTooLargeError(
            f"{name}: the RAW file is too large to develop: {clean_text(str(error))}"
        ) from error
    except MemoryError as error:
        raise ImageTooLargeError(
            f"{name}: no memory to develop the RAW file"
        ) from error
    except (rawpy.LibRawError, rawpy.NotSupportedError, OSError, ValueError) as error:
        if isinstance(error, ImageDecodeError):
            raise
        raise ImageDecodeError(
            f"{name}: the RAW file is damaged, truncated or of a kind LibRaw does not "
            f"know: {_reason(error)}"
        ) from error
    finally:
        file.close()


def raw_size(name: str, data: bytes) -> tuple[int, int]:
    """Return width and height of the developed picture in sensor orientation."""
    with _opened(name, data) as file:
        sizes = file.sizes
        return int(sizes.width), int(sizes.height)


def decode_raw(name: str, data: bytes) -> tuple[PixelArray, tuple[str, ...]]:
    """Return developed RGB pixels, and the warning that they are developed.

    Raises
    ------
    ImageDecodeError, ImageTooLargeError, MissingDependencyError
        If the file is damaged, too large, or rawpy is not installed.
    """
    with _opened(name, data) as file:
        file.unpack()
        pixels: PixelArray = file.postprocess(
            user_flip=0, use_camera_wb=True, no_auto_bright=True, output_bps=8
        )
    return pixels, (DEVELOPED,)


def _reason(error: Exception) -> str:
    text = error.args[0] if error.args else ""
    decoded = text.decode("latin-1") if isinstance(text, bytes) else str(text)
    return clean_text(decoded) or type(error).__name__
