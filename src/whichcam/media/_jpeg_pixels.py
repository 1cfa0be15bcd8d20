"""Decode JPEG pixels, and let no complaint of the decoder pass in silence."""

from __future__ import annotations

import re

import numpy as np
import simplejpeg

from whichcam._typing import PixelArray
from whichcam.errors import ImageDecodeError, ImageTooLargeError, UnsupportedFormatError
from whichcam.media._jpeg_types import JpegStructure
from whichcam.media._text import clean_text

MAX_SCANS = 100
"""Most scans decoded. Each can cost a pass over the whole picture; encoders write
about ten, and a picture of some kilobytes could declare thousands."""

_LOSSLESS_OR_HIERARCHICAL = frozenset({3, 5, 6, 7, 11, 13, 14, 15})
_TRUNCATED = "Premature end of JPEG file"
# Complaints of libjpeg-turbo after which every coefficient has still been read.
_HARMLESS = ("Invalid SOS parameters for sequential JPEG",)
# Complaints about one byte of a header, to which libjpeg-turbo's wrapper will not
# listen further; libjpeg itself would go on as if the usual value stood there.
_HEADER_COMPLAINTS = (
    "unknown JFIF revision number",
    "Unknown Adobe color transform code",
)
_EXTRANEOUS = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
_UNKNOWN_SAMPLING = "Could not determine subsampling"


def check_decodable(name: str, jpeg: JpegStructure) -> None:
    """Refuse, by the header alone, what cannot be decoded to 8-bit RGB."""
    process = int(jpeg.process.removeprefix("SOF"))
    reason = None
    if process in _LOSSLESS_OR_HIERARCHICAL:
        reason = f"{jpeg.process} (lossless or hierarchical coding)"
    elif jpeg.precision != 8:
        reason = f"{jpeg.precision} bits a sample, expected 8"
    elif jpeg.height == 0:
        reason = "a height of 0, to be set later by a DNL marker"
    elif len(jpeg.components) not in (1, 3, 4):
        reason = f"{len(jpeg.components)} colour components, expected 1, 3 or 4"
    if reason:
        raise UnsupportedFormatError(
            f"{name}: this JPEG has {reason}; convert it with the maker's software"
        )
    if jpeg.width == 0:
        raise ImageDecodeError(f"{name}: the JPEG header declares a width of 0 pixels")
    if jpeg.n_scans > MAX_SCANS:
        raise ImageDecodeError(
            f"{name}: the JPEG has {jpeg.n_scans} scans, at most {MAX_SCANS} are "
            "decoded; encoders write about ten"
        )


def decode_jpeg(
    name: str, data: bytes, jpeg: JpegStructure, *, allow_truncated: bool
) -> tuple[PixelArray, tuple[str, ...]]:
    """Return RGB pixels and warnings.

    Raises
    ------
    UnsupportedFormatError, ImageDecodeError, ImageTooLargeError
        If the coding is not supported, the data are damaged or cut off and
        `allow_truncated` is false, or memory does not suffice.
    """
    check_decodable(name, jpeg)
    if not allow_truncated:
        _check_enough_data(name, jpeg)
    colorspace = "CMYK" if len(jpeg.components) == 4 else "RGB"
    warnings: list[str] = []
    try:
        pixels = _decode(data, colorspace, strict=True)
    except ValueError as error:
        complaint = clean_text(str(error))
        if _UNKNOWN_SAMPLING in complaint:
            return _decode_unusual_sampling(name, data, jpeg)
        if any(text in complaint for text in _HEADER_COMPLAINTS):
            tidy = _with_usual_headers(data, jpeg)
            if tidy != data:
                pixels, said = decode_jpeg(
                    name, tidy, jpeg, allow_truncated=allow_truncated
                )
                return pixels, (f"the JPEG decoder complained ({complaint})", *said)
        warning = _judge(name, complaint, data, jpeg, allow_truncated=allow_truncated)
        try:
            pixels = _decode(data, colorspace, strict=False)
        except ValueError as fatal:
            raise ImageDecodeError(
                f"{name}: the JPEG cannot be decoded: {clean_text(str(fatal))}"
            ) from fatal
        warnings.append(warning)
    except MemoryError as error:
        raise ImageTooLargeError(
            f"{name}: no memory for {jpeg.width} x {jpeg.height} pixels"
        ) from error
    if pixels.shape[:2] != (jpeg.height, jpeg.width):
        raise ImageDecodeError(
            f"{name}: decoded to {pixels.shape[1]} x {pixels.shape[0]} pixels, but the "
            f"header declares {jpeg.width} x {jpeg.height}"
        )
    if colorspace == "CMYK" and pixels.shape[2] == 4:
        pixels = _cmyk_to_rgb(pixels, inverted=jpeg.has_adobe)
        warnings.append("CMYK picture, converted to RGB without a colour profile")
    elif len(jpeg.components) == 1:
        warnings.append("grey picture: one channel, given three times")
    return pixels, tuple(warnings)


