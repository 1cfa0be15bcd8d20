"""Pictures of a screen's content, which no camera took."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache, partial
from importlib.resources import files
from typing import Final

from whichcam.claims._finding import Finding
from whichcam.claims._questioned import Questioned

_WORDS: Final = ("screenshot", "screen shot", "bildschirmfoto", "capture d")
_EXPOSURE: Final = ("EXIF ExposureTime", "EXIF FNumber", "EXIF FocalLength")
_TABLE: Final = "table of screens, whichcam/claims/screen_sizes.csv"

_found = partial(Finding, topic="file", analyser="screens")


def check_screens(questioned: Questioned) -> Iterator[Finding]:
    """Yield what says that the picture is a capture of a screen."""
    tags = questioned.photo.exif.tags
    comments = (tags.get("EXIF UserComment", ""), *questioned.claims.comments)
    said = next((text for text in comments if text.casefold().startswith(_WORDS)), None)
    if said is not None:
        yield _found(
            code="screen_capture_named",
            text="The file calls itself a capture of a screen.",
            seen=f"comment: {said[:80]}",
            expected=None,
            strength="strong",
            direction="contradicts",
            source="UserComment, as telephones write it",
        )
    elif questioned.photo.name.casefold().startswith(_WORDS):
        yield _found(
            code="screen_capture_named",
            text="The file's name is one that is given to captures of a screen.",
            seen=f"file name: {questioned.photo.name[:80]}",
            expected=None,
            strength="weak",
            direction="contradicts",
            source="names that telephones and computers give",
        )
    shape = sorted((questioned.photo.width, questioned.photo.height))
    kinds = _screens().get((shape[0], shape[1]))
    # Cameras store some of these sizes too, and tell how they exposed.
    if kinds is not None and not any(name in tags for name in _EXPOSURE):
        is_lossless = questioned.photo.format in {"PNG", "WEBP"}
        yield _found(
            code="screen_size",
            text=f"The picture has the size of a screen ({kinds}) and says nothing of "
            "an exposure.",
            seen=f"{questioned.photo.width}x{questioned.photo.height}, "
            f"{questioned.photo.format}",
            expected=None,
            strength="moderate" if is_lossless else "weak",
            direction="contradicts",
            source=_TABLE,
        )


@cache
def _screens() -> dict[tuple[int, int], str]:
    text = files("whichcam.claims").joinpath("screen_sizes.csv").read_text("utf-8")
    found: dict[tuple[int, int], str] = {}
    for row in csv.DictReader(text.splitlines()):
        size = int(row["width"]), int(row["height"])
        kinds = found.get(size, "").split(", ") if size in found else []
        if row["kind"] not in kinds:
            kinds.append(row["kind"])
        found[size] = ", ".join(kinds)
    return found
