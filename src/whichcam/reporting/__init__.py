"""Pictures of results: confusion matrices, reliability, likelihood ratios.

Needs the extra ``report`` (matplotlib), save for heat maps. Modules load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichcam.reporting._confusion import confusion_figure
    from whichcam.reporting._crops_figure import crops_figure
    from whichcam.reporting._figure_sets import (
        benchmark_figures,
        crossval_figures,
        evaluation_figures,
    )
    from whichcam.reporting._fingerprint_figure import fingerprint_figure
    from whichcam.reporting._heat_picture import heat_colours, heat_picture
    from whichcam.reporting._learning_curve import learning_curve_figure
    from whichcam.reporting._methods_figures import (
        MethodAccuracy,
        manipulations_figure,
        methods_figure,
    )
    from whichcam.reporting._pav import pav_figure
    from whichcam.reporting._protocols import (
        HasAnswers,
        HasBenchmark,
        HasCell,
        HasCells,
        HasConfusion,
        HasCrossval,
        HasEvaluation,
        HasFoldFigures,
        HasInterval,
        HasManipulation,
        HasManipulations,
        HasMethods,
        HasReliability,
    )
    from whichcam.reporting._reliability import reliability_figure
    from whichcam.reporting._report import html_report, pdf_report
    from whichcam.reporting._report_pictures import upright
    from whichcam.reporting._tippett import HasLikelihoodRatios, tippett_figure

_WHERE = {
    "HasAnswers": "_protocols",
    "HasBenchmark": "_protocols",
    "HasCell": "_protocols",
    "HasCells": "_protocols",
    "HasConfusion": "_protocols",
    "HasCrossval": "_protocols",
    "HasEvaluation": "_protocols",
    "HasFoldFigures": "_protocols",
    "HasInterval": "_protocols",
    "HasLikelihoodRatios": "_tippett",
    "HasManipulation": "_protocols",
    "HasManipulations": "_protocols",
    "HasMethods": "_protocols",
    "HasReliability": "_protocols",
    "MethodAccuracy": "_methods_figures",
    "benchmark_figures": "_figure_sets",
    "confusion_figure": "_confusion",
    "crops_figure": "_crops_figure",
    "crossval_figures": "_figure_sets",
    "evaluation_figures": "_figure_sets",
    "fingerprint_figure": "_fingerprint_figure",
    "heat_colours": "_heat_picture",
    "heat_picture": "_heat_picture",
    "html_report": "_report",
    "learning_curve_figure": "_learning_curve",
    "manipulations_figure": "_methods_figures",
    "methods_figure": "_methods_figures",
    "pav_figure": "_pav",
    "pdf_report": "_report",
    "reliability_figure": "_reliability",
    "tippett_figure": "_tippett",
    "upright": "_report_pictures",
}

__all__ = [
    "HasAnswers",
    "HasBenchmark",
    "HasCell",
    "HasCells",
    "HasConfusion",
    "HasCrossval",
    "HasEvaluation",
    "HasFoldFigures",
    "HasInterval",
    "HasLikelihoodRatios",
    "HasManipulation",
    "HasManipulations",
    "HasMethods",
    "HasReliability",
    "MethodAccuracy",
    "benchmark_figures",
    "confusion_figure",
    "crops_figure",
    "crossval_figures",
    "evaluation_figures",
    "fingerprint_figure",
    "heat_colours",
    "heat_picture",
    "html_report",
    "learning_curve_figure",
    "manipulations_figure",
    "methods_figure",
    "pav_figure",
    "pdf_report",
    "reliability_figure",
    "tippett_figure",
    "upright",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
