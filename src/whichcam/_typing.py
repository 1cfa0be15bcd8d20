"""Types shared by every layer."""

from __future__ import annotations

import os
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

PixelArray: TypeAlias = npt.NDArray[np.uint8]
"""(H, W, 3) uint8, RGB, sensor orientation."""

FloatArray: TypeAlias = npt.NDArray[np.float32]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
IntArray: TypeAlias = npt.NDArray[np.int64]

PathLike: TypeAlias = str | os.PathLike[str]
PhotoSource: TypeAlias = PathLike | bytes | BinaryIO
"""Where a picture may come from: a path, its bytes, or an open binary file."""
