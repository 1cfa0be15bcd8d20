"""``whichcam enroll``: make a camera's fingerprint of its pictures."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from whichcam.cli._device_options import AsJson, GalleryFolder
from whichcam.cli._text import plural

if TYPE_CHECKING:
    from whichcam.pipelines import Enrollment

_LEFT_OUT_SHOWN: Final = 20
_SIZE: Final = re.compile(r"(\d{1,6})x(\d{1,6})")


def enroll(
    name: Annotated[
        str, typer.Argument(help="To find the camera by.", show_default=False)
    ],
    photos: Annotated[
        list[Path],
        typer.Argument(
            help="Pictures taken by this very camera, or folders of them.",
            metavar="PHOTO",
            show_default=False,
        ),
    ],
    *,
    gallery: GalleryFolder = None,
    size: Annotated[
        str,
        typer.Option(
            help="Width and height of the pictures to use, such as 4000x3000; where "
            "not given, those of most.",
            show_default=False,
        ),
    ] = "",
    align: Annotated[
        bool,
        typer.Option(
            "--align",
            help="Turn pictures that are stored turned, where the pattern shows how.",
        ),
    ] = False,
    keep_edited: Annotated[
        bool,
        typer.Option(
            "--keep-edited",
            help="Also use files that say they were edited or resized.",
        ),
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace", help="Take the place of the camera's fingerprint of this size."
        ),
    ] = False,
    camera_model: Annotated[
        str,
        typer.Option(
            help="Make and model, such as 'Nikon D200', where the files do not say.",
            show_default=False,
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make the fingerprint of a camera of pictures it took, and keep it as NAME.

    Best are 20 or more pictures of bright, even, unsaturated surfaces (an overcast
    sky), as the camera wrote them. What cannot be used is left out with its reason.
    Stopped or killed, the same command goes on where it was; until it is done the
    gallery stays as it was.
    """
    from whichcam import pipelines
    from whichcam.cli._console import stages

    wanted = parse_size(size) if size else None
    with stages() as report:
        found = pipelines.enroll(
            name,
            photos,
            gallery=gallery,
            size=wanted,
            align=align,
            keep_edited=keep_edited,
            replace=replace,
            camera_model=camera_model or None,
            progress=report,
        )
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, allow_nan=False))
    else:
        _show(found)


def parse_size(text: str) -> tuple[int, int]:
    """Return width and height of a text such as 4000x3000."""
    match = _SIZE.fullmatch(text.strip())
    if match is None or "0" in match.groups():
        raise typer.BadParameter(
            f"{text!r} is no size; expected width and height, such as 4000x3000",
            param_hint="--size",
        )
    return int(match[1]), int(match[2])


def _show(found: Enrollment) -> None:
    from rich.text import Text

    from whichcam.cli._console import plain, print_table
    from whichcam.cli._device_show import facts, notes, panel

    height, width = found.shape
    used = f"{found.n_used} of {found.n_given}"
    if found.n_resumed:
        used += f" ({found.n_resumed} of them before it was broken off)"
    rows = [
        ("pictures used", used),
        ("size", f"{width}x{height} px"),
        (
            "quality",
            f"{found.quality:.2f}: scores are about {found.quality:.0%} of what a "
            "perfect fingerprint would give",
        ),
    ]
    if found.camera_model:
        rows.insert(0, ("camera model", found.camera_model))
    rows += [("would help", text) for text in found.needs]
    counts = Counter(one.code.replace("_", " ") for one in found.left_out)
    if counts:
        text = ", ".join(f"{n} {code}" for code, n in counts.items())
        rows.append(("left out", text))
    headline = plain(f"enrolled {found.camera}", "bold green")
    provenance = plain(
        f"gallery {found.gallery}; pattern {found.pattern_sha256[:16]}…, noise version "
        f"{found.noise_version}, whichcam {found.whichcam_version}",
        "dim",
    )
    panel(
        found.camera,
        [headline, Text(), facts(rows), *notes(found.warnings), Text(), provenance],
    )
    if found.left_out:
        shown = found.left_out[:_LEFT_OUT_SHOWN]
        print_table(
            "",
            ["left out", "why", "what was found"],
            [(one.name, one.code.replace("_", " "), one.reason) for one in shown],
        )
        more = len(found.left_out) - len(shown)
        if more > 0:
            print(f"and {plural(more, 'more picture')}; --json lists all")
