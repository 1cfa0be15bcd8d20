"""What a single picture shows of its sensor's pattern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from whichcam._typing import FloatArray, PixelArray
from whichcam.errors import ImageTooSmallError, InputError

NOISE_VERSION: Final = 1
"""Changes whenever the same picture gives other noise: fingerprints of one version
cannot be compared with pictures or fingerprints of another."""

NOISE_FLOOR: Final = 0.5
"""Grey levels. Noise weaker than this counts as this strong: it is what rounding to
whole levels and to JPEG coefficients leaves where a picture is smooth."""

_SMALLEST_PX = 64  # the coarsest of four levels has eleven coefficients then
_DARKEST = 5.0  # grey levels: the pattern is a share of the light, here a share of none
# Flat areas of the highest value there is are burnt if that is above this: M. Chen et
# al. 2008 (below) leave out saturated pixels; 250 is how published programs find them.
_LOWEST_TOP = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoNoise:
    """The noise of one picture, cleaned, and what each pixel is worth.

    Attributes
    ----------
    residual : ndarray of shape (H, W), float32
        Noise in units of its own local strength: no unit, about 1 in size, less
        where it is below `NOISE_FLOOR`. Read-only.
    intensity : ndarray of shape (H, W), float32
        How strongly the sensor's pattern stands in ``residual``, 0 to 1: the light
        that fell there over the strength of the noise there. 0 where a pixel is
        saturated or black. ``intensity * pattern`` is what a fingerprint predicts of
        ``residual``, up to a factor. Read-only.
    saturated_share, dark_share : float
        Share of pixels, 0 to 1, with a colour that is burnt, and with grey below 5.
    mean_level : float
        Mean grey level, 0 to 255.
    name : str
        For display only.
    noise_version : int
        See `NOISE_VERSION`.
    """

    residual: FloatArray
    intensity: FloatArray
    saturated_share: float
    dark_share: float
    mean_level: float
    name: str = ""
    noise_version: int = NOISE_VERSION

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.residual.shape[0], self.residual.shape[1]

    @property
    def usable_share(self) -> float:
        """Share of pixels, 0 to 1, that carry the pattern at all."""
        return float(np.count_nonzero(self.intensity) / self.intensity.size)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the arrays, JSON-ready."""
        return {
            "name": self.name,
            "shape": list(self.shape),
            "saturated_share": self.saturated_share,
            "dark_share": self.dark_share,
            "usable_share": self.usable_share,
            "mean_level": self.mean_level,
            "noise_version": self.noise_version,
        }


def photo_noise(pixels: PixelArray, *, name: str = "") -> PhotoNoise:
    """Take the noise out of a picture in which its sensor's pattern hides.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        RGB in sensor orientation, as stored: not scaled, not turned. At least 64x64
        px. Not modified.
    name : str, optional
        Of the picture, for display.

    Returns
    -------
    PhotoNoise
        Noise and intensity of the size of the picture.

    Raises
    ------
    InputError
        If the pixels are no such array.
    ImageTooSmallError
        If a side is shorter than 64 px.

    Notes
    -----
    1. The noise of each colour by the wavelet-domain adaptive Wiener filter (Mihcak
       et al. 1999; sigma 5, four levels), summed with the weights of luma.
    2. Means of rows and columns taken off in each phase of the colour filter array,
       and peaks of the spectrum brought down to white noise: what all cameras of a
       model, or all JPEG files, have in common [1]_.
    3. Divided by its local strength, the root mean square in 15x15 px. An edge leaves
       many times the noise of a sky; divided so, correlation weighs every pixel by
       the inverse of its variance, which is the likelihood ratio's weight for
       Gaussian noise whose strength varies from place to place. The publications
       correlate without this step.

    References
    ----------
    .. [1] M. Chen, J. Fridrich, M. Goljan, J. Lukas, "Determining image origin and
       integrity using sensor noise", IEEE TIFS 3(1), 2008.
       doi:10.1109/TIFS.2007.916285

    Examples
    --------
    >>> from whichcam.datasets.synthetic import SyntheticCamera
    >>> noise = photo_noise(SyntheticCamera().shoot(seed=1, size=(64, 80)))
    >>> noise.shape
    (64, 80)
    """
    _check_pixels(pixels)
    # compiled code; not before it is needed
    from whichcam.prnu._noise_kernels import drop_flat_tops, standardize, weigh
    from whichcam.signal import flatten_spectrum, picture_noise, zero_mean_by_phase

    whole = np.ascontiguousarray(pixels)[:]
    whole.flags.writeable = False  # one type to the compiler, whoever made the array
    raw = picture_noise(whole)
    residual = flatten_spectrum(zero_mean_by_phase(raw, out=raw))
    del raw
    intensity = np.empty(residual.shape, np.float32)
    counts, tops = np.zeros(2, np.int64), np.zeros(3, np.int64)
    level = weigh(whole, np.float32(_DARKEST), intensity, counts, tops)
    n_saturated = int(counts[0])
    if any(_LOWEST_TOP < top < 255 for top in tops):
        n_saturated += drop_flat_tops(whole, tops, _LOWEST_TOP, intensity)
    standardize(residual, intensity, np.float32(NOISE_FLOOR))
    residual.flags.writeable = intensity.flags.writeable = False
    return PhotoNoise(
        residual=residual,
        intensity=intensity,
        saturated_share=n_saturated / residual.size,
        dark_share=int(counts[1]) / residual.size,
        mean_level=float(level),
        name=name,
    )


def _check_pixels(pixels: PixelArray) -> None:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise InputError(
            f"pixels have shape {pixels.shape} and dtype {pixels.dtype}; expected "
            "(H, W, 3), uint8, RGB"
        )
    if min(pixels.shape[:2]) < _SMALLEST_PX:
        raise ImageTooSmallError(
            f"the picture is {pixels.shape[1]}x{pixels.shape[0]} px; at least "
            f"{_SMALLEST_PX}x{_SMALLEST_PX} px are needed to see a sensor's pattern"
        )
