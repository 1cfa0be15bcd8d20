"""Correlations of all pairs of many photos' noises, from a store outside memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, PathLike
from whichcam.errors import ArtifactNotFoundError
from whichcam.prnu._pce import GRID

# A residual in steps of 1/32 of its standard deviation, cut off at 4: no correlation
# changes by more than a thousandth of itself, and outliers weigh less.
_STEPS: Final = 32.0
_TOP: Final = 127
_CHUNK_BYTES: Final = 1 << 26  # of float32, for one of the two factors of a product


class NoiseStore:
    """Noises of one shape as int8, one after the other: a file, or memory."""

    def __init__(self, folder: PathLike | None) -> None:
        self._file: BinaryIO | None = None
        self._rows: list[npt.NDArray[np.int8]] = []
        self._n = 0
        if folder is not None:
            if not Path(folder).is_dir():
                raise ArtifactNotFoundError(
                    f"scratch is {str(folder)!r}, which is no folder; make it first"
                )
            # Has no name: gone whatever happens to this process.
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115

    def __enter__(self) -> NoiseStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
        self._rows.clear()

    def __len__(self) -> int:
        return self._n

    def append(self, x: FloatArray, energy: float) -> None:
        """Store a plane, whose sum of squares is ``energy``, without what JPEG left.

        The mean 8x8 block of a residual is common to files of one encoder. In a
        single pair it is nothing, in sums over clusters it outgrows the sensors.
        """
        scale = np.float32(_STEPS * (x.size / energy) ** 0.5 if energy > 0 else 0)
        row = np.empty(x.shape, np.int8)
        for i in range(GRID):
            for j in range(GRID):
                phase = x[i::GRID, j::GRID]
                if phase.size:
                    steps = np.rint((phase - phase.mean()) * scale)
                    row[i::GRID, j::GRID] = np.clip(steps, -_TOP, _TOP)
        if self._file is None:
            self._rows.append(row)
        else:
            self._file.write(row.tobytes())
        self._n += 1

    def tiles(self, shape: tuple[int, int]) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Yield tiles of all planes, and the tiles in their place upside down.

        Each (n, rows, columns), from multiples of 8, of the planes' whole width where
        memory allows.
        """
        height, width = shape
        n_values = _CHUNK_BYTES // (4 * max(self._n, 1))
        n_rows = min(max(n_values // width // GRID * GRID, GRID), height)
        n_cols = min(max(n_values // n_rows // GRID * GRID, 2 * GRID), width)
        planes = self._planes(shape)
        for top in range(0, height, n_rows):
            end = min(top + n_rows, height)
            for left in range(0, width, n_cols):
                right = min(left + n_cols, width)
                straight = np.stack([p[top:end, left:right] for p in planes])
                rows = slice(height - end, height - top)
                cols = slice(width - right, width - left)
                turned = np.stack([p[rows, cols][::-1, ::-1] for p in planes])
                yield straight.astype(np.float32), turned.astype(np.float32)

    def _planes(self, shape: tuple[int, int]) -> list[npt.NDArray[np.int8]]:
        if self._file is None:
            return self._rows
        self._file.flush()
        mapped = np.memmap(self._file, np.int8, "r", shape=(self._n, *shape))
        return list(mapped.view(np.ndarray))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gram:
    """Products of all pairs of unit vectors, and how they spread by accident."""

    products: npt.NDArray[np.float32]  # (n_turns, n, n): upright, upside down
    spread: npt.NDArray[np.float64]  # (n,): product of two is their variance times n
    n_pixels: int


def gram_of(store: NoiseStore, shape: tuple[int, int], *, is_turned: bool) -> Gram:
    """Multiply all pairs, a tile at a time.

    The variance of a product is measured on tiles moved against each other by
    multiples of 8 px, other ones for each tile: JPEG's blocks still coincide, the
    sensor's pixels do not. It is taken as the product of a factor for each photo.
    """
    n = len(store)
    sums = np.zeros((2 if is_turned else 1, n, n), np.float64)
    # Few photos give few pairs: more moves make up for it.
    n_moves = int(np.clip(-(-256 // max(n, 1)), 1, 16))
    moved = np.zeros((n_moves, n, n), np.float64)
    rng = np.random.default_rng(8)
    n_moved = 0
    for straight, turned in store.tiles(shape):
        flat = straight.reshape(n, -1)
        sums[0] += flat @ flat.T
        if is_turned:
            sums[1] += flat @ turned.reshape(n, -1).T
        places = [max(side // GRID, 1) for side in straight.shape[1:]]
        if max(places) < 2:
            continue  # too small a rest to move anything in
        n_moved += flat.shape[1]
        for move in range(n_moves):
            by = 0, 0
            while by == (0, 0):
                by = int(rng.integers(places[0])), int(rng.integers(places[1]))
            away = np.roll(straight, (by[0] * GRID, by[1] * GRID), (1, 2))
            moved[move] += flat @ away.reshape(n, -1).T
    norms = np.sqrt(np.maximum(np.einsum("ii->i", sums[0]), 1e-9))
    outer = np.outer(norms, norms)
    n_pixels = shape[0] * shape[1]
    return Gram(
        products=(sums / outer).astype(np.float32),
        # Of the tiles that were moved only: their share of the energy is that of area.
        spread=_spread((moved / outer) ** 2 * (n_pixels**2 / max(n_moved, 1))),
        n_pixels=n_pixels,
    )


def _spread(variances: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return each photo's factor of its pairs' variances (n_moves, n, n)."""
    overall = float(variances.mean())
    if overall <= 0:
        return np.ones(variances.shape[1])
    # A move of i against j is one of j against i the other way: rows and columns are
    # different measurements. 32 values of the overall mean steady those of few photos.
    by_photo = variances.sum(axis=(0, 1)) + variances.sum(axis=(0, 2)) + 32 * overall
    by_photo /= 2 * variances.shape[0] * variances.shape[1] + 32
    factors: npt.NDArray[np.float64] = by_photo / np.sqrt(overall)
    return factors
