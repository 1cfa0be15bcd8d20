"""``whichcam cluster``: sort pictures of unknown cameras into cameras."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from whichcam.cli._device_options import AsCsv, AsJson, check_rate, refuse_both
from whichcam.cli._text import percent, plural, say

if TYPE_CHECKING:
    from whichcam.pipelines import PhotoClusters

_EXAMPLES: Final = 3

CSV_COLUMNS: Final = (
    *("path", "cluster", "rotation", "width", "height", "exif_camera_model"),
    *("sha256", "duplicate_of", "error"),
)


def cluster(
    photos: Annotated[
        list[Path],
        typer.Argument(
            help="A folder of pictures, or several, or single pictures.",
            metavar="DIR",
            show_default=False,
        ),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="Write one row a picture to this .csv, or everything to this .json.",
            show_default=False,
        ),
    ] = None,
    false_alarm_rate: Annotated[
        float,
        typer.Option(
            "--false-alarm-rate",
            help="Chance, over the whole set, that two cameras' pictures are joined.",
        ),
    ] = 1e-3,
    scratch: Annotated[
        Path | None,
        typer.Option(
            help="Folder with room for one byte a pixel and picture; where not given, "
            "the system's for temporary files.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Sort the pictures in DIR into cameras by their sensors' patterns.

    No camera needs to be known. Pictures that nothing ties to others surely enough
    stay unassigned. Only pictures of one size are compared with each other.
    """
    refuse_both(as_json=as_json, as_csv=as_csv)
    check_rate(false_alarm_rate)
    if output is not None and output.suffix.lower() not in {".csv", ".json"}:
        raise typer.BadParameter(
            f"{output.name} ends in neither .csv nor .json", param_hint="--output"
        )
    from whichcam import pipelines
    from whichcam.cli._console import stages

    with stages() as report:
        found = pipelines.cluster(
            photos,
            false_alarm_rate=false_alarm_rate,
            scratch=scratch,
            progress=report,
        )
    if output is not None:
        from whichcam.cli._output import write_text

        is_csv = output.suffix.lower() == ".csv"
        write_text(output, _as_csv(found) if is_csv else _as_json(found))
        say(f"wrote {output}")
    if as_json:
        print(_as_json(found), end="")
    elif as_csv:
        print(_as_csv(found), end="")
    else:
        _show(found)


def _as_json(found: PhotoClusters) -> str:
    return json.dumps(found.to_dict(), indent=2, allow_nan=False) + "\n"


def _as_csv(found: PhotoClusters) -> str:
    from whichcam.cli._rows import csv_cell

    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(CSV_COLUMNS)
    for photo in found.photos:
        row = {"path": photo.name, **photo.to_dict()}
        table.writerow([csv_cell(row[name]) for name in CSV_COLUMNS])
    return text.getvalue()


def _show(found: PhotoClusters) -> None:
    from rich.text import Text

    from whichcam.cli._console import out, plain, print_table
    from whichcam.cli._device_show import how_often

    rows = []
    for number in (*range(found.n_clusters), -1):
        members = [p for p in found.photos if p.cluster == number and p.error is None]
        if not members:
            continue
        models = Counter(p.exif_camera_model or "(none)" for p in members)
        names = ", ".join(Path(p.name).name for p in members[:_EXAMPLES])
        more = len(members) - _EXAMPLES
        rows.append(
            (
                "unassigned" if number < 0 else number,
                len(members),
                f"{members[0].width}x{members[0].height}" if number >= 0 else "",
                ", ".join(f"{model} ({n})" for model, n in models.most_common(3)),
                names + (f" and {more} more" if more > 0 else ""),
            )
        )
    n_usable = len(found.photos) - found.n_unusable
    print_table(
        f"{plural(found.n_clusters, 'camera')} seen in {plural(n_usable, 'picture')}",
        ["cluster", "pictures", "size", "EXIF names", "such as"],
        rows,
        right=(0, 1),
    )
    thresholds = ", ".join(f"{z:.1f} ({size})" for size, z in found.thresholds.items())
    out().print(
        plain(
            f"{percent(found.unassigned_share, up=True)} of the pictures unassigned; "
            f"joined from z = {thresholds or '-'} on, which pictures of "
            f"different cameras reach {how_often(found.false_alarm_rate)} sets; "
            f"whichcam {found.whichcam_version}",
            "dim",
        )
    )
    for text in found.warnings:
        out().print(Text.assemble(("! ", "bold yellow"), plain(text)))
    for photo in found.photos:
        if photo.error is not None:
            say(f"left out {photo.name}: {photo.error}")
