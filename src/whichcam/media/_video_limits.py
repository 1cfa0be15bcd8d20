"""How much a video may ask of the machine."""

from __future__ import annotations

from dataclasses import dataclass

from whichcam.errors import ConfigError, ImageTooLargeError, ImageTooSmallError


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoLimits:
    """Bounds checked before memory or time is spent on a video.

    Parameters
    ----------
    max_bytes : int
        Largest file, in bytes. It is read in pieces and never held as a whole.
    max_pixels : int
        Largest frame, in pixels. 8K is 33 million.
    max_frames : int
        Frames decoded in search of the best, or key frames listed. 36,000 are twenty
        minutes at 30 frames a second.
    min_side : int
        Shortest side accepted, in pixels; noise needs 64.

    Raises
    ------
    ConfigError
        If a bound is smaller than 1.
    """

    max_bytes: int = 16 * 1024**3
    max_pixels: int = 40_000_000
    max_frames: int = 36_000
    min_side: int = 64

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_pixels", "max_frames", "min_side"):
            value = getattr(self, name)
            if value < 1:
                raise ConfigError(
                    f"video_limits.{name}", f"got {value}, expected 1 or more"
                )

    def check_bytes(self, name: str, n_bytes: int) -> None:
        """Refuse a file larger than ``max_bytes``."""
        if n_bytes > self.max_bytes:
            raise ImageTooLargeError(
                f"{name}: the video has {n_bytes} bytes, more than the limit of "
                f"{self.max_bytes}; pass VideoLimits(max_bytes=...) to raise it"
            )

    def check_size(self, name: str, width: int, height: int) -> None:
        """Refuse frames whose size is outside the bounds."""
        if width * height > self.max_pixels:
            raise ImageTooLargeError(
                f"{name}: frames of {width}x{height} = {width * height} pixels, more "
                f"than the limit of {self.max_pixels}; pass "
                "VideoLimits(max_pixels=...) if the file is to be trusted"
            )
        if min(width, height) < self.min_side:
            raise ImageTooSmallError(
                f"{name}: frames of {width}x{height} px, their shortest side must be "
                f"{self.min_side} px or more to show a sensor's pattern"
            )

    def check_frames(self, name: str, n_frames: int) -> None:
        """Refuse a video of more frames than ``max_frames``."""
        if n_frames > self.max_frames:
            raise ImageTooLargeError(
                f"{name}: more than {self.max_frames} frames to look at, the limit; "
                "use key frames only, cut the video, or pass "
                "VideoLimits(max_frames=...)"
            )
