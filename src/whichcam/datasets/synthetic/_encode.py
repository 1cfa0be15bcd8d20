"""The file: JPEG with given tables, and EXIF that says what it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO

import numpy as np
from PIL import Image

from whichcam._typing import PixelArray

MAKE = "Synthetic"
"""EXIF make of every synthetic camera: no file of ours passes for a real one."""

SUBSAMPLINGS: tuple[str, ...] = ("4:4:4", "4:2:2", "4:2:0")

Table = tuple[tuple[int, ...], ...]

# ITU-T T.81, Annex K, tables K.1 and K.2, row-major.
_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8,) * 4,
)


def scaled_tables(scale: float, steepness: float = 1.0) -> tuple[Table, Table]:
    """Return luma and chroma tables derived from those of Annex K.

    Each value is 16 (v / 16)^steepness times the scale, 1 to 255; a steepness of 1
    gives the standard's shape, less than 1 a flatter table.
    """
    return _scaled(_LUMINANCE, scale, steepness), _scaled(
        _CHROMINANCE, scale, steepness
    )


def _scaled(table: Table, scale: float, steepness: float) -> Table:
    values = 16 * (np.array(table) / 16) ** steepness * scale
    rounded = np.clip(np.floor(values + 0.5), 1, 255).astype(int)
    return tuple(tuple(int(value) for value in row) for row in rounded)


def encode_jpeg(
    pixels: PixelArray,
    *,
    tables: Sequence[Table],
    subsampling: str,
    exif: bytes,
    jfif: bool,
) -> bytes:
    """Return a baseline JPEG with these tables.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        RGB.
    tables : sequence of 8 x 8 tables
        Luma first, then chroma; one alone serves both. Row-major order, i.e.
        ``table[v][u]`` divides the coefficient of vertical frequency v and
        horizontal frequency u; the file stores them in zig-zag order.
    subsampling : str
        ``"4:4:4"``, ``"4:2:2"`` or ``"4:2:0"``.
    exif : bytes
        Payload of the APP1 segment.
    jfif : bool
        Whether the file keeps the JFIF segment before EXIF.

    Returns
    -------
    bytes
    """
    buffer = BytesIO()
    Image.fromarray(pixels).save(
        buffer,
        "JPEG",
        # Pillow takes row-major values and writes them in zig-zag order.
        qtables=[[value for row in table for value in row] for table in tables],
        subsampling=subsampling,
        exif=exif,
    )
    data = buffer.getvalue()
    if jfif or data[2:4] != b"\xff\xe0":
        return data
    # libjpeg always writes JFIF's segment; most cameras write none.
    return data[:2] + data[4 + int.from_bytes(data[4:6], "big") :]


def exif_bytes(
    *, model: str, serial: str, size: tuple[int, int], seed: int, iso: int
) -> bytes:
    """Return EXIF of a synthetic photo; the date is made from the seed."""
    minutes = int(np.random.default_rng((seed, 3)).integers(3 * 365 * 24 * 60))
    taken = datetime(2020, 1, 1) + timedelta(minutes=minutes)
    text = f"{taken:%Y:%m:%d %H:%M:%S}"
    exif = Image.Exif()
    exif[0x010E] = "Synthetic picture made by whichcam"  # ImageDescription
    exif[0x010F] = MAKE
    exif[0x0110] = model
    exif[0x0112] = 1  # Orientation
    exif[0x0132] = text  # DateTime
    photo = exif.get_ifd(0x8769)
    photo[0x8827] = iso  # PhotographicSensitivity
    photo[0x9003] = text  # DateTimeOriginal
    photo[0xA002], photo[0xA003] = size[1], size[0]  # PixelXDimension, PixelYDimension
    photo[0xA431] = serial  # BodySerialNumber
    return exif.tobytes()
