"""A 64-bit hash that nearly equal pictures share."""

from __future__ import annotations

import io
import warnings
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from whichcam._typing import PixelArray
from whichcam.errors import ImageDecodeError
from whichcam.media._pillow import cut_off_files

_SIDE: Final = 32
# A picture with less contrast than one grey level (flat fields, lens caps) has no
# structure to hash: its bits would be noise, and all such pictures would seem alike.
_LEAST_CONTRAST: Final = 1.0


def perceptual_hash(pixels: PixelArray) -> str:
    """Return the hash of decoded pixels: 16 hexadecimal digits, "" where too flat.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        RGB.

    Returns
    -------
    str
        Signs, against their median, of the 64 lowest DCT frequencies (without the
        mean) of the picture shrunk to 32 x 32 grey values.

    Notes
    -----
    Two encodings of a picture differ by a few bits, unrelated pictures by 32 on
    average. The hash knows nothing of rotation and cropping.
    """
    return _hash_of(Image.fromarray(pixels))


def hash_of_bytes(data: bytes) -> str:
    """Return the hash of an encoded picture from a small, fast decode.

    The caller has checked the picture's size against its limits already.

    Raises
    ------
    ImageDecodeError
        If the picture cannot be decoded.
    """
    try:
        with cut_off_files(are_taken=False), warnings.catch_warnings():
            # Broken EXIF does not matter here, and the caller has judged the size.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                # JPEG decodes at a reduced size for a fraction of the price.
                image.draft("L", (4 * _SIDE, 4 * _SIDE))
                return _hash_of(image)
    except (
        OSError,
        ValueError,
        SyntaxError,  # Pillow's PNG reader
        EOFError,
        Image.DecompressionBombError,
    ) as error:
        raise ImageDecodeError(f"the picture cannot be decoded: {error}") from error


def _hash_of(image: Image.Image) -> str:
    small = image.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    grey = np.asarray(small, dtype=np.float64)
    if grey.std() < _LEAST_CONTRAST:
        return ""
    basis, order = _basis(), _low_frequencies()
    spectrum = (basis @ grey @ basis.T).ravel()[order]
    bits = spectrum > np.median(spectrum)
    return np.packbits(bits).tobytes().hex()


def _basis() -> npt.NDArray[np.float64]:
    """Return the rows of the DCT-II for 32 samples."""
    k, n = np.mgrid[:_SIDE, :_SIDE]
    return np.asarray(np.cos(np.pi * k * (2 * n + 1) / (2 * _SIDE)), dtype=np.float64)


def _low_frequencies() -> npt.NDArray[np.intp]:
    """Return the flat indices of the 64 lowest frequencies, the mean left out."""
    v, u = np.mgrid[:_SIDE, :_SIDE]
    order = np.lexsort((v.ravel(), (u + v).ravel()))  # by diagonals, as zigzag does
    return order[1:65]
