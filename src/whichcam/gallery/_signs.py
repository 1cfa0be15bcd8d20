"""Sign bits of many patterns of one shape: rows of one file, written once each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.errors import ChecksumMismatchError, InputError, ShapeMismatchError
from whichcam.gallery._files import to_disk, write_new

SignBits: TypeAlias = npt.NDArray[np.uint64]
_WORD_BYTES: Final = 8


class SignMatrix(NamedTuple):
    """Sign bits of the fingerprints of one shape.

    Attributes
    ----------
    names : tuple of str or None
        The camera of each row; None where a camera was removed and its place not
        yet given back. The bits of such a row are 0: skip it.
    bits : ndarray of shape (n, words), uint64
        Mapped from disk, read-only. While it is open its rows stay as they are,
        whatever other processes enrol; those of cameras they remove may become 0.
    """

    names: tuple[str | None, ...]
    bits: SignBits


def pack_signs(pattern: FloatArray) -> SignBits:
    """Pack "is above zero" of each pixel into words of 64 bits.

    Parameters
    ----------
    pattern : ndarray of shape (H, W), float32

    Returns
    -------
    ndarray of shape (ceil(H * W / 64),), uint64
        Pixel ``64 * j + i`` in row-major order is bit ``i`` (value ``2**i``) of word
        ``j``; bits past the last pixel are 0.
    """
    packed = np.packbits(np.ravel(pattern) > 0, bitorder="little")
    words = np.zeros(-(-packed.size // _WORD_BYTES) * _WORD_BYTES, np.uint8)
    words[: packed.size] = packed
    return words.view("<u8").astype(np.uint64)


def check_bits(bits: npt.ArrayLike, shape: tuple[int, int]) -> SignBits:
    """Return sign bits handed in, or say why they cannot be those of a shape."""
    given: npt.NDArray[Any] = np.asarray(bits)
    if given.ndim != 1 or given.dtype != np.uint64:
        raise InputError(
            f"sign_bits are {given.dtype} of shape {given.shape}; expected uint64 of "
            "shape (words,)"
        )
    if not 1 <= given.size <= most_words(shape):
        raise ShapeMismatchError(
            f"sign_bits have {given.size} words; a pattern of shape {shape} has 1 to "
            f"{most_words(shape)}"
        )
    return given


def most_words(shape: tuple[int, int]) -> int:
    """Return how many words one bit a pixel takes."""
    return -(-shape[0] * shape[1] // 64)


def bits_sha256(bits: SignBits) -> str:
    """Return the SHA-256 of sign bits as they lie on the disk."""
    return hashlib.sha256(bits_as_bytes(bits)).hexdigest()


def append_row(path: Path, slot: int, bits: SignBits) -> None:
    """Write one row behind the others and see it to the disk.

    Rows below stay as they are: other processes may have them mapped. What a killed
    process left at or above this slot is overwritten.

    Raises
    ------
    ChecksumMismatchError
        If rows below are missing.
    """
    with path.open("r+b") as stream:
        _refuse_short(path, stream.seek(0, 2), slot * bits.size)
        stream.seek(slot * bits.size * _WORD_BYTES)
        stream.write(bits_as_bytes(bits))
        to_disk(stream)


def wipe_rows(path: Path, slots: Iterable[int], words: int) -> None:
    """Set rows to 0, so that nothing of a removed camera stays."""
    with path.open("r+b") as stream:
        for slot in slots:
            stream.seek(slot * words * _WORD_BYTES)
            stream.write(bytes(words * _WORD_BYTES))
        to_disk(stream)


def cut_rows(path: Path, n_rows: int, words: int) -> None:
    """Cut a file behind its last row that counts; nobody has mapped more."""
    end = n_rows * words * _WORD_BYTES
    with path.open("r+b") as stream:
        if stream.seek(0, 2) > end:
            stream.truncate(end)


def copy_rows(source: Path, target: Path, slots: Iterable[int], words: int) -> None:
    """Write a new file of some rows of another, in the order given."""
    size = words * _WORD_BYTES

    def rows() -> Iterator[bytes]:
        with source.open("rb") as stream:
            for slot in slots:
                stream.seek(slot * size)
                # Padded: after a row that was cut short, others go on to be appended.
                yield stream.read(size).ljust(size, b"\0")

    write_new(target, rows())


def read_row(path: Path, slot: int, words: int) -> bytes:
    """Return the bytes of one row; fewer if the file is cut short."""
    with path.open("rb") as stream:
        stream.seek(slot * words * _WORD_BYTES)
        return stream.read(words * _WORD_BYTES)


def row_sha256(path: Path, slot: int, words: int) -> str:
    """Return the SHA-256 of one row, as it lies on the disk."""
    return hashlib.sha256(read_row(path, slot, words)).hexdigest()


def map_rows(path: Path, n_rows: int, words: int) -> SignBits:
    """Map the first rows of a file, read-only."""
    _refuse_short(path, path.stat().st_size, n_rows * words)
    return np.memmap(path, "<u8", mode="r", shape=(n_rows, words))


def bits_from_bytes(data: bytes) -> SignBits:
    """Return sign bits from the bytes they are stored as."""
    return np.frombuffer(data, "<u8").astype(np.uint64)


def bits_as_bytes(bits: SignBits) -> bytes:
    """Return the bytes that sign bits are stored as."""
    return bits.astype("<u8", copy=False).tobytes()


def _refuse_short(path: Path, found: int, n_words: int) -> None:
    if found < n_words * _WORD_BYTES:
        raise ChecksumMismatchError(
            f"{path} has {found} bytes, the gallery needs {n_words * _WORD_BYTES}: it "
            "was cut or damaged; check the gallery, and import or enrol the cameras "
            "again that it names"
        )
