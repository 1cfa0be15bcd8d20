"""The 8x8 discrete cosine transform of JPEG, over all blocks at once."""

from __future__ import annotations

import numpy as np

from whichcam._typing import FloatArray


def _basis() -> FloatArray:
    frequency = np.arange(8)[:, None]
    position = np.arange(8)[None, :]
    basis = np.cos(np.pi * frequency * (2 * position + 1) / 16) / 2
    basis[0] /= np.sqrt(2)
    return basis.astype(np.float32)


_BASIS = _basis()


def block_dct(plane: FloatArray) -> FloatArray:
    """Return the orthonormal DCT-II of every 8x8 block.

    Parameters
    ----------
    plane : ndarray of shape (H, W), float32
        One colour plane whose first pixel starts a block; rows and columns beyond
        the last whole block are left out.

    Returns
    -------
    ndarray of shape (H // 8, W // 8, 8, 8), float32
        Coefficients in grey levels, indexed by (vertical, horizontal) frequency; a
        constant block of value v gives 8 v at (0, 0) and 0 elsewhere.

    References
    ----------
    ITU-T T.81, section A.3.3.
    """
    rows, cols = plane.shape[0] // 8, plane.shape[1] // 8
    blocks = plane[: rows * 8, : cols * 8].reshape(rows, 8, cols, 8)
    half = np.tensordot(blocks, _BASIS, axes=([3], [1]))  # rows, y, cols, u
    both = np.tensordot(half, _BASIS, axes=([1], [1]))  # rows, cols, u, v
    return np.ascontiguousarray(both.transpose(0, 1, 3, 2))
