"""The correlation of a fingerprint over all shifts, for a picture of its peak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from whichcam._typing import FloatArray
from whichcam.errors import InsufficientEvidenceError
from whichcam.gallery import EnrolledCamera
from whichcam.pipelines._devices import Source, ask, fingerprint_of, fitting
from whichcam.prnu import SearchRange, compare, compare_fingerprints


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationPeak:
    """A fingerprint's pattern, and its correlation over all shifts.

    Attributes
    ----------
    pattern : ndarray of shape (H, W), float32
        The fingerprint.
    surface : ndarray of shape (H, W), float32
        Correlations; no shift is in the middle, at ``(H // 2, W // 2)``.
    z, pce : float
        Of the highest place, see `whichcam.prnu.NoiseMatch`.
    shift : (int, int)
        Where that is.
    """

    pattern: FloatArray
    surface: FloatArray
    z: float
    pce: float
    shift: tuple[int, int]

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the arrays, JSON-ready."""
        return {"z": self.z, "pce": self.pce, "shift": list(self.shift)}


def peak_of(camera: EnrolledCamera, photo: Source | None = None) -> CorrelationPeak:
    """Correlate a camera's fingerprint with a picture, or with itself, at all shifts.

    Parameters
    ----------
    camera : EnrolledCamera
        Of a gallery.
    photo : path, bytes or Photo, optional
        A picture of the size of one of its fingerprints. Without it the fingerprint
        is correlated with itself: peaks away from the middle are patterns that
        repeat, such as other cameras of its model may share.

    Raises
    ------
    ShapeMismatchError
        If the camera has no fingerprint of the picture's size.
    PhotoNotFoundError, InputError, InsufficientEvidenceError
        If the picture cannot be used.
    ArtifactError
        If the stored fingerprint cannot be used.
    """
    search = SearchRange(shifts="all", rotations=(0,))
    if photo is None:
        fingerprint = fingerprint_of(camera.fingerprint())
        match = compare_fingerprints(
            fingerprint, fingerprint, search=search, keep_surface=True
        )
    else:
        asked = ask(photo)
        # Upright or upside down is settled first, at a thousandth of the cost.
        stored, range_ = fitting(asked, camera, SearchRange())
        fingerprint = fingerprint_of(stored)
        rotation = compare(asked.noise, fingerprint, search=range_).rotation
        search = SearchRange(shifts="all", rotations=(rotation,))
        match = compare(asked.noise, fingerprint, search=search, keep_surface=True)
    if match.surface is None:
        raise InsufficientEvidenceError("the comparison kept no surface to draw")
    return CorrelationPeak(
        pattern=fingerprint.pattern,
        surface=np.fft.fftshift(match.surface),
        z=match.z,
        pce=match.pce,
        shift=match.shift,
    )
