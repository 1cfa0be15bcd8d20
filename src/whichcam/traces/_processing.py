"""Traces of in-camera processing in high-pass residuals and block spectra.

A camera's demosaicing correlates neighbouring pixels with the period of its colour
filter array, its denoising and sharpening shape the spectrum of the grain that is
left, its colour matrix ties the channels' noise together, and its JPEG engine cuts
frequencies. None of this depends on what is in the picture once content is predicted
away, textures are kept apart, and every number is a ratio.
"""

from __future__ import annotations

import numpy as np

from whichcam._typing import FloatArray, IntArray, PixelArray
from whichcam.errors import ImageTooSmallError
from whichcam.signal import RESIDUAL_FILTERS, block_dct, residual, ycbcr_planes
from whichcam.traces._kernels import (
    N_CLASSES,
    block_energy,
    clip_by_class,
    grid_phase_sums,
    lagged_sums,
    moment_sums,
)

PROCESSING_VERSION = 1
"""Raised whenever a processing trace changes meaning."""

_LAGS = np.array(
    [
        *(
            (0, 0),
            (0, 1),
            (1, 0),
            (1, 1),
            (1, -1),
            (0, 2),
            (2, 0),
            (2, 2),
            (0, 3),
            (3, 0),
        ),
        *((1, 2), (2, 1), (0, 4), (4, 0), (0, 6), (6, 0), (0, 8), (8, 0)),
    ]
)  # (dy, dx) px: energy, then up to one JPEG block, dense where demosaicing acts
_PAIRS = ((0, 1), (1, 2), (0, 2), (3, 4), (3, 5), (4, 5))  # of planes R G B Y Cb Cr
_PAIR_LAGS = np.array([(0, 0), (0, 1), (1, 0)])
_CLIP = np.array([8, 15, 40], np.float32)  # grey levels, by texture class
_QUANTILES = (0.30, 0.65)  # of block energy: smooth, middle, textured
_ALWAYS, _CHROMA_FILTERS = range(4), ("laplacian", "band")
_SMALLEST_PX = 64
_GRID_LIMIT = np.float32(100)  # squared grey levels: edges count no more than grain


def _layout() -> tuple[tuple[str, int], ...]:
    n_auto = sum(
        6 if name in _CHROMA_FILTERS else len(_ALWAYS) for name in RESIDUAL_FILTERS
    )
    n_filters = len(RESIDUAL_FILTERS)
    return (
        ("autocorrelation", n_auto * (len(_LAGS) - 1) * N_CLASSES),
        ("cross_correlation", n_filters * len(_PAIRS) * len(_PAIR_LAGS) * N_CLASSES),
        ("cfa_phase", n_filters * 6 * 4 * N_CLASSES),
        ("shape", n_filters * 6 * 2 * N_CLASSES),
        ("level", n_filters * 6 * N_CLASSES),
        ("grid_phase", 3 * 16),
        ("spectrum", 3 * 63 * 2 * N_CLASSES),
    )


PROCESSING_LAYOUT = _layout()
"""Names and lengths of the groups of traces, in order."""
PROCESSING_SIZE = sum(length for _, length in PROCESSING_LAYOUT)
"""Length of the vector that `processing_traces` returns."""


def processing_traces(crop: PixelArray) -> FloatArray:
    """Return the traces of in-camera processing in one crop.

    Parameters
    ----------
    crop : ndarray of shape (H, W, 3), uint8
        RGB at native resolution, at least 64x64 px; it should start on the 8x8 JPEG
        grid. Rows and columns beyond the last whole block are left out.

    Returns
    -------
    ndarray of shape (PROCESSING_SIZE,), float32
        Groups in the order of `PROCESSING_LAYOUT`, each for three texture classes of
        8x8 blocks: autocorrelations of residuals at 17 lags; correlations between
        colour planes; log energy by 2x2 CFA phase; fourth-moment and mean-absolute
        ratios; log energy; log energy by row and column of the JPEG block; log energy
        and shape of each DCT frequency.

    Raises
    ------
    ImageTooSmallError
        If the crop has fewer than 64 rows or columns.

    Notes
    -----
    Block energy ranks blocks into smooth (lowest 30 %), middle and textured (highest
    35 %), burnt and black blocks apart; residuals are clipped at 8, 15 and 40 grey
    levels there, so that single edges do not outweigh the grain.

    References
    ----------
    .. [1] A. Swaminathan, M. Wu, K. J. R. Liu, "Nonintrusive component forensics of
       visual sensors using output images", IEEE TIFS 2(1), 2007.
    .. [2] T. Filler, J. Fridrich, M. Goljan, "Using sensor pattern noise for camera
       model identification", IEEE ICIP 2008.
    .. [3] A. C. Gallagher, T. Chen, "Image authentication by detecting traces of
       demosaicing", IEEE CVPR Workshops 2008.
    """
    height, width = crop.shape[0] // 8 * 8, crop.shape[1] // 8 * 8
    if min(height, width) < _SMALLEST_PX:
        raise ImageTooSmallError(
            f"a crop of {crop.shape[1]}x{crop.shape[0]} px is too small for traces; "
            f"at least {_SMALLEST_PX}x{_SMALLEST_PX} px are needed"
        )
    planes = ycbcr_planes(crop[:height, :width])
    luma = residual(planes[3], "laplacian")
    labels = _texture_classes(crop[:height, :width], luma)
    counts = _class_sizes(labels)
    groups: dict[str, list[FloatArray]] = {name: [] for name, _ in PROCESSING_LAYOUT}
    planes_out = np.zeros_like(planes)
    for name in RESIDUAL_FILTERS:
        for k in range(6):
            residual(planes[k], name, out=planes_out[k])
        if name == "laplacian":  # of the residuals as they are, before clipping
            groups["grid_phase"] = _grid_phases(planes_out[3:])
        for k in range(6):
            clip_by_class(planes_out[k], labels, _CLIP)
        _residual_traces(planes_out, labels, counts, name, groups)
    groups["spectrum"] = _spectra(planes, labels)
    vectors = [np.ravel(v) for name, _ in PROCESSING_LAYOUT for v in groups[name]]
    return np.concatenate(vectors, dtype=np.float32)


