"""What a JPEG file says of its encoder: tables, sampling, and the levels it left."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from whichcam._typing import FloatArray, PixelArray
from whichcam.errors import ImageTooSmallError, NotJPEGError
from whichcam.media import HuffmanTable, JpegStructure
from whichcam.signal import block_dct, ycbcr_planes

JPEG_STATISTICS_VERSION = 1
"""Raised whenever a statistic changes meaning."""

_SMALLEST_PX = 64
_LUMA_FREQUENCIES, _CHROMA_FREQUENCIES = 35, 9
_LEVELS = 4  # |level| of 0, 1, 2 and more
_LENGTHS = 16  # of Huffman codes, in bits

JPEG_STATISTICS_LAYOUT: Final = (
    ("luma_table", 64),
    ("chroma_table", 64),
    ("coding", 7),
    ("huffman", 5 + 4 * _LENGTHS),
    ("luma_levels", _LUMA_FREQUENCIES * _LEVELS),
    ("chroma_levels", 2 * _CHROMA_FREQUENCIES * _LEVELS),
)
"""Names and lengths of the groups, in order."""
JPEG_STATISTICS_SIZE = sum(length for _, length in JPEG_STATISTICS_LAYOUT)
"""Length of the vector that `jpeg_statistics` returns."""

# Codes of 1 to 16 bits in the example tables of ITU-T T.81, annex K.3, which encoders
# that do not optimise use: DC luma, DC chroma, AC luma, AC chroma.
_EXAMPLES: Final = {
    ("dc", 0): (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0),
    ("dc", 1): (0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0),
    ("ac", 0): (0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125),
    ("ac", 1): (0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119),
}


def jpeg_statistics(pixels: PixelArray, jpeg: JpegStructure) -> FloatArray:
    """Return what a file's tables and its quantised spectrum say of the encoder.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        RGB as decoded from the file, at least 64x64 px, starting at a row and a column
        that are multiples of 16.
    jpeg : JpegStructure
        Of the same file.

    Returns
    -------
    ndarray of shape (JPEG_STATISTICS_SIZE,), float32
        Groups in the order of `JPEG_STATISTICS_LAYOUT`: logarithms of the
        quantisation tables; chroma sampling, number of components, progressive,
        arithmetic, restart markers and JFIF; for Huffman tables their number, whether
        each is the standard's example and how many codes it has of each length; for
        low frequencies in zig-zag order the square roots of the shares of levels 0, 1,
        2 and more, of luma and of both chroma planes.

    Raises
    ------
    ImageTooSmallError
        If there are fewer than 64 rows or columns.
    NotJPEGError
        If the file lacks a quantisation table.

    Notes
    -----
    Kee et al. [1]_ compare tables, Huffman codes and the frame's parameters with those
    of known cameras; here they are columns for a classifier, beside the histograms of
    AC levels. Image and thumbnail sizes and counts of EXIF entries, which they use
    too, are left out: a crop or a tool that strips metadata changes them.

    Levels are computed again from decoded pixels: a few are off by one, where pixels
    were rounded or clipped.

    References
    ----------
    .. [1] E. Kee, M. K. Johnson, H. Farid, "Digital image authentication from JPEG
       headers", IEEE TIFS 6(3), 2011. doi:10.1109/TIFS.2011.2128309
    .. [2] ITU-T T.81, annexes B and K.
    """
    if min(pixels.shape[:2]) < _SMALLEST_PX:
        raise ImageTooSmallError(
            f"a crop of {pixels.shape[1]}x{pixels.shape[0]} px is too small for JPEG "
            f"statistics; at least {_SMALLEST_PX}x{_SMALLEST_PX} px are needed"
        )
    is_grey = len(jpeg.components) == 1
    luma = jpeg.quantization_table(0)
    chroma = luma if is_grey else jpeg.quantization_table(1)
    if luma is None or chroma is None:
        raise NotJPEGError("the file lacks a quantisation table of its components")
    steps = np.maximum(np.stack([luma, chroma]), 1).astype(np.float32)
    planes = ycbcr_planes(pixels)[3:]
    planes[0] -= 128  # as encoders do; of AC frequencies it changes nothing
    first, second = (
        jpeg.components[0],
        jpeg.components[min(1, len(jpeg.components) - 1)],
    )
    across, down = max(1, first.h // second.h), max(1, first.v // second.v)
    found = [
        np.log(steps).ravel(),
        _coding(jpeg, across, down),
        _huffman(jpeg.huffman_tables),
        _levels(planes[0], steps[0], _LUMA_FREQUENCIES),
        *(
            _levels(_as_stored(plane, down, across), steps[1], _CHROMA_FREQUENCIES)
            for plane in planes[1:]
        ),
    ]
    return np.concatenate(found, dtype=np.float32)


def _coding(jpeg: JpegStructure, across: int, down: int) -> FloatArray:
    flags = (jpeg.progressive, jpeg.arithmetic, jpeg.restart_interval > 0)
    sampling = (math.log2(across), math.log2(down), float(len(jpeg.components)))
    return np.array([*sampling, *flags, jpeg.has_jfif], dtype=np.float32)


def _huffman(tables: tuple[HuffmanTable, ...]) -> FloatArray:
    """Return the number of tables; of each kind: is it an example, and its counts."""
    by_kind = {(table.kind, table.table_id): table.counts for table in tables}
    examples, counts = [], []
    for kind, example in _EXAMPLES.items():
        own = by_kind.get(kind, (0,) * _LENGTHS)
        examples.append(float(own == example))
        counts += [math.log1p(n) for n in own]
    return np.array([len(tables), *examples, *counts], dtype=np.float32)


def _as_stored(plane: FloatArray, down: int, across: int) -> FloatArray:
    """Return a chroma plane at the size it is stored in.

    Decoders double a plane by weighing the two nearest samples 3 to 1 (libjpeg's fancy
    upsampling). Averaged back, each sample has 3/4 of itself and 1/8 of either
    neighbour; the cosine transform turns that blur into a product and can undo it.
    """
    from scipy.fft import dctn, idctn

    rows, cols = plane.shape[0] // down, plane.shape[1] // across
    whole = plane[: rows * down, : cols * across]
    cells = whole.reshape(rows, down, cols, across)
    small = np.asarray(cells.mean((1, 3)), dtype=np.float32)
    if down != 2 and across != 2:
        return small
    kept = [
        0.75 + 0.25 * np.cos(np.pi * np.arange(n) / n) if factor == 2 else np.ones(n)
        for n, factor in zip(small.shape, (down, across), strict=True)
    ]
    sharp = idctn(dctn(small, type=2) / np.outer(*kept), type=2)
    return np.asarray(sharp, dtype=np.float32)


def _zigzag() -> tuple[tuple[int, int], ...]:
    """Return (row, column) of the 63 AC frequencies in the order of files."""

    def place(cell: tuple[int, int]) -> tuple[int, int]:
        row, col = cell
        # odd diagonals run downwards, even ones upwards
        return row + col, row if (row + col) % 2 else col

    cells = [(row, col) for row in range(8) for col in range(8)]
    return tuple(sorted(cells, key=place)[1:])


_ZIGZAG: Final = _zigzag()


def _levels(plane: FloatArray, steps: FloatArray, n_frequencies: int) -> FloatArray:
    """Return square roots of the shares of |level| 0, 1, 2 and more."""
    height, width = plane.shape[0] // 8 * 8, plane.shape[1] // 8 * 8
    blocks = block_dct(np.ascontiguousarray(plane[:height, :width])).reshape(-1, 64)
    flat = np.array([row * 8 + col for row, col in _ZIGZAG[:n_frequencies]])
    size = np.rint(np.abs(blocks[:, flat]) / steps.ravel()[flat])
    shares = [(size == level).mean(0) for level in range(_LEVELS - 1)]
    shares.append((size >= _LEVELS - 1).mean(0))
    return np.asarray(np.sqrt(np.stack(shares, axis=1)).ravel(), dtype=np.float32)
