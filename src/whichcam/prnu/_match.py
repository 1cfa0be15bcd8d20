"""A photo laid on a fingerprint: where it fits best, how well, and by what chance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from whichcam._typing import FloatArray
from whichcam.errors import ShapeMismatchError
from whichcam.prnu._chance import log10_chance
from whichcam.prnu._fingerprint import Fingerprint
from whichcam.prnu._noise import PhotoNoise
from whichcam.prnu._planes import Planes
from whichcam.prnu._positions import Found, Sensor, search_positions
from whichcam.prnu._search_range import SearchRange
from whichcam.signal._correlation import as_plane


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseMatch:
    """How well a photo's noise fits a fingerprint where it fits best.

    Attributes
    ----------
    ncc : float
        Correlation, over the usable pixels of the overlap, of the residual with
        intensity times pattern, in [-1, 1].
    pce : float
        Signed peak-to-correlation energy: the square of the correlation over its
        mean square at all other shifts.
    z : float
        The correlation in standard deviations of impostors': its spread is measured
        at other shifts that agree modulo 8 px, where JPEG's blocks coincide and the
        sensor's pixels do not. Where that rests on few shifts, as in small pictures,
        z is lowered as Student's distribution asks. The greatest z decides which
        position is best.
    spread : float
        That standard deviation against the one of white patterns, 1/sqrt(n).
    shift : (int, int)
        Row and column of the fingerprint on which the photo's first pixel lies,
        once it is turned and resampled.
    rotation : int
        Degrees by which the photo was turned counter-clockwise.
    scale : float
        Size of the photo against the sensor's pixels.
    n_positions : int
        Positions searched, over all shifts, rotations and scales.
    p_value : float
        Chance that an impostor reaches this z at any of them: 1 - (1 - p)^n.
    log10_p : float
        Its logarithm, right where ``p_value`` is too small for a float.
    overlap : int
        Pixels compared: within both, and neither saturated nor too dark.
    surface : ndarray of float32, optional
        Correlations of residual times intensity with the pattern, at the positions
        searched with the best rotation and scale, if asked for and shifts were
        searched: of all circular shifts (no shift first), of the window (no shift in
        the middle), or of the places inside.

    Notes
    -----
    The p-value takes z for standard normal and positions for independent; where
    neighbouring shifts are alike (photos resampled) it is too large, which is the
    safe side. It says nothing of what two cameras have in common at the same place
    of the picture (see `threshold_for`).
    """

    ncc: float
    pce: float
    z: float
    spread: float
    shift: tuple[int, int]
    rotation: int
    scale: float
    n_positions: int
    p_value: float
    log10_p: float
    overlap: int
    surface: FloatArray | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return all but the surface, as JSON holds it."""
        return {
            "ncc": self.ncc,
            "pce": self.pce,
            "z": self.z,
            "spread": self.spread,
            "shift": list(self.shift),
            "rotation": self.rotation,
            "scale": self.scale,
            "n_positions": self.n_positions,
            "p_value": self.p_value,
            "log10_p": self.log10_p,
            "overlap": self.overlap,
        }


