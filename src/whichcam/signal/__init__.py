"""Pure array operations: residuals, noise, correlation, blockwise DCT, crops."""

from whichcam.signal._colour import ycbcr_planes
from whichcam.signal._correlation import cross_correlation, ncc
from whichcam.signal._dct import block_dct
from whichcam.signal._denoise import LUMA_WEIGHTS, picture_noise, wavelet_noise
from whichcam.signal._flatten import flatten_spectrum
from whichcam.signal._phases import zero_mean_by_phase
from whichcam.signal._residuals import RESIDUAL_FILTERS, residual
from whichcam.signal._tiling import GRID, choose_crops

__all__ = [
    "GRID",
    "LUMA_WEIGHTS",
    "RESIDUAL_FILTERS",
    "block_dct",
    "choose_crops",
    "cross_correlation",
    "flatten_spectrum",
    "ncc",
    "picture_noise",
    "residual",
    "wavelet_noise",
    "ycbcr_planes",
    "zero_mean_by_phase",
]
