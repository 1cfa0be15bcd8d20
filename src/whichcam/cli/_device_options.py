"""What the commands about single cameras share: their options, and what they mean."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from whichcam.prnu import SearchRange


class Shifts(StrEnum):
    """How far a picture may be shifted against the fingerprint."""

    none = "none"
    window = "window"
    all = "all"


GalleryFolder: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--gallery",
        help="Folder of the enrolled cameras; where not given, $WHICHCAM_GALLERY, or "
        "one in your data folder.",
        show_default=False,
        metavar="DIR",
    ),
]
FalseAlarmRate: TypeAlias = Annotated[
    float,
    typer.Option(
        "--false-alarm-rate",
        help="Share of comparisons with other cameras that may reach the threshold.",
    ),
]
ShiftsOption: TypeAlias = Annotated[
    Shifts,
    typer.Option(
        "--shifts",
        help="Search shifts: none, within a few pixels (window), or all. Each position "
        "searched raises the threshold.",
    ),
]
WindowOption: TypeAlias = Annotated[
    int,
    typer.Option("--window", min=1, max=256, help="Pixels each way for window."),
]
RotationsOption: TypeAlias = Annotated[
    str,
    typer.Option("--rotations", help="Degrees to try, such as 0,90,180,270."),
]
ScalesOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--scales",
        help="Sizes to try against the enrolled pictures: 0.5 for half the width.",
    ),
]
CropOption: TypeAlias = Annotated[
    bool,
    typer.Option("--crop", help="Try a smaller picture at all places inside."),
]
AsJson: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print JSON, with everything that is known.")
]
AsCsv: TypeAlias = Annotated[
    bool, typer.Option("--csv", help="Print CSV, one row a picture.")
]
AllowTruncated: TypeAlias = Annotated[
    bool,
    typer.Option("--allow-truncated", help="Use the readable part of damaged files."),
]


def search_range(
    shifts: Shifts, window: int, rotations: str, scales: str, *, crop: bool
) -> SearchRange:
    """Return the range that the options describe.

    Raises
    ------
    typer.BadParameter
        If one of them is no list of numbers, or out of range.
    """
    from whichcam.errors import InputError
    from whichcam.prnu import SearchRange

    try:
        turns = tuple(int(part) for part in rotations.split(","))
        sizes = tuple(float(part) for part in scales.split(","))
    except ValueError as error:
        raise typer.BadParameter(
            f"--rotations {rotations} and --scales {scales}: expected numbers with "
            "commas between, such as 0,180 and 1,0.5"
        ) from error
    try:
        return SearchRange(
            shifts=shifts.value, window=window, rotations=turns, scales=sizes, crop=crop
        )
    except InputError as error:
        raise typer.BadParameter(str(error)) from error


def refuse_both(*, as_json: bool, as_csv: bool) -> None:
    """Refuse two forms of output at once."""
    if as_json and as_csv:
        raise typer.BadParameter("give one of --json and --csv, not both")


def check_rate(rate: float) -> None:
    """Refuse a rate of error that is none."""
    if not 0 < rate < 1:
        raise typer.BadParameter(
            f"{rate:g} is no rate; expected a share between 0 and 1, such as 0.0001",
            param_hint="--false-alarm-rate",
        )


def searched(search: dict[str, object], n_positions: int) -> str:
    """Return what was searched, in words."""
    from whichcam.cli._text import plural

    shifts = {
        "none": "no shift",
        "window": f"shifts up to {search['window']} px",
        "all": "all shifts",
    }[str(search["shifts"])]
    parts = [shifts]
    if search["crop"]:
        parts.append("all places inside")
    rotations, scales = search["rotations"], search["scales"]
    if isinstance(rotations, list):
        parts.append("turned by " + " or ".join(map(str, rotations)) + " degrees")
    if isinstance(scales, list) and scales != [1.0]:
        parts.append("scales " + ", ".join(f"{scale:g}" for scale in scales))
    return f"{plural(n_positions, 'position')} ({'; '.join(parts)})"
