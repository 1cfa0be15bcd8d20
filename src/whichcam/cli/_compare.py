"""``whichcam compare``: one camera or two."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from whichcam.cli._device_options import (
    AsJson,
    CropOption,
    FalseAlarmRate,
    RotationsOption,
    ScalesOption,
    Shifts,
    ShiftsOption,
    WindowOption,
    check_rate,
    search_range,
)


def compare(
    a: Annotated[Path, typer.Argument(help="A picture, or a folder of one camera's.")],
    b: Annotated[Path, typer.Argument(help="Another picture, or another folder.")],
    *,
    false_alarm_rate: FalseAlarmRate = 1e-4,
    shifts: ShiftsOption = Shifts.none,
    window: WindowOption = 16,
    rotations: RotationsOption = "0,180",
    scales: ScalesOption = "1",
    crop: CropOption = False,
    model: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a trained model of camera models; the bundled one where "
            "not given.",
            show_default=False,
        ),
    ] = None,
    ask_model: Annotated[
        bool,
        typer.Option(
            "--model-too/--device-only",
            help="Also say whether they are of one camera model.",
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Say whether A and B were taken by one camera, enrolled or not.

    Of two single pictures a match is often missed; folders of several pictures each
    are far surer.
    """
    check_rate(false_alarm_rate)
    search = search_range(shifts, window, rotations, scales, crop=crop)
    from whichcam import pipelines
    from whichcam.cli._console import stages

    with stages() as report:
        found = pipelines.compare(
            a,
            b,
            search=search,
            false_alarm_rate=false_alarm_rate,
            model=model,
            ask_model=ask_model,
            progress=report,
        )
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, allow_nan=False))
        return
    from whichcam.cli._device_show import print_comparison

    print_comparison(found, str(a), str(b))
