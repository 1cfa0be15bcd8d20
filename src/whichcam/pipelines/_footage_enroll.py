"""Make a camera's fingerprint of videos it filmed, and keep it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import whichcam
from whichcam._typing import PathLike
from whichcam.errors import (
    InputError,
    InsufficientEvidenceError,
    MissingDependencyError,
    ShapeMismatchError,
    WhichcamError,
)
from whichcam.gallery import Gallery
from whichcam.gallery._text import clean_name
from whichcam.media import VideoLimits, open_video
from whichcam.pipelines._devices import opened_gallery
from whichcam.pipelines._footage_frames import (
    Choice,
    Gathered,
    Progress,
    gather,
    stabilization_warning,
)
from whichcam.pipelines._footage_result import FootageEnrollment
from whichcam.pipelines._lookalikes import (
    annotate_lookalikes,
    enrolled_elsewhere,
    lookalikes_of,
    warning_of,
)
from whichcam.prnu import Fingerprint, FingerprintEstimator
from whichcam.prnu._footage_score import WINDOW


def enroll_footage(
    name: str,
    videos: PathLike | bytes | Iterable[PathLike | bytes],
    *,
    gallery: Gallery | PathLike | None = None,
    choice: Choice = "key",
    max_frames: int = 200,
    window: int = WINDOW,
    replace: bool = False,
    camera_model: str | None = None,
    allow_truncated: bool = False,
    limits: VideoLimits | None = None,
    progress: Progress | None = None,
) -> FootageEnrollment:
    """Make a camera's fingerprint of videos and keep it in a gallery.

    Parameters
    ----------
    name : str
        To find the camera by; one enrolled from photographs gets the fingerprint of
        its footage beside the other.
    videos : path, bytes, or an iterable of them
        Filmed by this very camera in one mode, with stabilization and zoom off, as
        the camera wrote them. Best are a minute or more of bright, even surfaces, the
        camera moving slowly. All of the size of the first; what cannot be used is
        left out with its reason.
    gallery : Gallery or path-like, optional
        Made where there is none; by default that of
        `whichcam.gallery.default_gallery_dir`.
    choice : {"key", "best"}, default "key"
        Which frames: see `whichcam.media.Video.frames`.
    max_frames : int, default 200
        Frames used of each video, at most.
    window : int, default 16
        Shift in px, 1 to 256, within which frames are looked for on one another, to
        tell whether they were stabilized.
    replace : bool, default False
        Take the place of the camera's fingerprint of this size.
    camera_model : str, optional
        Make and model, where the videos do not say.
    allow_truncated : bool, default False
        Use files that end too early as far as they go.
    limits : VideoLimits, optional
        Bounds of bytes, pixels and frames.
    progress : callable, optional
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    FootageEnrollment

    Raises
    ------
    InputError
        If the camera is enrolled in this size and ``replace`` is False, or the only
        video cannot be used, or they name two camera models.
    InsufficientEvidenceError
        If no video can be used.
    ArtifactError
        If the disk is full or the gallery cannot be used; it is as it was.
    MissingDependencyError
        If PyAV is not installed.

    Notes
    -----
    The gallery changes in one transaction at the end; there are no checkpoints.
    """
    given = [videos] if isinstance(videos, str | bytes | os.PathLike) else [*videos]
    with opened_gallery(gallery, create=True) as opened:
        name = clean_name(name)
        known = name in opened
        taken = opened.get(name).shapes if known and not replace else ()
        settings = {
            "choice": choice,
            "max_frames": max_frames,
            "window": window,
            "progress": progress,
        }
        work = _Work(name, taken, settings, limits, allow_truncated=allow_truncated)
        for video in given:
            work.add(video, alone=len(given) == 1)
        if work.estimator is None:
            why = "; ".join(f"{shown}: {reason}" for shown, reason in work.left_out)
            raise InsufficientEvidenceError(
                f"none of {len(given)} videos can be used: {why or 'none was given'}"
            )
        fingerprint = work.estimator.estimate()
        model = _agreed(work.used, camera_model)
        return _store(opened, name, work, fingerprint, model, replace)


class _TakenError(InputError):
    """The camera has a fingerprint of this size: no video of it can be used."""


class _Work:
    """Videos added so far, one size for all."""

    def __init__(
        self,
        name: str,
        taken: Iterable[tuple[int, int]],
        settings: dict[str, Any],
        limits: VideoLimits | None,
        *,
        allow_truncated: bool,
    ) -> None:
        self._name = name
        self._taken = frozenset(taken)
        self._settings = settings
        self._allow_truncated = allow_truncated
        self._limits = limits
        self.estimator: FingerprintEstimator | None = None
        self.used: list[Gathered] = []
        self.left_out: list[tuple[str, str]] = []

    def add(self, video: PathLike | bytes, *, alone: bool) -> None:
        """Add a video, or say why not; ``alone``, its error is raised."""
        shown = "<bytes>" if isinstance(video, bytes) else os.fspath(video)
        before = self._n_frames
        try:
            self._add(video)
        except (MissingDependencyError, _TakenError):
            raise
        except WhichcamError as error:
            if alone or self._n_frames != before:  # a part of it is in the sums
                raise
            reason = str(error).removeprefix(f"{os.path.basename(shown)}: ")  # noqa: PTH119
            self.left_out.append((shown, reason))

    @property
    def _n_frames(self) -> int:
        return self.estimator.n_photos if self.estimator else 0

    def _add(self, video: PathLike | bytes) -> None:
        with open_video(
            video, limits=self._limits, allow_truncated=self._allow_truncated
        ) as footage:
            header = footage.header
            shape = header.height, header.width
            if header.sha256 in {one.header.sha256 for one in self.used}:
                raise InputError(f"{header.name}: a copy of a video that was used")
            estimator = self.estimator or FingerprintEstimator(shape)
            if shape != estimator.shape:
                height, width = estimator.shape
                raise ShapeMismatchError(
                    f"{header.name}: frames of {header.width}x{header.height} px, the "
                    f"first video's are {width}x{height}; enrol each mode by itself"
                )
            if shape in self._taken:
                raise _TakenError(
                    f"{self._name!r} is enrolled in {header.width}x{header.height} px "
                    "already; ask to replace it, or choose another name"
                )
            found = gather(footage, also=estimator, **self._settings)
            self.estimator = estimator
            self.used.append(found)


def _agreed(used: Sequence[Gathered], stated: str | None) -> str | None:
    """Return the camera model that videos name, or that was stated."""
    named = {one.camera_model for one in used if one.camera_model}
    if stated:
        named.add(stated)
    if len(named) > 1:
        raise InputError(
            f"the videos are said to be of {len(named)} camera models: "
            f"{', '.join(sorted(named))}; enrol each by itself"
        )
    return next(iter(named), None)


def _store(
    gallery: Gallery,
    name: str,
    work: _Work,
    fingerprint: Fingerprint,
    camera_model: str | None,
    replace: bool,
) -> FootageEnrollment:
    alike = lookalikes_of(gallery, fingerprint, name)
    wander = tuple(one.sums.stabilization() for one in work.used)
    sha256s = [one.header.sha256 for one in work.used]
    warnings = enrolled_elsewhere(gallery, sha256s, name)
    warnings += [text for one in work.used for text in one.warnings()]
    for one, found in zip(work.used, wander, strict=True):
        warnings += stabilization_warning(one.header.name, found)
    warnings += fingerprint.warnings
    files = tuple(one.to_file() for one in work.used)
    camera = gallery.enroll(
        name,
        fingerprint.pattern,
        n_photos=fingerprint.n_photos,
        quality=fingerprint.quality,
        noise_version=fingerprint.noise_version,
        camera_model=camera_model,
        photo_sha256s=sha256s,
        warnings=warnings,
        metadata={
            "source": "video",
            "saturated_share": fingerprint.saturated_share,
            "lookalikes": [one.camera for one in alike],
            "videos": [file.to_dict() for file in files],
            "stabilization": [one.to_dict() for one in wander],
        },
        replace=replace,
    )
    annotate_lookalikes(gallery, camera.name, alike, fingerprint.shape)
    return FootageEnrollment(
        camera=camera.name,
        camera_model=camera.camera_model,
        shape=fingerprint.shape,
        videos=files,
        left_out=tuple(work.left_out),
        n_frames=fingerprint.n_photos,
        quality=fingerprint.quality,
        saturated_share=fingerprint.saturated_share,
        stabilization=wander,
        pattern_sha256=camera.fingerprint(fingerprint.shape).pattern_sha256,
        noise_version=fingerprint.noise_version,
        gallery=str(gallery.folder),
        whichcam_version=whichcam.__version__,
        warnings=(*warnings, *([warning_of(alike)] if alike else ())),
    )
