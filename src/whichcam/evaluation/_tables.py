"""The figures as tables: data for a terminal, text for a page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from whichcam.errors import UnknownNameError

if TYPE_CHECKING:
    from whichcam.evaluation._result import EvaluationResult
    from whichcam.evaluation._summary import EvaluationSummary, SplitSummary

Cell: TypeAlias = str | int | float | None

ABSENT: Final = "–"  # noqa: RUF001 (an en dash, as tables are set)

_N_CONFUSIONS: Final = 15
_ALONE: Final = ", crop alone"
_ALONE_NOTE: Final = (
    " The manifest tells the size of the frame that pictures were cut from, as whole "
    "files show it; crop alone: without that size."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table.

    Attributes
    ----------
    key : str
        Short name: splits, unknown, levels, manipulations, models or confusions.
    title, note : str
        What it shows; what must be known to read it (may be empty).
    columns : tuple of str
        Headings.
    rows : tuple of tuple
        Cells: text, whole numbers, shares as fractions, None where there is no figure.
    """

    key: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def text(self) -> tuple[tuple[str, ...], ...]:
        """Return the cells as they are shown: shares to three decimals."""
        return tuple(tuple(_shown(cell) for cell in row) for row in self.rows)

    def is_numeric(self, column: int) -> bool:
        """Say whether a column holds numbers only, to be set flush right."""
        return not any(isinstance(row[column], str) for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return {
            "key": self.key,
            "title": self.title,
            "note": self.note,
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
        }


def _shown(cell: Cell) -> str:
    if cell is None:
        return ABSENT
    return f"{cell:.3f}" if isinstance(cell, float) else str(cell)


def summary_tables(
    result: EvaluationResult, *, n_resamples: int = 2000
) -> tuple[Table, ...]:
    """Return the figures of a result as tables.

    Parameters
    ----------
    result : EvaluationResult
        The result.
    n_resamples : int, default 2000
        Bootstrap samples of the intervals.

    Returns
    -------
    tuple of Table
        In reading order; those without a row are left out.
    """
    summary = result.summary(n_resamples=n_resamples)
    tables = (
        _splits(summary),
        _unknown(summary),
        _levels(summary),
        _manipulations(summary),
        _models(summary),
        _confusions(result),
    )
    return tuple(table for table in tables if table.rows)


def _splits(summary: EvaluationSummary) -> Table:
    parts = [(part.split, part) for part in summary.splits]
    pooled = sum(part.n_photos > 0 for part in summary.splits) > 1
    if pooled:
        parts.append((summary.known.split, summary.known))
    parts += [(f"{part.split}{_ALONE}", part) for part in summary.crops_alone]
    return Table(
        key="splits",
        title="Known cameras",
        note="Interval: 95 %, whole devices resampled. Make: the make with the highest "
        "summed probability. Calibration error: expected, of the top probability, 15 "
        "bins. SP Cup: 0.7 untouched + 0.3 manipulated."
        + (' "known" pools the known splits.' if pooled else "")
        + (_ALONE_NOTE if summary.crops_alone else ""),
        columns=(
            "split",
            "photos",
            "devices",
            "models",
            "failed",
            "top-1",
            "95 % interval",
            "macro devices",
            "macro models",
            "top-5",
            "make",
            "calibration error",
            "SP Cup",
        ),
        rows=tuple(_split_row(name, part) for name, part in parts),
    )


def _split_row(name: str, part: SplitSummary) -> tuple[Cell, ...]:
    interval = part.top1_interval
    return (
        name,
        part.n_photos,
        part.n_devices,
        part.n_models,
        part.n_failed,
        part.top1,
        f"{interval.low:.3f} to {interval.high:.3f}" if interval else None,
        part.macro_devices,
        part.macro_models,
        part.top5,
        part.make,
        part.calibration_error,
        part.sp_cup,
    )


def _unknown(summary: EvaluationSummary) -> Table:
    return Table(
        key="unknown",
        title="Unknown cameras",
        note="AUROC of the known score; rejection: share of the unknown rejected where "
        "95 % of the known are accepted."
        + (_ALONE_NOTE if summary.unknown_crops_alone else ""),
        columns=(
            "split",
            "known photos",
            "unknown photos",
            "failed",
            "AUROC",
            "rejection",
        ),
        rows=tuple(
            (
                f"{part.split}{alone}",
                part.n_known,
                part.n_unknown,
                part.n_failed,
                part.auroc,
                part.rejection,
            )
            for alone, parts in (
                ("", summary.unknown),
                (_ALONE, summary.unknown_crops_alone),
            )
            for part in parts
        ),
    )


def _levels(summary: EvaluationSummary) -> Table:
    return Table(
        key="levels",
        title="Answers by level",
        note="Right for an unknown camera: unknown, or its own make. Wrong for a known "
        "camera: unknown.",
        columns=("cameras", "answer", "photos", "share", "error rate", "promised"),
        rows=tuple(
            (
                part.cameras,
                part.level,
                part.n_photos,
                part.share,
                part.error_rate,
                part.promised_error_rate,
            )
            for part in summary.levels
        ),
    )


def _manipulations(summary: EvaluationSummary) -> Table:
    return Table(
        key="manipulations",
        title="Manipulations",
        note="Untouched: the file as it is, and the size of its frame where the "
        "manifest tells it. Crop alone: without that size. None: its pixels alone. All "
        "others: its pixels, manipulated.",
        columns=("split", "manipulation", "photos", "failed", "top-1", "top-5", "make"),
        rows=tuple(
            (
                part.split,
                part.manipulation,
                part.n_photos,
                part.n_failed,
                part.top1,
                part.top5,
                part.make,
            )
            for part in summary.manipulations
        ),
    )


def _models(summary: EvaluationSummary) -> Table:
    return Table(
        key="models",
        title="Camera models",
        note="Most probable class of untouched pictures, known splits together.",
        columns=(
            "camera model",
            "photos",
            "recall",
            "precision",
            "F1",
            "most confused with",
        ),
        rows=tuple(
            (
                report.name,
                report.n_photos,
                report.recall,
                report.precision,
                report.f1,
                report.most_confused_with,
            )
            for report in summary.models
        ),
    )


def _confusions(result: EvaluationResult) -> Table:
    counts = result.confusion()
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_N_CONFUSIONS]
    cells = [divmod(int(cell), len(result.classes)) for cell in order]
    return Table(
        key="confusions",
        title="Most frequent confusions",
        note=f"At most {_N_CONFUSIONS}; of untouched pictures, known splits together.",
        columns=("camera model", "taken for", "photos", "of"),
        rows=tuple(
            (
                result.classes[true],
                result.classes[answered],
                int(wrong[true, answered]),
                int(counts[true].sum()),
            )
            for true, answered in cells
            if wrong[true, answered]
        ),
    )


