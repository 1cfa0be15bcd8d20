"""What stands after the end of the picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from whichcam.claims._finding import Direction, Finding, Strength
from whichcam.claims._questioned import Questioned

# What cameras and telephones append: previews and second pictures (Multi-Picture
# Format), the video of a motion photo, records of their own, padding.
_BY_CAMERAS: Final = frozenset(
    {"padding", "video", "JPEG picture", "Samsung data", "Canon edit data"}
)
_SOURCE: Final = (
    "ITU-T T.81, B.1: a picture ends with EOI; CIPA DC-007 (Multi-Picture Format)"
)


def check_trailing(questioned: Questioned) -> Iterator[Finding]:
    """Yield one finding if bytes follow the picture."""
    jpeg = questioned.photo.jpeg
    if jpeg is None or not jpeg.trailing_bytes:
        return
    what = jpeg.trailing
    declared = "MPF" in jpeg.identifiers or any(
        questioned.photo.exif.tags.get(f"XMP {name}") == "1"
        for name in ("MotionPhoto", "MicroVideo")
    )
    strength: Strength = "note"
    direction: Direction = "neutral"
    if declared and what in _BY_CAMERAS:
        text = f"A {what} follows the picture, as the file declares."
    elif what in _BY_CAMERAS:
        text = f"After the picture comes what cameras append: {what}."
    elif what == "data":
        text = "Bytes without a known mark follow the picture; some cameras and many "
        text += "programs append their own."
    else:
        text = f"After the picture comes what no camera appends: {what}."
        strength, direction = "moderate", "contradicts"
    yield Finding(
        code="trailing_data",
        topic="file",
        analyser="trailing",
        text=text,
        seen=f"{jpeg.trailing_bytes} bytes: {what}",
        expected="nothing, or what cameras append",
        strength=strength,
        direction=direction,
        source=_SOURCE,
    )
