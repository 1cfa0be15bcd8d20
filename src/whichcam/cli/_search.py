"""``whichcam search``: which of all enrolled cameras took this picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from whichcam.cli._device_options import (
    AllowTruncated,
    AsJson,
    CropOption,
    GalleryFolder,
    RotationsOption,
    ScalesOption,
    Shifts,
    ShiftsOption,
    WindowOption,
    check_rate,
    refuse_both,
    search_range,
)

CSV_COLUMNS: Final = (
    *("path", "rank", "camera", "reaches_threshold", "score", "threshold", "log10_p"),
    *("log10_lr", "ncc", "pce", "shortlist_score", "shift", "rotation", "scale"),
    *("n_positions", "camera_model", "quality", "sha256", "fingerprint_sha256"),
    *("false_alarm_rate", "n_searched", "whichcam_version", "warnings"),
)


def search(
    photo: Annotated[
        Path,
        typer.Argument(help="The picture in question.", metavar="PHOTO"),
    ],
    *,
    gallery: GalleryFolder = None,
    top_k: Annotated[
        int,
        typer.Option(
            "--top-k", min=1, help="Cameras to compare exactly, and to list at most."
        ),
    ] = 10,
    false_alarm_rate: Annotated[
        float,
        typer.Option(
            "--false-alarm-rate",
            help="Chance that any of all cameras reaches the threshold by accident.",
        ),
    ] = 1e-4,
    shifts: ShiftsOption = Shifts.none,
    window: WindowOption = 16,
    rotations: RotationsOption = "0,180",
    scales: ScalesOption = "1",
    crop: CropOption = False,
    as_json: AsJson = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV, one row a camera.")
    ] = False,
    allow_truncated: AllowTruncated = False,
) -> None:
    """Look for the camera of a PHOTO among all that are enrolled.

    The signs of all fingerprints of its size are compared first, then the best of
    them exactly. With shifts, crops or scales every fingerprint is compared exactly,
    which takes far longer.
    """
    refuse_both(as_json=as_json, as_csv=as_csv)
    check_rate(false_alarm_rate)
    wanted = search_range(shifts, window, rotations, scales, crop=crop)
    from whichcam import pipelines
    from whichcam.cli._console import bar

    with bar("comparing") as report:
        found = pipelines.search(
            photo,
            gallery=gallery,
            k=top_k,
            search=wanted,
            false_alarm_rate=false_alarm_rate,
            allow_truncated=allow_truncated,
            progress=report,
        )
    if as_json:
        whole = {"path": str(photo), **found.to_dict()}
        print(json.dumps(whole, indent=2, allow_nan=False))
        return
    if as_csv:
        from whichcam.cli._rows import csv_rows

        with csv_rows(CSV_COLUMNS) as write:
            for rank, hit in enumerate(found.hits, start=1):
                row = hit.to_dict()
                row["shift"] = f"{hit.shift[0]} {hit.shift[1]}"
                row["warnings"] = "; ".join((*found.warnings, *hit.warnings))
                shared = {
                    "path": str(photo),
                    "rank": rank,
                    "sha256": found.sha256,
                    "false_alarm_rate": found.false_alarm_rate,
                    "n_searched": found.n_searched,
                    "whichcam_version": found.whichcam_version,
                }
                write({**row, **shared})
        return
    from whichcam.cli._device_show import print_search

    print_search(found, str(photo))
