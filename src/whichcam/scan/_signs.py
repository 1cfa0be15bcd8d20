"""Sign bits of more pictures than memory holds, searched shard by shard."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Self, TypeVar

import numpy as np
import numpy.typing as npt

from whichcam._threads import interrupts_held_back, one_thread_each
from whichcam._typing import PathLike
from whichcam.errors import (
    ArtifactNotFoundError,
    ChecksumMismatchError,
    IncompatibleArtifactError,
    InputError,
)
from whichcam.prnu import shortlist

Words = npt.NDArray[np.uint64]
Found = tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]
Job = TypeVar("Job")
Answer = TypeVar("Answer")

ROWS_PER_SHARD: Final = 8192
_BLOCK_BYTES: Final = 1 << 22  # rows that all queries meet while they are in the cache


@dataclass(frozen=True, slots=True, kw_only=True)
class SignShards:
    """Rows of sign bits in files that are mapped into memory, not read.

    Attributes
    ----------
    folder : Path
        Where they lie: ``shards.json`` and a file a shard.
    n_bits : int
        Pixels a row.
    n_rows : tuple of int
        Rows of each shard.
    """

    folder: Path
    n_bits: int
    n_rows: tuple[int, ...]

    @property
    def n_words(self) -> int:
        """Words of 64 bits a row."""
        return -(-self.n_bits // 64)

    @property
    def starts(self) -> tuple[int, ...]:
        """Number of the first row of each shard, counted over all."""
        return tuple(np.cumsum([0, *self.n_rows])[:-1].tolist())

    def __len__(self) -> int:
        return sum(self.n_rows)

    @classmethod
    def write(
        cls,
        folder: PathLike,
        rows: Iterable[npt.NDArray[np.uint64]],
        *,
        n_bits: int,
        rows_per_shard: int = ROWS_PER_SHARD,
    ) -> Self:
        """Write rows as they come, one in memory at a time.

        Parameters
        ----------
        folder : path-like
            A new folder.
        rows : iterable of ndarray of shape (ceil(n_bits / 64),), uint64
            As `whichcam.prnu.sign_bits` gives them.
        n_bits : int
            Pixels a row.
        rows_per_shard : int, default 8192
            Rows a file.

        Raises
        ------
        InputError
            If the folder exists or a row has another size.
        """
        place = Path(folder)
        try:
            place.mkdir(parents=True)
        except FileExistsError as error:
            raise InputError(f"{place} exists; name a new folder") from error
        coming, counts = iter(rows), list[int]()
        while True:
            part = list(islice(coming, 1))
            if not part:
                break
            count = 0
            with (place / _name(len(counts))).open("xb") as file:
                for row in (*part, *islice(coming, rows_per_shard - 1)):
                    if row.shape != (-(-n_bits // 64),) or row.dtype != np.uint64:
                        raise InputError(
                            f"row {sum(counts) + count} is {row.dtype} of shape "
                            f"{row.shape}; expected uint64 that hold {n_bits} bits"
                        )
                    file.write(row.astype("<u8").tobytes())
                    count += 1
            counts.append(count)
        made = cls(folder=place, n_bits=n_bits, n_rows=tuple(counts))
        about = {"n_bits": n_bits, "n_rows": counts}
        (place / "shards.json").write_text(json.dumps(about), encoding="utf-8")
        return made

    @classmethod
    def open(cls, folder: PathLike) -> Self:
        """Open a folder that `write` made.

        Raises
        ------
        ArtifactNotFoundError, IncompatibleArtifactError, ChecksumMismatchError
            If there is none, it is no such folder, or a file is cut short.
        """
        place = Path(folder)
        path = place / "shards.json"
        if not path.is_file():
            raise ArtifactNotFoundError(f"there are no shards of sign bits in {place}")
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
            found = cls(
                folder=place,
                n_bits=int(about["n_bits"]),
                n_rows=tuple(int(n) for n in about["n_rows"]),
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise IncompatibleArtifactError(
                f"{path} cannot be read: {error}"
            ) from error
        for shard, n in enumerate(found.n_rows):
            file = place / _name(shard)
            size = file.stat().st_size if file.is_file() else 0
            if n < 1 or size != n * found.n_words * 8:
                raise ChecksumMismatchError(
                    f"{file} has {size} bytes; {n} rows of {found.n_words} words are "
                    "expected: it was cut or damaged; write the shards again"
                )
        return found

    def mapped(self, shard: int) -> Words:
        """Map the rows of a shard, read-only: shape (n, words), uint64."""
        shape = (self.n_rows[shard], self.n_words)
        return np.memmap(self.folder / _name(shard), "<u8", mode="r", shape=shape)


def _name(shard: int) -> str:
    return f"signs-{shard:05}.u64"


def search_signs(
    queries: Sequence[npt.NDArray[np.uint64]],
    shards: SignShards,
    *,
    k: int = 10,
    workers: int = 1,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return for each query the rows of all shards whose signs agree best.

    Parameters
    ----------
    queries : sequence of ndarray of shape (n_rotations, n_words), uint64
        As `whichcam.prnu.query_bits` gives them, one a picture.
    shards : SignShards
        Each is read once for all queries, by one worker.
    k : int, default 10
        Rows for each query; all where there are fewer.
    workers : int, default 1
        Processes; 1 is this one.

    Returns
    -------
    rows : ndarray of shape (n_queries, min(k, n)), int64
        Counted over all shards, the best first.
    scores : ndarray of the same shape, float64
        Standard normal for unrelated patterns; see `whichcam.prnu.shortlist`.

    Raises
    ------
    InputError, ShapeMismatchError
        If a number is out of range, or queries and shards differ in size.
    """
    if k < 1 or not len(queries) or not len(shards):
        raise InputError(
            f"k is {k}, with {len(queries)} queries and {len(shards)} rows; expected "
            "at least 1 of each"
        )
    find = partial(_best_of_shard, shards, list(queries), k)
    best: list[Found] | None = None
    for part in in_processes(find, range(len(shards.n_rows)), workers):
        best = (
            part
            if best is None
            else [_merged(a, b, k) for a, b in zip(best, part, strict=True)]
        )
    assert best is not None, "there is at least one shard"
    return np.stack([rows for rows, _ in best]), np.stack([z for _, z in best])


