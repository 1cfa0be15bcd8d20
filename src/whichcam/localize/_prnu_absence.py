"""Areas in which the sensor pattern of an enrolled camera is missing."""

from __future__ import annotations

from typing import Final

import numpy as np

from whichcam._typing import FloatArray
from whichcam.errors import InsufficientEvidenceError
from whichcam.localize._cells import (
    SMALLEST_PX,
    box_mean,
    cell_means,
    check_size,
    heat_of,
    too_small,
)
from whichcam.localize._result import Localization
from whichcam.media import Photo
from whichcam.prnu import Fingerprint, SearchRange, compare, photo_noise, threshold_for

_WINDOW: Final = 16  # cells, 128 px: fewer pixels hardly show the pattern
_PRIOR: Final = 0.02  # share of a picture taken to be pasted before anything is seen
_THRESHOLD: Final = 0.5  # of the heat map: even odds
_FALSE_ALARM_RATE: Final = 1e-4


class PRNUAbsenceLocalizer:
    """Map where the pattern of the camera that took the picture is missing.

    In each window of 128 px the noise is compared with what the fingerprint predicts
    there: the pattern times the light, in units of the local noise, as strong as it is
    in the whole picture. The map is the probability that the window's noise holds
    none of it. Burnt and black areas hold none anyway and stay cold.

    Parameters
    ----------
    fingerprint : Fingerprint
        Of the camera.
    search : SearchRange, optional
        Where the picture may lie on the sensor, at scale 1; by default where the
        enrolled pictures lie, upright or upside down.

    References
    ----------
    .. [1] M. Chen, J. Fridrich, M. Goljan, J. Lukas, "Determining image origin and
       integrity using sensor noise", IEEE Transactions on Information Forensics and
       Security 3, 2008, doi:10.1109/TIFS.2007.916285.
    """

    name = "prnu_absence"

    def __init__(
        self, fingerprint: Fingerprint, *, search: SearchRange | None = None
    ) -> None:
        self.fingerprint = fingerprint
        self.search = search

    def applies_to(self, photo: Photo) -> str | None:
        """Return None if the photo is large enough, else why not."""
        return too_small(photo)

    def localize(self, photo: Photo) -> Localization:
        """Return the map of a photo.

        Raises
        ------
        ImageTooSmallError
            If a side is shorter than 128 px.
        ShapeMismatchError
            If the fingerprint does not fit the photo's size.
        """
        check_size(photo)
        noise = photo_noise(photo.pixels, name=photo.name)
        shape = (photo.height, photo.width)
        empty = Localization(
            method=self.name,
            heatmap=np.zeros(shape, np.float32),
            warnings=("the picture holds no noise that could be compared",),
        )
        try:
            match = compare(noise, self.fingerprint, search=self.search)
        except InsufficientEvidenceError:
            return empty
        least = threshold_for(_FALSE_ALARM_RATE, match.n_positions).z
        params = {
            "z": round(match.z, 3),
            "z_needed": round(least, 3),
            "shift": list(match.shift),
            "rotation": match.rotation,
            "window_px": _WINDOW * 8,
        }
        if match.z < least or match.scale != 1:
            said = (
                "the picture as a whole does not show the camera's pattern: no part "
                "of it can be said to lack it, and the map is empty"
            )
            return Localization(
                method=self.name,
                heatmap=np.zeros(shape, np.float32),
                params=params,
                warnings=(said,),
            )
        predicted = noise.intensity * _under(
            self.fingerprint.pattern, shape, match.shift, match.rotation
        )
        odds = absence_odds(noise.residual, predicted)
        prior = np.float32(np.log(_PRIOR / (1 - _PRIOR)))
        heat = heat_of(1 / (1 + np.exp(-np.clip(odds + prior, -30, 30))), shape)
        return Localization(
            method=self.name,
            heatmap=heat,
            mask=heat >= _THRESHOLD,
            threshold=_THRESHOLD,
            params=params,
        )


def absence_odds(residual: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return log likelihood ratios of "pattern absent" against "present", by cell.

    Parameters
    ----------
    residual, predicted : ndarray of shape (H, W), float32
        Noise, and what the fingerprint predicts of it up to a factor, which is found
        by regression over the whole picture.

    Returns
    -------
    ndarray of shape (H // 8, W // 8), float32
        Of the window of 128 px about each cell; 0 where nothing is predicted.
    """
    product = cell_means(residual * predicted)
    energy = cell_means(np.square(predicted))
    strength = float(product.sum() / max(float(energy.sum()), 1e-12))
    variance = max(float(np.square(residual).mean()), 1e-12)
    here = box_mean(product, _WINDOW) * (8 * _WINDOW) ** 2
    expected = box_mean(energy, _WINDOW) * (8 * _WINDOW) ** 2
    # both kinds are normal with the same variance, and means of 0 and of strength
    ratio = (strength * here - 0.5 * strength**2 * expected) / variance
    return np.asarray(-ratio, dtype=np.float32)


def _under(
    pattern: FloatArray, shape: tuple[int, int], shift: tuple[int, int], rotation: int
) -> FloatArray:
    """Return the part of the pattern that lies under the photo, in the photo's frame.

    What lies beyond the pattern is 0: nothing is predicted there.
    """
    turns = rotation // 90
    height, width = shape if turns % 2 == 0 else shape[::-1]
    under = np.zeros((height, width), np.float32)
    top, left = shift
    first_y, first_x = max(top, 0), max(left, 0)
    part = pattern[first_y : max(top + height, 0), first_x : max(left + width, 0)]
    y, x = first_y - top, first_x - left
    under[y : y + part.shape[0], x : x + part.shape[1]] = part
    return np.rot90(under, -turns)


assert SMALLEST_PX >= 8 * _WINDOW  # a window fits into the smallest picture
