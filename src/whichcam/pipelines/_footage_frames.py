"""A video read frame by frame into sums: what asking and enrolling share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from whichcam.datasets import canonical_camera
from whichcam.errors import InputError, InsufficientEvidenceError
from whichcam.media import Video, VideoFrame, VideoHeader
from whichcam.pipelines._footage_result import FootageFile
from whichcam.prnu import FingerprintEstimator, PhotoNoise, photo_noise
from whichcam.prnu._cautions import camera_cautions, general_caution, noise_cautions
from whichcam.prnu._footage_score import FootageEstimator, Stabilization

Choice = Literal["key", "best"]
Progress = Callable[[str, int, int], None]

_FEWEST_USABLE: Final = 0.01  # as `FingerprintEstimator` refuses less


@dataclass(slots=True, kw_only=True)
class Gathered:
    """A video's frames, summed."""

    header: VideoHeader
    sums: FootageEstimator
    choice: Choice
    n_left_out: int
    cautions: Counter[str]

    @property
    def camera_model(self) -> str | None:
        """What the video's metadata name."""
        try:
            name = canonical_camera(self.header.make, self.header.model)
        except InputError:
            return None
        return name.camera_model or None

    def to_file(self) -> FootageFile:
        """Return what stands of it in results."""
        header = self.header
        return FootageFile(
            name=header.name,
            sha256=header.sha256,
            n_bytes=header.n_bytes,
            container=header.container,
            codec=header.codec,
            width=header.width,
            height=header.height,
            rotation=header.rotation,
            frame_rate=header.frame_rate,
            duration_s=header.duration_s,
            camera_model=self.camera_model,
            choice=self.choice,
            n_used=self.sums.n_frames,
            n_left_out=self.n_left_out,
        )

    def warnings(self) -> list[str]:
        """Return what is to be said of the file and of its frames."""
        header, n_frames = self.header, self.sums.n_frames
        said = [f"{header.name}: {text}" for text in header.warnings]
        said += [
            f"{header.name}: {n} of {n_frames} frames: {text}"
            for text, n in self.cautions.items()
        ]
        if self.n_left_out:
            said.append(
                f"{header.name}: {self.n_left_out} frames were left out, burnt or dark "
                "all over"
            )
        return [*said, *map(str, camera_cautions(header.make, header.model))]


def noises(
    video: Video,
    choice: Choice,
    max_frames: int,
    stage: str,
    progress: Progress | None,
) -> Iterator[tuple[VideoFrame, PhotoNoise | None]]:
    """Yield frames with their noise, None where they show nothing of the sensor."""
    frames = video.frames(choice, max_frames=max_frames, progress=progress)
    for done, frame in enumerate(frames, start=1):
        noise = photo_noise(frame.pixels, name=f"frame {frame.index}")
        yield frame, noise if noise.usable_share >= _FEWEST_USABLE else None
        if progress is not None:
            progress(stage, done, max_frames)


def gather(
    video: Video,
    *,
    choice: Choice,
    max_frames: int,
    window: int,
    progress: Progress | None,
    also: FingerprintEstimator | None = None,
) -> Gathered:
    """Sum the frames of a video; ``also`` is an estimator that gets each of them too.

    Raises
    ------
    InsufficientEvidenceError
        If no frame shows anything of the sensor.
    """
    header = video.header
    sums = FootageEstimator((header.height, header.width), window=window)
    cautions: Counter[str] = Counter()
    n_seen = 0
    stage = f"reading {header.name}"
    for _, noise in noises(video, choice, max_frames, stage, progress):
        n_seen += 1
        if noise is None:
            continue
        cautions.update(map(str, noise_cautions(noise)))
        sums.add(noise)
        if also is not None:
            also.add_noise(noise)
    if sums.n_frames == 0:
        raise InsufficientEvidenceError(
            f"{header.name}: none of {n_seen} frames shows anything of the sensor: "
            "they are burnt or dark all over; use other footage, or other frames of it"
        )
    return Gathered(
        header=header,
        sums=sums,
        choice=choice,
        n_left_out=n_seen - sums.n_frames,
        cautions=cautions,
    )


def stabilization_warning(name: str, found: Stabilization) -> list[str]:
    """Return what is to be said of frames that wander."""
    if found.verdict != "suspected":
        return []
    among = "the fingerprint" if found.reference == "fingerprint" else "one another"
    caution = general_caution("stabilized")
    return [
        f"{name}: stabilization suspected: {found.n_moved} of {found.n_placed} frames "
        f"that could be placed on {among} lie elsewhere than most, by up to "
        f"{found.largest_move} px: {caution}"
    ]
