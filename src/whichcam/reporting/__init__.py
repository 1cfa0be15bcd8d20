"""Pictures of results: confusion matrices, reliability, likelihood ratios.

Needs the extra ``report`` (matplotlib), save for heat maps. Modules load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichcam.reporting._confusion import confusion_figure
    from whichcam.reporting._fingerprint_figure import fingerprint_figure
    from whichcam.reporting._heat_picture import heat_colours, heat_picture
    from whichcam.reporting._pav import pav_figure
    from whichcam.reporting._protocols import HasConfusion, HasReliability
    from whichcam.reporting._reliability import reliability_figure
    from whichcam.reporting._report import html_report, pdf_report
    from whichcam.reporting._report_pictures import upright
    from whichcam.reporting._tippett import HasLikelihoodRatios, tippett_figure

_WHERE = {
    "HasConfusion": "_protocols",
    "HasLikelihoodRatios": "_tippett",
    "HasReliability": "_protocols",
    "confusion_figure": "_confusion",
    "fingerprint_figure": "_fingerprint_figure",
    "heat_colours": "_heat_picture",
    "heat_picture": "_heat_picture",
    "html_report": "_report",
    "pav_figure": "_pav",
    "pdf_report": "_report",
    "reliability_figure": "_reliability",
    "tippett_figure": "_tippett",
    "upright": "_report_pictures",
}

__all__ = [
    "HasConfusion",
    "HasLikelihoodRatios",
    "HasReliability",
    "confusion_figure",
    "fingerprint_figure",
    "heat_colours",
    "heat_picture",
    "html_report",
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
