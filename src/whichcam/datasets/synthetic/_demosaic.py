"""From one colour a pixel to three."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from whichcam._typing import FloatArray
from whichcam.datasets.synthetic._sensor import red_site
from whichcam.errors import UnknownNameError

# Ratios of colours are taken of values raised by this share of full scale: near
# black a ratio is noise, and its mean would be anything.
_RATIO_OFFSET = np.float32(0.02)


def demosaic(mosaic: FloatArray, cfa_pattern: str, method: str) -> FloatArray:
    """Interpolate the two colours that each pixel lacks.

    Parameters
    ----------
    mosaic : ndarray of shape (H, W), float32
        Linear, white-balanced, 0 to 1; both sides at least 8 px. Not modified.
    cfa_pattern : str
        ``"RGGB"``, ``"BGGR"``, ``"GRBG"`` or ``"GBRG"``, of pixel (0, 0).
    method : str
        A key of `DEMOSAICINGS`.

    Returns
    -------
    ndarray of shape (3, H, W), float32
        Red, green and blue; samples that were measured are kept, and values may
        pass 0 and 1 a little where the method overshoots.

    Raises
    ------
    UnknownNameError
        If the method or the pattern is unknown.

    Notes
    -----
    ``nearest`` repeats each cell's samples; ``bilinear`` takes the mean of the
    nearest samples; ``smooth_hue`` interpolates ratios to bilinear green [1]_;
    ``hamilton_adams`` interpolates green along the smaller gradient with a
    second-order correction, and colour differences [2]_; ``malvar`` is linear
    with 5 x 5 filters [3]_. Borders are mirrored.

    References
    ----------
    .. [1] D. R. Cok, US patent 4 642 678, 1987.
    .. [2] J. F. Hamilton and J. E. Adams, US patent 5 629 734, 1997.
    .. [3] H. S. Malvar, L. He and R. Cutler, ICASSP 2004,
       doi:10.1109/ICASSP.2004.1326587.
    """
    if method not in DEMOSAICINGS:
        known = ", ".join(DEMOSAICINGS)
        raise UnknownNameError(f"unknown demosaicing {method!r}; known: {known}")
    from whichcam.datasets.synthetic._demosaic_kernels import MARGIN

    red_row, red_column = red_site(cfa_pattern)
    height, width = mosaic.shape
    # Mirroring about the border pixel keeps every colour on its own sites; one more
    # row or column completes the last cell of an odd side.
    margins = ((MARGIN, MARGIN + height % 2), (MARGIN, MARGIN + width % 2))
    padded = np.pad(mosaic, margins, mode="reflect")
    planes = DEMOSAICINGS[method](padded, red_row, red_column)
    inner = planes[:, MARGIN : MARGIN + height, MARGIN : MARGIN + width]
    return np.ascontiguousarray(inner, dtype=np.float32)


def _nearest(mosaic: FloatArray, red_row: int, red_column: int) -> FloatArray:
    def repeated(row: int, column: int) -> FloatArray:
        return mosaic[row::2, column::2].repeat(2, axis=0).repeat(2, axis=1)

    red = repeated(red_row, red_column)
    blue = repeated(1 - red_row, 1 - red_column)
    green = mosaic.copy()
    # Each row of a cell holds one green sample: its neighbour takes it over.
    for row, column in ((red_row, red_column), (1 - red_row, 1 - red_column)):
        green[row::2, column::2] = mosaic[row::2, 1 - column :: 2]
    return np.stack([red, green, blue])


def _bilinear(mosaic: FloatArray, red_row: int, red_column: int) -> FloatArray:
    from whichcam.datasets.synthetic import _demosaic_kernels as kernels

    red, blue = kernels.red_blue_mean(mosaic, red_row, red_column)
    return np.stack([red, kernels.green_mean(mosaic, red_row, red_column), blue])


def _smooth_hue(mosaic: FloatArray, red_row: int, red_column: int) -> FloatArray:
    from whichcam.datasets.synthetic import _demosaic_kernels as kernels

    green = kernels.green_mean(mosaic, red_row, red_column) + _RATIO_OFFSET
    ratios = (mosaic + _RATIO_OFFSET) / green
    red, blue = kernels.red_blue_mean(ratios, red_row, red_column)
    return np.stack([red * green, green, blue * green]) - _RATIO_OFFSET


def _hamilton_adams(mosaic: FloatArray, red_row: int, red_column: int) -> FloatArray:
    from whichcam.datasets.synthetic import _demosaic_kernels as kernels

    green = kernels.green_directed(mosaic, red_row, red_column)
    red, blue = kernels.red_blue_mean(mosaic - green, red_row, red_column)
    return np.stack([red + green, green, blue + green])


def _malvar(mosaic: FloatArray, red_row: int, red_column: int) -> FloatArray:
    from whichcam.datasets.synthetic._demosaic_kernels import malvar

    planes: FloatArray = malvar(mosaic, red_row, red_column)
    return planes


DEMOSAICINGS: Mapping[str, Callable[[FloatArray, int, int], FloatArray]] = (
    MappingProxyType(
        {
            "nearest": _nearest,
            "bilinear": _bilinear,
            "smooth_hue": _smooth_hue,
            "hamilton_adams": _hamilton_adams,
            "malvar": _malvar,
        }
    )
)
"""Name to demosaicing, simplest first."""
