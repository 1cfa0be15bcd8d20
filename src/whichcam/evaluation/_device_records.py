"""The records of a device evaluation: what was enrolled, asked, scored, and failed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from whichcam.errors import InputError
from whichcam.evaluation._records import rounded

STATISTICS: Final = ("z", "pce", "ncc")
"""Scores of a comparison that figures can be made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceConditions:
    """What is done to pictures before devices are enrolled and asked about.

    Parameters
    ----------
    crop_size : int, optional
        Side in px of a square from the middle of every picture. Default: whole
        pictures.
    n_enrolled : int, optional
        Pictures that enrol each device, at most; which ones is drawn. Default: all.
    jpeg_quality : int, optional
        Probes are cut first and then compressed again at this quality, in [1, 100].
        Default: as they are.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    crop_size: int | None = None
    n_enrolled: int | None = None
    jpeg_quality: int | None = None

    def __post_init__(self) -> None:
        for name, low, high in (
            ("crop_size", 16, 1 << 16),
            ("n_enrolled", 1, 1 << 31),
            ("jpeg_quality", 1, 100),
        ):
            value = getattr(self, name)
            if value is not None and (
                not isinstance(value, int)
                or isinstance(value, bool)
                or not low <= value <= high
            ):
                raise InputError(
                    f"{name} is {value!r}; expected a whole number from {low} to "
                    f"{high}, or None"
                )

    def to_dict(self) -> dict[str, int | None]:
        """Return the fields as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledDevice:
    """One physical camera and the fingerprint it was enrolled with.

    Attributes
    ----------
    device, camera_model : str
        As in the manifest.
    height, width : int
        Of the fingerprint, px.
    n_photos : int
        Pictures it was made of.
    quality : float
        Estimated correlation with the sensor's true pattern, in [0, 1].
    saturated_share : float
        Mean share of pixels left out because they are saturated.
    """

    device: str
    camera_model: str
    height: int
    width: int
    n_photos: int
    quality: float
    saturated_share: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return _kept(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceProbe:
    """One picture that was compared with the fingerprints.

    Attributes
    ----------
    path, device, camera_model, role : str
        As in the manifest.
    is_probe : bool
        False for a picture that enrolled its own device and was compared with the
        others' fingerprints only.
    saturated_share, dark_share : float
        Shares of pixels that carry no pattern.
    mean_level : float
        Mean grey level, 0 to 255.
    """

    path: str
    device: str
    camera_model: str
    role: str
    is_probe: bool
    saturated_share: float
    dark_share: float
    mean_level: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return _kept(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DevicePair:
    """One picture against one fingerprint.

    Attributes
    ----------
    probe, device : int
        Places in the result's ``probes`` and ``devices``.
    z, pce, ncc : float
        Correlation in standard deviations of impostors', signed peak-to-correlation
        energy, and plain correlation, at the better of the rotations tried; see
        `whichcam.prnu.NoiseMatch`. Six significant digits.
    log10_p : float
        Probability, log10, that a different camera scores so, rotations allowed for.
    rotation : int
        Degrees the picture was turned by.
    log10_lr : float or None
        Likelihood ratio by a map fitted without either of the two devices; None for
        pictures that are no probes, and where none could be fitted.
    """

    probe: int
    device: int
    z: float
    pce: float
    ncc: float
    log10_p: float
    rotation: int
    log10_lr: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFailure:
    """A picture that could neither enrol nor be compared.

    Attributes
    ----------
    path, device, role : str
        As in the manifest.
    reason : str
        The error's own words.
    """

    path: str
    device: str
    role: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Return the fields as JSON-ready values."""
        return asdict(self)


def _kept(record: Any) -> dict[str, Any]:
    """Return fields with floats as they are kept."""
    return {
        name: rounded(value) if isinstance(value, float) else value
        for name, value in asdict(record).items()
    }
