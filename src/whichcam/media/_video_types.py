"""What is known of a video, and of one of its frames."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from whichcam._typing import PixelArray


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoHeader:
    """What a video file says of itself.

    Attributes
    ----------
    name : str
        For display only.
    sha256 : str
        Of the file.
    n_bytes : int
        Its size.
    container, codec, pixel_format : str
        By FFmpeg's names, such as ``"mov"``, ``"h264"`` and ``"yuv420p"``.
    width, height : int
        Of frames, in px, in sensor orientation.
    rotation : int
        Degrees counter-clockwise by which players turn the frames (the display
        matrix); recorded, not applied.
    frame_rate : float or None
        Frames a second, on average.
    duration_s : float or None
        As the container declares it.
    n_frames : int or None
        As the container declares it.
    make, model, software : str
        From the container's metadata; empty where it does not say.
    warnings : tuple of str
        What makes the frames less than the sensor's.
    """

    name: str
    sha256: str
    n_bytes: int
    container: str
    codec: str
    pixel_format: str
    width: int
    height: int
    rotation: int
    frame_rate: float | None
    duration_s: float | None
    n_frames: int | None
    make: str
    model: str
    software: str
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, JSON-ready."""
        return {**asdict(self), "warnings": list(self.warnings)}


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameQuality:
    """How much of the sensor's pattern a frame can be expected to show.

    Attributes
    ----------
    exposed_share : float
        Share of luma samples, 0 to 1, neither dark (below 40) nor burnt (above 235).
    sharpness : float
        Mean absolute difference of neighbouring luma samples in grey levels, at most
        8: what the encoder left of fine detail. More than that is texture, which
        hides the pattern.
    motion : float
        Mean absolute difference of luma from the frame before, in grey levels.

    Notes
    -----
    A ranking, not a measurement: no publication gives these weights. Dark and burnt
    pixels carry no pattern; where an encoder smoothed the detail away it took the
    pattern with it; and the faster things move, the coarser frames are quantized.
    """

    exposed_share: float
    sharpness: float
    motion: float

    @property
    def score(self) -> float:
        """The product by which frames are ranked, greater is better."""
        return self.exposed_share * self.sharpness / (1 + self.motion / 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoFrame:
    """One decoded frame.

    Attributes
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        RGB in sensor orientation, read-only.
    index : int
        Number among the frames looked at (key frames, or all), from 0.
    time_s : float or None
        When it is shown.
    is_key : bool
        Whether it was encoded without reference to others.
    """

    pixels: PixelArray
    index: int
    time_s: float | None
    is_key: bool
