"""The pattern of one sensor, estimated from many of its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from whichcam._typing import FloatArray, PathLike, PixelArray
from whichcam.errors import (
    IncompatibleArtifactError,
    InputError,
    InsufficientEvidenceError,
    ShapeMismatchError,
)
from whichcam.prnu import _state
from whichcam.prnu._noise import NOISE_FLOOR, NOISE_VERSION, PhotoNoise, photo_noise

_PRIOR_STRENGTH: Final = 0.01
"""Standard deviation of patterns before any is seen: sensors vary by about 1 %."""

_FULL_SCALE = 255.0
_FEWEST_USABLE = 0.01  # share of pixels; of 12 megapixels still more than 300x300
_ADVISED_PHOTOS = 8  # fewer give the warning; what the benchmarks enrol


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """The estimated pattern of one sensor, cleaned, ready to correlate.

    Attributes
    ----------
    pattern : ndarray of shape (H, W), float32
        Relative sensitivity of each pixel, no unit, of the order of 0.01; mean 0.
        Read-only.
    n_photos : int
        Pictures it was estimated from.
    saturated_share : float
        Mean share of their pixels, 0 to 1, that were burnt and left out.
    quality : float
        Estimated correlation of ``pattern`` with the pattern that infinitely many
        pictures of the same kind would give, 0 to 1; 0 where it cannot be told, as
        with one picture. From the correlation r of the patterns of every other
        picture and of the rest: ``sqrt(2 r / (1 + r))``. Pictures of one and the
        same scene agree in what is left of the scene too: then it is too high.
    warnings : tuple of str
        What weakens the fingerprint, and what would mend it.
    noise_version : int
        `NOISE_VERSION` of the noise it was made of.

    References
    ----------
    .. [1] C. Spearman, "Correlation calculated from faulty data", British Journal of
       Psychology 3(3), 1910. doi:10.1111/j.2044-8295.1910.tb00206.x
    .. [2] W. Brown, "Some experimental results in the correlation of mental
       abilities", British Journal of Psychology 3(3), 1910.
       doi:10.1111/j.2044-8295.1910.tb00207.x
    """

    pattern: FloatArray
    n_photos: int
    saturated_share: float
    quality: float
    warnings: tuple[str, ...] = ()
    noise_version: int = NOISE_VERSION

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.pattern.shape[0], self.pattern.shape[1]

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the pattern, JSON-ready."""
        return {
            "shape": list(self.shape),
            "n_photos": self.n_photos,
            "saturated_share": self.saturated_share,
            "quality": self.quality,
            "warnings": list(self.warnings),
            "noise_version": self.noise_version,
        }


