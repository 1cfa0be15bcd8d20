"""Say whether a camera filmed a video."""

from __future__ import annotations

from typing import Final

from whichcam._typing import PathLike
from whichcam.errors import InputError
from whichcam.gallery import EnrolledCamera, Gallery, StoredFingerprint
from whichcam.media import VideoLimits, open_video
from whichcam.pipelines._devices import (
    fingerprint_of,
    opened_gallery,
)
from whichcam.pipelines._footage_frames import (
    Choice,
    Gathered,
    Progress,
    gather,
    stabilization_warning,
)
from whichcam.pipelines._footage_result import (
    FootageReference,
    FootageVerification,
)
from whichcam.pipelines._footage_work import Asking, Reference
from whichcam.pipelines._verify import FALSE_ALARM_RATE
from whichcam.prnu import (
    SearchRange,
    threshold_for,
)
from whichcam.prnu._footage_score import (
    WINDOW,
)

MAX_FRAMES: Final = 64
"""Frames looked at, by default: some two minutes of key frames of a phone."""


def verify_footage(
    video: PathLike | bytes,
    name: str,
    *,
    gallery: Gallery | PathLike | None = None,
    choice: Choice = "key",
    max_frames: int = MAX_FRAMES,
    search: SearchRange | None = None,
    zoom: float = 1.0,
    window: int = WINDOW,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    allow_truncated: bool = False,
    limits: VideoLimits | None = None,
    progress: Progress | None = None,
) -> FootageVerification:
    """Compare a video with the fingerprint of an enrolled camera.

    Parameters
    ----------
    video : path or bytes
        The video in question.
    name : str
        The name the camera is enrolled under, from video or from photographs. A
        fingerprint of the frames' size is taken where there is one, else that of
        most pixels.
    gallery : Gallery or path-like, optional
        By default that of `whichcam.gallery.default_gallery_dir`.
    choice : {"key", "best"}, default "key"
        Which frames: see `whichcam.media.Video.frames`.
    max_frames : int, default 64
        Frames looked at, at most.
    search : SearchRange, optional
        Where frames may lie on the sensor. By default as they lie or upside down, if
        the fingerprint is of their size; else all places inside it at the scales of
        usual modes: the full width reduced, one to one, and two by two to one.
    zoom : float, default 1
        With a fingerprint of another size, also try parts of the sensor down to
        1/zoom of its width, 1 to 2: modes that crop. Takes time in proportion.
    window : int, default 16
        Shift in px within which single frames are looked for, 1 to 256.
    false_alarm_rate : float, default 1e-4
        Share of comparisons with other cameras that may reach a threshold, all
        positions and both tests allowed for.
    allow_truncated : bool, default False
        Use a file that ends too early as far as it goes.
    limits : VideoLimits, optional
        Bounds of bytes, pixels and frames.
    progress : callable, optional
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    FootageVerification

    Raises
    ------
    UnknownNameError
        If the camera is not enrolled.
    ShapeMismatchError
        If frames fit no place of the fingerprint.
    InsufficientEvidenceError
        If all frames are burnt or dark.
    PhotoNotFoundError, InputError
        If the video cannot be used, or a value is out of range.
    ArtifactError
        If the gallery cannot be used.
    MissingDependencyError
        If PyAV is not installed.

    Notes
    -----
    Thresholds take the noise of frames for that of photographs. On clips of synthetic
    cameras, encoded as usual, other cameras reach them as often as stated or less, down
    to rates of 0.01; encoded strongly (H.264, crf 30) up to twice as often
    (``benchmarks/prnu_footage.py``). Smaller rates are the model's, and no real video
    was tried. Every result says so.

    The video is decoded twice and never held: memory is that of some planes of a
    frame and of the fingerprint.
    """
    _check(false_alarm_rate, zoom)
    with (
        opened_gallery(gallery) as opened,
        open_video(video, limits=limits, allow_truncated=allow_truncated) as footage,
    ):
        camera = opened.get(name)
        reference = _of_camera(camera, (footage.header.height, footage.header.width))
        return Asking(
            footage, choice, max_frames, window, false_alarm_rate, progress
        ).answer(reference, search, zoom, camera)


def compare_footage(
    video: PathLike | bytes,
    against: PathLike | bytes,
    *,
    choice: Choice = "key",
    max_frames: int = MAX_FRAMES,
    search: SearchRange | None = None,
    zoom: float = 1.0,
    window: int = WINDOW,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    allow_truncated: bool = False,
    limits: VideoLimits | None = None,
    progress: Progress | None = None,
) -> FootageVerification:
    """Compare a video with another one, whose camera is the reference.

    Parameters
    ----------
    video : path or bytes
        The video in question.
    against : path or bytes
        The other one; best the longer, of bright and even surfaces. Where its frames
        seem stabilized, they are summed as they fit on one another.
    choice, max_frames, search, zoom, window, false_alarm_rate, allow_truncated, \
limits, progress
        As for `verify_footage`, for both videos.

    Returns
    -------
    FootageVerification

    Raises
    ------
    InputError, PhotoNotFoundError, InsufficientEvidenceError, MissingDependencyError
        As `verify_footage`.
    """
    _check(false_alarm_rate, zoom)
    with open_video(against, limits=limits, allow_truncated=allow_truncated) as other:
        found = gather(
            other,
            choice=choice,
            max_frames=max_frames,
            window=window,
            progress=progress,
        )
    reference, was_aligned = _of_video(found)
    with open_video(video, limits=limits, allow_truncated=allow_truncated) as footage:
        return Asking(
            footage, choice, max_frames, window, false_alarm_rate, progress
        ).answer(reference, search, zoom, None, shifted=was_aligned)


def _check(false_alarm_rate: float, zoom: float) -> None:
    threshold_for(false_alarm_rate)
    if not 1 <= zoom <= 2:
        raise InputError(f"zoom is {zoom}, expected 1 to 2")


def _of_camera(camera: EnrolledCamera, shape: tuple[int, int]) -> Reference:
    by_shape = {one.shape: one for one in camera.fingerprints}
    stored: StoredFingerprint = (
        by_shape.get(shape) or by_shape.get(shape[::-1]) or camera.fingerprints[0]
    )
    return Reference(
        fingerprint=fingerprint_of(stored),
        said=FootageReference(
            kind="camera",
            name=camera.name,
            camera_model=camera.camera_model,
            shape=stored.shape,
            n_frames=stored.n_photos,
            quality=stored.quality,
            sha256=stored.pattern_sha256,
        ),
        warnings=stored.warnings,
    )


def _of_video(found: Gathered) -> tuple[Reference, bool]:
    """Return the fingerprint of another video, and whether it was aligned."""
    wander = found.sums.stabilization()
    aligned = wander.verdict == "suspected"
    made = found.sums.estimate_aligned() if aligned else found.sums.estimate()
    header = found.header
    said = FootageReference(
        kind="video",
        name=header.name,
        camera_model=found.camera_model,
        shape=made.shape,
        n_frames=made.n_photos,
        quality=made.quality,
        sha256=header.sha256,
    )
    warnings = (
        *found.warnings(),
        *stabilization_warning(header.name, wander),
        *(f"{header.name}: {text}" for text in made.warnings),
    )
    return Reference(fingerprint=made, said=said, warnings=warnings), aligned
