"""Name the camera model that took a photo, or say that it is none known."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

import whichcam
from whichcam._typing import PathLike, PhotoSource
from whichcam.datasets import canonical_camera
from whichcam.errors import InputError
from whichcam.media import Photo, open_photo
from whichcam.models import CameraModel, Evidence, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One line of the ranking.

    Parameters
    ----------
    camera_model, make : str
        The camera model and its make.
    probability : float
        Calibrated, of the known models, given that it is one of them; in [0, 1].
    """

    camera_model: str
    make: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """The answer to "which camera model took this photo?".

    Parameters
    ----------
    photo_name, sha256 : str
        Which file was looked at.
    answer : str
        The finest answer the evidence supports: a camera model, the models of a
        family, a make, or "unknown camera".
    level : {"model", "family", "make", "unknown"}
        How fine the answer is.
    members : tuple of str
        The camera models the answer stands for; empty for "unknown camera".
    confidence : float
        Probability of the answer, in [0, 1].
    error_rate : float or None
        Share of such answers that may be wrong, as promised on validation devices;
        None for "unknown camera".
    ranking : tuple of Candidate
        The most probable models, whatever the answer.
    unknown_probability : float
        That it is none of the known, were known and unknown equally frequent.
    n_crops : int
        Crops looked at.
    file_statistics_used : bool
        Whether the file's own tables were believed and used.
    frame_size_used : bool
        Whether the size of the whole picture was believed and used, too.
    exif_camera_model : str or None
        What the file's metadata claim, under its canonical name; not used for the
        answer.
    model_id, whichcam_version : str
        What answered.
    warnings : tuple of str
        What makes the answer less sure than it looks.
    """

    photo_name: str
    sha256: str
    answer: str
    level: Level
    members: tuple[str, ...]
    confidence: float
    error_rate: float | None
    ranking: tuple[Candidate, ...]
    unknown_probability: float
    n_crops: int
    file_statistics_used: bool
    frame_size_used: bool
    exif_camera_model: str | None
    model_id: str
    whichcam_version: str
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        plain = asdict(self)
        return {
            **plain,
            "members": list(self.members),
            "ranking": list(plain["ranking"]),
            "warnings": list(self.warnings),
        }


def identify(
    photo: PhotoSource | Photo,
    *,
    model: CameraModel | PathLike | None = None,
    top_k: int = 5,
    allow_truncated: bool = False,
) -> Identification:
    """Say which camera model took a photo, how surely, or that it is none known.

    Parameters
    ----------
    photo : path, bytes, binary file object or Photo
        The picture.
    model : CameraModel or path, optional
        The model to ask, or its folder; the bundled one by default. Load it once with
        `CameraModel.load` to ask about many photos.
    top_k : int, default 5
        Length of the ranking, at least 1.
    allow_truncated : bool, default False
        Decode a damaged file as far as it goes, and say so in the warnings.

    Returns
    -------
    Identification

    Raises
    ------
    PhotoNotFoundError, InputError
        If the photo cannot be used; see `whichcam.media.open_photo`.
    ImageTooSmallError
        If it is smaller than the model's smallest crop.
    ArtifactError
        If the model cannot be used.
    """
    check_top_k(top_k)
    asked = as_model(model)
    opened = (
        photo
        if isinstance(photo, Photo)
        else open_photo(photo, allow_truncated=allow_truncated)
    )
    return identification_of(opened, asked, asked.analyse(opened), top_k=top_k)


def identification_of(
    photo: Photo, model: CameraModel, evidence: Evidence, *, top_k: int
) -> Identification:
    """Return the answer that a model's evidence about a photo supports."""
    decision = model.decide(evidence)
    order = np.argsort(-evidence.probabilities, kind="stable")[:top_k]
    return Identification(
        photo_name=photo.name,
        sha256=photo.sha256,
        answer=decision.answer,
        level=decision.level,
        members=decision.members,
        confidence=decision.confidence,
        error_rate=decision.error_rate,
        ranking=tuple(
            Candidate(
                camera_model=model.classes[k],
                make=model.makes[k],
                probability=float(evidence.probabilities[k]),
            )
            for k in order.tolist()
        ),
        unknown_probability=evidence.unknown_probability,
        n_crops=evidence.n_crops,
        file_statistics_used=evidence.file_statistics_used,
        frame_size_used=evidence.frame_size_used,
        exif_camera_model=_claimed(photo),
        model_id=model.model_id,
        whichcam_version=whichcam.__version__,
        warnings=(*photo.warnings, *evidence.warnings),
    )


def check_top_k(top_k: int) -> None:
    """Refuse a ranking of no length."""
    if top_k < 1:
        raise InputError(f"top_k is {top_k}; expected at least 1")


def as_model(model: CameraModel | PathLike | None) -> CameraModel:
    """Return a model as it is, or that of a folder, or the bundled one."""
    if model is None:
        return CameraModel.bundled()
    return model if isinstance(model, CameraModel) else CameraModel.load(model)


def _claimed(photo: Photo) -> str | None:
    """Return the camera that the metadata name."""
    if not (photo.exif.make or photo.exif.model):
        return None
    return canonical_camera(photo.exif.make, photo.exif.model).camera_model or None
