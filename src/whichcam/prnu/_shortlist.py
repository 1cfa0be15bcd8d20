"""A thousand fingerprints a tenth of a second: signs of patterns, compared by XOR."""

from __future__ import annotations

import math
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt
from numba.extending import intrinsic

from whichcam.errors import InputError, ShapeMismatchError
from whichcam.prnu._noise import PhotoNoise
from whichcam.prnu._search_range import SearchRange
from whichcam.signal._correlation import as_plane

_WORD: Final = 64
_BLOCK_BYTES: Final = 1 << 23  # rows handed to a thread at a time
_PART_WORDS: Final = 512
_PART_ROWS: Final = 32

Words = npt.NDArray[np.uint64]


@intrinsic
def _n_set_bits(_context: Any, word: Any) -> Any:
    def generate(_target: Any, builder: Any, _signature: Any, values: Any) -> Any:
        return builder.ctpop(values[0])

    return word(word), generate


@numba.njit(cache=True, nogil=True)
def _n_differing(matrix: Words, queries: Words, found: npt.NDArray[np.int64]) -> None:
    """Count, per query and row, the bits that differ; each row is read once."""
    for i in range(matrix.shape[0]):
        row = matrix[i]
        for q in range(queries.shape[0]):
            query, total = queries[q], np.uint64(0)
            for j in range(row.shape[0]):
                total += _n_set_bits(row[j] ^ query[j])  # type: ignore[call-arg]
            found[q, i] = total


@numba.njit(cache=True, nogil=True)
def _n_differing_in_fours(
    matrix: Words, queries: Words, found: npt.NDArray[np.int64]
) -> None:
    """Do so for 4, 8, 12, ... queries, at twice the pace.

    A word of a row is read once for four queries, and parts of 32 rows of 4 kB stay
    near while the queries pass.
    """
    n_rows, n_words = matrix.shape
    found[:] = 0
    for start in range(0, n_words, _PART_WORDS):
        words = slice(start, min(start + _PART_WORDS, n_words))
        for first in range(0, n_rows, _PART_ROWS):
            for q in range(0, queries.shape[0], 4):
                a, b = queries[q, words], queries[q + 1, words]
                c, d = queries[q + 2, words], queries[q + 3, words]
                for i in range(first, min(first + _PART_ROWS, n_rows)):
                    row = matrix[i, words]
                    n_a = n_b = n_c = n_d = np.uint64(0)
                    for j in range(row.shape[0]):
                        word = row[j]
                        n_a += _n_set_bits(word ^ a[j])  # type: ignore[call-arg]
                        n_b += _n_set_bits(word ^ b[j])
                        n_c += _n_set_bits(word ^ c[j])
                        n_d += _n_set_bits(word ^ d[j])
                    found[q, i] += n_a
                    found[q + 1, i] += n_b
                    found[q + 2, i] += n_c
                    found[q + 3, i] += n_d


