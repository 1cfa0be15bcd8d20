"""The noise that a wavelet-domain filter takes out of planes and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from whichcam._typing import FloatArray, PixelArray
from whichcam.errors import InputError

if TYPE_CHECKING:
    import numpy.typing as npt

LUMA_WEIGHTS = (0.299, 0.587, 0.114)
"""Red, green, blue to grey: ITU-R BT.601."""

MAX_LEVELS = 8


def wavelet_noise(
    plane: npt.NDArray[np.floating], *, sigma: float = 5.0, levels: int = 4
) -> FloatArray:
    """Return the noise of one plane by the wavelet-domain adaptive Wiener filter.

    Parameters
    ----------
    plane : ndarray of shape (H, W), floating
        One colour plane in grey levels, 0 to 255. Not modified.
    sigma : float, default 5
        Standard deviation of the noise taken out, in grey levels; details whose
        neighbourhood is no stronger than that are noise altogether. The default is
        that of the literature on sensor noise.
    levels : int, default 4
        Levels of the transform, 1 to 8. What is coarser than the last is content.

    Returns
    -------
    ndarray of shape (H, W), float32
        The plane less its denoised self, in grey levels.

    Raises
    ------
    InputError
        If the plane is not two-dimensional or empty, ``sigma`` is not positive, or
        ``levels`` is out of range.

    See Also
    --------
    picture_noise : The same for a colour picture at little more than half the cost.

    Notes
    -----
    Daubechies' eight-tap wavelet, half-point symmetric extension at the borders. The
    variance of each detail is the least over windows of 3, 5, 7 and 9 coefficients,
    which count as zero outside the band [1]_.

    References
    ----------
    .. [1] M. K. Mihcak, I. Kozintsev, K. Ramchandran, "Spatially adaptive statistical
       modeling of wavelet image coefficients and its application to denoising", IEEE
       ICASSP 1999. doi:10.1109/ICASSP.1999.757535
    """
    if plane.ndim != 2 or plane.size == 0:
        raise InputError(
            f"plane has shape {plane.shape}; expected (H, W), not empty: for a colour "
            "picture use picture_noise"
        )
    x = np.ascontiguousarray(plane, dtype=np.float32)
    return _noise_of_planes([x], (1.0,), sigma, levels)


def picture_noise(
    pixels: PixelArray,
    *,
    weights: Sequence[float] = LUMA_WEIGHTS,
    sigma: float = 5.0,
    levels: int = 4,
) -> FloatArray:
    """Return the weighted sum of the noises of the three colours of a picture.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        RGB, 0 to 255. Not modified.
    weights : sequence of three floats
        Of red, green and blue; default those of luma (ITU-R BT.601).
    sigma, levels
        As of `wavelet_noise`.

    Returns
    -------
    ndarray of shape (H, W), float32
        In grey levels; to rounding, the sum of `wavelet_noise` of the colours times
        their weights.

    Raises
    ------
    InputError
        If the pixels are no such array, or a parameter is out of range.

    Notes
    -----
    Every colour is filtered by itself. The transform back is linear, so the shrunk
    details are summed and transformed back once.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise InputError(
            f"pixels have shape {pixels.shape} and dtype {pixels.dtype}; expected "
            "(H, W, 3), uint8, RGB"
        )
    if pixels.size == 0 or len(weights) != 3:
        raise InputError(
            f"{pixels.shape[1]}x{pixels.shape[0]} px and {len(weights)} weights; "
            "expected a picture that is not empty, and three weights"
        )
    whole = np.ascontiguousarray(pixels)
    planes = [whole[:, :, colour] for colour in range(3)]
    return _noise_of_planes(planes, weights, sigma, levels)


def _noise_of_planes(
    planes: Sequence[PixelArray | FloatArray],
    weights: Sequence[float],
    sigma: float,
    levels: int,
) -> FloatArray:
    from whichcam.signal._wavelet import analyse, n_coefficients, synthesise

    if not 1 <= levels <= MAX_LEVELS:
        raise InputError(f"levels is {levels}; expected 1 to {MAX_LEVELS}")
    if not 0 < sigma < np.inf:
        raise InputError(f"sigma is {sigma}; expected a positive number of grey levels")
    shapes = [(planes[0].shape[0], planes[0].shape[1])]
    for _ in range(levels):
        height, width = shapes[-1]
        shapes.append((n_coefficients(height), n_coefficients(width)))
    details = [np.zeros((3, *shape), np.float32) for shape in shapes[1:]]
    for plane, weight in zip(planes, weights, strict=True):
        x = _read_only(plane)
        for shape, band in zip(shapes[1:], details, strict=True):
            approximation: FloatArray = np.empty(shape, np.float32)
            analyse(x, np.float32(sigma**2), np.float32(weight), approximation, band)
            x = _read_only(approximation)
    # The coarsest approximation is content: none of it is noise.
    noise: FloatArray = np.zeros(shapes[-1], np.float32)
    for shape in shapes[-2::-1]:
        finer: FloatArray = np.empty(shape, np.float32)
        synthesise(noise, details.pop(), finer)
        noise = finer
    return noise


def _read_only(x: PixelArray | FloatArray) -> PixelArray | FloatArray:
    """Return a view that is the same type to the compiler, whoever made the array."""
    view = x[:]
    view.flags.writeable = False
    return view
