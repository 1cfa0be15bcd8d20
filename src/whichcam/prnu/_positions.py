"""All positions of a photo at one rotation and scale, and the best of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.errors import InputError, InsufficientEvidenceError
from whichcam.prnu._null import Spread, spread_in_patches, spread_of
from whichcam.prnu._pce import background, find_peak, shift_classes
from whichcam.prnu._planes import Photo, mean_of_usable, weighted_energy
from whichcam.prnu._products import box_energies, greatest, sums_at
from whichcam.prnu._search_range import SearchRange
from whichcam.signal._circular import circular_products, spectrum_of
from whichcam.signal._correlation import as_plane, products_in_window

# A shift that leaves less of the pattern under the photo than this share is no place.
_LEAST_ENERGY = 0.25


class Sensor:
    """A fingerprint's pattern, with its Fourier transform once it is needed."""

    def __init__(self, pattern: FloatArray) -> None:
        self.pattern = pattern

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.pattern.shape[0], self.pattern.shape[1]

    @cached_property
    def spectrum(self) -> npt.NDArray[Any]:
        """The pattern's Fourier transform."""
        return spectrum_of(self.pattern)

    @cached_property
    def energy(self) -> float:
        """The sum of the pattern's squares."""
        energy = float(np.vdot(self.pattern, self.pattern))
        if not math.isfinite(energy):
            raise InputError("pattern holds NaN or infinite values; enrol again")
        if energy <= 0:
            raise _constant()
        return energy

    def cut(self, place: tuple[int, int], shape: tuple[int, int]) -> FloatArray:
        """Return the part of the pattern that a photo at a place covers."""
        (top, left), (height, width) = place, shape
        part = self.pattern[max(top, 0) : top + height, max(left, 0) : left + width]
        return as_plane(part, "the part of the pattern under the photo")


@dataclass(frozen=True, slots=True)
class Found:
    """The best position of a photo at one rotation and scale."""

    photo: Photo
    z: float
    pce: float
    variance: float
    shift: tuple[int, int]
    n_positions: int
    surface: FloatArray | None = None
    sums: npt.NDArray[np.float64] | None = None

    def exact(self, sensor: Sensor) -> tuple[float, int]:
        """Return the correlation over the overlap, and how many pixels it has."""
        sums = self.sums
        if sums is None:
            sums = _sums(self.photo, sensor, self.shift)
        n, w, ww, p, pp, wp = sums[:6].tolist()
        if n < 1:
            return 0.0, 0
        norm = (ww - w * w / n) * (pp - p * p / n)
        ncc = (wp - w * p / n) / math.sqrt(norm) if norm > 0 else 0.0
        return min(1.0, max(-1.0, ncc)), int(n)


def search_positions(photo: Photo, sensor: Sensor, search: SearchRange) -> Found | None:
    """Return the best position, None where the photo's shape allows none."""
    height, width = photo.shape
    is_whole = photo.shape == sensor.shape
    if search.place is not None:
        top, left = search.place
        if top + height > sensor.shape[0] or left + width > sensor.shape[1]:
            raise InputError(
                f"a photo of {photo.shape} at place {search.place} reaches out of the "
                f"fingerprint of {sensor.shape}; give the place of its first pixel"
            )
        place = search.place
    elif is_whole:
        place = (0, 0)
    else:
        return _inside(photo, sensor) if search.crop else None
    if search.shifts == "all":
        return _all_shifts(photo, sensor)
    if search.shifts == "window":
        return _window(photo, sensor, place, search.window)
    return _fixed(photo, sensor, place)


def _fixed(photo: Photo, sensor: Sensor, place: tuple[int, int]) -> Found:
    """One position: one pass over the pixels."""
    sums = _sums(photo, sensor, place)
    n, w, ww, p, _, wp, xx, wii, ii, kk = sums.tolist()
    mean = mean_of_usable(n, w, ww)
    if not math.isfinite(kk + wp + xx):
        raise InputError("pattern holds NaN or infinite values; enrol again")
    product = wp - mean * p
    energy = weighted_energy(mean, xx, wii, ii)
    if energy <= 0 or kk <= 0:
        raise _constant()

    def cut(rows: slice, cols: slice) -> tuple[FloatArray, FloatArray]:
        under = sensor.cut(
            (place[0] + rows.start, place[1] + cols.start),
            (rows.stop - rows.start, cols.stop - cols.start),
        )
        return photo.weighted(rows, cols, mean), under

    spread = spread_in_patches(cut, photo.shape, (0, 0))
    z = product / math.sqrt(energy * kk / n)
    variance = spread.at(0, 0)
    return Found(
        photo=photo,
        z=spread.z_of(z / math.sqrt(variance)),
        pce=math.copysign(z * z / spread.mean, z),
        variance=variance,
        shift=place,
        n_positions=1,
        sums=sums,
    )


