"""Say whether a camera took a picture."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, NoReturn, TypeVar

import whichcam
from whichcam._typing import PathLike
from whichcam.errors import ArtifactError, WhichcamError
from whichcam.gallery import EnrolledCamera, Gallery, StoredFingerprint
from whichcam.media import Photo
from whichcam.pipelines._devices import (
    STATISTIC,
    Asked,
    Source,
    ask,
    claimed_camera,
    fingerprint_of,
    fitting,
    load_calibration,
    log10_ratio,
    opened_gallery,
    stored_calibration,
)
from whichcam.prnu import (
    Fingerprint,
    NoiseMatch,
    SearchRange,
    camera_cautions,
    compare,
    lens_cautions,
    threshold_for,
)
from whichcam.scoring import LikelihoodRatioMap

Given = TypeVar("Given", bound=PathLike | bytes | Photo)

FALSE_ALARM_RATE: Final = 1e-4
"""Share of comparisons with other cameras that may reach the threshold, by default."""

ENROLLED_ITSELF: Final = (
    "this very picture helped to make the fingerprint: that they match says nothing; "
    "ask about another"
)
"""Warning of a comparison that is no evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The answer to "did this camera take this picture?".

    Attributes
    ----------
    photo_name, sha256 : str
        Which file was looked at.
    camera : str
        The name the camera is enrolled under.
    camera_model, exif_camera_model : str or None
        Of the enrolled camera, and what the picture's metadata claim.
    statistic : {"z"}
        Which score decides: see `whichcam.prnu.NoiseMatch.z`.
    score, threshold : float
        The score, and what other cameras reach at ``false_alarm_rate``.
    false_alarm_rate : float
        What the threshold was set for, all positions searched allowed for.
    p_value, log10_p : float
        Chance that another camera reaches this score at any position searched.
    log10_lr : float or None
        Likelihood ratio, log10, where the camera has a calibration.
    calibration_id : str or None
        Which.
    ncc, pce : float
        Other scores, for comparison with the literature.
    shift : (int, int)
        Row and column at which the picture lies best.
    rotation : int
        Degrees, counter-clockwise, by which it was turned for that.
    scale : float
        Its size against the sensor's pixels.
    n_positions : int
        Positions searched.
    overlap : int
        Pixels compared.
    search : dict
        What was searched.
    fingerprint_sha256 : str
        Of the stored pattern.
    fingerprint_shape : (int, int)
        Its rows and columns.
    n_enrolled : int
        Pictures it was made of.
    quality : float
        Its quality, 0 to 1; see `whichcam.prnu.Fingerprint`.
    noise_version : int
        Version of the noise extraction.
    whichcam_version : str
        What answered.
    warnings : tuple of str
        What makes the answer less sure than it looks.
    """

    photo_name: str
    sha256: str
    camera: str
    camera_model: str | None
    exif_camera_model: str | None
    statistic: Literal["z"]
    score: float
    threshold: float
    false_alarm_rate: float
    p_value: float
    log10_p: float
    log10_lr: float | None
    calibration_id: str | None
    ncc: float
    pce: float
    shift: tuple[int, int]
    rotation: int
    scale: float
    n_positions: int
    overlap: int
    search: dict[str, Any]
    fingerprint_sha256: str
    fingerprint_shape: tuple[int, int]
    n_enrolled: int
    quality: float
    noise_version: int
    whichcam_version: str
    warnings: tuple[str, ...] = ()

    @property
    def reaches_threshold(self) -> bool:
        """Whether the score reaches the threshold; no verdict on the camera."""
        return self.score >= self.threshold

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a Verification is not a yes or no; compare .score with .threshold "
            "(.reaches_threshold), or read .log10_lr"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            **asdict(self),
            "reaches_threshold": self.reaches_threshold,
            "shift": list(self.shift),
            "fingerprint_shape": list(self.fingerprint_shape),
            "warnings": list(self.warnings),
        }


def verify(
    photo: Source | Asked,
    name: str,
    *,
    gallery: Gallery | PathLike | None = None,
    search: SearchRange | None = None,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    calibration: LikelihoodRatioMap | PathLike | None = None,
    allow_truncated: bool = False,
) -> Verification:
    """Compare a picture with the fingerprint of an enrolled camera.

    Parameters
    ----------
    photo : path, bytes or Photo
        The picture in question.
    name : str
        The name the camera is enrolled under.
    gallery : Gallery or path-like, optional
        By default that of `whichcam.gallery.default_gallery_dir`.
    search : SearchRange, optional
        Where the picture may lie on the sensor; by default where the enrolled
        pictures lie, or upside down. Every position more raises the threshold.
    false_alarm_rate : float, default 1e-4
        Share of comparisons with other cameras that may reach the threshold.
    calibration : LikelihoodRatioMap or path-like, optional
        In place of the one kept with the camera.
    allow_truncated : bool, default False
        Use a damaged file as far as it goes, and say so in the warnings.

    Returns
    -------
    Verification

    Raises
    ------
    UnknownNameError
        If the camera is not enrolled.
    ShapeMismatchError
        If no fingerprint of it fits the picture's size.
    InsufficientEvidenceError
        If the picture is all burnt or black.
    PhotoNotFoundError, InputError
        If the picture cannot be used, or the rate is not between 0 and 1.
    ArtifactError
        If the gallery or the calibration cannot be used.

    See Also
    --------
    verify_many : Several pictures; the fingerprint is read once.
    search : Which of all enrolled cameras.
    """
    with opened_gallery(gallery) as opened:
        asking = _Asking(opened, name, search, false_alarm_rate, calibration)
        return asking(ask(photo, allow_truncated=allow_truncated))


def verify_many(
    photos: Iterable[Given],
    name: str,
    *,
    gallery: Gallery | PathLike | None = None,
    search: SearchRange | None = None,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    calibration: LikelihoodRatioMap | PathLike | None = None,
    allow_truncated: bool = False,
    catch: type[Exception] | tuple[type[Exception], ...] = WhichcamError,
) -> Generator[tuple[Given, Verification | Exception], None, None]:
    """Compare pictures with the fingerprint of a camera; a bad one stops nothing.

    Parameters
    ----------
    photos : iterable of path, bytes or Photo
        Taken one at a time.
    name, gallery, search, false_alarm_rate, calibration, allow_truncated
        As for `verify`.
    catch : exception type or tuple of them, default WhichcamError
        Errors that are yielded beside their picture; an `ArtifactError` ends the run.

    Yields
    ------
    source : path, bytes or Photo
        As it was given, in the order given.
    found : Verification or exception
        The answer, or why there is none.

    Raises
    ------
    UnknownNameError, ArtifactError
        As `verify`, before the first picture.
    """
    with opened_gallery(gallery) as opened:
        asking = _Asking(opened, name, search, false_alarm_rate, calibration)
        for photo in photos:
            found: Verification | Exception
            try:
                found = asking(ask(photo, allow_truncated=allow_truncated))
            except ArtifactError:
                raise
            except catch as error:
                found = error.with_traceback(None)  # its frames hold the pixels
            yield photo, found


class _Asking:
    """A camera and how it is asked about, so that its pattern is read once."""

    def __init__(
        self,
        gallery: Gallery,
        name: str,
        search: SearchRange | None,
        false_alarm_rate: float,
        calibration: LikelihoodRatioMap | PathLike | None,
    ) -> None:
        threshold_for(false_alarm_rate)  # refuse a rate out of range before the work
        self._camera = gallery.get(name)
        self._others = frozenset(gallery.names())
        self._search = search or SearchRange()
        self._rate = false_alarm_rate
        self._calibration = load_calibration(calibration)
        self._loaded: tuple[StoredFingerprint, Fingerprint] | None = None

    def __call__(self, asked: Asked) -> Verification:
        stored, search = fitting(asked, self._camera, self._search)
        if self._loaded is None or self._loaded[0] != stored:
            self._loaded = stored, fingerprint_of(stored)
        match = compare(asked.noise, self._loaded[1], search=search)
        calibration = self._calibration or stored_calibration(stored)
        warnings = [
            *asked.warnings,
            *device_warnings(asked, self._camera, stored, self._others),
        ]
        log10_lr = None
        if calibration is not None:
            log10_lr, why_not = log10_ratio(match, calibration, search)
            warnings += [why_not] if why_not else []
        return self._answer(
            asked, stored, match, search, log10_lr, calibration, warnings
        )

    def _answer(
        self,
        asked: Asked,
        stored: StoredFingerprint,
        match: NoiseMatch,
        search: SearchRange,
        log10_lr: float | None,
        calibration: LikelihoodRatioMap | None,
        warnings: list[str],
    ) -> Verification:
        used = calibration if log10_lr is not None else None
        return Verification(
            photo_name=asked.header.name,
            sha256=asked.header.sha256,
            camera=self._camera.name,
            camera_model=self._camera.camera_model,
            exif_camera_model=claimed_camera(asked.header.exif),
            statistic=STATISTIC,
            score=match.z,
            threshold=threshold_for(self._rate, match.n_positions).z,
            false_alarm_rate=self._rate,
            p_value=match.p_value,
            log10_p=match.log10_p,
            log10_lr=log10_lr,
            calibration_id=used.map_id if used else None,
            ncc=match.ncc,
            pce=match.pce,
            shift=match.shift,
            rotation=match.rotation,
            scale=match.scale,
            n_positions=match.n_positions,
            overlap=match.overlap,
            search=search.to_dict(),
            fingerprint_sha256=stored.pattern_sha256,
            fingerprint_shape=stored.shape,
            n_enrolled=stored.n_photos,
            quality=stored.quality,
            noise_version=stored.noise_version,
            whichcam_version=whichcam.__version__,
            warnings=tuple(dict.fromkeys(warnings)),
        )


def device_warnings(
    asked: Asked,
    camera: EnrolledCamera,
    stored: StoredFingerprint,
    enrolled: frozenset[str],
) -> list[str]:
    """Return what is to be said of a picture and a fingerprint together."""
    said = []
    if asked.header.sha256 in camera.photo_sha256s:
        said.append(ENROLLED_ITSELF)
    metadata = stored.metadata
    focal_lengths = metadata.get("focal_lengths_mm", [])
    said += map(str, lens_cautions(asked.focal_length_mm, focal_lengths))
    claimed = claimed_camera(asked.header.exif)
    if claimed and camera.camera_model and claimed != camera.camera_model:
        said.append(
            f"its EXIF names a {claimed}, but {camera.name!r} was enrolled as a "
            f"{camera.camera_model}"
        )
    if not claimed and camera.camera_model:
        # What its file does not say of its make, the camera's enrolment does.
        make, _, model = camera.camera_model.partition(" ")
        said += map(str, camera_cautions(make, model))
    alike = [name for name in metadata.get("lookalikes", []) if name in enrolled]
    if alike:
        said.append(
            f"the fingerprint of {camera.name!r} also matches that of "
            f"{', '.join(map(repr, alike))}: one camera under two names, pictures of "
            "one among those of the other, or an artefact that cameras share; a match "
            "with one does not tell them apart"
        )
    return [*said, *stored.warnings]
