"""The sensor: colour filters, PRNU, noise, digits."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.errors import UnknownNameError

CFA_PATTERNS: tuple[str, ...] = ("RGGB", "BGGR", "GRBG", "GBRG")
"""Colours of pixels (0, 0), (0, 1), (1, 0), (1, 1)."""

_TILE = 128
"""Side of the squares in which PRNU is drawn; part of the random stream."""


def red_site(cfa_pattern: str) -> tuple[int, int]:
    """Return row and column of red within the cell; blue is diagonal to it."""
    if cfa_pattern not in CFA_PATTERNS:
        known = ", ".join(CFA_PATTERNS)
        raise UnknownNameError(f"unknown CFA pattern {cfa_pattern!r}; known: {known}")
    return divmod(cfa_pattern.index("R"), 2)


def mosaic_of(planes: FloatArray, cfa_pattern: str) -> FloatArray:
    """Return the (H, W) samples that the colour filters leave of (3, H, W)."""
    row, column = red_site(cfa_pattern)
    mosaic: FloatArray = planes[1].copy()
    mosaic[row::2, column::2] = planes[0, row::2, column::2]
    mosaic[1 - row :: 2, 1 - column :: 2] = planes[2, 1 - row :: 2, 1 - column :: 2]
    return mosaic


def draw_prnu(entropy: tuple[int, ...], size: tuple[int, int]) -> FloatArray:
    """Return a white Gaussian pattern of unit variance, (H, W) float32.

    A pattern of any size is the top left window of any larger one with the same
    entropy: pictures of two sizes come from one sensor.
    """
    height, width = size
    pattern = np.empty(size, dtype=np.float32)
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            rng = np.random.default_rng((*entropy, top // _TILE, left // _TILE))
            tile = rng.standard_normal((_TILE, _TILE), dtype=np.float32)
            part = pattern[top : top + _TILE, left : left + _TILE]
            part[:] = tile[: part.shape[0], : part.shape[1]]
    return pattern


def digitize(
    exposure: FloatArray,
    prnu: FloatArray,
    rng: np.random.Generator,
    *,
    full_scale_electrons: float,
    read_noise: float,
    black_level: int,
    bit_depth: int,
) -> npt.NDArray[np.uint16]:
    """Turn exposure (1 = full scale) into the sensor's digits, (H, W) uint16.

    Photon noise is Gaussian with the variance of Poisson's law, which is close
    above some twenty electrons; below, read noise hides the difference.
    """
    electrons = exposure * (1 + prnu) * np.float32(full_scale_electrons)
    spread = np.sqrt(electrons + np.float32(read_noise**2))
    noise = rng.standard_normal(exposure.shape, dtype=np.float32)
    electrons += spread * noise
    white = 2**bit_depth - 1
    digits_per_electron = np.float32((white - black_level) / full_scale_electrons)
    digits = np.rint(electrons * digits_per_electron + np.float32(black_level))
    return np.asarray(np.clip(digits, 0, white), dtype=np.uint16)