def _texture_classes(crop: PixelArray, luma: FloatArray) -> IntArray:
    """Label blocks 0 smooth, 1 middle, 2 textured, -1 burnt, black or at the rim."""
    energy, lost = block_energy(crop, luma)
    usable = lost < 0.1
    inner = np.zeros_like(usable)
    inner[1:-1, 1:-1] = True
    if (
        usable & inner
    ).sum() < 24:  # a dark or burnt crop: better poor traces than none
        usable = np.ones_like(usable)
    usable &= inner
    low, high = np.quantile(energy[usable], _QUANTILES)
    labels = np.where(energy <= low, 0, np.where(energy <= high, 1, 2))
    return np.where(usable, labels, -1).astype(np.int64)


def _class_sizes(labels: IntArray) -> FloatArray:
    """Return the pixels of each class, plus one so that an empty class divides."""
    sizes = np.bincount(labels[labels >= 0], minlength=N_CLASSES) * 64
    return (sizes + 1).astype(np.float32)


def _residual_traces(
    planes: FloatArray,
    labels: IntArray,
    counts: FloatArray,
    name: str,
    groups: dict[str, list[FloatArray]],
) -> None:
    lagged = np.stack([lagged_sums(x, x, labels, _LAGS) for x in planes])
    energies = lagged[:, 0]
    variance = energies / counts + np.float32(1e-3)
    correlations = lagged[:, 1:] / counts / variance[:, None]
    for k, x in enumerate(planes):
        if k in _ALWAYS or name in _CHROMA_FILTERS:
            groups["autocorrelation"].append(correlations[k])
        absolute, fourth, phases = moment_sums(x, labels)
        kurtosis = np.log((fourth / counts + np.float32(1e-3)) / variance[k] ** 2)
        spread = np.log((absolute / counts + np.float32(1e-2)) / np.sqrt(variance[k]))
        groups["shape"] += [kurtosis, spread]
        by_phase = np.log(phases / (counts[:, None] / 4) + np.float32(0.01))
        groups["cfa_phase"].append(by_phase - by_phase.mean(1, keepdims=True))
    groups["level"].append(np.log(variance))
    for a, b in _PAIRS:
        scale = np.sqrt((energies[a] + 1) * (energies[b] + 1))
        lagged_pair = lagged_sums(planes[a], planes[b], labels, _PAIR_LAGS)
        groups["cross_correlation"].append(lagged_pair / scale)


def _grid_phases(chosen: FloatArray) -> list[FloatArray]:
    """Return log residual energy by row and column of the JPEG block, by plane."""
    found = []
    inner_px = (chosen.shape[1] - 16) * (chosen.shape[2] - 16) / 8
    for plane in chosen:
        for sums in grid_phase_sums(plane, _GRID_LIMIT):
            level = np.log(sums / inner_px + np.float32(0.01))
            found.append(level - level.mean())
    return found


def _spectra(planes: FloatArray, labels: IntArray) -> list[FloatArray]:
    """Return log energy and shape of the 63 AC frequencies by plane and class."""
    found = []
    for k in (3, 4, 5):
        blocks = block_dct(planes[k]).reshape(*labels.shape, 64)[:, :, 1:]
        for label in range(N_CLASSES):
            chosen = blocks[labels == label]
            if not len(chosen):
                found.append(np.zeros(126, np.float32))
                continue
            energy = np.log(np.square(chosen).mean(0) + np.float32(0.02))
            spread = np.log(np.abs(chosen).mean(0) + np.float32(0.02)) - energy / 2
            found += [energy, spread]
    return found
