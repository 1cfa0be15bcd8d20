"""Peak-to-correlation energy, and what a surface holds away from its peak."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.errors import InputError
from whichcam.signal._correlation import as_plane, read_only

EXCLUSION: Final = 11  # side in px: Goljan, Fridrich and Filler 2009, section 3

GRID: Final = 8  # JPEG's blocks


@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
def energy_by_class(
    surface: FloatArray,
    classes: npt.NDArray[np.uint8],
    rows: npt.NDArray[np.float32],
    cols: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32]:
    """Return, per class of row, the sum of squares in every column.

    What is in none of the rows and columns of weight 1 is left out.
    """
    sums = np.zeros((8, surface.shape[1]), np.float32)
    for y in range(surface.shape[0]):
        line, total = surface[y], sums[classes[y]]
        if rows[y] > 0:
            for x in range(surface.shape[1]):
                total[x] += line[x] * line[x]
        else:
            for x in range(surface.shape[1]):
                total[x] += cols[x] * line[x] * line[x]
    return sums


def excluded(peak: int, side: int, exclusion: int) -> npt.NDArray[np.intp]:
    """Return the indices within half of ``exclusion`` of a peak, around the border."""
    reach = np.arange(-(exclusion // 2), exclusion // 2 + 1)
    return np.unique((peak + reach) % side)


def pce(
    surface: npt.ArrayLike,
    peak: tuple[int, int] | None = None,
    *,
    exclusion: int = EXCLUSION,
) -> float:
    """Return the signed peak-to-correlation energy of a correlation surface.

    Parameters
    ----------
    surface : array_like of shape (H, W)
        Circular cross-correlation, in any units.
    peak : tuple of int, optional
        Row and column judged. Without it the greatest value is looked for, which is
        a search over H x W positions and raises what impostors reach.
    exclusion : int, default 11
        Side of the square around the peak that does not count as background, in
        pixels; odd. It is centred on the peak and passes around the borders, as
        shifts do.

    Returns
    -------
    float
        The squared peak over the mean square of the surface outside the square;
        negative where the correlation is. About 1 where nothing matches, for a
        given peak; 0 for a surface of zeros.

    Raises
    ------
    InputError
        If the surface is no plane of numbers, holds NaN, or is not larger than the
        square; if the peak lies outside it.

    References
    ----------
    .. [1] M. Goljan, J. Fridrich and T. Filler, "Large scale test of sensor
       fingerprint camera identification", Proc. SPIE 7254, 2009.
       https://doi.org/10.1117/12.805701

    Examples
    --------
    >>> import numpy as np
    >>> surface = np.ones((32, 32))
    >>> surface[0, 31] = -3.0
    >>> pce(surface, (0, 31))
    -9.0
    """
    plane = as_plane(surface, "surface")
    if exclusion < 1 or exclusion % 2 == 0:
        raise InputError(f"exclusion is {exclusion}, expected an odd number of pixels")
    if max(excluded(0, side, exclusion).size / side for side in plane.shape) >= 1:
        raise InputError(
            f"surface has shape {plane.shape}, expected more than the "
            f"{exclusion} px that are left out around the peak"
        )
    y, x = find_peak(plane) if peak is None else peak
    if not (0 <= y < plane.shape[0] and 0 <= x < plane.shape[1]):
        raise InputError(f"peak is {(y, x)}, outside a surface of {plane.shape}")
    value = float(plane[y, x])
    mean = float(background(plane, (y, x), exclusion=exclusion).mean)
    if not math.isfinite(mean + value):
        raise InputError("surface holds NaN or infinite values")
    if mean <= 0:
        return 0.0 if value == 0 else math.copysign(math.inf, value)
    return math.copysign(value * value / mean, value)


def find_peak(surface: FloatArray) -> tuple[int, int]:
    """Return row and column of the greatest value."""
    y, x = divmod(int(surface.argmax()), surface.shape[1])
    return y, x


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """Mean squares of a surface away from its peak."""

    mean: float
    by_class: npt.NDArray[np.float64]  # (8, 8), by shift modulo 8
    n_by_class: npt.NDArray[np.float64]


def background(
    surface: FloatArray,
    peak: tuple[int, int] | None,
    *,
    exclusion: int = EXCLUSION,
    forward: tuple[int, int] | None = None,
) -> Background:
    """Measure a circular surface outside the square around a peak.

    ``forward`` rows and columns are shifts from 0 on, the rest negative ones; half
    of them where it is not given.
    """
    if forward is None:
        forward = (surface.shape[0] + 1) // 2, (surface.shape[1] + 1) // 2
    classes = [
        shift_classes(side, n) for side, n in zip(surface.shape, forward, strict=True)
    ]
    outside = [np.ones(side, np.float32) for side in surface.shape]
    if peak is not None:
        for weights, at in zip(outside, peak, strict=True):
            weights[excluded(at, len(weights), exclusion)] = 0
    sums = energy_by_class(read_only(surface), classes[0], *outside)
    columns = np.equal.outer(classes[1], np.arange(GRID)).astype(np.float64)
    energy = sums @ columns
    n_rows, n_cols = (np.bincount(each, minlength=GRID) for each in classes)
    near = [
        np.bincount(each, 1 - weights, minlength=GRID)
        for each, weights in zip(classes, outside, strict=True)
    ]
    n = (np.outer(n_rows, n_cols) - np.outer(*near)).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        by_class = np.where(n > 0, energy / n, 0.0)
    total = float(n.sum())
    mean = float(energy.sum()) / total if total else 0.0
    return Background(mean=mean, by_class=by_class, n_by_class=n)


def shift_classes(side: int, forward: int) -> npt.NDArray[np.uint8]:
    """Return each index's shift modulo 8; those from ``forward`` on are negative."""
    shifts = np.arange(side)
    shifts[forward:] -= side
    return (shifts % GRID).astype(np.uint8)
