"""``whichcam localize``: which part of a picture does not go with the rest."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whichcam.cli._device_options import AllowTruncated, GalleryFolder
from whichcam.cli._text import say

if TYPE_CHECKING:
    from whichcam.localize import Localization


class Method(StrEnum):
    """Names of the registry, which the command's help must not load."""

    fusion = "fusion"
    camera_consistency = "camera_consistency"
    double_compression = "double_compression"
    jpeg_grid = "jpeg_grid"
    noise_level = "noise_level"
    prnu_absence = "prnu_absence"


def localize(
    photo: Annotated[
        Path, typer.Argument(help="The picture in question.", metavar="PHOTO")
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="PNG of the map; an existing one is replaced.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        Method, typer.Option(help="Which traces are compared.")
    ] = Method.fusion,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Lay the map over the picture, in grey.")
    ] = False,
    camera: Annotated[
        str | None,
        typer.Option(
            help="With --method prnu_absence: the enrolled camera that took it.",
            show_default=False,
        ),
    ] = None,
    gallery: GalleryFolder = None,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the model that names areas; the bundled one where not "
            "given.",
            show_default=False,
        ),
    ] = None,
    parameters: Annotated[
        Path | None,
        typer.Option(
            help="JSON of `whichcam fit-localizer`; the bundled one where not given.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON instead of lines.")
    ] = False,
    allow_truncated: AllowTruncated = False,
) -> None:
    """Show which part of PHOTO carries other traces than the rest.

    The map is dark where the traces agree and pale yellow where they do not. It says
    where they disagree, not why.
    """
    if overlay and output is None:
        raise typer.BadParameter("needs --output", param_hint="--overlay")
    import json

    from whichcam import pipelines
    from whichcam.media import open_photo

    opened = open_photo(photo, allow_truncated=allow_truncated)
    found = pipelines.localize(
        opened,
        method=method.value,
        gallery=gallery,
        camera=camera,
        model=model,
        parameters=parameters,
    )
    if output is not None:
        from whichcam.cli._output import write_bytes
        from whichcam.reporting import heat_picture

        picture = heat_picture(
            found.heatmap,
            photo=opened.pixels if overlay else None,
            threshold=found.threshold,
        )
        write_bytes(output, picture)
        say(f"wrote {output}")
    if as_json:
        print(json.dumps({"path": str(photo), **found.to_dict()}, indent=2))
    else:
        _show(found, str(photo))


def _show(found: Localization, path: str) -> None:
    from rich.text import Text

    from whichcam.cli._console import out, plain, print_table

    rows = [("method", found.method)]
    if found.suspicious_area is not None:
        rows.append(("suspicious area", f"{100 * found.suspicious_area:.1f} %"))
    if found.score is not None and found.score_threshold is not None:
        rows.append(("score", f"{found.score:.2f}"))
        rate = f"{100 * (found.false_alarm_rate or 0):.1f} % false alarms"
        rows.append(("threshold of the score", f"{found.score_threshold:.2f} ({rate})"))
        answer = "other traces in a part" if found.alarm else "nothing to be seen"
        rows.append(("answer", answer))
    if found.log10_lr is not None:
        rows.append(("log10 likelihood ratio", f"{found.log10_lr:+.2f}"))
    for region in found.labels:
        top, left, height, width = region.box
        what = "area" if region.suspicious else "the rest"
        name = region.camera_model or "too small to say"
        share = "" if region.probability is None else f" ({region.probability:.2f})"
        place = f"{width}x{height} px at {left},{top}: " if region.suspicious else ""
        rows.append((what, f"{place}resembles {name}{share}"))
    print_table(path, ["what", "found"], rows)
    for text in found.warnings:
        out().print(Text.assemble(("! ", "bold yellow"), plain(text)))
