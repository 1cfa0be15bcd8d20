"""Noise that is stronger or weaker in one area than elsewhere."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numba
import numpy as np

from whichcam._typing import FloatArray
from whichcam.localize._cells import (
    FLAT,
    box_mean,
    cell_means,
    check_size,
    heat_of,
    luma_plane,
    too_small,
)
from whichcam.localize._result import Localization
from whichcam.media import Photo

_WINDOW: Final = 9  # cells, 72 px: fewer leave too few flat cells among the textured
_QUIETEST: Final = 0.3  # share of a window's cells that are taken for flat
_N_LEVELS: Final = 12  # grey levels at which the usual noise is looked up
_HALF_HEAT: Final = 3.0  # deviations that give a heat of 0.5


class NoiseLevelLocalizer:
    """Map how far the noise of each area lies from that of the picture at its grey.

    A second difference of second differences removes smooth content. In a window of
    72 px only the quietest cells count, so that texture is not taken for noise, and
    what a grey level usually has is taken off, since sensors' noise depends on it.

    References
    ----------
    .. [1] S. Lyu, X. Pan, X. Zhang, "Exposing region splicing forgeries with blind
       local noise estimation", International Journal of Computer Vision 110, 2014,
       doi:10.1007/s11263-013-0688-y.
    .. [2] J. Immerkaer, "Fast noise variance estimation", Computer Vision and Image
       Understanding 64, 1996, doi:10.1006/cviu.1996.0060.
    """

    name = "noise_level"

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
        luma = luma_plane(photo)
        deviation = noise_deviation(luma)
        heat = 1 - 1 / (1 + np.square(deviation / np.float32(_HALF_HEAT)))
        return Localization(
            method=self.name,
            heatmap=heat_of(heat, (photo.height, photo.width)),
            params={"window_px": _WINDOW * 8, "quietest_share": _QUIETEST},
        )


def noise_deviation(luma: FloatArray) -> FloatArray:
    """Return the signed deviation of each cell's noise, in robust standard deviations.

    Positive where it is noisier than the picture usually is at that grey level; 0
    everywhere in a picture without noise.
    """
    floor = _noise_floor(_cell_noise(luma))
    grey = box_mean(cell_means(luma), _WINDOW)
    log_floor = np.log(np.maximum(floor, np.float32(0.02)))
    unusual = log_floor - _usual(log_floor, grey)
    if float(floor.max()) < FLAT:
        return np.zeros_like(unusual)
    spread = 1.4826 * float(np.median(np.abs(unusual - np.median(unusual))))
    # a fifth: pictures of one camera differ so much from area to area by content
    return np.asarray(unusual / max(spread, 0.2), dtype=np.float32)


def _noise_floor(noise: FloatArray) -> FloatArray:
    """Return the noise of the quietest cells of the window about each cell."""
    from scipy import ndimage

    rank = int(_QUIETEST * _WINDOW * _WINDOW)
    quiet = ndimage.rank_filter(noise, rank, size=_WINDOW, mode="reflect")
    return box_mean(quiet, 3)


def _usual(log_floor: FloatArray, grey: FloatArray) -> FloatArray:
    """Return the median of what the picture has at each cell's grey level."""
    edges = np.quantile(grey, np.linspace(0, 1, _N_LEVELS + 1))
    centres, levels = [], []
    for low, high in pairwise(edges):
        inside = (grey >= low) & (grey <= high)
        if inside.any():
            centres.append(float(grey[inside].mean()))
            levels.append(float(np.median(log_floor[inside])))
    order = np.argsort(centres, kind="stable")
    found = np.interp(grey, np.array(centres)[order], np.array(levels)[order])
    overall = np.median(log_floor)
    # halfway: an object may be alone at its grey level, and would explain itself
    return np.asarray(0.5 * found + 0.5 * overall, dtype=np.float32)


@numba.njit(cache=True, nogil=True, fastmath=True)
def _cell_noise(x: FloatArray) -> FloatArray:
    """Return the standard deviation that the mean size of the residual stands for."""
    rows, cols = x.shape[0] // 8, x.shape[1] // 8
    out = np.zeros((rows, cols), np.float32)
    last_row, last_col = x.shape[0] - 1, x.shape[1] - 1
    column = np.empty(x.shape[1], np.float32)
    for i in range(rows * 8):
        above, here, below = x[max(i - 1, 0)], x[i], x[min(i + 1, last_row)]
        for j in range(x.shape[1]):
            column[j] = above[j] - np.float32(2) * here[j] + below[j]
        for j in range(cols * 8):
            left, right = column[max(j - 1, 0)], column[min(j + 1, last_col)]
            out[i // 8, j // 8] += abs(left - np.float32(2) * column[j] + right)
    # E|r| = sd sqrt(2 / pi), and the filter has the norm 6
    return out * np.float32(np.sqrt(np.pi / 2) / 6 / 64)