def _sums(
    photo: Photo, sensor: Sensor, place: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """Return the sums over a photo at a place, of which it may lie in part outside."""
    residual, intensity, is_turned = photo.residual, photo.intensity, photo.turn == 2
    if photo.turn % 2:
        residual, intensity = (
            as_plane(photo.turned(plane), "the turned photo")
            for plane in (residual, intensity)
        )
    return sums_at(residual, intensity, sensor.pattern, place, is_turned)


def _all_shifts(photo: Photo, sensor: Sensor) -> Found:
    """Every circular shift, by Fourier transforms of the whole."""
    surface = _surface(photo, sensor)
    forward = ((sensor.shape[0] + 1) // 2, (sensor.shape[1] + 1) // 2)
    peak, spread = _best_of(surface, sensor.shape, forward)
    dy, dx = (
        at if at < n else at - side
        for at, side, n in zip(peak, sensor.shape, forward, strict=True)
    )
    return _found_on(surface, photo, sensor, peak, (dy, dx), spread, surface.size)


def _inside(photo: Photo, sensor: Sensor) -> Found:
    """Every place of a smaller photo inside the pattern.

    The photo is padded to the pattern's size: shifts at which it would reach around
    the border are no places, but they show as well as any how impostors spread.
    """
    surface = _surface(photo, sensor)
    height, width = photo.shape
    rows, cols = sensor.shape[0] - height + 1, sensor.shape[1] - width + 1
    energies = box_energies(sensor.pattern, height, width)
    usual = sensor.energy * height * width / sensor.pattern.size
    np.maximum(energies, np.float32(_LEAST_ENERGY * usual), out=energies)
    surface[:rows, :cols] *= np.sqrt(np.float32(usual) / energies)
    peak, spread = _best_of(surface, (rows, cols), (rows, cols))
    found = _found_on(surface, photo, sensor, peak, peak, spread, rows * cols)
    # In units of a correlation over the photo's pixels.
    factor = math.sqrt(sensor.pattern.size / (height * width))
    inner = np.ascontiguousarray(surface[:rows, :cols]) * np.float32(factor)
    return Found(
        photo=photo,
        z=found.z,
        pce=found.pce,
        variance=found.variance,
        shift=peak,
        n_positions=found.n_positions,
        surface=inner,
    )


def _surface(photo: Photo, sensor: Sensor) -> FloatArray:
    norm = photo.energy * sensor.energy
    if not norm > 0:
        raise _constant()
    return circular_products(sensor.spectrum, photo, sensor.shape, 1 / math.sqrt(norm))


def _best_of(
    surface: FloatArray, valid: tuple[int, int], forward: tuple[int, int]
) -> tuple[tuple[int, int], Spread]:
    """Return the position of the greatest z among the valid ones, and the spread."""
    peak = find_peak(surface)  # a true match must not count as background
    rows, cols = (
        shift_classes(surface.shape[0], forward[0]),
        shift_classes(surface.shape[1], forward[1]),
    )
    white = 1 / surface.size
    spread = spread_of(background(surface, peak, forward=forward), white)
    for _ in range(2):
        factors = (1 / np.sqrt(spread.by_class))[:, cols].astype(np.float32)
        best = greatest(surface, factors, rows, *valid)
        if best == peak:
            break
        peak = best
        spread = spread_of(background(surface, peak, forward=forward), white)
    return peak, spread


def _found_on(
    surface: FloatArray,
    photo: Photo,
    sensor: Sensor,
    peak: tuple[int, int],
    shift: tuple[int, int],
    spread: Spread,
    n_positions: int,
) -> Found:
    value = float(surface[peak])
    variance = spread.at(*shift)
    energy = value * value * sensor.pattern.size
    return Found(
        photo=photo,
        z=spread.z_of(value * math.sqrt(sensor.pattern.size / variance)),
        pce=math.copysign(energy / spread.mean, value),
        variance=variance,
        shift=shift,
        n_positions=n_positions,
        surface=surface,
    )


def _window(photo: Photo, sensor: Sensor, place: tuple[int, int], reach: int) -> Found:
    """Shifts of a few pixels each way: sums over tiles, no large transforms.

    What a shift moves out of the pattern meets nothing, and is not counted.
    """
    height, width = photo.shape
    reach = min(reach, (min(height, width) - 1) // 2)
    x, energy = photo[:, :], photo.energy
    if not energy * sensor.energy > 0:
        raise _constant()
    around = np.zeros((height + 2 * reach, width + 2 * reach), np.float32)
    top, left = place[0] - reach, place[1] - reach
    part = sensor.cut((top, left), around.shape)
    y0, x0 = max(-top, 0), max(-left, 0)
    around[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]] = part
    products = products_in_window(x, around)
    energies = box_energies(around, height, width)
    is_place = energies > _LEAST_ENERGY * float(energies.max())
    if not is_place.any():
        raise _constant()
    norms = np.sqrt(energy * np.where(is_place, energies, 1)).astype(np.float32)
    surface = np.where(is_place, products / norms, 0).astype(np.float32)
    y, x_ = find_peak(surface)
    middle = np.ascontiguousarray(around[reach : reach + height, reach : reach + width])

    def cut(rows: slice, cols: slice) -> tuple[FloatArray, FloatArray]:
        return np.ascontiguousarray(x[rows, cols]), middle[rows, cols].copy()

    spread = spread_in_patches(cut, photo.shape, (y - reach, x_ - reach))
    shifts = np.arange(-reach, reach + 1) % 8
    z = surface * math.sqrt(height * width)
    scores = z / np.sqrt(spread.by_class[np.ix_(shifts, shifts)])
    scores[~is_place] = -np.inf
    y, x_ = divmod(int(scores.argmax()), scores.shape[1])
    value = float(z[y, x_])
    return Found(
        photo=photo,
        z=spread.z_of(float(scores[y, x_])),
        pce=math.copysign(value * value / spread.mean, value),
        variance=spread.at(y - reach, x_ - reach),
        shift=(top + y, left + x_),
        n_positions=int(is_place.sum()),
        surface=surface,
    )


def _constant() -> InsufficientEvidenceError:
    return InsufficientEvidenceError(
        "the fingerprint's pattern, or the photo's noise where both have usable "
        "pixels, is constant: there is nothing to compare"
    )
