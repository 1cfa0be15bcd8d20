"""A photo's noise turned and resampled as a search asks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from whichcam._typing import FloatArray
from whichcam.errors import InputError, InsufficientEvidenceError
from whichcam.prnu._products import usable_sums, weighted_residual
from whichcam.signal._correlation import as_plane


def mean_of_usable(n: float, total: float, squares: float) -> float:
    """Return the mean residual from sums over usable pixels, or say what is wrong."""
    if not math.isfinite(n + total + squares):
        raise InputError("residual holds NaN or infinite values; replace them by 0")
    if n < 1:
        raise InsufficientEvidenceError(
            "no pixel of the photo is usable: all are saturated or too dark; take "
            "a photo of medium brightness"
        )
    mean = total / n
    # Rounding leaves about 1e-7 of a constant's energy.
    if squares / n - mean * mean <= 1e-6 * squares / n:
        raise InsufficientEvidenceError(
            "the photo's residual is constant where it is usable: there is no "
            "noise to compare; was the picture drawn or heavily smoothed?"
        )
    return mean


def weighted_energy(mean: float, xx: float, wii: float, ii: float) -> float:
    """Return the sum of (w - mean)^2 i^2 from the sums of w^2 i^2, w i^2 and i^2."""
    return xx - 2 * mean * wii + mean * mean * ii


@dataclass(frozen=True)
class Photo:
    """Residual and intensity at one scale, and the turn at which they are looked at.

    The arrays lie as the photo does: turning upside down needs no copy. What is
    correlated with patterns, the residual without its mean times the intensity, is
    made of them by parts, so that it need not be kept as a whole.
    """

    residual: FloatArray
    intensity: FloatArray
    scale: float
    turn: int

    @cached_property
    def sums(self) -> list[float]:
        """Sums over usable pixels, as `usable_sums` returns them."""
        found: list[float] = usable_sums(self.residual, self.intensity).tolist()
        return found

    @cached_property
    def mean(self) -> float:
        """The mean residual of usable pixels."""
        return mean_of_usable(*self.sums[:3])

    @property
    def energy(self) -> float:
        """The sum of the squares of the weighted residual."""
        return weighted_energy(self.mean, *self.sums[3:])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns once turned."""
        height, width = self.residual.shape
        return (width, height) if self.turn % 2 else (height, width)

    def turned(self, plane: FloatArray) -> FloatArray:
        """Return a view of one of the arrays as it lies on the sensor."""
        return np.rot90(plane, self.turn)

    def weighted(self, rows: slice, cols: slice, mean: float) -> FloatArray:
        """Return a part of (residual - mean) * intensity, turned."""
        height, width = self.shape
        top, bottom, _ = rows.indices(height)
        left, right, _ = cols.indices(width)
        for _ in range(self.turn):  # back, a quarter at a time: to where it lies
            top, bottom, left, right = left, right, height - bottom, height - top
            height, width = width, height
        found = np.empty((bottom - top, right - left), np.float32)
        weighted_residual(
            self.residual, self.intensity, (top, left), np.float32(mean), found
        )
        return np.ascontiguousarray(self.turned(found))

    def __getitem__(self, part: tuple[slice, slice]) -> FloatArray:
        """Return some rows and columns of what is correlated with patterns."""
        return self.weighted(*part, self.mean)


class Planes:
    """Residual and intensity of a photo, resampled when first asked for."""

    def __init__(self, residual: FloatArray, intensity: FloatArray) -> None:
        self._residual = residual
        self._intensity = intensity
        self._kept: tuple[tuple[int, int], Photo] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns as the photo was taken."""
        return self._residual.shape[0], self._residual.shape[1]

    def at(self, scale: float, turn: int, sensor: tuple[int, int]) -> Photo | None:
        """Return the photo resampled to the sensor's pixels, None if too large."""
        height, width = self.shape
        if scale == 1:
            fits = (width, height) if turn % 2 else (height, width)
            if fits[0] > sensor[0] or fits[1] > sensor[1]:
                return None
            return Photo(self._residual, self._intensity, 1.0, turn)
        whole = sensor[::-1] if turn % 2 else sensor
        # A side reduced from the whole sensor was rounded: it is the whole again.
        size = tuple(
            full if abs(side - scale * full) < 1 else max(1, round(side / scale))
            for side, full in zip((height, width), whole, strict=True)
        )
        if size[0] > whole[0] or size[1] > whole[1]:
            return None
        shape = (size[0], size[1])
        if self._kept is None or self._kept[0] != shape:
            # Without the mean, and 0 where unusable: what is resampled must not
            # carry the residual of saturated pixels to their neighbours.
            whole_photo = Photo(self._residual, self._intensity, 1.0, 0)
            usable = self._intensity > 0
            clean = np.where(usable, self._residual - np.float32(whole_photo.mean), 0)
            level = np.where(usable, self._intensity, np.float32(0))
            residual = _resample(clean.astype(np.float32), shape)
            intensity = _resample(level.astype(np.float32), shape)
            self._kept = shape, Photo(residual, intensity, scale, 0)
        kept = self._kept[1]
        return Photo(kept.residual, kept.intensity, scale, turn)


def _resample(plane: FloatArray, shape: tuple[int, int]) -> FloatArray:
    from PIL import Image

    image = Image.fromarray(plane)
    resized = image.resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return as_plane(np.asarray(resized), "a resampled plane")
