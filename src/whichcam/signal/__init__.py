"""Pure array operations: high-pass residuals, blockwise DCT, choice of crops."""

from whichcam.signal._colour import ycbcr_planes
from whichcam.signal._dct import block_dct
from whichcam.signal._residuals import RESIDUAL_FILTERS, residual
from whichcam.signal._tiling import GRID, choose_crops

__all__ = [
    "GRID",
    "RESIDUAL_FILTERS",
    "block_dct",
    "choose_crops",
    "residual",
    "ycbcr_planes",
]
