"""How much a file may ask of the machine."""

from __future__ import annotations

from dataclasses import dataclass

from whichcam.errors import ConfigError, ImageTooLargeError, ImageTooSmallError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds checked before memory is spent on a file.

    Parameters
    ----------
    max_bytes : int
        Largest file, in bytes. 256 MiB holds any single frame of today's cameras,
        RAW included.
    max_pixels : int
        Largest picture, in pixels, as its header declares it. A decoded picture
        takes three bytes a pixel, so 200 million are 600 MB. Checked before
        decoding: a few kilobytes can declare a picture of gigabytes.
    min_side : int
        Shortest side accepted, in pixels.

    Raises
    ------
    ConfigError
        If a bound is smaller than 1.
    """

    max_bytes: int = 256 * 1024 * 1024
    max_pixels: int = 200_000_000
    min_side: int = 1

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_pixels", "min_side"):
            value = getattr(self, name)
            if value < 1:
                raise ConfigError(f"limits.{name}", f"got {value}, expected 1 or more")

    def check_bytes(self, name: str, n_bytes: int) -> None:
        """Refuse a file larger than ``max_bytes``."""
        if n_bytes > self.max_bytes:
            raise ImageTooLargeError(
                f"{name}: the file has more than {self.max_bytes} bytes "
                f"({n_bytes} seen), the limit; pass Limits(max_bytes=...) to raise it"
            )

    def check_size(self, name: str, width: int, height: int) -> None:
        """Refuse a picture whose declared size is outside the bounds."""
        if width * height > self.max_pixels:
            raise ImageTooLargeError(
                f"{name}: the header declares {width} x {height} = {width * height} "
                f"pixels, more than the limit of {self.max_pixels}; nothing was "
                "decoded; pass Limits(max_pixels=...) if the picture is to be trusted"
            )
        if min(width, height) < self.min_side:
            raise ImageTooSmallError(
                f"{name}: the picture is {width} x {height} pixels, its shortest side "
                f"must be {self.min_side} or more"
            )
