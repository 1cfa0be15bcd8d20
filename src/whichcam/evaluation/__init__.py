"""Honest figures: a model against pictures it has not seen, raw scores kept.

`evaluate` runs a model over the splits of a manifest and returns an
`EvaluationResult`, one JSON from which every figure can be computed again.
Modules load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichcam.evaluation._evaluate import MEASURED_MANIPULATIONS, evaluate
    from whichcam.evaluation._protocols import EvaluableModel
    from whichcam.evaluation._records import UNTOUCHED, EvaluationRow, RowFailure
    from whichcam.evaluation._result import EvaluationResult
    from whichcam.evaluation._summary import (
        EvaluationSummary,
        LevelSummary,
        ManipulationSummary,
        SplitSummary,
        UnknownSummary,
    )
    from whichcam.evaluation._tables import Table, summary_tables, to_markdown

_WHERE = {
    "MEASURED_MANIPULATIONS": "_evaluate",
    "UNTOUCHED": "_records",
    "EvaluableModel": "_protocols",
    "EvaluationResult": "_result",
    "EvaluationRow": "_records",
    "EvaluationSummary": "_summary",
    "LevelSummary": "_summary",
    "ManipulationSummary": "_summary",
    "RowFailure": "_records",
    "SplitSummary": "_summary",
    "Table": "_tables",
    "UnknownSummary": "_summary",
    "evaluate": "_evaluate",
    "summary_tables": "_tables",
    "to_markdown": "_tables",
}

__all__ = [
    "MEASURED_MANIPULATIONS",
    "UNTOUCHED",
    "EvaluableModel",
    "EvaluationResult",
    "EvaluationRow",
    "EvaluationSummary",
    "LevelSummary",
    "ManipulationSummary",
    "RowFailure",
    "SplitSummary",
    "Table",
    "UnknownSummary",
    "evaluate",
    "summary_tables",
    "to_markdown",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
