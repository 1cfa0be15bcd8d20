"""What localizers were worth on splices: raw figures, one JSON, tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Final, Self

import numpy as np

from whichcam.datasets import SPLICE_SAVINGS
from whichcam.errors import IncompatibleArtifactError
from whichcam.evaluation._keeping import KeptResult
from whichcam.evaluation._tables import Cell, Table
from whichcam.scoring import auroc

SCHEMA: Final = "whichcam.splice_evaluation/1"

_LARGE_PX: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class SpliceRow:
    """What one method made of one picture.

    Attributes
    ----------
    path, kind, saving, grid, device : str
        From the manifest; the device is the host's.
    method : str
        A localizer.
    size_px : int
        Longer side of the object, also of the control's.
    pixel_auc, f1, best_f1 : float or None
        By pixel, in [0, 1]; None for pristine pictures.
    score : float or None
        Of the picture, where the method has one.
    alarm : bool or None
        Whether the score reached its threshold.
    suspicious_area : float
        Share of pixels at or above the fixed threshold.
    log10_lr : float or None
        Where the method has one.
    """

    path: str
    method: str
    kind: str
    saving: str
    size_px: int
    grid: str
    device: str
    pixel_auc: float | None
    f1: float | None
    best_f1: float | None
    score: float | None
    alarm: bool | None
    suspicious_area: float
    log10_lr: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpliceEvaluation(KeptResult):
    """Raw figures of every picture, and what they were made with.

    Attributes
    ----------
    methods : tuple of str
        Localizers, in the order measured.
    rows : tuple of SpliceRow
        Pictures times methods.
    manifest_sha256 : str
        Digest of the manifest's content.
    git_commit : str or None
        Checked out where whichcam ran from its source.
    versions, machine : mapping
        What it was computed with.
    created : str
        When it began, ISO 8601, UTC.
    duration_s : float
        How long it took.
    """

    _ITEMS_ON_LINES: ClassVar = ("rows",)

    methods: tuple[str, ...]
    rows: tuple[SpliceRow, ...]
    manifest_sha256: str
    git_commit: str | None
    versions: Mapping[str, str]
    machine: Mapping[str, Any]
    created: str
    duration_s: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; floats carry six significant digits."""
        plain = asdict(self)
        plain["methods"] = list(self.methods)
        plain["rows"] = [
            {name: _rounded(value) for name, value in row.items()}
            for row in plain["rows"]
        ]
        return {"schema": SCHEMA, **plain}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the result of which these are the values.

        Raises
        ------
        IncompatibleArtifactError
            If they are of another schema, or fields are missing or unknown.
        """
        rest = dict(values)
        if rest.pop("schema", None) != SCHEMA:
            raise IncompatibleArtifactError(
                f"this is no splice evaluation; expected the schema {SCHEMA}"
            )
        try:
            rows = tuple(SpliceRow(**row) for row in rest.pop("rows"))
            methods = tuple(rest.pop("methods"))
            return cls(rows=rows, methods=methods, **rest)
        except (KeyError, TypeError) as error:
            raise IncompatibleArtifactError(
                f"this lacks fields of a splice evaluation, or has others: {error}"
            ) from error


def splice_tables(result: SpliceEvaluation) -> tuple[Table, ...]:
    """Return the figures of a result as tables.

    Parameters
    ----------
    result : SpliceEvaluation
        The result.

    Returns
    -------
    tuple of Table
        By method and saving for objects of 128 px and more; by size of the object and
        by grid for the first method; pristine pictures by method and saving.
    """
    savings = [s for s in SPLICE_SAVINGS if any(r.saving == s for r in result.rows)]
    first = result.methods[0]
    sizes = sorted({row.size_px for row in result.rows})
    by_method = [
        (method, saving, *_mask_cells(_of(result, method, saving, _is_large)))
        for method in result.methods
        for saving in savings
    ]
    by_size = [
        (size, saving, *_mask_cells(_of(result, first, saving, _has_size(size))))
        for size in sizes
        for saving in savings
    ]
    by_grid = [
        (grid, saving, *_mask_cells(_of(result, first, saving, _has_grid(grid))))
        for grid in ("off", "on")
        for saving in savings
    ]
    columns = ("saving", "splices", "pixel AUC", "F1", "best F1")
    return (
        Table(
            key="methods",
            title=f"Objects of {_LARGE_PX} px and more",
            note="Means over pictures. F1: at the method's fixed threshold; best F1: "
            "at the best threshold of each picture, which nobody knows beforehand.",
            columns=("method", *columns),
            rows=tuple(by_method),
        ),
        Table(
            key="sizes",
            title=f"By size of the object: {first}",
            note="",
            columns=("px", *columns),
            rows=tuple(by_size),
        ),
        Table(
            key="grids",
            title=f"By the object's JPEG grid on the host's or off it: {first}",
            note=f"Objects of {_LARGE_PX} px and more.",
            columns=("grid", *columns),
            rows=tuple(by_grid),
        ),
        _pictures(result, savings),
    )


def _pictures(result: SpliceEvaluation, savings: list[str]) -> Table:
    rows = []
    for method in result.methods:
        for saving in savings:
            chosen = [
                row
                for row in result.rows
                if row.method == method and row.saving == saving and _is_large(row)
            ]
            spliced = [row for row in chosen if row.kind == "spliced"]
            pristine = [row for row in chosen if row.kind == "pristine"]
            rows.append(
                (
                    method,
                    saving,
                    len(pristine),
                    _auc_of_scores(spliced, pristine),
                    _mean(row.alarm for row in spliced),
                    _mean(row.alarm for row in pristine),
                    _mean(row.suspicious_area for row in pristine),
                )
            )
    return Table(
        key="pictures",
        title="Whole pictures",
        note=f"Objects of {_LARGE_PX} px and more against the same hosts untouched. "
        "Area: share of an untouched picture that is marked.",
        columns=(
            *("method", "saving", "pristine", "AUC", "found", "false alarms"),
            "false-alarm area",
        ),
        rows=tuple(rows),
    )


def _is_large(row: SpliceRow) -> bool:
    return row.size_px >= _LARGE_PX


def _has_size(size: int) -> Callable[[SpliceRow], bool]:
    return lambda row: row.size_px == size


def _has_grid(grid: str) -> Callable[[SpliceRow], bool]:
    return lambda row: row.grid == grid and _is_large(row)


def _of(
    result: SpliceEvaluation,
    method: str,
    saving: str,
    keep: Callable[[SpliceRow], bool],
) -> list[SpliceRow]:
    return [
        row
        for row in result.rows
        if row.method == method
        and row.saving == saving
        and row.kind == "spliced"
        and keep(row)
    ]


def _mask_cells(rows: list[SpliceRow]) -> tuple[Cell, ...]:
    return (
        len(rows),
        _mean(row.pixel_auc for row in rows),
        _mean(row.f1 for row in rows),
        _mean(row.best_f1 for row in rows),
    )


def _auc_of_scores(spliced: list[SpliceRow], pristine: list[SpliceRow]) -> float | None:
    positive = [row.score for row in spliced if row.score is not None]
    negative = [row.score for row in pristine if row.score is not None]
    return float(auroc(positive, negative)) if positive and negative else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [float(value) for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _rounded(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value
