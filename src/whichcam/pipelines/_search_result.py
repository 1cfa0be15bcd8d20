"""What a search of the gallery found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """One line of a search's ranking.

    Attributes
    ----------
    camera : str
        The name the camera is enrolled under.
    camera_model : str or None
        Its make and model.
    score, threshold : float
        Its score, and what the best of all cameras searched reaches by accident at
        the search's false-alarm rate.
    log10_p : float
        Chance, log10, that the best of all cameras searched reaches this score if
        none of them took the picture.
    log10_lr : float or None
        Likelihood ratio, log10, of this camera alone, where it has a calibration.
    ncc, pce : float
        Other scores.
    shortlist_score : float or None
        Agreement of the signs, in standard deviations; None where no short list was
        needed.
    shift : (int, int)
        Where the picture lies on the sensor.
    rotation : int
        Degrees by which it was turned.
    scale : float
        Its size against the sensor's pixels.
    n_positions : int
        Positions searched on this camera.
    quality : float
        Of the fingerprint, 0 to 1.
    fingerprint_sha256 : str
        Of the stored pattern.
    warnings : tuple of str
        About this camera.
    """

    camera: str
    camera_model: str | None
    score: float
    threshold: float
    log10_p: float
    log10_lr: float | None
    ncc: float
    pce: float
    shortlist_score: float | None
    shift: tuple[int, int]
    rotation: int
    scale: float
    n_positions: int
    quality: float
    fingerprint_sha256: str
    warnings: tuple[str, ...] = ()

    @property
    def reaches_threshold(self) -> bool:
        """Whether the score reaches the threshold; no verdict on the camera."""
        return self.score >= self.threshold

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            **asdict(self),
            "reaches_threshold": self.reaches_threshold,
            "shift": list(self.shift),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GallerySearch:
    """The answer to "which of the enrolled cameras took this picture?".

    Attributes
    ----------
    photo_name, sha256 : str
        Which file was looked at.
    exif_camera_model : str or None
        What its metadata claim.
    statistic : {"z"}
        Which score ranks: see `whichcam.prnu.NoiseMatch.z`.
    hits : tuple of SearchHit
        The best cameras, the best first, whether they reach the threshold or not.
    false_alarm_rate : float
        Chance that any camera reaches its threshold if none took the picture.
    n_cameras : int
        In the gallery.
    n_searched : int
        Fingerprints searched, by their signs or exactly.
    n_compared : int
        Compared exactly.
    n_incomparable : int
        Fingerprints of other sizes or versions, not searched.
    search : dict
        What was searched on each.
    noise_version : int
        Version of the noise extraction.
    whichcam_version : str
        What answered.
    warnings : tuple of str
        About the picture.
    """

    photo_name: str
    sha256: str
    exif_camera_model: str | None
    statistic: Literal["z"]
    hits: tuple[SearchHit, ...]
    false_alarm_rate: float
    n_cameras: int
    n_searched: int
    n_compared: int
    n_incomparable: int
    search: dict[str, Any]
    noise_version: int
    whichcam_version: str
    warnings: tuple[str, ...] = ()

    @property
    def matches(self) -> tuple[SearchHit, ...]:
        """The hits that reach their threshold."""
        return tuple(hit for hit in self.hits if hit.reaches_threshold)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            **asdict(self),
            "hits": [hit.to_dict() for hit in self.hits],
            "warnings": list(self.warnings),
        }
