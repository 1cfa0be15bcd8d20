"""Whether a picture was quantised before, and in which steps.

A coefficient that was rounded to multiples of q1 and then to multiples of q2 leaves a
histogram with gaps and peaks that one rounding cannot make. As in Lukas and Fridrich
2003, the histogram that a first step would leave is predicted from the picture itself:
its blocks shifted by half a block hold, nearly, what was there before any rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.signal import block_dct

Float64Array = npt.NDArray[np.float64]

# Low frequencies in zig-zag order, (vertical, horizontal): high ones are mostly zero.
FREQUENCIES: Final = (
    *((0, 1), (1, 0), (2, 0), (1, 1), (0, 2)),
    *((0, 3), (1, 2), (2, 1), (3, 0)),
)
MAX_STEP: Final = 32
_LEVELS: Final = 24  # |level| above 0 that are compared; larger ones count as one
_ROUNDING: Final = 0.35  # grey levels: rounding to whole pixels between the two
_UNEXPLAINED: Final = 0.05  # share of coefficients that follow no first rounding
_FINE: Final = 8  # bins a grey level of the histogram before rounding
_LARGEST: Final = 1024  # of an orthonormal DCT of 8-bit pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstQuantization:
    """The steps that a first quantisation most probably had.

    Parameters
    ----------
    steps : tuple of int
        By frequency, in the order of ``FREQUENCIES``; 0 where no earlier step fits
        better than none.
    gain : float
        By how much a first quantisation explains the histograms better, nats a
        coefficient, mean over frequencies.
    n_blocks : int
        Blocks looked at.
    """

    steps: tuple[int, ...]
    gain: float
    n_blocks: int


def first_quantization(
    luma: FloatArray, table: npt.NDArray[np.uint16]
) -> FirstQuantization:
    """Estimate the first of two quantisations of a picture's luma.

    Parameters
    ----------
    luma : ndarray of shape (H, W), float32
        Decoded, 0 to 255, its first pixel at the start of a block; at least 64x64.
    table : ndarray of shape (8, 8), uint16
        The table it was last quantised with, row-major.

    References
    ----------
    .. [1] J. Lukas, J. Fridrich, "Estimation of primary quantization matrix in double
       compressed JPEG images", Digital Forensic Research Workshop, 2003.
    """
    blocks = block_dct(luma)
    shifted = block_dct(np.ascontiguousarray(luma[4:, 4:]))
    gains, steps = [], []
    for row, column in FREQUENCIES:
        step = int(max(table[row, column], 1))
        observed = _histogram(blocks[:, :, row, column], step)
        before = _fine_histogram(shifted[:, :, row, column])
        gain, first = _best_first_step(observed, before, step)
        gains.append(gain)
        steps.append(first)
    return FirstQuantization(
        steps=tuple(steps),
        gain=round(float(np.mean(gains)), 5),
        n_blocks=blocks.shape[0] * blocks.shape[1],
    )


def _histogram(values: FloatArray, step: int) -> Float64Array:
    """Count |level| from 1 up; zeros say little of a first rounding."""
    levels = np.rint(np.abs(values) / step).astype(np.int64).ravel()
    counts = np.bincount(np.minimum(levels, _LEVELS + 1), minlength=_LEVELS + 2)
    return counts[1:].astype(np.float64)


def _fine_histogram(values: FloatArray) -> Float64Array:
    bins = np.minimum(np.abs(values).ravel() * _FINE, _LARGEST * _FINE - 1)
    counts = np.bincount(bins.astype(np.int64), minlength=_LARGEST * _FINE)
    total = max(float(counts.sum()), 1.0)
    return counts.astype(np.float64) / total


_CENTRES: Final = (np.arange(_LARGEST * _FINE) + 0.5) / _FINE


def _best_first_step(
    observed: Float64Array, before: Float64Array, step: int
) -> tuple[float, int]:
    count = float(observed.sum())
    if count < 50:
        return 0.0, 0
    once = _levels_of(_CENTRES, before, step)
    best, chosen = _fit(observed, once), 0
    baseline = best
    for first in range(2, MAX_STEP + 1):
        if step % first == 0:
            continue  # hidden: every multiple of the second is one of the first
        twice = _after_first(before, first, step)
        fit = _fit(observed, (1 - _UNEXPLAINED) * twice + _UNEXPLAINED * once)
        if fit > best:
            best, chosen = fit, first
    return (best - baseline) / count, chosen


def _levels_of(values: Float64Array, weights: Float64Array, step: int) -> Float64Array:
    levels = np.minimum(np.rint(values / step).astype(np.int64), _LEVELS + 1)
    counts = np.bincount(levels, weights=weights, minlength=_LEVELS + 2)
    return np.asarray(counts[1:], dtype=np.float64)


def _after_first(before: Float64Array, first: int, step: int) -> Float64Array:
    """Return the histogram of levels after rounding to `first`, pixels, and `step`."""
    levels = np.rint(_CENTRES / first).astype(np.int64)
    shares = np.asarray(np.bincount(levels, weights=before), dtype=np.float64)
    found = np.zeros(_LEVELS + 1)
    values = np.arange(len(shares), dtype=np.float64) * first
    for noise, weight in _NOISE:
        found += weight * _levels_of(np.abs(values + noise), shares, step)
    return found


def _normal() -> tuple[tuple[float, float], ...]:
    places = np.linspace(-2.5, 2.5, 11)
    weights = np.exp(-0.5 * places**2)
    weights /= weights.sum()
    return tuple(zip((places * _ROUNDING).tolist(), weights.tolist(), strict=True))


_NOISE: Final = _normal()


def _fit(observed: Float64Array, expected: Float64Array) -> float:
    """Return the log likelihood of counts, given that a level is not zero."""
    share = expected + 1e-6
    return float(observed @ np.log(share / share.sum()))