def _best_of_shard(
    shards: SignShards, queries: list[Words], k: int, shard: int
) -> list[Found]:
    matrix, start = shards.mapped(shard), shards.starts[shard]
    none: Found = np.empty(0, np.int64), np.empty(0, np.float64)
    best = [none] * len(queries)
    for first, block in blocks_of(matrix):
        for q, query in enumerate(queries):
            rows, scores = shortlist(
                query, block, k=k, n_bits=shards.n_bits, n_threads=1
            )
            best[q] = _merged(best[q], (rows + start + first, scores), k)
    return best


def blocks_of(matrix: Words) -> Iterator[tuple[int, Words]]:
    """Yield blocks of rows that fit in the cache, and the number of their first."""
    step = max(1, _BLOCK_BYTES // (matrix.shape[1] * 8))
    for first in range(0, len(matrix), step):
        yield first, matrix[first : first + step]


def _merged(a: Found, b: Found, k: int) -> Found:
    rows, scores = np.concatenate([a[0], b[0]]), np.concatenate([a[1], b[1]])
    order = np.lexsort((rows, -scores))[:k]
    return rows[order], scores[order]


def in_processes(
    work: Callable[[Job], Answer], jobs: Iterable[Job], workers: int
) -> Iterator[Answer]:
    """Yield the answers in order: from this process, or from some that are spawned."""
    if workers < 1:
        raise InputError(f"workers is {workers}; expected at least 1")
    if workers == 1:
        yield from map(work, jobs)
        return
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        # Processes are started by what is handed to them.
        with one_thread_each(), interrupts_held_back():
            answers = pool.map(work, jobs)
        yield from answers
    finally:
        pool.shutdown(cancel_futures=True)
