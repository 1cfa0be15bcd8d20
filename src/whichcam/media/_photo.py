"""A picture: what its file says, and its pixels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from whichcam._typing import PhotoSource, PixelArray
from whichcam.errors import InputError
from whichcam.media._exif import Exif
from whichcam.media._formats import ParsedHeader, decode_pixels, parse_header
from whichcam.media._jpeg_types import JpegStructure
from whichcam.media._limits import Limits
from whichcam.media._source import read_source

_DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhotoHeader:
    """All that is known of a picture without decoding it.

    Parameters
    ----------
    name : str
        File name, for display only; ``"<bytes>"`` where there is none.
    sha256 : str
        Of all the file's bytes, in hexadecimal.
    n_bytes : int
        Size of the file.
    format : str
        ``"JPEG"``, ``"PNG"``, ``"TIFF"``, ``"WEBP"``, ``"HEIC"``, ``"AVIF"`` or
        ``"RAW"``, by content.
    width, height : int
        Of the pixels in sensor orientation.
    exif : Exif
        Empty where the file has none.
    jpeg : JpegStructure or None
        For JPEG files.
    notes : tuple of str
        What is odd about the file, such as damaged EXIF.
    """

    name: str
    sha256: str
    n_bytes: int
    format: str
    width: int
    height: int
    exif: Exif
    jpeg: JpegStructure | None = None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "n_bytes": self.n_bytes,
            "format": self.format,
            "width": self.width,
            "height": self.height,
            "exif": self.exif.to_dict(),
            "jpeg": self.jpeg.to_dict() if self.jpeg else None,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Photo:
    """A decoded picture and its header.

    Parameters
    ----------
    header : PhotoHeader
        What the file says.
    pixels : ndarray of shape (H, W, 3), uint8
        RGB, 0 to 255, in sensor orientation: EXIF's rotation is never applied, so
        that row and column stay those of the sensor and of the 8x8 grid. Read-only.
    warnings : tuple of str
        The header's notes and all that decoding had to change or leave out.
    """

    header: PhotoHeader
    pixels: PixelArray
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_pixels(cls, pixels: PixelArray, *, name: str) -> Photo:
        """Make a photo of an array that comes from no file.

        Parameters
        ----------
        pixels : ndarray of shape (H, W, 3), uint8
            RGB, sensor orientation. Copied, so that the photo cannot change.
        name : str
            For display only.

        Returns
        -------
        Photo
            Of format ``"PIXELS"``, without EXIF and JPEG structure; its SHA-256 is
            that of the pixels, row by row.

        Raises
        ------
        InputError
            If the array is not of shape (H, W, 3) and type uint8.
        """
        if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
            raise InputError(
                f"pixels have shape {pixels.shape} and type {pixels.dtype}; "
                "expected (H, W, 3) and uint8"
            )
        own = np.array(pixels, order="C")
        own.flags.writeable = False
        header = PhotoHeader(
            name=name,
            sha256=hashlib.sha256(own.data).hexdigest(),
            n_bytes=own.nbytes,
            format="PIXELS",
            width=own.shape[1],
            height=own.shape[0],
            exif=Exif(),
        )
        return cls(header=header, pixels=own)

    @property
    def name(self) -> str:
        """File name, for display only."""
        return self.header.name

    @property
    def sha256(self) -> str:
        """SHA-256 of the file's bytes, in hexadecimal."""
        return self.header.sha256

    @property
    def format(self) -> str:
        """Format of the file, by content."""
        return self.header.format

    @property
    def exif(self) -> Exif:
        """EXIF fields of the file."""
        return self.header.exif

    @property
    def jpeg(self) -> JpegStructure | None:
        """Structure of the file if it is a JPEG."""
        return self.header.jpeg

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.header.width

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.header.height


def read_header(
    source: PhotoSource, *, limits: Limits = _DEFAULT_LIMITS
) -> PhotoHeader:
    """Read what the file says about itself, without decoding pixels.

    Parameters
    ----------
    source : path, bytes or binary file object
        The picture. A file object is read to its end and left open.
    limits : Limits
        Bounds on bytes and pixels.

    Returns
    -------
    PhotoHeader

    Raises
    ------
    PhotoNotFoundError
        If the path does not exist, is no regular file or cannot be read.
    UnsupportedFormatError
        If the bytes are no picture of a supported format.
    ImageDecodeError
        If the header is damaged.
    ImageTooLargeError, ImageTooSmallError
        If the limits are exceeded.
    MissingDependencyError
        If HEIC or RAW is given without its extra.

    See Also
    --------
    open_photo : Also decode the pixels.
    """
    return _read(source, limits)[0]


def open_photo(
    source: PhotoSource,
    *,
    limits: Limits = _DEFAULT_LIMITS,
    allow_truncated: bool = False,
) -> Photo:
    """Read and decode a picture, exactly as the sensor lay.

    Parameters
    ----------
    source : path, bytes or binary file object
        The picture. A file object is read to its end and left open.
    limits : Limits
        Bounds on bytes and pixels, checked before decoding.
    allow_truncated : bool
        Decode damaged or cut-off files as far as they go, and say so in the
        warnings, instead of raising. Off, because the missing part is invented
        (grey or black) by the decoder.

    Returns
    -------
    Photo

    Raises
    ------
    PhotoNotFoundError, UnsupportedFormatError, MissingDependencyError
        As `read_header`.
    ImageTooLargeError, ImageTooSmallError
        As `read_header`, and if memory does not suffice.
    ImageDecodeError
        Also if the pixels are damaged or cut off.

    See Also
    --------
    read_header : Much faster where pixels are not needed.

    Notes
    -----
    What cannot be given as it is in the file is reduced with a warning: grey (given
    three times), palette, alpha (dropped), CMYK, 16 bits (high byte), animation
    (first frame) and RAW (developed by LibRaw, not by the camera).

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> file = io.BytesIO()
    >>> Image.new("RGB", (64, 48)).save(file, "JPEG")
    >>> photo = open_photo(file.getvalue())
    >>> photo.format, photo.pixels.shape, photo.jpeg.subsampling
    ('JPEG', (48, 64, 3), '4:2:0')
    """
    header, parsed, data = _read(source, limits)
    pixels, said = decode_pixels(
        header.name, data, parsed, allow_truncated=allow_truncated
    )
    pixels.flags.writeable = False
    height, width = pixels.shape[:2]
    if (width, height) != (header.width, header.height):
        # LibRaw turns some sensors' diagonal grids and evens out oblong pixels.
        said += (
            f"decoded to {width} x {height}, declared {header.width} x {header.height}",
        )
        header = replace(header, width=width, height=height)
    return Photo(header=header, pixels=pixels, warnings=header.notes + said)


def _read(
    source: PhotoSource, limits: Limits
) -> tuple[PhotoHeader, ParsedHeader, bytes]:
    name, data = read_source(source, limits)
    parsed = parse_header(name, data, limits)
    header = PhotoHeader(
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        n_bytes=len(data),
        format=parsed.format,
        width=parsed.width,
        height=parsed.height,
        exif=parsed.exif,
        jpeg=parsed.jpeg,
        notes=parsed.notes,
    )
    return header, parsed, data
