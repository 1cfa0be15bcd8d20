"""A picture as its camera might have stored it at a smaller size."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image

from whichcam._typing import PixelArray
from whichcam.models import TableKey

_FACTORS = (0.5, 0.8)  # cameras offer about 0.5, 0.7 and 0.8 of a side
# how cameras shrink is not known: any kernel that does not alias may be met
_KERNELS = (
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.HAMMING,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)
_SUBSAMPLING = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}


def stored_smaller(
    pixels: PixelArray, tables: TableKey | None, rng: np.random.Generator
) -> PixelArray:
    """Shrink a picture and compress it with its own tables.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        RGB.
    tables : TableKey or None
        Of the file the picture came from; None leaves out the compression.
    rng : numpy.random.Generator
        Draws the factor, uniform from 0.5 to 0.8 of a side, and the kernel.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8

    Notes
    -----
    A stand-in: a camera shrinks before it compresses, and perhaps before it sharpens.
    """
    factor = rng.uniform(*_FACTORS)
    kernel = _KERNELS[int(rng.integers(len(_KERNELS)))]
    height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
    smaller = Image.fromarray(pixels).resize((width, height), kernel)
    if tables is None:
        return np.asarray(smaller)
    stored = BytesIO()
    smaller.save(
        stored,
        "JPEG",
        # a baseline file holds bytes
        qtables=[[min(v, 255) for v in t] for t in (tables.luma, tables.chroma)],
        subsampling=_SUBSAMPLING.get(tables.subsampling, 1),
    )
    return np.asarray(Image.open(stored).convert("RGB"))
