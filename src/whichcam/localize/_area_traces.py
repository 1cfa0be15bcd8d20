"""Traces of a camera's processing in every 16x16 px of a picture, in one pass."""

from __future__ import annotations

from itertools import product
from typing import Final, TypeAlias

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, IntArray, PixelArray

AREA_PX: Final = 16
"""Side of the areas that traces are summed over, in px."""
AREA_TRACES_VERSION: Final = 1
"""Raised whenever a sum changes meaning; fitted parameters carry it."""

CodeArray: TypeAlias = npt.NDArray[np.int8]

_STEPS: Final = (2, 6)  # of third differences, whose noise has sqrt(20) times a pixel's
_MARGIN: Final = 3
_CLIP: Final = 12.0  # grey levels: edges of objects would drown all else


def _run_classes() -> IntArray:
    """Give a run of four codes, its negative and its reverse one number."""
    numbers: dict[tuple[int, ...], int] = {}
    found = []
    for run in product((-1, 0, 1), repeat=4):
        negative = tuple(-code for code in run)
        same = min(run, negative, run[::-1], negative[::-1])
        found.append(numbers.setdefault(same, len(numbers)))
    return np.array(found, dtype=np.int64)


_CLASSES: Final = _run_classes()
N_RUNS: Final = int(_CLASSES.max()) + 1
"""Distinct runs of four codes."""
N_COUNTS: Final = 2 * len(_STEPS) * N_RUNS
"""Counts an area: by step, along the difference and across it."""
_PRODUCTS: Final = (
    *("rr", "gg", "bb", "rg", "gb", "rb"),
    *("gg01", "gg10", "gg11", "gg02", "gg20"),
)
N_SUMS: Final = len(_PRODUCTS) + 6
"""Sums an area: products of residuals, grey, its square, lost pixels, colour edges."""


def area_traces(pixels: PixelArray) -> FloatArray:
    """Return the sums from which the traces of any window of areas follow.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        RGB.

    Returns
    -------
    ndarray of shape (N_COUNTS + N_SUMS, H // 16, W // 16), float32
        Counts and sums of each area; those of a window are their sums.
    """
    rows, cols = pixels.shape[0] // AREA_PX, pixels.shape[1] // AREA_PX
    counts = np.zeros((rows, cols, N_COUNTS), np.float32)
    sums = np.zeros((rows, cols, N_SUMS), np.float32)
    green = pixels[..., 1].astype(np.int16)
    for axis in (0, 1):
        codes = [_codes(green, np.int16(step), axis) for step in _STEPS]
        for k, code in enumerate(codes):
            first = 2 * k * N_RUNS
            _count(code, _CLASSES, axis, first, counts)
            _count(code, _CLASSES, 1 - axis, first + N_RUNS, counts)
    _sum(pixels, np.float32(_CLIP), sums)
    stacked = np.concatenate([counts, sums], axis=2)
    return np.ascontiguousarray(stacked.transpose(2, 0, 1))


def window_features(sums: FloatArray) -> FloatArray:
    """Return the features of windows from their sums.

    Parameters
    ----------
    sums : ndarray of shape (N_COUNTS + N_SUMS, n), float32
        As `area_traces` gives them, summed or averaged over each window.

    Returns
    -------
    ndarray of shape (n, N_FEATURES), float32
        Square roots of relative counts, logarithms of energies, correlations of
        colours and of neighbours, and what they depend on besides the camera: grey
        level, texture and lost pixels.
    """
    groups = sums[:N_COUNTS].reshape(-1, N_RUNS, sums.shape[1])
    share = groups / np.maximum(groups.sum(axis=1, keepdims=True), 1e-6)
    counts = np.sqrt(share).reshape(N_COUNTS, -1)
    rest = sums[N_COUNTS:]
    n = np.maximum(rest[-6], 1e-6)
    energy = rest[:3] / n + 0.05
    log_energy = np.log(energy)
    red, green, blue = energy
    across = rest[3:6] / n / np.sqrt([red * green, green * blue, red * blue])
    along = rest[6:11] / n / green
    grey = rest[-5] / n / 255
    contrast = np.log1p(np.maximum(rest[-4] / n - np.square(rest[-5] / n), 0))
    lost = rest[-3] / n
    edges = np.log(rest[-2:] / n + 0.05)
    features = np.stack(
        [
            *counts,
            log_energy[1],
            log_energy[0] - log_energy[1],
            log_energy[2] - log_energy[1],
            *across,
            *along,
            *edges,
            np.square(log_energy[1]),
            grey,
            np.square(grey),
            contrast,
            np.square(contrast),
            lost,
        ],
        axis=1,
    )
    return np.asarray(features, dtype=np.float32)


