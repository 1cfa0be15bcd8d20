"""What is said of a video and a sensor."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, NoReturn

from whichcam.prnu._footage_score import Stabilization


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageFile:
    """A video as it was used.

    Attributes
    ----------
    name, sha256, n_bytes
        Which file.
    container, codec : str
        By FFmpeg's names.
    width, height : int
        Of frames, in px, in sensor orientation.
    rotation : int
        Degrees counter-clockwise by which players turn them; not applied.
    frame_rate, duration_s : float or None
        As the file declares them.
    camera_model : str or None
        What its metadata name.
    choice : {"key", "best"}
        Which frames were looked at.
    n_used, n_left_out : int
        Frames whose noise was summed, and frames all burnt or dark.
    """

    name: str
    sha256: str
    n_bytes: int
    container: str
    codec: str
    width: int
    height: int
    rotation: int
    frame_rate: float | None
    duration_s: float | None
    camera_model: str | None
    choice: Literal["key", "best"]
    n_used: int
    n_left_out: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, JSON-ready."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameScore:
    """One frame laid on the fingerprint by itself.

    Attributes
    ----------
    index : int
        Number among the frames looked at, from 0.
    time_s : float or None
        When it is shown.
    score : float
        Its greatest z; see `whichcam.prnu.NoiseMatch`.
    log10_p : float
        Chance that another camera's frame reaches it at any position searched.
    shift : (int, int)
        Row and column of the fingerprint at which it lies best.
    n_positions : int
        Positions searched.
    """

    index: int
    time_s: float | None
    score: float
    log10_p: float
    shift: tuple[int, int]
    n_positions: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, JSON-ready."""
        return {**asdict(self), "shift": list(self.shift)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageReference:
    """The fingerprint that a video was compared with.

    Attributes
    ----------
    kind : {"camera", "video"}
        Enrolled in a gallery, or made of another video.
    name : str
        Of the camera or of the video.
    camera_model : str or None
        Enrolled as, or named by the video's metadata.
    shape : (int, int)
        Rows and columns.
    n_frames : int
        Pictures or frames it was made of.
    quality : float
        See `whichcam.prnu.Fingerprint`.
    sha256 : str
        Of the stored pattern, or of the other video's file.
    """

    kind: Literal["camera", "video"]
    name: str
    camera_model: str | None
    shape: tuple[int, int]
    n_frames: int
    quality: float
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, JSON-ready."""
        return {**asdict(self), "shape": list(self.shape)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageVerification:
    """The answer to "did this camera film this video?".

    Two tests are made, each at half of ``false_alarm_rate``: the sum of all frames,
    and the best single frame.

    Attributes
    ----------
    video : FootageFile
        The video in question, and what of it was used.
    reference : FootageReference
        What it was compared with.
    statistic : {"z"}
        Which score decides: see `whichcam.prnu.NoiseMatch`.
    score, threshold : float
        Of the combined pattern: the maximum-likelihood estimate over frames i,
        ``sum(W_i I_i) / sum(I_i ** 2)``, laid on the fingerprint.
    combined : {"as filmed", "aligned"}
        Whether frames were summed as they lie, or as they fit on one another, which
        is done where stabilization is suspected.
    best_frame_score, best_frame_threshold : float or None
        Of the best frame; its threshold allows for all frames and positions. None
        where no frame could be compared by itself.
    false_alarm_rate : float
        Share of comparisons with other cameras in which either threshold is reached.
    p_value, log10_p : float
        Bound on the chance that another camera goes so far in either test.
    ncc, pce : float
        Of the combined pattern, for comparison with the literature.
    shift, rotation, scale
        Where the combined pattern lies best.
    n_positions, n_frame_positions : int
        Positions searched for the combined pattern, and by all frames together.
    overlap : int
        Pixels of the combined pattern compared.
    search : dict
        What was searched for the combined pattern.
    frames : tuple of FrameScore
        Frames compared by themselves.
    stabilization : Stabilization
        Whether frames wander.
    noise_version : int
        Version of the noise extraction.
    whichcam_version : str
        What answered.
    warnings : tuple of str
        What makes the answer less sure than it looks.
    """

    video: FootageFile
    reference: FootageReference
    statistic: Literal["z"]
    score: float
    threshold: float
    combined: Literal["as filmed", "aligned"]
    best_frame_score: float | None
    best_frame_threshold: float | None
    false_alarm_rate: float
    p_value: float
    log10_p: float
    ncc: float
    pce: float
    shift: tuple[int, int]
    rotation: int
    scale: float
    n_positions: int
    n_frame_positions: int
    overlap: int
    search: dict[str, Any]
    frames: tuple[FrameScore, ...]
    stabilization: Stabilization
    noise_version: int
    whichcam_version: str
    warnings: tuple[str, ...] = ()

    @property
    def reaches_threshold(self) -> bool:
        """Whether either score reaches its threshold; no verdict on the camera."""
        best, limit = self.best_frame_score, self.best_frame_threshold
        by_frame = best is not None and limit is not None and best >= limit
        return self.score >= self.threshold or by_frame

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a FootageVerification is not a yes or no; compare .score with .threshold "
            "(.reaches_threshold)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            **asdict(self),
            "video": self.video.to_dict(),
            "reference": self.reference.to_dict(),
            "reaches_threshold": self.reaches_threshold,
            "shift": list(self.shift),
            "frames": [frame.to_dict() for frame in self.frames],
            "stabilization": self.stabilization.to_dict(),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageEnrollment:
    """What came of enrolling a camera from video.

    Attributes
    ----------
    camera : str
        The name it is found by.
    camera_model : str or None
        What the videos' metadata name, or what was stated.
    shape : (int, int)
        Rows and columns of the fingerprint.
    videos : tuple of FootageFile
        Those used.
    left_out : tuple of (str, str)
        Names of the others, and why.
    n_frames : int
        Frames the fingerprint was made of.
    quality, saturated_share : float
        See `whichcam.prnu.Fingerprint`.
    stabilization : tuple of Stabilization
        Of each video used: whether its frames wander against one another.
    pattern_sha256 : str
        Of the stored pattern.
    noise_version : int
        Version of the noise extraction.
    gallery : str
        The gallery's folder.
    whichcam_version : str
        What made it.
    warnings : tuple of str
        What makes the fingerprint less good than it looks.
    """

    camera: str
    camera_model: str | None
    shape: tuple[int, int]
    videos: tuple[FootageFile, ...]
    left_out: tuple[tuple[str, str], ...]
    n_frames: int
    quality: float
    saturated_share: float
    stabilization: tuple[Stabilization, ...]
    pattern_sha256: str
    noise_version: int
    gallery: str
    whichcam_version: str
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            **asdict(self),
            "shape": list(self.shape),
            "videos": [video.to_dict() for video in self.videos],
            "left_out": [list(one) for one in self.left_out],
            "stabilization": [one.to_dict() for one in self.stabilization],
            "warnings": list(self.warnings),
        }
