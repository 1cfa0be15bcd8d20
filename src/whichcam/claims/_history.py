"""Signs that the file was written by something other than a camera.

The rules are those by which `whichcam.datasets.screen` keeps edited files out of
training; here each becomes a finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from whichcam.claims._finding import Direction, Finding, Strength, Topic
from whichcam.claims._questioned import Questioned
from whichcam.datasets import ScreeningReason

_SOURCES: Final = {
    "editor_named": "table of programs, whichcam/datasets/editors.csv",
    "generated": "IPTC, digital source type vocabulary",
    "size_differs": "CIPA DC-008: PixelXDimension is the size of the picture",
    "size_swapped": "CIPA DC-008: PixelXDimension is the size of the picture",
    "photoshop_tables": "Photoshop's tables, as Pillow carries them",
    "coding": "JEITA CP-3461 (DCF): baseline coding",
}
_HABITS: Final = "table of makers' habits, whichcam/datasets/camera_habits.csv"
_STRUCTURE: Final = (
    "Kee, Johnson and Farid 2011, doi:10.1109/TIFS.2011.2128309; JEITA CP-3461 (DCF)"
)
_OF_HABITS: Final = frozenset(
    {"no_maker_note", "no_thumbnail", "standard_tables", "colour_profile"}
)
_EDITING: Final = frozenset(
    {
        "editor_named",
        "generated",
        "size_differs",
        "size_swapped",
        "photoshop_segment",
        "photoshop_tables",
    }
)
# Other analysers look closer at these.
_ELSEWHERE: Final = frozenset({"changed_later", "trailing_bytes", "no_camera_named"})
_STRONG, _MODERATE, _WEAK = 1.0, 0.6, 0.3


def check_history(questioned: Questioned) -> Iterator[Finding]:
    """Yield a finding for each sign, or one that there is none."""
    screening = questioned.screening
    reasons = [r for r in screening.reasons if r.code not in _ELSEWHERE]
    yield from map(_finding, reasons)
    if screening.is_original:
        yield Finding(
            code="structure_of_original",
            topic="file",
            analyser="history",
            text="The file's structure is that of a camera original; a careful forger "
            "could keep it.",
            seen=f"signs against it weigh {screening.weight:g}, of 1 that decide",
            expected=None,
            strength="weak",
            direction="agrees",
            source=_STRUCTURE,
        )


def _finding(reason: ScreeningReason) -> Finding:
    topic: Topic = "editing" if reason.code in _EDITING else "file"
    strength: Strength = "note"
    for least, word in ((_STRONG, "strong"), (_MODERATE, "moderate"), (_WEAK, "weak")):
        if reason.weight >= least:
            strength = word  # type: ignore[assignment]
            break
    direction: Direction = "neutral" if strength == "note" else "contradicts"
    default = _HABITS if reason.code in _OF_HABITS else _STRUCTURE
    return Finding(
        code=reason.code,
        topic=topic,
        analyser="history",
        text=f"{reason.text[:1].upper()}{reason.text[1:]}.",
        seen=reason.text,
        expected="a file as the camera wrote it",
        strength=strength,
        direction=direction,
        source=_SOURCES.get(reason.code, default),
    )
