"""Where the 8x8 grid of a compression begins, by the zeros it leaves.

A block that JPEG has quantised holds many DCT coefficients that are zero; the same
pixels cut into blocks at another place hold fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.signal import block_dct

_BLOCK: Final = 8
_ZERO: Final = 0.5  # grey levels under which a coefficient counts as zero
_AC: Final = 63

ZeroCounts = tuple[npt.NDArray[np.int8], ...]
"""Zeros among the AC coefficients of every block, for each of the 64 grids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridVotes:
    """Which of the 64 places of a grid the pixels vote for.

    Parameters
    ----------
    offset : (int, int)
        (dy, dx) of the winner, 0 to 7, px.
    share : float
        Of the pixels that vote, those for the winner.
    log10_false_alarms : float
        Logarithm of the number of grids expected to win like this by chance.
    """

    offset: tuple[int, int]
    share: float
    log10_false_alarms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondGrid:
    """The grid that stands out beside the one that begins at the corner.

    Parameters
    ----------
    offset : (int, int)
        (dy, dx), px.
    margin : float
        Zeros a block more than the symmetry of the first grid explains, above those of
        the next best offset.
    """

    offset: tuple[int, int]
    margin: float


def count_zeros(luma: FloatArray) -> ZeroCounts:
    """Count zeros of every block of all 64 grids.

    Parameters
    ----------
    luma : ndarray of shape (H, W), float32
        0 to 255, at least 16x16.

    Returns
    -------
    tuple of 64 ndarrays of shape (rows, columns), int8
        In the order ``8 * dy + dx``; 0 for flat blocks, which are zero at any place.
    """
    found = []
    for number in range(_BLOCK * _BLOCK):
        dy, dx = divmod(number, _BLOCK)
        is_zero = np.abs(block_dct(np.ascontiguousarray(luma[dy:, dx:]))) < _ZERO
        is_zero[:, :, 0, 0] = False
        zeros = is_zero.sum((2, 3), dtype=np.int8)
        zeros[zeros == _AC] = 0
        found.append(zeros)
    return tuple(found)


def grid_votes(counts: ZeroCounts, shape: tuple[int, int]) -> GridVotes | None:
    """Let every pixel vote for the grid whose block around it has most zeros.

    Parameters
    ----------
    counts : tuple of ndarray
        As `count_zeros` returns them.
    shape : (int, int)
        Height and width of the luma.

    Returns
    -------
    GridVotes or None
        None where hardly a pixel votes, as in a flat picture.

    Notes
    -----
    Votes of one block are one event: 64 pixels count as one in the binomial tail, and
    64 grids are tried.

    References
    ----------
    .. [1] T. Nikoukhah, J. Anger, M. Colom, J.-M. Morel, R. Grompone von Gioi, "ZERO:
       a local JPEG grid origin detector based on the number of DCT zeros and its
       applications in image forensics", IPOL 11, 2021, doi:10.5201/ipol.2021.390.
    """
    best = np.zeros(shape, np.int8)
    winner = np.full(shape, -1, np.int8)
    for number, zeros in enumerate(counts):
        dy, dx = divmod(number, _BLOCK)
        rows, columns = zeros.shape
        area = (slice(dy, dy + rows * _BLOCK), slice(dx, dx + columns * _BLOCK))
        spread = np.repeat(np.repeat(zeros, _BLOCK, 0), _BLOCK, 1)
        ahead, level = spread > best[area], spread == best[area]
        winner[area] = np.where(ahead, number, np.where(level, -1, winner[area]))
        best[area] = np.maximum(best[area], spread)
    # At the border not every grid has a block.
    inner = winner[_BLOCK:-_BLOCK, _BLOCK:-_BLOCK]
    votes = np.bincount(inner[inner >= 0].ravel(), minlength=_BLOCK * _BLOCK)
    total = int(votes.sum())
    if total < _BLOCK * _BLOCK:
        return None
    first = int(np.argmax(votes))
    return GridVotes(
        offset=(first // _BLOCK, first % _BLOCK),
        share=round(float(votes[first] / total), 4),
        log10_false_alarms=_log10_false_alarms(int(votes[first]), total),
    )


def second_grid(counts: ZeroCounts) -> SecondGrid:
    """Find the offset with more zeros than its mirror images.

    The zeros that a grid at the corner leaves elsewhere depend on how far a block is
    from it, not on the direction: (dy, dx), (8 - dy, dx), (dy, 8 - dx) and (8 - dy,
    8 - dx) are alike. An earlier grid at another place breaks the symmetry. One at 4
    in both directions is its own mirror image and stays hidden.

    Parameters
    ----------
    counts : tuple of ndarray
        As `count_zeros` returns them.
    """
    mean = np.array([float(c.mean()) if c.size else 0.0 for c in counts])
    mean = mean.reshape(_BLOCK, _BLOCK)
    mirror = (-np.arange(_BLOCK)) % _BLOCK
    turned = mean[mirror], mean[:, mirror], mean[np.ix_(mirror, mirror)]
    excess = mean - (mean + turned[0] + turned[1] + turned[2]) / 4
    order = np.argsort(excess, axis=None)[::-1]
    first, second = int(order[0]), int(order[1])
    margin = float(excess.ravel()[first] - excess.ravel()[second])
    return SecondGrid(offset=(first // _BLOCK, first % _BLOCK), margin=round(margin, 4))


def _log10_false_alarms(votes: int, total: int) -> float:
    from scipy.stats import binom

    cells = _BLOCK * _BLOCK
    tail = binom.logsf(votes // cells - 1, -(-total // cells), 1 / cells)
    return round(max(float((np.log(cells) + tail) / np.log(10)), -300.0), 2)