def sign_bits(pattern: npt.ArrayLike) -> Words:
    """Return the signs of a pattern, 64 to a word.

    Parameters
    ----------
    pattern : array_like of shape (H, W)
        A fingerprint's pattern or a photo's residual.

    Returns
    -------
    ndarray of shape (ceil(H * W / 64),), uint64
        Bit ``p % 64`` of word ``p // 64``, the lowest first, is 1 where value ``p``,
        row by row, is above 0. What is left of the last word is 0.

    Raises
    ------
    InputError
        If the pattern has no two dimensions, is empty or holds NaN.

    Examples
    --------
    >>> import numpy as np
    >>> sign_bits(np.array([[1.0, -2.0, 3.0]]))
    array([5], dtype=uint64)
    """
    plane = as_plane(pattern, "pattern")
    if not np.isfinite(plane.sum(dtype=np.float64)):
        raise InputError("pattern holds NaN or infinite values; replace them by 0")
    packed = np.packbits(plane > 0, bitorder="little")
    whole = np.zeros(-(-plane.size // _WORD) * 8, np.uint8)
    whole[: packed.size] = packed
    return whole.view("<u8").astype(np.uint64, copy=False)


def query_bits(noise: PhotoNoise, *, search: SearchRange | None = None) -> Words:
    """Return the signs of a photo's residual at each rotation that keeps its shape.

    Parameters
    ----------
    noise : PhotoNoise
        Of the questioned photo.
    search : SearchRange, optional
        Whose rotations to try; without it, 0 and 180 degrees. Shifts and scales are
        not searched: signs of a shifted pattern have nothing in common.

    Returns
    -------
    ndarray of shape (n_rotations, n_words), uint64
        For `shortlist`.

    Raises
    ------
    ShapeMismatchError
        If rotations of a photo that is no square give two shapes.
    InputError
        If the residual holds NaN.
    """
    turns = (search or SearchRange()).quarter_turns
    turned = [np.rot90(noise.residual, turn) for turn in turns]
    if len({plane.shape for plane in turned}) > 1:
        raise ShapeMismatchError(
            f"rotations by quarters of a turn of a photo of {noise.residual.shape} "
            "give two shapes; search for (0, 180) and (90, 270) apart"
        )
    return np.stack([sign_bits(plane) for plane in turned])


def shortlist(
    query_bits: npt.NDArray[np.uint64],
    matrix: npt.NDArray[np.uint64],
    k: int = 10,
    *,
    n_bits: int | None = None,
    n_threads: int | None = None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the rows of a matrix whose signs agree best with a query's.

    Parameters
    ----------
    query_bits : ndarray of shape (n_words,) or (n_queries, n_words), uint64
        Signs of the questioned pattern, or of it at several rotations: each row
        counts by the query it agrees with best.
    matrix : ndarray of shape (n, n_words), uint64
        Signs of the fingerprints, one a row. It may be memory-mapped: it is read
        once, in blocks of 8 MiB a thread, and never copied.
    k : int, default 10
        Number of rows to return; all where there are fewer.
    n_bits : int, optional
        Number of pixels, where the last word is not full.
    n_threads : int, optional
        Without it as many as numba uses (``NUMBA_NUM_THREADS``, else the processors).

    Returns
    -------
    indices : ndarray of shape (min(k, n),), int64
        Rows, the best first.
    scores : ndarray of shape (min(k, n),), float64
        Agreeing less differing bits over the square root of their number: standard
        normal for unrelated patterns, about ``2 / pi * ncc * sqrt(n_bits)`` for one
        that correlates.

    Raises
    ------
    ShapeMismatchError
        If query and matrix have different numbers of words.
    InputError
        If an array is not of uint64, or a number is out of range.

    Notes
    -----
    A short list for an exact comparison, not an answer.

    References
    ----------
    .. [1] S. Bayram, H. T. Sencar and N. Memon, "Efficient sensor fingerprint
       matching through fingerprint binarization", IEEE Trans. Inf. Forensics
       Security 7(4), 2012. https://doi.org/10.1109/TIFS.2012.2192272

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> matrix = np.stack([sign_bits(rng.normal(size=(64, 64))) for _ in range(20)])
    >>> indices, scores = shortlist(matrix[7], matrix, k=2)
    >>> int(indices[0]), float(scores[0])
    (7, 64.0)
    """
    if k < 1:
        raise InputError(f"k is {k}, expected 1 or more")
    scores = agreement(query_bits, matrix, n_bits=n_bits, n_threads=n_threads)
    scores = scores.max(axis=0)
    k = min(k, len(scores))
    best = np.argpartition(-scores, k - 1)[:k] if k else np.empty(0, np.intp)
    best = best[np.lexsort((best, -scores[best]))].astype(np.int64)
    return best, scores[best]


def agreement(
    query_bits: npt.NDArray[np.uint64],
    matrix: npt.NDArray[np.uint64],
    *,
    n_bits: int | None = None,
    n_threads: int | None = None,
) -> npt.NDArray[np.float64]:
    """Return how well the signs of every query agree with those of every row.

    Parameters
    ----------
    query_bits, matrix, n_bits, n_threads
        As in `shortlist`, which takes the best.

    Returns
    -------
    ndarray of shape (n_queries, n), float64
        Scores as `shortlist` returns them.

    Raises
    ------
    ShapeMismatchError, InputError
        As `shortlist`.
    """
    queries = np.atleast_2d(query_bits)
    _check(queries, matrix)
    n_words = matrix.shape[1]
    if n_bits is None:
        n_bits = n_words * _WORD
    if not (n_words - 1) * _WORD < n_bits <= n_words * _WORD:
        raise InputError(f"n_bits is {n_bits}, expected what fills {n_words} words")
    differing = np.empty((len(queries), len(matrix)), np.int64)
    _count(np.ascontiguousarray(queries), matrix, differing, n_threads)
    return (n_bits - 2 * differing) / math.sqrt(n_bits)


def _check(queries: Words, matrix: Words) -> None:
    if queries.dtype != np.uint64 or matrix.dtype != np.uint64:
        raise InputError(
            f"query_bits and matrix have dtypes {queries.dtype} and {matrix.dtype}, "
            "expected uint64; make them with sign_bits()"
        )
    if queries.ndim != 2 or matrix.ndim != 2 or not len(queries):
        raise InputError(
            f"query_bits and matrix have shapes {queries.shape} and {matrix.shape}, "
            "expected (n_queries, n_words) and (n, n_words)"
        )
    if queries.shape[1] != matrix.shape[1] or not matrix.shape[1]:
        raise ShapeMismatchError(
            f"the query has {queries.shape[1]} words but the matrix {matrix.shape[1]};"
            " both must come from patterns of one shape"
        )


def _count(
    queries: Words,
    matrix: Words,
    found: npt.NDArray[np.int64],
    n_threads: int | None,
) -> None:
    """Count differing bits, blocks of rows in turn on a few threads."""
    from concurrent.futures import ThreadPoolExecutor

    # Threads of our own: numba's are not safe to use from several at a time.
    workers = numba.get_num_threads() if n_threads is None else n_threads
    if workers < 1:
        raise InputError(f"n_threads is {workers}, expected 1 or more")
    step = max(1, _BLOCK_BYTES // (matrix.shape[1] * 8))
    plain = matrix.view(np.ndarray)  # a memory map's own class slows each slice
    queries = queries.view()
    plain.flags.writeable = queries.flags.writeable = False  # compiled once

    def count(start: int) -> None:
        rows, counts = plain[start : start + step], found[:, start : start + step]
        fours = len(queries) // 4 * 4
        if fours:
            _n_differing_in_fours(rows, queries[:fours], counts[:fours])
        if fours < len(queries):
            _n_differing(rows, queries[fours:], counts[fours:])

    starts = range(0, len(matrix), step)
    if workers == 1 or len(starts) < 2:
        for start in starts:
            count(start)
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(count, starts))