N_FEATURES: Final = N_COUNTS + 3 + 3 + 5 + 2 + 6
"""Length of a window's features."""


@numba.njit(cache=True, nogil=True)
def _codes(x: npt.NDArray[np.int16], step: np.int16, axis: int) -> CodeArray:
    """Return the sign of each third difference where it reaches half a step."""
    height, width = x.shape
    out = np.zeros((height, width), np.int8)
    for i in range(3, height - 3):
        line = out[i]
        if axis == 1:
            here = x[i]
            a, b, c, d = here[2:-3], here[3:-2], here[4:-1], here[5:]
        else:
            a, b = x[i - 1, 3:-2], x[i, 3:-2]
            c, d = x[i + 1, 3:-2], x[i + 2, 3:-2]
        for j in range(width - 6):
            r = 2 * (d[j] - a[j] + 3 * (b[j] - c[j]))
            line[j + 3] = np.int8(r >= step) - np.int8(r <= -step)
    return out


@numba.njit(cache=True, nogil=True)
def _count(
    codes: CodeArray, classes: IntArray, axis: int, first: int, counts: FloatArray
) -> None:
    """Count runs of four along one axis, by the area that holds their start."""
    height, width = counts.shape[0] * 16, counts.shape[1] * 16
    down, right = (1, 0) if axis == 0 else (0, 1)
    for i in range(3, min(height, codes.shape[0] - 6)):
        a, b = codes[i], codes[i + down]
        c, d = codes[i + 2 * down], codes[i + 3 * down]
        of_row = counts[i // 16]
        for j in range(3, min(width, codes.shape[1] - 6)):
            place = (
                a[j] * 27 + b[j + right] * 9 + c[j + 2 * right] * 3 + d[j + 3 * right]
            )
            of_row[j // 16, first + classes[place + 40]] += np.float32(1)


@numba.njit(cache=True, nogil=True, fastmath=True)
def _sum(pixels: PixelArray, top: np.float32, sums: FloatArray) -> None:
    """Add products of clipped Laplacian residuals, and what the content is like."""
    rows, cols = sums.shape[0], sums.shape[1]
    height, width = pixels.shape[0], pixels.shape[1]
    ring = np.zeros((3, 3, width), np.float32)  # three rows of residuals, by colour
    quarter = np.float32(0.25)
    for i in range(1, min(rows * 16, height - 1)):
        slot = i % 3
        for k in range(3):
            for j in range(1, width - 1):
                near = (
                    np.float32(pixels[i - 1, j, k])
                    + np.float32(pixels[i + 1, j, k])
                    + np.float32(pixels[i, j - 1, k])
                    + np.float32(pixels[i, j + 1, k])
                )
                r = np.float32(pixels[i, j, k]) - near * quarter
                ring[slot, k, j] = min(max(r, -top), top)
        if i < 3:
            continue
        r, g, b = ring[slot, 0], ring[slot, 1], ring[slot, 2]
        g1, g2 = ring[(i - 1) % 3, 1], ring[(i - 2) % 3, 1]
        out = sums[i // 16]
        for j in range(3, min(cols * 16, width - 3)):
            cell = out[j // 16]
            red, green, blue = pixels[i, j, 0], pixels[i, j, 1], pixels[i, j, 2]
            cell[11] += np.float32(1)
            cell[12] += np.float32(green)
            cell[13] += np.float32(green) * np.float32(green)
            if max(red, green, blue) > 250 or max(red, green, blue) < 6:
                cell[14] += np.float32(1)
            cell[15] += (r[j] - g[j]) * (r[j] - g[j])
            cell[16] += (b[j] - g[j]) * (b[j] - g[j])
            cell[0] += r[j] * r[j]
            cell[1] += g[j] * g[j]
            cell[2] += b[j] * b[j]
            cell[3] += r[j] * g[j]
            cell[4] += g[j] * b[j]
            cell[5] += r[j] * b[j]
            cell[6] += g[j] * g[j - 1]
            cell[7] += g[j] * g1[j]
            cell[8] += g[j] * g1[j - 1]
            cell[9] += g[j] * g[j - 2]
            cell[10] += g[j] * g2[j]
