"""Patterns on disk: float16 in .npy files whose header has one spelling only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.errors import (
    ArtifactNotFoundError,
    ChecksumMismatchError,
    InputError,
)
from whichcam.gallery._files import write_new

StoredArray: TypeAlias = npt.NDArray[np.float16]
Shape: TypeAlias = tuple[int, int]

MAX_SIDE: Final = 1 << 17
MAX_PIXELS: Final = 1 << 28  # 268 MP: larger than any sensor sold
_SMALLEST_PEAK: Final = 1e-30
_LARGEST_PEAK: Final = 1e30
# float16 is at its full 11 bits from 2**-14 on. With its peak in [2**13, 2**14) a
# pattern keeps them down to 2**-27 of the peak.
_PEAK_EXPONENT: Final = 14
_ROWS_OF_PIXELS: Final = 1 << 20
# Of those peaks; and 2**14 * 2**113 is still finite in float32.
MAX_EXPONENT: Final = 113


def check_shape(shape: Shape, what: str) -> None:
    """Refuse a shape that no picture has."""
    height, width = shape
    if not (0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE):
        raise InputError(f"{what} has shape {shape}; expected sides of 1 to {MAX_SIDE}")
    if height * width > MAX_PIXELS:
        raise InputError(
            f"{what} has {height * width} pixels; at most {MAX_PIXELS} are kept"
        )


def check_pattern(pattern: npt.ArrayLike) -> FloatArray:
    """Return a pattern as float32 (H, W), or say why it cannot be stored.

    Raises
    ------
    InputError
        If it is not two-dimensional and floating, not finite, zero throughout, or
        its largest magnitude lies outside 1e-30 to 1e30.
    """
    given: npt.NDArray[Any] = np.asarray(pattern)
    if given.ndim != 2 or not np.issubdtype(given.dtype, np.floating):
        raise InputError(
            f"the pattern is {given.dtype} of shape {given.shape}; expected floating "
            "point of shape (H, W)"
        )
    check_shape((int(given.shape[0]), int(given.shape[1])), "the pattern")
    with np.errstate(over="ignore", invalid="ignore"):  # named below
        values = given.astype(np.float32, copy=False)
        peak = float(max(values.max(), -values.min()))  # NaN if any value is
    if not _SMALLEST_PEAK <= peak <= _LARGEST_PEAK:
        raise InputError(
            f"the pattern's largest magnitude is {peak:g}; expected finite values, not "
            f"all zero, within {_SMALLEST_PEAK:g} to {_LARGEST_PEAK:g}: estimate it "
            "from pictures that carry noise"
        )
    return values


def exponent_of(pattern: FloatArray) -> int:
    """Return the power of two that brings the largest magnitude to [2**13, 2**14)."""
    peak = max(float(pattern.max()), -float(pattern.min()))
    return _PEAK_EXPONENT - int(np.frexp(peak)[1])


def write_pattern(path: Path, pattern: FloatArray) -> tuple[str, int]:
    """Store a pattern as ``float16(pattern * 2**exponent)``.

    Returns
    -------
    str
        SHA-256 of the file.
    int
        The exponent. Scaling by a power of two is exact, so the only loss is the
        rounding to 11 bits: the correlation with the original is above 0.9999999
        for patterns of zero mean (0.9999 is promised).
    """
    exponent = exponent_of(pattern)
    return write_new(path, _blocks(pattern, exponent)), exponent


def read_pattern(
    path: Path, shape: Shape, exponent: int, sha256: str, *, owner: str
) -> FloatArray:
    """Return the float32 pattern of a file, if it is the file that was stored."""
    n_bytes = file_bytes(shape)
    try:
        with path.open("rb") as stream:
            # One byte more than promised is enough to tell that it is another file.
            data = stream.read(n_bytes + 1)
    except FileNotFoundError as error:
        raise ArtifactNotFoundError(
            f"the pattern of {owner} is not at {path}; if the camera was not removed "
            "meanwhile, the gallery is damaged: import or enrol the camera again"
        ) from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256 or len(data) != n_bytes:
        raise ChecksumMismatchError(
            f"the pattern of {owner} has SHA-256 {found[:12]}..., the gallery says "
            f"{sha256[:12]}...: {path} was changed or damaged; remove the camera and "
            "import or enrol it again"
        )
    stored = np.frombuffer(data, "<f2", offset=len(header(shape))).reshape(shape)
    scaled: FloatArray = np.ldexp(stored.astype(np.float32), np.int32(-exponent))
    return scaled


def map_pattern(path: Path, shape: Shape, *, owner: str) -> StoredArray:
    """Map the stored numbers into memory, read-only; checksum not looked at."""
    try:
        found = path.stat().st_size
    except FileNotFoundError as error:
        raise ArtifactNotFoundError(
            f"the pattern of {owner} is not at {path}; import or enrol it again"
        ) from error
    if found != file_bytes(shape):
        raise ChecksumMismatchError(
            f"the pattern of {owner} has {found} bytes, expected {file_bytes(shape)}: "
            f"{path} was changed or damaged; import or enrol the camera again"
        )
    return np.memmap(path, "<f2", mode="r", offset=len(header(shape)), shape=shape)


def header(shape: Shape) -> bytes:
    """Return the header of a .npy file (format 1.0) of little-endian float16.

    Written here and compared byte by byte when read: a header from a hostile file is
    never parsed.
    """
    described = (
        "{'descr': '<f2', 'fortran_order': False, "
        f"'shape': ({int(shape[0])}, {int(shape[1])}), }}"
    )
    prefix = b"\x93NUMPY\x01\x00"
    used = len(prefix) + 2 + len(described) + 1
    text = described + " " * (-used % 64) + "\n"
    return prefix + len(text).to_bytes(2, "little") + text.encode("ascii")


def file_bytes(shape: Shape) -> int:
    """Return the size of the file of a pattern."""
    return len(header(shape)) + 2 * shape[0] * shape[1]


def is_scaled(stored: StoredArray) -> bool:
    """Say whether stored numbers are finite with their peak where we put it."""
    step = _rows_at_once(stored.shape[1])
    peak = 0.0
    for top in range(0, stored.shape[0], step):
        rows = stored[top : top + step]
        if not np.isfinite(rows).all():
            return False
        peak = max(peak, float(rows.max()), -float(rows.min()))
    # The upper end is reached by rounding.
    return 2.0 ** (_PEAK_EXPONENT - 1) <= peak <= 2.0**_PEAK_EXPONENT


def _blocks(pattern: FloatArray, exponent: int) -> Iterator[bytes]:
    """Yield the bytes of the file, some rows at a time: no second copy in memory."""
    shape = (pattern.shape[0], pattern.shape[1])
    yield header(shape)
    step = _rows_at_once(shape[1])
    for top in range(0, shape[0], step):
        scaled = np.ldexp(pattern[top : top + step], np.int32(exponent))
        yield scaled.astype("<f2").tobytes()


def _rows_at_once(width: int) -> int:
    return max(1, _ROWS_OF_PIXELS // width)