def compare(
    noise: PhotoNoise,
    fingerprint: Fingerprint,
    *,
    search: SearchRange | None = None,
    keep_surface: bool = False,
) -> NoiseMatch:
    """Lay a photo's noise on a fingerprint and say how well it fits.

    Parameters
    ----------
    noise : PhotoNoise
        Of the questioned photo. Neither it nor the fingerprint is modified.
    fingerprint : Fingerprint
        Of the camera in question.
    search : SearchRange, optional
        Positions tried; without it, upright and upside down at no shift.
    keep_surface : bool, default False
        Return the correlations of all positions too.

    Returns
    -------
    NoiseMatch
        The best of all positions, by z.

    Raises
    ------
    ShapeMismatchError
        If the photo fits the fingerprint in none of the rotations and scales.
    InputError
        If an array holds NaN, or the known place lies outside.
    InsufficientEvidenceError
        If no pixel is usable, or a pattern is constant.

    See Also
    --------
    threshold_for : The z that impostors exceed at a stated rate.

    Notes
    -----
    The statistic is that of [1]_, the correlation of the residual W with intensity
    I times pattern K. Its numerator, the sum of W I K, is one correlation of W I
    with K: exact at every shift and crop though I is known in the photo's frame only.
    The norm of I K varies little from shift to shift: it is taken from the energy of
    K under the photo while searching, and exact in the ``ncc`` returned.

    At no shift the pixels are read once and no large Fourier transform is made; the
    spread then comes from four patches of 384 px (of the whole up to 1 megapixel).

    References
    ----------
    .. [1] M. Goljan, J. Fridrich and T. Filler, "Large scale test of sensor
       fingerprint camera identification", Proc. SPIE 7254, 2009.
       https://doi.org/10.1117/12.805701
    .. [2] M. Goljan and J. Fridrich, "Camera identification from cropped and scaled
       images", Proc. SPIE 6819, 2008. https://doi.org/10.1117/12.766732
    """
    residual = as_plane(noise.residual, "residual")
    intensity = as_plane(noise.intensity, "intensity")
    if residual.shape != intensity.shape:
        raise ShapeMismatchError(
            f"residual has shape {residual.shape} but intensity {intensity.shape}; "
            "both must be of the same photo"
        )
    return _compare(
        Planes(residual, intensity), fingerprint, search or SearchRange(), keep_surface
    )


def compare_fingerprints(
    a: Fingerprint,
    b: Fingerprint,
    *,
    search: SearchRange | None = None,
    keep_surface: bool = False,
) -> NoiseMatch:
    """Lay one fingerprint on another and say how well they fit.

    Parameters
    ----------
    a, b : Fingerprint
        ``a`` takes the place of the photo, with an intensity of 1 everywhere.
    search : SearchRange, optional
        Positions tried; without it, upright and upside down at no shift.
    keep_surface : bool, default False
        Return the correlations of all positions too.

    Returns
    -------
    NoiseMatch
        As `compare` returns it.

    Raises
    ------
    ShapeMismatchError
        If ``a`` fits ``b`` in none of the rotations and scales.
    InputError
        If a pattern holds NaN, or the known place lies outside.
    InsufficientEvidenceError
        If a pattern is constant.
    """
    pattern = as_plane(a.pattern, "pattern of a")
    photo = Planes(pattern, np.ones_like(pattern))
    return _compare(photo, b, search or SearchRange(), keep_surface)


def _compare(
    photo: Planes, fingerprint: Fingerprint, search: SearchRange, keep_surface: bool
) -> NoiseMatch:
    pattern = as_plane(fingerprint.pattern, "pattern")
    best: Found | None = None
    n_positions = 0
    sensor = Sensor(pattern)
    for scale in search.scales:
        for turn in search.quarter_turns:
            turned = photo.at(scale, turn, sensor.shape)
            found = search_positions(turned, sensor, search) if turned else None
            if found is None:
                continue
            n_positions += found.n_positions
            if best is None or found.z > best.z:
                best = found
    if best is None:
        raise _misfit(photo.shape, sensor.shape, search)
    ncc, overlap = best.exact(sensor)
    log10_p = log10_chance(best.z, n_positions)
    return NoiseMatch(
        ncc=ncc,
        pce=best.pce,
        z=best.z,
        spread=math.sqrt(best.variance),
        shift=best.shift,
        rotation=90 * best.photo.turn,
        scale=best.photo.scale,
        n_positions=n_positions,
        p_value=10.0**log10_p,
        log10_p=log10_p,
        overlap=overlap,
        surface=best.surface if keep_surface else None,
    )


def _misfit(
    photo: tuple[int, int], sensor: tuple[int, int], search: SearchRange
) -> ShapeMismatchError:
    """Say why a photo fits nowhere, and what would help."""
    if photo == sensor[::-1] and not {1, 3} & {*search.quarter_turns}:
        remedy = "turn it: rotations=(90, 270)"
    elif photo[0] <= sensor[0] and photo[1] <= sensor[1] and not search.crop:
        remedy = "if it is a crop, search with crop=True, or give its place"
    else:
        remedy = "name the scales at which it may have been resampled"
    return ShapeMismatchError(
        f"the photo's noise has shape {photo} but the fingerprint {sensor}, tried at "
        f"rotations {search.rotations} and scales {search.scales}; {remedy}"
    )
