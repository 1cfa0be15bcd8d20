"""The 8x8 grid of JPEG: where it lies in each area, and how strong it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np

from whichcam._typing import FloatArray
from whichcam.localize._cells import (
    box_mean,
    check_size,
    heat_of,
    luma_plane,
    too_small,
)
from whichcam.localize._result import Localization
from whichcam.media import Photo

_WINDOW: Final = 9  # cells, 72 px: so many borders tell blocking from texture
_CLIP: Final = 6.0  # grey levels: steps between blocks are small, edges are not
_HALF_HEAT: Final = 5.0  # deviations that give a heat of 0.5
_CLEAR: Final = 6.0  # deviations of the picture's own grid: less is no grid at all


class JPEGGridLocalizer:
    """Map the areas in which the JPEG grid is missing or lies elsewhere.

    A pixel pair across a border of blocks differs more than its neighbours do. The
    excess is summed by the pair's place modulo 8, along rows and columns, and the
    picture's own grid is where the sum over all is largest. An area is suspicious
    where another place is stronger than that one.

    References
    ----------
    .. [1] W. Li, Y. Yuan, N. Yu, "Passive detection of doctored JPEG image via block
       artifact grid extraction", Signal Processing 89, 2009,
       doi:10.1016/j.sigpro.2009.03.025.
    """

    name = "jpeg_grid"

    def applies_to(self, photo: Photo) -> str | None:
        """Return None if the photo is large enough, else why not."""
        return too_small(photo)

    def localize(self, photo: Photo) -> Localization:
        """Return the map of a photo.

        Raises
        ------
        ImageTooSmallError
            If a side is shorter than 128 px.
        """
        check_size(photo)
        grid = grid_by_area(luma_plane(photo))
        heat = np.square(np.maximum(grid.evidence, 0) / np.float32(_HALF_HEAT))
        heat = heat / (1 + heat) if grid.is_clear else np.zeros_like(heat)
        return Localization(
            method=self.name,
            heatmap=heat_of(heat, (photo.height, photo.width)),
            params={
                "offset": list(grid.offset),
                "strength": round(grid.strength, 3),
                "window_px": _WINDOW * 8,
            },
            warnings=()
            if grid.is_clear
            else ("no JPEG grid is seen in the picture: the map is empty",),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GridByArea:
    """What `grid_by_area` found.

    Parameters
    ----------
    offset : (int, int)
        Row and column of the picture's grid, 0 to 7: the first block starts there.
    strength : float
        How far the picture's grid stands out, in standard deviations; the weaker of
        rows and columns.
    own, other : ndarray of shape (H // 8, W // 8), float32
        How strong the picture's grid is about each cell, and the strongest grid of
        another offset, in standard deviations.
    """

    offset: tuple[int, int]
    strength: float
    own: FloatArray
    other: FloatArray

    @property
    def is_clear(self) -> bool:
        """Whether the picture has a grid at all."""
        return self.strength >= _CLEAR

    @property
    def evidence(self) -> FloatArray:
        """How much stronger another grid is than the picture's, (H // 8, W // 8)."""
        return self.other - self.own


def grid_by_area(luma: FloatArray, window: int = _WINDOW) -> GridByArea:
    """Return the blocking grid of a picture and of its areas.

    Parameters
    ----------
    luma : ndarray of shape (H, W), float32
        0 to 255.
    window : int
        Cells about each cell.
    """
    excess, squares = _phase_sums(luma, np.float32(_CLIP))
    offsets, strengths, own, other = [], [], [], []
    for axis in (0, 1):
        of_axis = excess[8 * axis : 8 * axis + 8]
        total, energy = of_axis.sum((1, 2)), float(squares[axis].sum()) / 8
        deviations = (total - np.median(total)) / max(np.sqrt(energy), 1e-6)
        offset = int(np.argmax(deviations))
        offsets.append(offset)
        strengths.append(float(deviations[offset]))
        local = box_mean(of_axis, window) * window**2
        spread = np.sqrt(box_mean(squares[axis], window) * window**2 / 8 + 1e-3)
        local = np.asarray((local - np.median(local, axis=0)) / spread, np.float32)
        own.append(local[offset])
        rest = np.delete(local, offset, axis=0)
        other.append(rest.max(axis=0))
    # both directions are looked at together: a grid has rows and columns
    scale = np.float32(1 / np.sqrt(2))
    return GridByArea(
        offset=(offsets[0], offsets[1]),
        strength=min(strengths),
        own=(own[0] + own[1]) * scale,
        other=(other[0] + other[1]) * scale,
    )


@numba.njit(cache=True, nogil=True, fastmath=True)
def _phase_sums(x: FloatArray, top: np.float32) -> tuple[FloatArray, FloatArray]:
    """Sum, by cell, how much each pair exceeds its neighbours, by place modulo 8.

    Planes 0 to 7 are of pairs one above the other whose lower pixel's row is 0 to 7
    modulo 8, planes 8 to 15 of pairs side by side. Also returned: squares by cell.
    """
    rows, cols = x.shape[0] // 8, x.shape[1] // 8
    sums = np.zeros((16, rows, cols), np.float32)
    squares = np.zeros((2, rows, cols), np.float32)
    half = np.float32(0.5)
    for i in range(2, min(rows * 8, x.shape[0] - 1)):
        up2, up, here, down = x[i - 2], x[i - 1], x[i], x[i + 1]
        for j in range(cols * 8):
            around = abs(up2[j] - up[j]) + abs(here[j] - down[j])
            e = abs(up[j] - here[j]) - half * around
            e = min(max(e, -top), top)
            sums[i & 7, i >> 3, j >> 3] += e
            squares[0, i >> 3, j >> 3] += e * e
        for j in range(2, min(cols * 8, x.shape[1] - 1)):
            around = abs(here[j - 2] - here[j - 1]) + abs(here[j] - here[j + 1])
            e = abs(here[j - 1] - here[j]) - half * around
            e = min(max(e, -top), top)
            sums[8 + (j & 7), i >> 3, j >> 3] += e
            squares[1, i >> 3, j >> 3] += e * e
    return sums, squares
