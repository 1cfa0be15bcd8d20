"""A benchmark as tables."""

from __future__ import annotations

import json
from typing import Any

from whichcam.evaluation._benchmark_result import BenchmarkResult
from whichcam.evaluation._benchmark_summary import BenchmarkCell, BenchmarkSummary
from whichcam.evaluation._records import UNTOUCHED
from whichcam.evaluation._tables import Cell, Table, markdown_table

_MIB = 2**20


def benchmark_tables(
    result: BenchmarkResult, *, n_resamples: int = 2000
) -> tuple[Table, ...]:
    """Return the figures of a benchmark as tables.

    Parameters
    ----------
    result : BenchmarkResult
        The result.
    n_resamples : int, default 2000
        Bootstrap samples of the intervals.

    Returns
    -------
    tuple of Table
        In reading order; those without a row are left out.
    """
    summary = result.summary(n_resamples=n_resamples)
    tables = [_methods(result, summary)]
    for split in result.known_splits:
        tables += [
            _split(result, summary, split),
            _manipulations(result, summary, split),
        ]
    tables += [_open_set(summary), _settings(result), _failed(result)]
    return tuple(table for table in tables if table.rows)


def benchmark_to_markdown(result: BenchmarkResult, *, n_resamples: int = 2000) -> str:
    """Return the tables of a benchmark as Markdown.

    Parameters
    ----------
    result : BenchmarkResult
        The result.
    n_resamples : int, default 2000
        Bootstrap samples of the intervals.

    Returns
    -------
    str
        Tables with titles in bold and notes, then a line that says where they come
        from. The same result gives the same text.
    """
    tables = benchmark_tables(result, n_resamples=n_resamples)
    commit = f"commit {result.git_commit[:10]}" if result.git_commit else "no commit"
    machine = result.machine
    last = (
        f"whichcam {result.versions.get('whichcam', '')}, {commit}, "
        f"{result.created[:10]}, {machine.get('workers')} process(es) on "
        f"{machine.get('processor')}, manifest `{result.manifest_sha256[:12]}`, "
        f"seed {result.seed}.\n"
    )
    return "\n".join([*(markdown_table(table) for table in tables), last])


def _methods(result: BenchmarkResult, summary: BenchmarkSummary) -> Table:
    sample = ""
    if result.limit is not None or result.train_limit is not None:
        sample = (
            f" At most {result.train_limit or 'all'} photos of a camera model were "
            f"learnt from and {result.limit or 'all'} of a split measured on."
        )
    rows: list[tuple[Cell, ...]] = []
    for method in result.methods:
        if method.error:
            continue
        tops = [
            _find(summary, method.name, split, UNTOUCHED)
            for split in result.known_splits
        ]
        rows.append(
            (
                method.name,
                *(cell.top1 if cell else None for cell in tops),
                *(summary.sp_cup.get((method.name, s)) for s in result.known_splits),
                f"{method.fit_s:.0f}",
                f"{1000 * summary.seconds[method.name]:.0f}",
                f"{method.size_bytes / _MIB:.1f}",
            )
        )
    return Table(
        key="methods",
        title=f"Methods, learnt from {result.train_split}",
        note="Top-1 of untouched photos on each split; SP Cup: 0.7 untouched + 0.3 "
        "manipulated. Fit: one thread, reading photos included. Photo: median time of "
        "an answer, decoding left out." + sample,
        columns=(
            "method",
            *(f"top-1 {split}" for split in result.known_splits),
            *(f"SP Cup {split}" for split in result.known_splits),
            "fit s",
            "photo ms",
            "size MiB",
        ),
        rows=tuple(rows),
    )


def _find(
    summary: BenchmarkSummary, method: str, split: str, manipulation: str
) -> BenchmarkCell | None:
    for cell in summary.cells:
        if (cell.method, cell.split, cell.manipulation) == (
            *(method, split),
            manipulation,
        ):
            return cell
    return None


def _split(result: BenchmarkResult, summary: BenchmarkSummary, split: str) -> Table:
    cells = [
        cell
        for cell in summary.cells
        if cell.split == split and cell.manipulation == UNTOUCHED
    ]
    return Table(
        key=f"split_{split}",
        title=f"{split}, untouched",
        note=f"Among {len(result.classes)} camera models. Interval: 95 %, whole "
        "devices resampled. Unable: photos that a method cannot look at; they count as "
        "wrong.",
        columns=(
            *("method", "photos", "devices", "top-1", "95 % interval"),
            *("macro devices", "top-5", "make", "calibration error", "unable"),
        ),
        rows=tuple(
            (
                cell.method,
                cell.n_photos,
                cell.n_devices,
                cell.top1,
                f"{cell.top1_interval.low:.3f} to {cell.top1_interval.high:.3f}"
                if cell.top1_interval
                else None,
                cell.macro_devices,
                cell.top5,
                cell.make,
                cell.calibration_error,
                cell.n_unable,
            )
            for cell in cells
        ),
    )


def _manipulations(
    result: BenchmarkResult, summary: BenchmarkSummary, split: str
) -> Table:
    names = (UNTOUCHED, *result.manipulations)
    rows: list[tuple[Cell, ...]] = []
    for method in result.methods:
        cells = [_find(summary, method.name, split, name) for name in names]
        if result.manipulations and any(cells):
            rows.append((method.name, *(c.top1 if c else None for c in cells)))
    return Table(
        key=f"manipulations_{split}",
        title=f"{split}: top-1 by manipulation",
        note="Untouched: the file as it is. All others: its pixels, changed.",
        columns=("method", *names),
        rows=tuple(rows),
    )


def _open_set(summary: BenchmarkSummary) -> Table:
    return Table(
        key="unknown",
        title="Unknown cameras",
        note="By the highest probability alone, the same for all methods; untouched "
        "photos. Rejection: share rejected where 95 % of the known are accepted.",
        columns=("method", "split", "known", "unknown", "AUROC", "rejection"),
        rows=tuple(
            (
                *(item.method, item.split, item.n_known, item.n_unknown),
                *(item.auroc, item.rejection),
            )
            for item in summary.open_set
        ),
    )


def _settings(result: BenchmarkResult) -> Table:
    given = [(m.name, _shown(m.settings)) for m in result.methods]
    return Table(
        key="settings",
        title="Settings given",
        note="All others are the method's own.",
        columns=("method", "settings"),
        rows=tuple((name, text) for name, text in given if text),
    )


def _shown(settings: Any) -> str:
    own = {name: value for name, value in settings.items() if name != "seed"}
    return json.dumps(own, sort_keys=True) if own else ""


def _failed(result: BenchmarkResult) -> Table:
    return Table(
        key="failed",
        title="Methods that could not be fitted",
        note="They are in no table above.",
        columns=("method", "why"),
        rows=tuple((m.name, m.error) for m in result.methods if m.error),
    )
