"""How wide impostors' correlations spread, measured where nothing can match.

White patterns correlate with a standard deviation of 1/sqrt(n). Real ones do not:
what JPEG's 8x8 blocks leave behind is common to all files, and two residuals that lie
on the same grid correlate more widely than two that do not. Shifts by multiples of
8 px keep the grid and lose the sensor, and so show how impostors spread at the shift
they are multiples away from.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.prnu._pce import GRID, Background, background
from whichcam.signal._circular import circular_products, spectrum_of

# A spread from 256 values is right to 4 %; from fewer, all shifts are taken as one.
_ENOUGH: Final = 256
_PATCH: Final = 384  # px; four of them are 0.6 megapixels
_WHOLE: Final = 1 << 20  # pixels up to which the whole plane is one patch


@dataclass(frozen=True, slots=True)
class Spread:
    """Variance of impostors' correlations against that of white patterns."""

    mean: float  # over all shifts: the denominator of PCE
    by_class: npt.NDArray[np.float64]  # (8, 8), by shift modulo 8
    n_values: float = math.inf  # that each rests on

    def at(self, dy: int, dx: int) -> float:
        """Return the variance at a shift."""
        return float(self.by_class[dy % GRID, dx % GRID])

    def z_of(self, ratio: float) -> float:
        """Return the normal deviate that is as rare as a ratio of value to spread.

        A spread from n values is itself uncertain, and the greatest of many ratios is
        often one whose spread was found too small: ratios follow Student's
        distribution. Values of a class are not quite independent where an encoder
        smoothed; half of them count [1]_.

        References
        ----------
        .. [1] D. L. Wallace, "Bounds on normal approximations to Student's and the
           chi-square distributions", Annals of Mathematical Statistics 30(4), 1959.
        """
        if not math.isfinite(self.n_values):
            return ratio
        freedom = self.n_values / 2
        root = math.sqrt(freedom * math.log1p(ratio * ratio / freedom))
        return math.copysign(root * (8 * freedom + 1) / (8 * freedom + 3), ratio)


def spread_of(measured: Background, white: float) -> Spread:
    """Return the spread that a background shows; ``white`` is what noise would have."""
    n_values = float(measured.n_by_class.sum())
    if n_values < _ENOUGH or measured.mean <= 0:
        # Too small to tell: taken for white.
        return Spread(1.0, np.ones((GRID, GRID)))
    mean = measured.mean / white
    if measured.n_by_class.min() < _ENOUGH:
        return Spread(mean, np.full((GRID, GRID), mean), n_values)
    return Spread(mean, measured.by_class / white, float(measured.n_by_class.min()))


def spread_in_patches(
    cut: Callable[[slice, slice], tuple[FloatArray, FloatArray]],
    shape: tuple[int, int],
    shift: tuple[int, int],
) -> Spread:
    """Return the spread from aligned patches of residual times intensity and pattern.

    ``cut`` returns both for given rows and columns; ``shift`` is where a match may be.
    """
    total, energy, white = np.zeros((GRID, GRID)), np.zeros((GRID, GRID)), 0.0
    for rows, cols in _patches(shape):
        a, b = cut(rows, cols)
        aa, bb = float(np.vdot(a, a)), float(np.vdot(b, b))
        if aa <= 0 or bb <= 0:
            continue
        size = a.shape[0], a.shape[1]
        surface = circular_products(spectrum_of(b), a, size)
        found = background(surface, (shift[0] % size[0], shift[1] % size[1]))
        total += found.n_by_class
        energy += found.by_class * found.n_by_class
        white += aa * bb / a.size * float(found.n_by_class.sum())
    n_values = float(total.sum())
    if not n_values or white <= 0:
        return Spread(1.0, np.ones((GRID, GRID)))
    with np.errstate(invalid="ignore", divide="ignore"):
        by_class = np.where(total > 0, energy / total, 0.0)
    pooled = Background(
        mean=float(energy.sum()) / n_values, by_class=by_class, n_by_class=total
    )
    return spread_of(pooled, white / n_values)


def _patches(shape: tuple[int, ...]) -> list[tuple[slice, slice]]:
    """Return parts of a plane with sides of multiples of 8 px, so that shifts wrap."""
    height, width = (side - side % GRID for side in shape)
    if min(height, width) < 2 * GRID:
        return []
    if height * width <= _WHOLE:
        return [(slice(0, height), slice(0, width))]
    parts = []
    for quarter_y in (1, 3):
        for quarter_x in (1, 3):
            sides = []
            for side, quarter in ((height, quarter_y), (width, quarter_x)):
                size = min(_PATCH, side)
                start = (side * quarter // 4 - size // 2) // GRID * GRID
                start = min(max(start, 0), side - size)
                sides.append(slice(start, start + size))
            parts.append((sides[0], sides[1]))
    return parts
