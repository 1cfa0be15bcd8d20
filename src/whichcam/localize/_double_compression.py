"""Which 8x8 blocks carry the steps of an earlier compression, and which do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.localize._cells import (
    CELL_PX,
    box_mean,
    check_size,
    heat_of,
    luma_plane,
    too_small,
)
from whichcam.localize._jpeg_grid import grid_by_area
from whichcam.localize._result import Localization
from whichcam.media import Photo
from whichcam.signal import block_dct

Float64Array = npt.NDArray[np.float64]

_REACH: Final = (
    160  # magnitudes of coefficients looked at; beyond, a block says nothing
)
_STEPS: Final = 32  # largest step of a first compression looked for
_ROUNDING: Final = 0.33  # of a coefficient, by rounding pixels in between: sqrt(1 / 9)
_SHARES: Final = (
    0.1,
    0.25,
    0.4,
    0.6,
    0.75,
    0.9,
    0.98,
)  # of blocks that carry the steps
_LEAST_GAIN: Final = 0.004  # nats a block: less is how badly the null model fits
_RARE: Final = 1e-5  # share of what a model does not know of
_FEWEST_BLOCKS: Final = 64
_MOST: Final = 2.5  # nats that one coefficient may add: it may be damaged by clipping
_WINDOW: Final = 5  # cells, 40 px


class DoubleCompressionLocalizer:
    """Map the blocks that lack the steps of the earlier compression most blocks carry.

    For each frequency the histogram of the stored coefficients is explained by a mix
    of two: quantised once with the file's own step, and quantised before with another
    step on the same grid. Where the second explains it, each block has a likelihood
    ratio. In files that are no JPEG the own step is 1, and an area whose grid lies
    elsewhere lacks the steps.

    References
    ----------
    .. [1] T. Bianchi, A. Piva, "Image forgery localization via block-grained analysis
       of JPEG artifacts", IEEE Transactions on Information Forensics and Security 7,
       2012, doi:10.1109/TIFS.2012.2187516.
    """

    name = "double_compression"

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
        own = own_steps(photo)
        found = missing_steps(luma, own, offset=first_block(photo, luma))
        heat = np.zeros_like(found.evidence)
        if found.steps:
            heat[:] = 1 / (1 + np.exp(-np.clip(found.evidence, -30, 30)))
        return Localization(
            method=self.name,
            heatmap=heat_of(heat, (photo.height, photo.width)),
            params={
                "steps": {f"{v},{u}": q for (v, u), q in found.steps.items()},
                "window_px": _WINDOW * 8,
            },
            warnings=()
            if found.steps
            else ("no traces of an earlier compression: the map is empty",),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingSteps:
    """What `missing_steps` found.

    Parameters
    ----------
    evidence : ndarray of shape (H // 8, W // 8), float32
        Log odds that a block lacks the earlier steps; 0 everywhere without any.
    steps : dict of (int, int) to int
        Steps of the earlier compression by (vertical, horizontal) frequency.
    """

    evidence: FloatArray
    steps: dict[tuple[int, int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """Of one frequency: earlier step, share of blocks, nats a block, log ratios."""

    step: int
    share: float
    gain: float
    ratio: FloatArray


def own_steps(photo: Photo) -> npt.NDArray[np.uint16]:
    """Return the luma steps of the file's own compression, ones where it has none."""
    table = None
    if photo.jpeg is not None and photo.jpeg.components:
        table = photo.jpeg.quantization_table(0)
    if table is None:
        return np.ones((8, 8), dtype=np.uint16)
    return np.maximum(table, 1)


def first_block(photo: Photo, luma: FloatArray) -> tuple[int, int]:
    """Return where the first block lies: by the file if it is a JPEG, else by sight."""
    if photo.jpeg is not None:
        return (0, 0)
    grid = grid_by_area(luma)
    return grid.offset if grid.is_clear else (0, 0)


def missing_steps(
    luma: FloatArray,
    own: npt.NDArray[np.uint16],
    *,
    offset: tuple[int, int] = (0, 0),
) -> MissingSteps:
    """Return where the steps of an earlier compression are missing.

    Parameters
    ----------
    luma : ndarray of shape (H, W), float32
        0 to 255.
    own : ndarray of shape (8, 8), uint16
        Steps of the last compression, 1 where there was none.
    offset : (int, int)
        Row and column of the first block, 0 to 7; other than 0 in cropped pictures.
    """
    cells = luma.shape[0] // CELL_PX, luma.shape[1] // CELL_PX
    luma = luma[offset[0] :, offset[1] :]
    stored = _magnitudes(block_dct(luma - 128))
    shifted = _magnitudes(block_dct(luma[4:, 4:] - 128))
    shape = stored.shape[:2]
    total = np.zeros(shape, dtype=np.float32)
    steps: dict[tuple[int, int], int] = {}
    votes = 0.0
    for v in range(8):
        for u in range(8):
            if (v, u) == (0, 0):
                continue
            step = int(own[v, u])
            plain = _smooth_histogram(shifted[..., v, u])
            fit = _fit(_counts(stored[..., v, u], step), plain, step)
            if fit is None:
                continue
            steps[v, u], table = fit.step, fit.ratio
            votes += fit.gain if fit.share > 0.5 else -fit.gain
            _add(stored[..., v, u], np.float32(step), table, total)
    # where most blocks lack the steps, those that carry them are the odd ones
    sign = np.float32(-1 if votes >= 0 else 1)
    short = [(0, whole - n) for whole, n in zip(cells, shape, strict=True)]
    evidence = np.pad(box_mean(total, _WINDOW) * sign, short, mode="edge")
    return MissingSteps(evidence=evidence, steps=steps)


def _magnitudes(coefficients: FloatArray) -> FloatArray:
    return np.abs(coefficients, out=coefficients)


def _counts(magnitudes: FloatArray, step: int) -> Float64Array:
    """Return how often each multiple of the step occurs."""
    n = _REACH // step + 1
    index = np.minimum(magnitudes * np.float32(1 / step) + np.float32(0.5), n)
    return np.bincount(index.astype(np.intp).ravel(), minlength=n + 1)[:n].astype(float)


def _smooth_histogram(magnitudes: FloatArray) -> Float64Array:
    """Return the density of magnitudes in bins of a quarter, as if never quantised."""
    index = np.minimum(magnitudes * np.float32(4), _REACH * 4)
    counts = np.bincount(index.astype(np.intp).ravel(), minlength=_REACH * 4 + 1)
    counts = counts[: _REACH * 4].astype(float)
    # widths that grow with the magnitude: tails are thin, the peak is sharp
    total = np.concatenate([[0.0], np.cumsum(counts)])
    centre = np.arange(_REACH * 4)
    half = 1 + centre // 12
    low, high = np.maximum(centre - half, 0), np.minimum(centre + half + 1, _REACH * 4)
    smooth = (total[high] - total[low] + 0.02) / (high - low)
    return np.asarray(smooth / smooth.sum())


def _fit(counts: Float64Array, plain: Float64Array, step: int) -> _Fit | None:
    """Return the earlier step that explains the counts best, None without one."""
    n_blocks = counts.sum()
    if n_blocks < _FEWEST_BLOCKS:
        return None
    # beyond what occurs there is nothing to explain
    n = min(int(np.flatnonzero(counts)[-1]) + 2, len(counts))
    below = np.concatenate([[0.0], np.cumsum(plain)])
    earlier, share, gain, null, twice = _best_step(
        counts[:n] / n_blocks, below, step, np.array(_SHARES)
    )
    if gain < _LEAST_GAIN:
        return None
    ratio = np.clip(np.log(twice / null), -_MOST, _MOST)
    table = np.append(ratio, 0.0).astype(np.float32)
    return _Fit(step=earlier, share=share, gain=gain, ratio=table)


@numba.njit(cache=True, nogil=True)
def _best_step(
    observed: Float64Array, below: Float64Array, step: int, shares: Float64Array
) -> tuple[int, float, float, Float64Array, Float64Array]:
    """Return the earlier step, its share, gain in nats a block, and both models."""
    null = np.zeros(len(observed))
    _through(below, 0, step, null)
    best_twice = null.copy()
    best_step, best_share, best_gain = 0, 0.0, 0.0
    twice = np.zeros(len(observed))
    for earlier in range(2, _STEPS + 1):
        if earlier == step:
            continue
        _through(below, earlier, step, twice)
        for share in shares:
            gain = 0.0
            for k in range(len(observed)):
                if observed[k] > 0:
                    mix = share * twice[k] / null[k] + 1 - share
                    gain += observed[k] * np.log(mix)
            if gain > best_gain:
                best_step, best_share, best_gain = earlier, share, gain
                best_twice[:] = twice
    return best_step, best_share, best_gain, null, best_twice


@numba.njit(cache=True, nogil=True)
def _through(below: Float64Array, earlier: int, step: int, out: Float64Array) -> None:
    """Fill in how often each multiple of ``step`` occurs after both quantisations.

    ``below[k]`` is the share of magnitudes below k / 4; an earlier step of 0 is none.
    """
    out[:] = 0
    last = len(below) - 1
    n_places = last if earlier == 0 else last // (4 * earlier) + 1
    for m in range(n_places):
        if earlier == 0:
            weight, place = below[m + 1] - below[m], (m + 0.5) / 4
        else:
            low = max((4 * m - 2) * earlier, 0)
            weight = below[min((4 * m + 2) * earlier, last)] - below[min(low, last)]
            place = float(m * earlier)
        # the error of rounding pixels, as five points of a normal distribution
        for offset in range(-2, 3):
            share = 0.4 if offset == 0 else 0.24 if abs(offset) == 1 else 0.06
            k = int(abs(place + offset * _ROUNDING) / step + 0.5)
            if k < len(out):
                out[k] += share * weight
    total = 0.0
    for k in range(len(out)):
        out[k] += _RARE
        total += out[k]
    for k in range(len(out)):
        out[k] /= total


@numba.njit(cache=True, nogil=True)
def _add(
    magnitudes: FloatArray, step: np.float32, table: FloatArray, total: FloatArray
) -> None:
    last = len(table) - 1
    for i in range(total.shape[0]):
        for j in range(total.shape[1]):
            k = int(magnitudes[i, j] / step + np.float32(0.5))
            total[i, j] += table[min(k, last)]
