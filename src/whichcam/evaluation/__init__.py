"""Honest figures: a model against pictures it has not seen, raw scores kept.

`evaluate` runs a model over the splits of a manifest and returns an
`EvaluationResult`, one JSON from which every figure can be computed again.
Modules load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichcam.evaluation._device_records import (
        DeviceConditions,
        DeviceFailure,
        DevicePair,
        DeviceProbe,
        EnrolledDevice,
    )
    from whichcam.evaluation._device_result import DeviceEvaluation
    from whichcam.evaluation._device_summary import DeviceSummary
    from whichcam.evaluation._device_tables import device_tables, devices_to_markdown
    from whichcam.evaluation._devices import evaluate_devices, evaluate_devices_grid
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
    "DeviceConditions": "_device_records",
    "DeviceEvaluation": "_device_result",
    "DeviceFailure": "_device_records",
    "DevicePair": "_device_records",
    "DeviceProbe": "_device_records",
    "DeviceSummary": "_device_summary",
    "EnrolledDevice": "_device_records",
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
    "device_tables": "_device_tables",
    "devices_to_markdown": "_device_tables",
    "evaluate": "_evaluate",
    "evaluate_devices": "_devices",
    "evaluate_devices_grid": "_devices",
    "summary_tables": "_tables",
    "to_markdown": "_tables",
}

__all__ = [
    "MEASURED_MANIPULATIONS",
    "UNTOUCHED",
    "DeviceConditions",
    "DeviceEvaluation",
    "DeviceFailure",
    "DevicePair",
    "DeviceProbe",
    "DeviceSummary",
    "EnrolledDevice",
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
    "device_tables",
    "devices_to_markdown",
    "evaluate",
    "evaluate_devices",
    "evaluate_devices_grid",
    "summary_tables",
    "to_markdown",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
