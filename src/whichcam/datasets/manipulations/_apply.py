"""What each manipulation does to pixels."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from whichcam._typing import PixelArray
from whichcam.datasets.manipulations._names import Manipulation, parse_chain
from whichcam.errors import (
    ConfigError,
    ImageTooLargeError,
    ImageTooSmallError,
    InputError,
)

_MAX_PIXELS = 200_000_000  # the limit of whichcam.media: no step may pass it
_MAX_JPEG_SIDE = 65_500  # libjpeg's JPEG_MAX_DIMENSION


def manipulate(pixels: PixelArray, name: str, *, seed: int = 0) -> PixelArray:
    """Apply a manipulation, or a chain of them, to a picture.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        RGB, 0 to 255; may be read-only, is never modified.
    name : str
        A name or chain as read by `parse_chain`, e.g. ``"resize_0.8+jpeg_90"``.
    seed : int, default 0
        Not negative. Decides the place of random crops, together with the
        step's position in the chain; every other manipulation ignores it.

    Returns
    -------
    ndarray of shape (H', W', 3), uint8
        A new C-contiguous array, also for ``"none"``. The same arguments give
        the same pixels in every process.

    Raises
    ------
    UnknownNameError
        If a step is no manipulation.
    ConfigError
        If a parameter or the seed is out of range.
    InputError
        If `pixels` is no (H, W, 3) array of uint8.
    ImageTooSmallError
        If a crop is larger than the picture it is cut from.
    ImageTooLargeError
        If a step would make more than 200 million pixels, or a JPEG more than
        65500 px wide or high.

    Notes
    -----
    * ``jpeg_Q``: libjpeg-turbo, its standard tables at quality Q, 4:2:0, exact
      integer DCT; decoded with smooth chroma upsampling.
    * ``resize_F``: Pillow's bicubic (a = -0.5), which widens its kernel when it
      shrinks, so that shrinking is antialiased. ``resize_plain_F`` keeps the
      kernel at 4 x 4 pixels (a = -0.75, borders repeated), OpenCV's convention,
      so that shrinking aliases. The SP Cup says "bicubic" and no more: a model
      should hold for both. Sides are rounded half up.
    * ``gamma_G``: 255 (x / 255)^G by table, rounded; G < 1 brightens.
    * ``crop_N``: N x N px at any place, which leaves the 8 x 8 grid 63 times of
      64; ``crop_grid_N``: at multiples of 8. N with a decimal point is a share of
      each side.
    * ``rotate_D``: counter-clockwise; lossless. ``flip_horizontal`` swaps left
      and right.
    * ``fit_N``: shrinks as ``resize`` does until the longer side is N px; never
      enlarges.
    * ``messenger_N``: ``fit_N`` and a JPEG of typical quality; approximations.

    Examples
    --------
    >>> import numpy as np
    >>> picture = np.zeros((64, 96, 3), dtype=np.uint8)
    >>> manipulate(picture, "rotate_90+resize_0.5").shape
    (48, 32, 3)
    """
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ConfigError("seed", f"got {seed!r}, expected a whole number >= 0")
    _check(pixels)
    result = pixels
    for position, step in enumerate(parse_chain(name)):
        result = _apply(result, step, (int(seed), position))
    if result.flags.writeable and not np.may_share_memory(result, pixels):
        return np.ascontiguousarray(result)
    return np.array(result, order="C")  # a view of the input, or of a library's buffer


def _check(pixels: PixelArray) -> None:
    shape = getattr(pixels, "shape", None)
    dtype = getattr(pixels, "dtype", None)
    if shape is None or len(shape) != 3 or shape[2] != 3 or dtype != np.uint8:
        raise InputError(
            f"cannot manipulate an array of shape {shape} and type {dtype}; expected "
            "(H, W, 3) uint8 RGB, as open_photo(...).pixels"
        )
    if 0 in shape:
        raise ImageTooSmallError(f"got {shape[1]} x {shape[0]} px, expected >= 1 x 1")


def _apply(
    pixels: PixelArray, step: Manipulation, entropy: tuple[int, ...]
) -> PixelArray:
    """Apply one step; the result may be a view of ``pixels``."""
    match step.kind, step.parameter:
        case "jpeg", int(quality):
            return _jpeg(pixels, quality)
        case "resize", float(factor):
            return _resize(pixels, _scaled(pixels, factor))
        case "resize_plain", float(factor):
            return _resize_plain(pixels, _scaled(pixels, factor))
        case "fit", int(longest):
            factor = longest / max(pixels.shape[:2])
            if factor >= 1:
                return pixels
            return _resize(pixels, _scaled(pixels, factor))
        case "gamma", float(exponent):
            return _gamma_table(exponent)[pixels]
        case ("crop" | "crop_grid") as kind, (int() | float()) as side:
            return _crop(pixels, side, entropy, grid=8 if kind == "crop_grid" else 1)
        case "rotate", int(degrees):
            return np.rot90(pixels, degrees // 90)
        case "flip", str(axis):
            return pixels[:, ::-1] if axis == "horizontal" else pixels[::-1]
        case "preset", str(chain):
            for position, inner in enumerate(parse_chain(chain)):
                pixels = _apply(pixels, inner, (*entropy, position))
            return pixels
    return pixels


def _jpeg(pixels: PixelArray, quality: int) -> PixelArray:
    import simplejpeg

    height, width = pixels.shape[:2]
    if max(height, width) > _MAX_JPEG_SIDE:
        raise ImageTooLargeError(
            f"got {width} x {height} px, a JPEG holds at most {_MAX_JPEG_SIDE} px a "
            "side; resize or crop first"
        )
    # Pillow and not simplejpeg: below quality 96 the latter encodes with libjpeg's
    # fast DCT whatever it is told, whose traces hardly any other program leaves.
    buffer = BytesIO()
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
    decoded: PixelArray = simplejpeg.decode_jpeg(
        buffer.getvalue(), colorspace="RGB", fastdct=False, fastupsample=False
    )
    return decoded


def _scaled(pixels: PixelArray, factor: float) -> tuple[int, int]:
    """Return the (height, width) after scaling, rounded half up, at least 1."""
    height, width = (max(1, int(side * factor + 0.5)) for side in pixels.shape[:2])
    if height * width > _MAX_PIXELS:
        raise ImageTooLargeError(
            f"resizing by {factor:g} would make {width} x {height} px, expected at "
            f"most {_MAX_PIXELS} pixels; crop first or choose a smaller factor"
        )
    return height, width


def _resize(pixels: PixelArray, size: tuple[int, int]) -> PixelArray:
    height, width = size
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.array(image.resize((width, height), Image.Resampling.BICUBIC))


def _resize_plain(pixels: PixelArray, size: tuple[int, int]) -> PixelArray:
    """Resize by a bicubic kernel of 4 x 4 pixels whatever the factor."""
    height, width = size
    taps, weights = _cubic_taps(pixels.shape[0], height)
    rows = np.zeros((height, *pixels.shape[1:]), dtype=np.float32)
    for tap, weight in zip(taps, weights, strict=True):
        rows += weight[:, None, None] * pixels[tap]
    taps, weights = _cubic_taps(pixels.shape[1], width)
    result = np.full((height, width, 3), 0.5, dtype=np.float32)  # rounds half up
    for tap, weight in zip(taps, weights, strict=True):
        result += weight[None, :, None] * rows[:, tap]
    return np.clip(result, 0, 255).astype(np.uint8)


def _cubic_taps(
    n_in: int, n_out: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return the four source positions and weights of each output, (4, n_out)."""
    a = -0.75  # OpenCV's kernel; Keys (1981) derives -0.5
    # Pixel centres stand at half-integers, so that both pictures share their edges.
    position = (np.arange(n_out) + 0.5) * (n_in / n_out) - 0.5
    base = np.floor(position)
    taps = base.astype(np.int64) + np.arange(-1, 3)[:, None]
    distance = np.abs(position - (base + np.arange(-1, 3)[:, None]))
    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    weights = np.where(distance <= 1, near, far).astype(np.float32)
    return np.clip(taps, 0, n_in - 1), weights


def _gamma_table(exponent: float) -> npt.NDArray[np.uint8]:
    levels = np.arange(256) / 255
    return np.floor(255 * levels**exponent + 0.5).astype(np.uint8)


def _crop(
    pixels: PixelArray, side: float, entropy: tuple[int, ...], *, grid: int
) -> PixelArray:
    height, width = pixels.shape[:2]
    if isinstance(side, int):
        rows = columns = side
    else:
        rows, columns = _scaled(pixels, side)
    if rows > height or columns > width:
        raise ImageTooSmallError(
            f"cannot crop {columns} x {rows} px from {width} x {height} px; choose a "
            "smaller crop, or a share of each side such as crop_0.5"
        )
    rng = np.random.default_rng(entropy)
    top = grid * int(rng.integers((height - rows) // grid + 1))
    left = grid * int(rng.integers((width - columns) // grid + 1))
    return pixels[top : top + rows, left : left + columns]
