"""Honest figures: a model against pictures it has not seen, raw scores kept.

`evaluate` runs a model over the splits of a manifest and returns an
`EvaluationResult`, one JSON from which every figure can be computed again;
`crossvalidate` compares methods on the same folds and returns a `CrossvalResult`.
Modules load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichcam.evaluation._answers import MethodAnswers
    from whichcam.evaluation._benchmark import benchmark
    from whichcam.evaluation._benchmark_records import (
        BenchmarkMethod,
        BenchmarkPhoto,
        BenchmarkScores,
    )
    from whichcam.evaluation._benchmark_result import BenchmarkResult
    from whichcam.evaluation._benchmark_summary import (
        BenchmarkCell,
        BenchmarkOpenSet,
        BenchmarkSummary,
    )
    from whichcam.evaluation._benchmark_tables import (
        benchmark_tables,
        benchmark_to_markdown,
    )
    from whichcam.evaluation._claims import evaluate_claims
    from whichcam.evaluation._claims_result import ClaimsEvaluation, ClaimsRow
    from whichcam.evaluation._crops import accuracy_by_crops
    from whichcam.evaluation._crossval import crossvalidate
    from whichcam.evaluation._crossval_figures import (
        CrossvalSummary,
        MethodFigures,
        PairedDifference,
        corrected_t_test,
    )
    from whichcam.evaluation._crossval_records import (
        CrossvalFailure,
        CrossvalPhoto,
        FoldScores,
        SetAside,
    )
    from whichcam.evaluation._crossval_result import CrossvalResult
    from whichcam.evaluation._crossval_tables import crossval_tables
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
    from whichcam.evaluation._records import (
        CROP_ALONE,
        UNTOUCHED,
        EvaluationRow,
        RowFailure,
    )
    from whichcam.evaluation._result import EvaluationResult
    from whichcam.evaluation._splice_result import (
        SpliceEvaluation,
        SpliceRow,
        splice_tables,
    )
    from whichcam.evaluation._splices import MEASURED_LOCALIZERS, evaluate_splices
    from whichcam.evaluation._submission import SubmissionScore, score_submission
    from whichcam.evaluation._summary import (
        EvaluationSummary,
        LevelSummary,
        ManipulationSummary,
        SplitSummary,
        UnknownSummary,
    )
    from whichcam.evaluation._tables import (
        Table,
        markdown_table,
        summary_tables,
        to_markdown,
    )

_WHERE = {
    "MEASURED_LOCALIZERS": "_splices",
    "MEASURED_MANIPULATIONS": "_evaluate",
    "CROP_ALONE": "_records",
    "UNTOUCHED": "_records",
    "ClaimsEvaluation": "_claims_result",
    "ClaimsRow": "_claims_result",
    "BenchmarkCell": "_benchmark_summary",
    "BenchmarkMethod": "_benchmark_records",
    "BenchmarkOpenSet": "_benchmark_summary",
    "BenchmarkPhoto": "_benchmark_records",
    "BenchmarkResult": "_benchmark_result",
    "BenchmarkScores": "_benchmark_records",
    "BenchmarkSummary": "_benchmark_summary",
    "CrossvalFailure": "_crossval_records",
    "CrossvalPhoto": "_crossval_records",
    "CrossvalResult": "_crossval_result",
    "CrossvalSummary": "_crossval_figures",
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
    "FoldScores": "_crossval_records",
    "LevelSummary": "_summary",
    "ManipulationSummary": "_summary",
    "MethodAnswers": "_answers",
    "MethodFigures": "_crossval_figures",
    "PairedDifference": "_crossval_figures",
    "RowFailure": "_records",
    "SetAside": "_crossval_records",
    "SpliceEvaluation": "_splice_result",
    "SpliceRow": "_splice_result",
    "SplitSummary": "_summary",
    "SubmissionScore": "_submission",
    "Table": "_tables",
    "UnknownSummary": "_summary",
    "accuracy_by_crops": "_crops",
    "benchmark": "_benchmark",
    "benchmark_tables": "_benchmark_tables",
    "benchmark_to_markdown": "_benchmark_tables",
    "corrected_t_test": "_crossval_figures",
    "crossval_tables": "_crossval_tables",
    "crossvalidate": "_crossval",
    "device_tables": "_device_tables",
    "devices_to_markdown": "_device_tables",
    "evaluate": "_evaluate",
    "evaluate_claims": "_claims",
    "evaluate_devices": "_devices",
    "evaluate_devices_grid": "_devices",
    "evaluate_splices": "_splices",
    "splice_tables": "_splice_result",
    "markdown_table": "_tables",
    "score_submission": "_submission",
    "summary_tables": "_tables",
    "to_markdown": "_tables",
}

__all__ = [
    "CROP_ALONE",
    "MEASURED_LOCALIZERS",
    "MEASURED_MANIPULATIONS",
    "UNTOUCHED",
    "BenchmarkCell",
    "BenchmarkMethod",
    "BenchmarkOpenSet",
    "BenchmarkPhoto",
    "BenchmarkResult",
    "BenchmarkScores",
    "BenchmarkSummary",
    "ClaimsEvaluation",
    "ClaimsRow",
    "CrossvalFailure",
    "CrossvalPhoto",
    "CrossvalResult",
    "CrossvalSummary",
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
    "FoldScores",
    "LevelSummary",
    "ManipulationSummary",
    "MethodAnswers",
    "MethodFigures",
    "PairedDifference",
    "RowFailure",
    "SetAside",
    "SpliceEvaluation",
    "SpliceRow",
    "SplitSummary",
    "SubmissionScore",
    "Table",
    "UnknownSummary",
    "accuracy_by_crops",
    "benchmark",
    "benchmark_tables",
    "benchmark_to_markdown",
    "corrected_t_test",
    "crossval_tables",
    "crossvalidate",
    "device_tables",
    "devices_to_markdown",
    "evaluate",
    "evaluate_claims",
    "evaluate_devices",
    "evaluate_devices_grid",
    "evaluate_splices",
    "markdown_table",
    "score_submission",
    "splice_tables",
    "summary_tables",
    "to_markdown",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
