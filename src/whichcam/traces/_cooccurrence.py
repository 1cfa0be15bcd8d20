"""Co-occurrences of quantised prediction errors: how neighbours err together.

A pixel is predicted from its neighbours, the error is coarsely quantised, and runs of
four neighbouring errors are counted. What a scene is of hardly shows in such counts;
how a camera interpolates, sharpens and compresses does.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, IntArray, PixelArray
from whichcam.errors import ImageTooSmallError
from whichcam.traces._cooccurrence_kernels import (
    CodeArray,
    CountArray,
    Int16Array,
    coded,
    count_colours,
    count_columns,
    count_rows,
    filtered,
)

COOCCURRENCE_VERSION = 1
"""Raised whenever a co-occurrence trace changes meaning."""

_SMALLEST_PX = 64
_EDGE = ((-1, 2, -1), (2, -4, 2), (0, 0, 0))
_SQUARE = ((-1, 2, -1), (2, -4, 2), (-1, 2, -1))


class _Predictor(NamedTuple):
    taps: IntArray  # rows of (dy, dx, weight)
    order: int  # magnitude of the weight of the pixel predicted: the unit of steps


def _predictor(weights: npt.ArrayLike, at: tuple[int, int], order: int) -> _Predictor:
    grid = np.atleast_2d(np.asarray(weights))
    rows, cols = np.nonzero(grid)
    taps = np.stack([rows - at[0], cols - at[1], grid[rows, cols]], axis=1)
    return _Predictor(taps.astype(np.int64), order)


def _along_both(name: str, weights: tuple[int, ...], at: int) -> dict[str, _Predictor]:
    order = max(abs(weight) for weight in weights)
    return {
        f"{name}_h": _predictor([weights], (0, at), order),
        f"{name}_v": _predictor([[w] for w in weights], (at, 0), order),
    }


_PREDICTORS = {
    **_along_both("first", (-1, 1), 0),
    **_along_both("second", (1, -2, 1), 1),
    **_along_both("third", (1, -3, 3, -1), 1),
    "square": _predictor(_SQUARE, (1, 1), 4),
    **{
        f"edge_{side}": _predictor(np.rot90(_EDGE, k), (1, 1), 4)
        for k, side in enumerate(("up", "left", "down", "right"))
    },
}
_LUMA_STEPS = {name: (2,) if "edge" in name else (1, 2) for name in _PREDICTORS}
_DIFFERENCE_SCANS = {"third_h": "h", "third_v": "v", "square": "hv"}
_ACROSS = ("first_h", "first_v", "third_h", "third_v", "square")


def _classes(n_levels: int, length: int, *, reverse: bool) -> IntArray:
    """Give a run, its negative and (if asked) its reverse one number; in bin order."""
    half = n_levels // 2
    numbers: dict[tuple[int, ...], int] = {}
    found = []
    for run in product(range(-half, half + 1), repeat=length):
        negative = tuple(-code for code in run)
        same = [run, negative, *((run[::-1], negative[::-1]) if reverse else ())]
        found.append(numbers.setdefault(min(same), len(numbers)))
    return np.array(found, dtype=np.int64)


_RUN_CLASSES = _classes(5, 4, reverse=True)
_COLOUR_CLASSES = _classes(7, 3, reverse=False)


def _layout() -> tuple[tuple[str, int], ...]:
    run, colour = int(_RUN_CLASSES.max()) + 1, int(_COLOUR_CLASSES.max()) + 1
    luma = [
        (f"luma.{name}.{scan}.{step}", run)
        for name, steps in _LUMA_STEPS.items()
        for step in steps
        for scan in "hv"
    ]
    differences = [
        (f"{plane}.{name}.{scan}.1", run)
        for plane in ("red-green", "blue-green")
        for name, scans in _DIFFERENCE_SCANS.items()
        for scan in scans
    ]
    return (*luma, *differences, *((f"across.{name}.1", colour) for name in _ACROSS))


COOCCURRENCE_LAYOUT = _layout()
"""Names (plane, predictor, direction, step) and lengths of the submodels, in order."""
COOCCURRENCE_SIZE = sum(length for _, length in COOCCURRENCE_LAYOUT)
"""Length of the vector that `cooccurrence_traces` returns."""


def cooccurrence_traces(pixels: PixelArray) -> FloatArray:
    """Return co-occurrences of quantised prediction errors.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        RGB at native resolution, at least 64x64 px.

    Returns
    -------
    ndarray of shape (COOCCURRENCE_SIZE,), float32
        Submodels in the order of `COOCCURRENCE_LAYOUT`; each holds square roots of
        frequencies, so that its squares sum to 1.

    Raises
    ------
    ImageTooSmallError
        If there are fewer than 64 rows or columns.

    Notes
    -----
    Errors of the first, second and third difference, of the 3x3 square predictor and
    of its four halves (edges) are divided by the predictor's order and a step of 1 or
    2, rounded and truncated at 2 [1]_; runs of four along rows and along columns are
    counted, a run, its negative and its reverse together: 169 numbers a submodel.
    Colour differences R-G and B-G are treated alike with step 1. Across colours the
    errors of R, G and B at one place are counted in triples, truncated at 3 [3]_.

    Where we differ: rows and columns are kept apart, because a sensor and a JPEG
    encoder are not alike in both (steganalysis merges them); of the rich model's
    submodels only linear ones are taken; frequencies enter by their square roots,
    which evens out their variances. The cost is some ten milliseconds for a crop of
    512 px.

    References
    ----------
    .. [1] J. Fridrich, J. Kodovský, "Rich models for steganalysis of digital images",
       IEEE TIFS 7(3), 2012. doi:10.1109/TIFS.2012.2190402
    .. [2] F. Marra, G. Poggi, C. Sansone, L. Verdoliva, "Evaluation of residual-based
       local features for camera model identification", ICIAP 2015 Workshops.
       doi:10.1007/978-3-319-23222-5_2
    .. [3] M. Goljan, J. Fridrich, R. Cogranne, "Rich model for steganalysis of color
       images", IEEE WIFS 2014. doi:10.1109/WIFS.2014.7084325

    Examples
    --------
    >>> flat = np.full((64, 64, 3), 90, np.uint8)
    >>> traces = cooccurrence_traces(flat)
    >>> traces.shape == (COOCCURRENCE_SIZE,), int((traces > 0).sum())
    (True, 49)
    """
    if min(pixels.shape[:2]) < _SMALLEST_PX:
        raise ImageTooSmallError(
            f"a crop of {pixels.shape[1]}x{pixels.shape[0]} px is too small for "
            f"co-occurrences; at least {_SMALLEST_PX}x{_SMALLEST_PX} px are needed"
        )
    # planes of their own: slices of RGB would be read with a stride of three
    red, green, blue = np.moveaxis(pixels, 2, 0).astype(np.int16, order="C")
    luma = np.rint(0.299 * red + 0.587 * green + 0.114 * blue).astype(np.int16)
    found: list[FloatArray] = []
    for name, steps in _LUMA_STEPS.items():
        error = filtered(luma, _PREDICTORS[name].taps)
        for step in steps:
            found += _runs(error, _PREDICTORS[name].order * step, "hv")
    for plane in (red - green, blue - green):
        for name, scans in _DIFFERENCE_SCANS.items():
            error = filtered(plane, _PREDICTORS[name].taps)
            found += _runs(error, _PREDICTORS[name].order, scans)
    for name in _ACROSS:
        taps, order = _PREDICTORS[name]
        errors = [filtered(plane, taps) for plane in (red, green, blue)]
        found.append(colour_frequencies(errors, order))
    return np.concatenate(found)


def colour_frequencies(errors: Sequence[Int16Array], unit: int) -> FloatArray:
    """Count three errors of one place together, truncated at 3 units.

    Parameters
    ----------
    errors : three ndarrays of shape (h, w), int16
        Errors that stand together.
    unit : int
        Step of the quantisation.

    Returns
    -------
    ndarray of shape (172,), float32
        Square roots of frequencies, a triple and its negative together.
    """
    red, green, blue = (_codes(error, unit, 3) for error in errors)
    return _frequencies(count_colours(red, green, blue), _COLOUR_CLASSES)


def _runs(error: Int16Array, unit: int, scans: str) -> list[FloatArray]:
    codes = _codes(error, unit, 2)
    counts = [count_rows(codes) if s == "h" else count_columns(codes) for s in scans]
    return [_frequencies(count, _RUN_CLASSES) for count in counts]


def _codes(error: Int16Array, unit: int, top: int) -> CodeArray:
    # half a step rounds away from zero, as the rich model's round() does
    limits = np.ceil((np.arange(top) + 0.5) * unit).astype(np.int16)
    return coded(error, limits)


def _frequencies(counts: CountArray, classes: IntArray) -> FloatArray:
    merged = np.bincount(classes, weights=counts)
    return np.asarray(np.sqrt(merged / merged.sum()), dtype=np.float32)
