"""Pictures of results: confusion matrices, reliability.

Needs the extra ``report`` (matplotlib). Modules load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichcam.reporting._confusion import confusion_figure
    from whichcam.reporting._protocols import HasConfusion, HasReliability
    from whichcam.reporting._reliability import reliability_figure

_WHERE = {
    "HasConfusion": "_protocols",
    "HasReliability": "_protocols",
    "confusion_figure": "_confusion",
    "reliability_figure": "_reliability",
}

__all__ = [
    "HasConfusion",
    "HasReliability",
    "confusion_figure",
    "reliability_figure",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
