"""All pictures of a result, into one folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from whichcam._typing import PathLike
from whichcam.reporting._confusion import confusion_figure
from whichcam.reporting._crops_figure import crops_figure
from whichcam.reporting._methods_figures import (
    MethodAccuracy,
    manipulations_figure,
    methods_figure,
)
from whichcam.reporting._protocols import HasBenchmark, HasCrossval, HasEvaluation
from whichcam.reporting._reliability import reliability_figure

_UNTOUCHED: Final = "untouched"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.-]")


def benchmark_figures(result: HasBenchmark, folder: PathLike) -> tuple[Path, ...]:
    """Draw a benchmark: methods, manipulations, and each method's confusions.

    Parameters
    ----------
    result : BenchmarkResult
        The result.
    folder : path-like
        Where the PNGs go; it exists and holds none of their names.

    Returns
    -------
    tuple of Path
        The files written.

    Raises
    ------
    MissingDependencyError
        If matplotlib (extra ``report``) is not installed.
    InputError
        If a file exists.
    ArtifactError
        If a file cannot be written.
    """
    place = Path(folder)
    summary = result.summary()
    names = (_UNTOUCHED, *result.manipulations)
    written: list[Path] = []
    for split in result.known_splits:
        cells = {
            (cell.method, cell.manipulation): cell
            for cell in summary.cells
            if cell.split == split
        }
        if not cells:
            continue
        methods = list(dict.fromkeys(method for method, _ in cells))
        written.append(place / f"methods-{_safe(split)}.png")
        methods_figure(
            [
                MethodAccuracy(
                    name=method,
                    accuracy=cells[method, _UNTOUCHED].top1,
                    low=interval.low if interval else None,
                    high=interval.high if interval else None,
                )
                for method in methods
                for interval in [cells[method, _UNTOUCHED].top1_interval]
            ],
            written[-1],
            title=f"{split}, untouched",
        )
        if result.manipulations:
            written.append(place / f"manipulations-{_safe(split)}.png")
            manipulations_figure(
                {m: [cells[m, name].top1 for name in names] for m in methods},
                names,
                written[-1],
                title=f"{split}: share right",
            )
    for method in dict.fromkeys(cell.method for cell in summary.cells):
        answers = result.answers(method)
        if len(answers.labels):
            written.append(place / f"confusion-{_safe(method)}.png")
            confusion_figure(answers, written[-1])
            written.append(place / f"reliability-{_safe(method)}.png")
            reliability_figure(answers, written[-1])
    return tuple(written)


def crossval_figures(result: HasCrossval, folder: PathLike) -> tuple[Path, ...]:
    """Draw a cross-validation: methods with intervals, and what a leak would claim.

    Parameters
    ----------
    result : CrossvalResult
        The result.
    folder : path-like
        Where the PNGs go; it exists and holds none of their names.

    Returns
    -------
    tuple of Path
        The files written.

    Raises
    ------
    MissingDependencyError
        If matplotlib (extra ``report``) is not installed.
    InputError
        If a file exists.
    ArtifactError
        If a file cannot be written.
    """
    place = Path(folder)
    figures = result.summary().methods
    written: list[Path] = []
    for unit in dict.fromkeys(f.unit for f in figures):
        written.append(place / f"methods-{_safe(unit)}.png")
        methods_figure(
            [
                MethodAccuracy(
                    name=f.method,
                    accuracy=f.top1,
                    low=f.top1_interval.low if f.top1_interval else None,
                    high=f.top1_interval.high if f.top1_interval else None,
                    warning=f.ungrouped_top1,
                )
                for f in figures
                if f.unit == unit
            ],
            written[-1],
            title=f"held out by {unit}",
        )
    for method in result.complete("grouped"):
        answers = result.answers(method)
        if len(answers.labels):
            written.append(place / f"confusion-{_safe(method)}.png")
            confusion_figure(answers, written[-1])
            written.append(place / f"reliability-{_safe(method)}.png")
            reliability_figure(answers, written[-1])
    return tuple(written)


def evaluation_figures(
    result: HasEvaluation,
    folder: PathLike,
    *,
    by_crops: Mapping[str, Mapping[int, float]] | None = None,
) -> tuple[Path, ...]:
    """Draw an evaluation: confusions, reliability, manipulations, number of crops.

    Parameters
    ----------
    result : EvaluationResult
        The result.
    folder : path-like
        Where the PNGs go; it exists and holds none of their names.
    by_crops : mapping, optional
        As `whichcam.evaluation.accuracy_by_crops` returns it.

    Returns
    -------
    tuple of Path
        The files written.

    Raises
    ------
    MissingDependencyError
        If matplotlib (extra ``report``) is not installed.
    InsufficientEvidenceError
        If no photograph of a known camera was answered.
    InputError
        If a file exists.
    ArtifactError
        If a file cannot be written.
    """
    place = Path(folder)
    written = [place / "confusion.png", place / "reliability.png"]
    confusion_figure(result, written[0])
    reliability_figure(result, written[1])
    rows = [row for row in result.summary().manipulations if row.n_photos]
    names = list(dict.fromkeys(row.manipulation for row in rows))
    top1 = {(row.split, row.manipulation): row.top1 for row in rows}
    if len(names) > 1:
        written.append(place / "manipulations.png")
        manipulations_figure(
            {
                split: [top1.get((split, name)) for name in names]
                for split in dict.fromkeys(row.split for row in rows)
            },
            names,
            written[-1],
            title="share right",
        )
    if by_crops:
        written.append(place / "crops.png")
        crops_figure(by_crops, written[-1])
    return tuple(written)


def _safe(name: str) -> str:
    """Return a name without anything that has a meaning in paths."""
    return _UNSAFE.sub("_", name).lstrip(".") or "_"
