"""Pixels of many photos in one temporary file, so that memory need not hold them."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import numpy as np

from whichcam._typing import PixelArray


class Regions(Sequence[PixelArray]):
    """A growing list of pictures on disk; the file goes when the list is closed.

    Use it in a ``with`` statement: whatever interrupts a training, nothing is left.
    """

    def __init__(self) -> None:
        # no name on disk where the system allows it: gone even if we are killed
        self._file = tempfile.TemporaryFile(prefix="whichcam-")  # noqa: SIM115
        self._places: list[tuple[int, tuple[int, ...]]] = []
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def append(self, pixels: PixelArray) -> None:
        """Add pixels of shape (H, W, 3)."""
        self._file.seek(self._end)
        self._file.write(np.ascontiguousarray(pixels).data)
        self._places.append((self._end, pixels.shape))
        self._end += pixels.nbytes

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> PixelArray:  # type: ignore[override]
        start, shape = self._places[index]
        self._file.seek(start)
        data = self._file.read(math.prod(shape))
        return np.frombuffer(data, np.uint8).reshape(shape)
