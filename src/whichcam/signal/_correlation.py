"""Correlation of two patterns: at one place, at all shifts, within a window."""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.errors import InputError, ShapeMismatchError
from whichcam.signal._circular import circular_products, spectrum_of

# Tiles whose Fourier transforms stay in the processor's cache; a window of 16 px
# wastes 24 % of one.
_TILE: Final = 256

# Sums may be reordered; NaN must stay NaN, or bad input would pass for good.
_FAST: Final = {"reassoc", "contract", "nsz", "arcp"}


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _moments(a: FloatArray, b: FloatArray) -> npt.NDArray[np.float64]:
    """Return the sums of a^2, b^2 and a*b."""
    sums = np.zeros(3, np.float64)
    for i in range(a.shape[0]):
        x, y = a[i], b[i]
        aa, bb, ab = np.float32(0), np.float32(0), np.float32(0)
        for j in range(a.shape[1]):
            aa += x[j] * x[j]
            bb += y[j] * y[j]
            ab += x[j] * y[j]
        sums[0] += aa
        sums[1] += bb
        sums[2] += ab
    return sums


def read_only(plane: FloatArray) -> FloatArray:
    """Return a view not to be written: kernels are compiled once for all callers."""
    view = plane.view()
    view.flags.writeable = False
    return view


def as_plane(values: npt.ArrayLike, name: str) -> FloatArray:
    """Return a contiguous float32 plane, read-only, or say why it is none."""
    plane = np.asarray(values)
    if plane.ndim != 2 or plane.size == 0:
        raise InputError(
            f"{name} has shape {plane.shape}, expected two dimensions (H, W) "
            "without an empty one"
        )
    if plane.dtype.kind not in "fiu":
        raise InputError(f"{name} has dtype {plane.dtype}, expected numbers")
    return read_only(np.ascontiguousarray(plane, dtype=np.float32))


def _pair(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    left, right = as_plane(a, "a"), as_plane(b, "b")
    if left.shape != right.shape:
        raise ShapeMismatchError(
            f"a has shape {left.shape} but b has shape {right.shape}; "
            "crop both to their common area"
        )
    return left, right


def _centred(plane: FloatArray, name: str) -> FloatArray:
    """Return the plane without its mean; all 0 where it is constant."""
    mean = float(plane.mean(dtype=np.float64))
    if not np.isfinite(mean):
        raise InputError(f"{name} holds NaN or infinite values; replace them by 0")
    if plane.min() == plane.max():
        return np.zeros_like(plane)  # the rounded mean would leave a constant
    return plane - np.float32(mean)


def ncc(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return the normalised cross-correlation of two aligned patterns.

    Parameters
    ----------
    a, b : array_like of shape (H, W)
        Aligned patterns in any units, e.g. a noise residual and intensity times
        fingerprint. Neither is modified.

    Returns
    -------
    float
        Pearson's correlation, in [-1, 1]; 0 where either pattern is constant.

    Raises
    ------
    ShapeMismatchError
        If the shapes differ.
    InputError
        If a pattern has no two dimensions, is empty, or holds NaN or infinity.

    See Also
    --------
    whichcam.signal.cross_correlation : The same at every circular shift.

    Examples
    --------
    >>> import numpy as np
    >>> w = np.random.default_rng(0).normal(size=(8, 8))
    >>> round(ncc(w, 3 * w + 1), 6)
    1.0
    """
    left, right = _pair(a, b)
    # Means taken off first: sums of squares of float32 about zero would cancel.
    left, right = _centred(left, "a"), _centred(right, "b")
    aa, bb, ab = _moments(left, right).tolist()
    if aa <= 0 or bb <= 0:
        return 0.0
    return float(min(1.0, max(-1.0, ab / np.sqrt(aa * bb))))


def cross_correlation(a: npt.ArrayLike, b: npt.ArrayLike) -> FloatArray:
    """Return the normalised circular cross-correlation of two patterns.

    Parameters
    ----------
    a, b : array_like of shape (H, W)
        Patterns of one shape; their means are taken off.

    Returns
    -------
    ndarray of shape (H, W), float32
        Value ``[dy, dx]`` is the correlation, in [-1, 1], of ``a`` with ``b`` moved
        down by ``dy`` and right by ``dx`` px, what leaves on one side entering on
        the other: ``a = np.roll(b, (dy, dx), (0, 1))`` has its peak of 1 there. A
        move up by 1 is row ``H - 1``. All 0 where either pattern is constant.

    Raises
    ------
    ShapeMismatchError
        If the shapes differ.
    InputError
        If a pattern has no two dimensions, is empty, or holds NaN or infinity.

    Notes
    -----
    Three real Fourier transforms in float32, which pass through memory twice.

    Examples
    --------
    >>> import numpy as np
    >>> b = np.random.default_rng(0).normal(size=(16, 24))
    >>> surface = cross_correlation(np.roll(b, (3, 20), (0, 1)), b)
    >>> np.unravel_index(surface.argmax(), surface.shape) == (3, 20)
    True
    """
    left, right = _pair(a, b)
    left, right = _centred(left, "a"), _centred(right, "b")
    aa, bb, _ = _moments(left, right).tolist()
    if aa <= 0 or bb <= 0:
        return np.zeros_like(left)
    shape = left.shape[0], left.shape[1]
    return circular_products(spectrum_of(left), right, shape, 1 / np.sqrt(aa * bb))


def products_in_window(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the sums of products of ``a`` with every part of a larger ``b``.

    Parameters
    ----------
    a : ndarray of shape (h, w), float32
        The smaller pattern.
    b : ndarray of shape (h + n - 1, w + m - 1), float32
        The larger, ``n`` and ``m`` small against ``h`` and ``w``.

    Returns
    -------
    ndarray of shape (n, m), float32
        ``[y, x]`` is the sum of ``a * b[y : y + h, x : x + w]``.

    Notes
    -----
    Tiles of both are transformed and their products added up before one small
    inverse transform: half the time of transforms of whole pictures, and memory for
    one row of tiles.
    """
    from scipy import fft

    rows, cols = (b.shape[0] - a.shape[0] + 1, b.shape[1] - a.shape[1] + 1)
    size = _TILE
    while size < 4 * max(rows, cols):
        size *= 2
    step_y, step_x = size - rows + 1, size - cols + 1
    total = np.zeros((size, size // 2 + 1), np.complex64)
    lefts = range(0, a.shape[1], step_x)
    for top in range(0, a.shape[0], step_y):
        small = np.zeros((len(lefts), size, size), np.float32)
        large = np.zeros((len(lefts), size, size), np.float32)
        for i, left in enumerate(lefts):
            part = a[top : top + step_y, left : left + step_x]
            small[i, : part.shape[0], : part.shape[1]] = part
            part = b[top : top + size, left : left + size]
            large[i, : part.shape[0], : part.shape[1]] = part
        products: Any = fft.rfft2(small)
        np.conj(products, out=products)
        products *= fft.rfft2(large)
        total += products.sum(axis=0)
    found: FloatArray = fft.irfft2(total, s=(size, size))[:rows, :cols]
    return found