class FingerprintEstimator:
    """Estimate a sensor's pattern from one picture after another.

    Memory is that of four planes of the sensor's size, however many pictures are
    added. The order of pictures moves the result by rounding only, `quality` aside.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of all pictures, in sensor orientation.

    Raises
    ------
    InputError
        If the shape is no pair of positive numbers.

    Notes
    -----
    Maximum likelihood for noise ``W = I K + n`` over pictures ``i`` [1]_:
    ``K = sum(W_i I_i) / sum(I_i**2)``, pixel by pixel, where W and I are `PhotoNoise`'s
    residual and intensity, which are in units of the local strength of n. The
    denominator has a constant added, that of a Gaussian prior of 1 % on K, which
    keeps pixels small that were nearly always dark or burnt. The publication sums
    the three colours apart; here they are summed before, which costs a third of the
    memory and correlated with as many true matches.

    Even and odd pictures are summed apart, for `Fingerprint.quality`.

    References
    ----------
    .. [1] M. Chen, J. Fridrich, M. Goljan, J. Lukas, "Determining image origin and
       integrity using sensor noise", IEEE TIFS 3(1), 2008.
       doi:10.1109/TIFS.2007.916285

    Examples
    --------
    >>> from whichcam.datasets.synthetic import SyntheticCamera
    >>> estimator = FingerprintEstimator((64, 80))
    >>> for seed in range(3):
    ...     noise = estimator.add(SyntheticCamera().shoot(seed=seed, size=(64, 80)))
    >>> estimator.estimate().n_photos
    3
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        if len(shape) != 2 or not all(int(side) == side > 0 for side in shape):
            raise InputError(
                f"shape is {shape}; expected two positive whole numbers: rows, columns"
            )
        self.shape = (int(shape[0]), int(shape[1]))
        self._numerator = np.zeros((2, *self.shape), np.float32)
        self._denominator = np.zeros((2, *self.shape), np.float32)
        self._saturated = 0.0
        self._n_photos = 0

    @property
    def n_photos(self) -> int:
        """Pictures added so far."""
        return self._n_photos

    def add(self, pixels: PixelArray, *, name: str = "") -> PhotoNoise:
        """Add a picture, and return its noise.

        Parameters
        ----------
        pixels : ndarray of shape (H, W, 3), uint8
            RGB in sensor orientation. Not modified.
        name : str, optional
            Of the picture, for messages.

        Returns
        -------
        PhotoNoise
            What was added.

        Raises
        ------
        ShapeMismatchError
            If the picture has another size; nothing is computed then.
        InsufficientEvidenceError
            If hardly any pixel is neither burnt nor black; nothing is added then.
        InputError
            As `photo_noise`.
        """
        self._check_shape((pixels.shape[0], pixels.shape[1]), name)
        noise = photo_noise(pixels, name=name)
        self.add_noise(noise)
        return noise

    def add_noise(self, noise: PhotoNoise) -> None:
        """Add a picture whose noise is known; errors are those of `add`.

        Raises
        ------
        IncompatibleArtifactError
            If the noise is of another `NOISE_VERSION`.
        """
        self._check_shape(noise.shape, noise.name)
        if noise.noise_version != NOISE_VERSION:
            raise IncompatibleArtifactError(
                f"the noise is of version {noise.noise_version}; this program makes "
                f"version {NOISE_VERSION}: take it from the picture again"
            )
        if noise.usable_share < _FEWEST_USABLE:
            raise InsufficientEvidenceError(
                f"{_called(noise.name)} shows nothing of its sensor: "
                f"{noise.saturated_share:.0%} of its pixels are burnt and "
                f"{noise.dark_share:.0%} black; add pictures of bright, even, "
                "unsaturated surfaces, such as an overcast sky"
            )
        half = self._n_photos % 2
        self._numerator[half] += noise.residual * noise.intensity
        self._denominator[half] += np.square(noise.intensity)
        self._saturated += noise.saturated_share
        self._n_photos += 1

    def estimate(self) -> Fingerprint:
        """Return the fingerprint of the pictures added so far; more can follow.

        Raises
        ------
        InsufficientEvidenceError
            If none was added.
        """
        if self._n_photos == 0:
            raise InsufficientEvidenceError(
                "no picture was added; a fingerprint needs one at least, and "
                f"{_ADVISED_PHOTOS} or more to be of use"
            )
        pattern = _pattern(self._numerator.sum(0), self._denominator.sum(0))
        pattern.flags.writeable = False
        return Fingerprint(
            pattern=pattern,
            n_photos=self._n_photos,
            saturated_share=self._saturated / self._n_photos,
            quality=self._quality(),
            warnings=self._warnings(),
        )

    def save(self, path: PathLike) -> None:
        """Write the state to a file, from which `load` goes on.

        The file appears whole or not at all: what stood there stays until then.

        Raises
        ------
        ArtifactError
            If the file cannot be written, for want of space or permission.
        """
        facts = {
            "noise_version": NOISE_VERSION,
            "shape": list(self.shape),
            "n_photos": self._n_photos,
            "saturated": self._saturated,
        }
        _state.write(path, facts, self._numerator, self._denominator)

    @classmethod
    def load(cls, path: PathLike) -> FingerprintEstimator:
        """Read a state that `save` wrote.

        Raises
        ------
        ArtifactNotFoundError
            If there is no such file.
        IncompatibleArtifactError
            If the file is none of ours, or of another `NOISE_VERSION`.
        ChecksumMismatchError
            If its contents are not those that were written.
        """
        facts, numerator, denominator = _state.read(path)
        if facts["noise_version"] != NOISE_VERSION:
            raise IncompatibleArtifactError(
                f"{path} holds noise of version {facts['noise_version']}; this "
                f"program makes version {NOISE_VERSION}: enrol the pictures again"
            )
        estimator = cls.__new__(cls)
        estimator.shape = (numerator.shape[1], numerator.shape[2])
        estimator._numerator, estimator._denominator = numerator, denominator
        estimator._n_photos = facts["n_photos"]
        estimator._saturated = facts["saturated"]
        return estimator

    def _check_shape(self, shape: tuple[int, int], name: str) -> None:
        if shape == self.shape:
            return
        found, expected = (f"{s[1]}x{s[0]} px" for s in (shape, self.shape))
        if shape == self.shape[::-1]:
            raise ShapeMismatchError(
                f"{_called(name)} is {found}, upright against {expected}: it is stored "
                "turned by 90 degrees; turn it back by numpy.rot90 (by 90 or by 270 "
                "degrees: try both), or leave it out"
            )
        raise ShapeMismatchError(
            f"{_called(name)} is {found}; this fingerprint is of {expected}: give "
            "pictures as the camera stored them, all of one size, neither resized nor "
            "cropped"
        )

    def _quality(self) -> float:
        if self._n_photos < 2:
            return 0.0
        first, second = (
            _pattern(*sums)
            for sums in zip(self._numerator, self._denominator, strict=True)
        )
        norm = float(np.linalg.norm(first)) * float(np.linalg.norm(second))
        agreement = float(np.vdot(first, second)) / norm if norm > 0 else 0.0
        agreement = min(agreement, 1.0)  # of equal halves, rounding goes past it
        return float(np.sqrt(max(2 * agreement / (1 + agreement), 0.0)))

    def _warnings(self) -> tuple[str, ...]:
        found = []
        if self._n_photos < _ADVISED_PHOTOS:
            noun = "picture" if self._n_photos == 1 else "pictures"
            found.append(
                f"made of {self._n_photos} {noun} only: what they show is still in the "
                f"pattern; add more, {_ADVISED_PHOTOS} at least"
            )
        seen = float(np.mean(self._denominator.sum(0) > 0))
        if seen < 0.9:
            found.append(
                f"{1 - seen:.0%} of the sensor was burnt or black in every picture; "
                "add pictures of bright, even, unsaturated surfaces"
            )
        return tuple(found)


def _pattern(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return the cleaned estimate of sums."""
    from whichcam.signal import flatten_spectrum, zero_mean_by_phase

    # Residual and intensity were both divided by the local strength; in intensities
    # of the unit of `PhotoNoise`, a prior of K times full scale is this much.
    prior = np.float32((NOISE_FLOOR / (_FULL_SCALE * _PRIOR_STRENGTH)) ** 2)
    pattern = numerator / (denominator + prior)
    pattern *= np.float32(NOISE_FLOOR / _FULL_SCALE)
    return flatten_spectrum(zero_mean_by_phase(pattern, out=pattern))


def _called(name: str) -> str:
    return f"the picture {name}" if name else "the picture"
