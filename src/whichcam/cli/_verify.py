"""``whichcam verify``: did this very camera take these pictures."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from whichcam.cli._device_options import (
    AllowTruncated,
    AsCsv,
    AsJson,
    CropOption,
    FalseAlarmRate,
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
from whichcam.cli._guard import FINDING, UNEXPECTED, UNUSABLE_INPUT

if TYPE_CHECKING:
    from whichcam.cli._inputs import Failure, Success
    from whichcam.pipelines import Verification

    Answer: TypeAlias = Success[Verification] | Failure

_FEW: Final = 3  # as many pictures are done before a bar would be read

CSV_COLUMNS: Final = (
    *("path", "camera", "reaches_threshold", "statistic", "score", "threshold"),
    *("false_alarm_rate", "p_value", "log10_p", "log10_lr", "calibration_id"),
    *("ncc", "pce", "shift", "rotation", "scale", "n_positions", "overlap"),
    *("camera_model", "exif_camera_model", "n_enrolled", "quality"),
    *("sha256", "fingerprint_sha256", "noise_version", "whichcam_version", "warnings"),
    *("error_code", "error"),
)


class FailOn(StrEnum):
    """Findings that can be made to fail the command."""

    match = "match"
    no_match = "no-match"


def verify(
    photos: Annotated[
        list[Path],
        typer.Argument(
            help="Pictures in question, folders of them, and manifests.",
            metavar="PHOTO",
            show_default=False,
        ),
    ],
    name: Annotated[
        str,
        typer.Argument(help="The name the camera is enrolled under.", metavar="NAME"),
    ],
    *,
    gallery: GalleryFolder = None,
    false_alarm_rate: FalseAlarmRate = 1e-4,
    calibration: Annotated[
        Path | None,
        typer.Option(
            help="JSON of a likelihood-ratio map, in place of the one kept with the "
            "camera.",
            show_default=False,
        ),
    ] = None,
    shifts: ShiftsOption = Shifts.none,
    window: WindowOption = 16,
    rotations: RotationsOption = "0,180",
    scales: ScalesOption = "1",
    crop: CropOption = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    allow_truncated: AllowTruncated = False,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            "--fail-on", help="Exit with 5 where this is found.", show_default=False
        ),
    ] = None,
) -> None:
    """Say whether the enrolled camera NAME took each PHOTO.

    The score z stands beside the threshold that other cameras reach at the stated
    false-alarm rate. A file that cannot be used is reported, the others are still
    done, and the exit code is 3.
    """
    refuse_both(as_json=as_json, as_csv=as_csv)
    check_rate(false_alarm_rate)
    search = search_range(shifts, window, rotations, scales, crop=crop)
    from whichcam import pipelines
    from whichcam.cli._console import bar
    from whichcam.cli._inputs import Failure, each_of_many, pictures

    found = pictures(photos)
    asked = partial(
        pipelines.verify_many,
        name=name,
        gallery=gallery,
        search=search,
        false_alarm_rate=false_alarm_rate,
        calibration=calibration,
        allow_truncated=allow_truncated,
        catch=Exception,  # a bug met in one picture must not cost the others' answers
    )
    done: list[Answer] = []
    with bar("verifying", when=len(found) > _FEW) as report:
        for answer in each_of_many(found, asked):
            done.append(answer)
            report(len(done), len(found))
    if as_json or as_csv:
        _write(iter(done), as_csv=as_csv)
    else:
        _show(done)
    failures = [answer for answer in done if isinstance(answer, Failure)]
    if failures:
        bug = any(failure.unexpected for failure in failures)
        raise typer.Exit(UNEXPECTED if bug else UNUSABLE_INPUT)
    if fail_on is not None and any(
        not isinstance(answer, Failure)
        and answer.found.reaches_threshold is (fail_on is FailOn.match)
        for answer in done
    ):
        raise typer.Exit(FINDING)


def _write(answers: Iterator[Answer], *, as_csv: bool) -> None:
    from whichcam.cli._inputs import Failure
    from whichcam.cli._rows import csv_rows, json_array

    with csv_rows(CSV_COLUMNS) if as_csv else json_array() as write:
        for answer in answers:
            if isinstance(answer, Failure):
                row: dict[str, Any] = answer.to_dict()
            else:
                row = {"path": answer.path, **answer.found.to_dict()}
            write(_flat(row) if as_csv else row)


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return the cells of a CSV row: nested values in one cell each."""
    error = row.get("error") or {}
    shift = row.get("shift")
    return {
        **row,
        "shift": None if shift is None else f"{shift[0]} {shift[1]}",
        "warnings": "; ".join(row.get("warnings") or ()),
        "error_code": error.get("code"),
        "error": error.get("message"),
    }


def _show(answers: list[Answer]) -> None:
    from rich.text import Text

    from whichcam.cli._console import out, plain, print_table
    from whichcam.cli._device_show import chance, place, print_verification
    from whichcam.cli._inputs import Failure

    if len(answers) == 1:
        if not isinstance(answers[0], Failure):
            print_verification(answers[0].found, answers[0].path)
        return
    rows = []
    warnings: dict[str, int] = {}
    for answer in answers:
        if isinstance(answer, Failure):
            reason = plain(f"unusable ({answer.code})", "red")
            rows.append([plain(answer.path), reason, *([Text()] * 5)])
            continue
        one = answer.found
        is_match = one.reaches_threshold
        for text in one.warnings:
            warnings[text] = warnings.get(text, 0) + 1
        rows.append(
            [
                plain(answer.path),
                Text("match" if is_match else "no match", "green" if is_match else ""),
                Text(f"{one.score:.1f}"),
                Text(f"{one.threshold:.1f}"),
                Text(chance(one.log10_p)),
                Text("" if one.log10_lr is None else f"{one.log10_lr:+.2f}"),
                plain(place(one.shift, one.rotation, one.scale) if is_match else ""),
            ]
        )
    columns = ["picture", "answer", "z", "threshold", "p-value", "log10 LR", "place"]
    print_table("", columns, rows, right=(2, 3, 4, 5))
    for text, count in warnings.items():
        mark = f"! {count} of {len(answers)}: "
        out().print(Text.assemble((mark, "bold yellow"), plain(text)))