def _with_usual_headers(data: bytes, jpeg: JpegStructure) -> bytes:
    """Set JFIF's major version and Adobe's transform to what libjpeg assumes."""
    tidy = bytearray(data)
    for segment in jpeg.segments:
        if segment.identifier == "JFIF" and segment.length > 9:
            tidy[segment.offset + 9] = 1
        elif segment.identifier == "Adobe" and segment.length > 15:
            tidy[segment.offset + 15] = 2 if len(jpeg.components) == 4 else 1
    return bytes(tidy)


def _decode(data: bytes, colorspace: str, *, strict: bool) -> PixelArray:
    pixels: PixelArray = simplejpeg.decode_jpeg(data, colorspace, strict=strict)
    return pixels


def _check_enough_data(name: str, jpeg: JpegStructure) -> None:
    """Refuse before memory is spent what cannot hold the blocks it declares.

    A block takes at least one bit in its first scan, two where AC coefficients are
    coded with it; only arithmetic coding can do with less.
    """
    if jpeg.arithmetic or not jpeg.components:
        return
    widest = max(c.h for c in jpeg.components) or 1
    tallest = max(c.v for c in jpeg.components) or 1
    n_blocks = sum(
        -(-jpeg.width * c.h // (8 * widest)) * -(-jpeg.height * c.v // (8 * tallest))
        for c in jpeg.components
    )
    least = n_blocks * (1 if jpeg.progressive else 2) // 8
    if jpeg.entropy_bytes < least:
        raise ImageDecodeError(
            f"{name}: the JPEG is truncated: {jpeg.width} x {jpeg.height} pixels need "
            f"{least} bytes of coded data at the very least, {jpeg.entropy_bytes} are "
            "there; pass allow_truncated=True to decode as far as it goes"
        )


def _is_padding(complaint: str, data: bytes, jpeg: JpegStructure) -> bool:
    """Return whether what stands between the last block and EOI is mere padding.

    Bytes of all kinds there are picture data the decoder lost its way in.
    """
    match = _EXTRANEOUS.search(complaint)
    if match is None:
        return False
    end = jpeg.segments[-1].offset
    return len(set(data[max(0, end - int(match[1])) : end])) == 1


def _judge(
    name: str,
    complaint: str,
    data: bytes,
    jpeg: JpegStructure,
    *,
    allow_truncated: bool,
) -> str:
    """Return the warning the complaint becomes, or raise."""
    truncated = jpeg.truncated or complaint.startswith(_TRUNCATED)
    harmless = _is_padding(complaint, data, jpeg) or any(
        text in complaint for text in _HARMLESS
    )
    if harmless and not truncated:
        return (
            f"the JPEG decoder complained ({complaint}); it reports only the first "
            "complaint, so damage further on may go unseen"
        )
    what = "truncated" if truncated else "damaged"
    if not allow_truncated:
        raise ImageDecodeError(
            f"{name}: the JPEG is {what} ({complaint}); pass allow_truncated=True to "
            "decode as far as it goes"
        )
    return f"the JPEG is {what} ({complaint}): decoded as far as it goes"


def _decode_unusual_sampling(
    name: str, data: bytes, jpeg: JpegStructure
) -> tuple[PixelArray, tuple[str, ...]]:
    from whichcam.media._pillow import decode_pillow

    if jpeg.truncated:
        raise ImageDecodeError(f"{name}: the JPEG is truncated: it has no EOI marker")
    pixels, said = decode_pillow(name, "JPEG", data, allow_truncated=False)
    return pixels, (
        *said,
        f"unusual JPEG sampling ({jpeg.subsampling}): its decoder does not report "
        "damaged data, so damage would go unseen",
    )


def _cmyk_to_rgb(cmyk: PixelArray, *, inverted: bool) -> PixelArray:
    """Multiply each ink by black; Adobe's files store 255 for "no ink"."""
    light = cmyk if inverted else 255 - cmyk
    black = light[..., 3].astype(np.uint16)
    rgb = np.empty((*cmyk.shape[:2], 3), dtype=np.uint8)
    for channel in range(3):  # one at a time: the products take two bytes a pixel
        rgb[..., channel] = (light[..., channel] * black + 127) // 255
    return rgb