def to_markdown(
    result: EvaluationResult,
    *,
    keys: Collection[str] | None = None,
    n_resamples: int = 2000,
) -> str:
    """Return the tables of a result as Markdown.

    Parameters
    ----------
    result : EvaluationResult
        The result.
    keys : collection of str, optional
        Tables wanted, see `Table.key`. Default: all.
    n_resamples : int, default 2000
        Bootstrap samples of the intervals.

    Returns
    -------
    str
        Tables with titles in bold and notes, then a line saying which model, manifest
        and version they are of. Ends in a newline. The same result gives the same text.

    Raises
    ------
    UnknownNameError
        If there is no table of such a key.
    """
    tables = summary_tables(result, n_resamples=n_resamples)
    if keys is not None:
        known = ("splits", "unknown", "levels", "manipulations", "models", "confusions")
        strange = sorted(set(keys) - set(known))
        if strange:
            raise UnknownNameError(f"no table {strange}; known: {', '.join(known)}")
        tables = tuple(table for table in tables if table.key in keys)
    return "\n".join([*(markdown_table(t) for t in tables), _provenance(result)])


def markdown_table(table: Table) -> str:
    """Return a table as Markdown, its title in bold before it and its note behind.

    Parameters
    ----------
    table : Table
        The table; marks in its cells that mean something in Markdown are escaped.

    Returns
    -------
    str
        Ends in a newline.
    """
    rule = ["---:" if table.is_numeric(i) else "---" for i in range(len(table.columns))]
    lines = [table.columns, tuple(rule), *table.text()]
    body = "".join(f"| {' | '.join(map(_escaped, line))} |\n" for line in lines)
    return f"**{table.title}**\n\n{body}" + (f"\n{table.note}\n" if table.note else "")


def _escaped(text: str) -> str:
    # Camera names come from files: a bar or a line break would break the row.
    printable = "".join(c if c.isprintable() else " " for c in text)
    for mark in "\\|`<[":
        printable = printable.replace(mark, "\\" + mark)
    return printable


def _provenance(result: EvaluationResult) -> str:
    commit = f", commit {result.git_commit[:12]}" if result.git_commit else ""
    sample = (
        f", at most {result.limit_per_split} pictures a split"
        if result.limit_per_split
        else ""
    )
    version = result.versions.get("whichcam", ABSENT)
    return (
        f"Model `{result.model_id}`, manifest `{result.manifest_sha256[:12]}`, "
        f"whichcam {version}{commit}, seed {result.seed}{sample}.\n"
    )
