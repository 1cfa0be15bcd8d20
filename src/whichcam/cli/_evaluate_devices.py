"""``whichcam evaluate --devices``: how well single cameras are told apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from whichcam.cli._text import plural, say

if TYPE_CHECKING:
    from whichcam.evaluation import DeviceEvaluation

_FAILURES_SHOWN: Final = 5


def evaluate_devices(
    manifest: Path,
    *,
    output: Path | None,
    figure: Path | None,
    calibration: Path | None,
    seed: int,
) -> None:
    """Enrol the devices of a manifest, compare its other pictures, print the tables."""
    refuse_existing(("--calibration", calibration))
    pav = None if figure is None else figure.with_stem(f"{figure.stem}-pav")
    refuse_existing(("--figure", pav))
    from whichcam import evaluation
    from whichcam.cli._console import bar
    from whichcam.cli._tables import print_tables
    from whichcam.datasets import Manifest

    table = Manifest.read(manifest)
    with bar("comparing devices") as report:
        result = evaluation.evaluate_devices(table, seed=seed, progress=report)
    if output is not None:
        result.save(output)
        say(f"wrote {output}")
    print_tables(evaluation.device_tables([result]))
    for failure in result.failures[:_FAILURES_SHOWN]:
        say(f"not used: {failure.path}: {failure.reason}")
    more = len(result.failures) - _FAILURES_SHOWN
    if more > 0:
        say(f"not used: {plural(more, 'more picture')}")
    if result.note:
        say(result.note)
    if figure is not None and pav is not None:
        from whichcam.reporting import pav_figure, tippett_figure

        tippett_figure(result, figure)
        pav_figure(result, pav)
        say(f"wrote {figure} and {pav}")
    if calibration is not None:
        _write_calibration(result, manifest, calibration)


def refuse_existing(*targets: tuple[str, Path | None]) -> None:
    """Refuse to overwrite, before an hour's work rather than after."""
    for option, target in targets:
        if target is not None and target.exists():
            raise typer.BadParameter(
                f"{target} exists and is not overwritten; name another file",
                param_hint=option,
            )


def _write_calibration(
    result: DeviceEvaluation, manifest: Path, calibration: Path
) -> None:
    from whichcam.cli._output import write_text

    fitted = result.fit_likelihood_ratios(
        source=f"{manifest.name}, content {result.manifest_sha256[:12]}"
    )
    write_text(calibration, json.dumps(fitted.to_dict(), indent=2) + "\n")
    say(f"wrote {calibration}, map {fitted.map_id}")
