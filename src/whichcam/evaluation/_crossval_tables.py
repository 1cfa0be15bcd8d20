"""A cross-validation as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from whichcam.evaluation._crossval_plan import CHAINS
from whichcam.evaluation._tables import Cell, Table

if TYPE_CHECKING:
    from whichcam.evaluation._crossval_figures import (
        CrossvalSummary,
        MethodFigures,
        PairedDifference,
    )
    from whichcam.evaluation._crossval_result import CrossvalResult
    from whichcam.scoring import Interval

_NAMED: Final = 3  # camera models named of those set aside together
_FEW_DEVICES: Final = 20  # below this, bootstrap intervals are too narrow

_TITLES: Final = {
    "device": "Tested on devices never seen",
    "session": "Tested on sessions never seen, of devices that were",
    "source": "Tested on sources never seen",
}


def crossval_tables(
    result: CrossvalResult, *, n_resamples: int = 2000
) -> tuple[Table, ...]:
    """Return the figures of a cross-validation as tables.

    Parameters
    ----------
    result : CrossvalResult
        The result.
    n_resamples : int, default 2000
        Bootstrap samples of the intervals.

    Returns
    -------
    tuple of Table
        In reading order; those without a row are left out.
    """
    summary = result.summary(n_resamples=n_resamples)
    units = CHAINS[result.group]
    tables: list[Table] = []
    for unit in units:
        apart = unit != result.group
        tables += [
            _methods(result, summary, unit, apart=apart),
            _folds(summary, unit, apart=apart),
            _pairs(summary, unit, apart=apart),
        ]
    tables += [_set_aside(result), _not_done(result)]
    return tuple(table for table in tables if table.rows)


def _title(unit: str, *, apart: bool) -> str:
    title = _TITLES[unit]
    return f"Apart: {title[0].lower()}{title[1:]}" if apart else title


def _methods(
    result: CrossvalResult, summary: CrossvalSummary, unit: str, *, apart: bool
) -> Table:
    found = [figures for figures in summary.methods if figures.unit == unit]
    counted = "sources" if unit == "source" else "devices"
    return Table(
        key=f"methods_{unit}",
        title=_title(unit, apart=apart),
        note=_methods_note(result, found, unit, counted, apart=apart),
        columns=(
            "method",
            "photos",
            counted,
            "models",
            "top-1",
            "95 % interval",
            f"macro {counted}",
            "top-5",
            "make",
            "unable",
            "fit s",
            "WARNING ungrouped",
        ),
        rows=tuple(_method_row(figures) for figures in found),
    )


def _methods_note(
    result: CrossvalResult,
    found: Sequence[MethodFigures],
    unit: str,
    counted: str,
    *,
    apart: bool,
) -> str:
    lines = []
    if apart:
        lines.append(
            f"These camera models have a single {result.group}, so they cannot be "
            f"tested by {result.group}; their {unit}s are held out instead. Do not "
            "read these figures as those of the first table."
        )
    lines.append(
        f"Top-1: the mean over folds, chosen among all {len(result.classes)} camera "
        f"models. Interval: whole {counted} resampled. Unable: pictures that a method "
        "cannot look at; they count as wrong. Fit: seconds a fold."
    )
    if found and found[0].n_devices < _FEW_DEVICES:
        lines.append(
            f"With {found[0].n_devices} {counted} such an interval is too narrow: take "
            "it for the least doubt there is."
        )
    lines.append(
        "WARNING: the last column is the top-1 that folds by picture would have "
        f"claimed for the same photos, the same {unit} on both sides. It is not how "
        "well a method does; the gap is what such folds hide."
    )
    return " ".join(lines)


def _method_row(figures: MethodFigures) -> tuple[Cell, ...]:
    return (
        figures.method,
        figures.n_photos,
        figures.n_devices,
        figures.n_models,
        figures.top1,
        _ends(figures.top1_interval),
        figures.macro_devices,
        figures.top5,
        figures.make,
        figures.n_unable,
        f"{figures.fit_s:.1f}",
        figures.ungrouped_top1,
    )


def _ends(interval: Interval | None) -> str | None:
    if interval is None:
        return None
    return f"{interval.low:.3f} to {interval.high:.3f}"


def _folds(summary: CrossvalSummary, unit: str, *, apart: bool) -> Table:
    found = [figures for figures in summary.methods if figures.unit == unit]
    n_folds = max((len(figures.folds) for figures in found), default=0)
    return Table(
        key=f"folds_{unit}",
        title=f"{_title(unit, apart=apart)}: top-1 of each fold",
        note="",
        columns=("method", *(f"fold {number + 1}" for number in range(n_folds))),
        rows=tuple((figures.method, *figures.folds) for figures in found),
    )


def _pairs(summary: CrossvalSummary, unit: str, *, apart: bool) -> Table:
    found = [pair for pair in summary.pairs if pair.unit == unit]
    return Table(
        key=f"pairs_{unit}",
        title=f"{_title(unit, apart=apart)}: differences between methods",
        note="Top-1 of the first less that of the second on the same folds. Interval "
        "and p: t-test corrected for folds that share their training pictures (Nadeau "
        "and Bengio 2003); p (Holm): adjusted for the number of pairs. With few folds "
        "it finds large differences only: a high p is no proof of equality.",
        columns=(
            "first",
            "second",
            "difference",
            "95 % interval",
            "p",
            "p (Holm)",
            "devices first better",
            "devices second better",
        ),
        rows=tuple(_pair_row(pair) for pair in found),
    )


def _pair_row(pair: PairedDifference) -> tuple[Cell, ...]:
    return (
        pair.first,
        pair.second,
        f"{pair.difference:+.3f}",
        f"{pair.low:+.3f} to {pair.high:+.3f}",
        pair.p_value,
        pair.p_holm,
        pair.n_first_better,
        pair.n_second_better,
    )


def _set_aside(result: CrossvalResult) -> Table:
    rows: dict[str, list[tuple[str, int]]] = {}
    for item in result.set_aside:
        rows.setdefault(item.reason, []).append((item.camera_model, item.n_photos))
    return Table(
        key="set_aside",
        title="Not tested",
        note="Learnt from in every fold, where they are possible wrong answers, unless "
        "no camera model is given. The JSON names them all.",
        columns=("why", "models", "photos", "such as"),
        rows=tuple(
            (
                reason,
                len({name for name, _ in items}),
                sum(count for _, count in items),
                _named([name for name, _ in items]),
            )
            for reason, items in rows.items()
        ),
    )


def _named(names: Sequence[str]) -> str:
    shown = [name for name in names if name.strip()]
    return ", ".join(shown[:_NAMED]) + (", ..." if len(shown) > _NAMED else "")


def _not_done(result: CrossvalResult) -> Table:
    return Table(
        key="not_done",
        title="Folds that could not be done",
        note="Their methods are in no table above.",
        columns=("method and fold", "why"),
        rows=tuple((item.what, item.reason) for item in result.not_done),
    )
