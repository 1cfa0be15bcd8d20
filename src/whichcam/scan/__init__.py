"""One question put to every picture of a source, however many there are."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whichcam.scan._plan import ScanPlan
    from whichcam.scan._report import ScanProgress, ScanReport
    from whichcam.scan._scan import ENGINES, read_rows, scan_photos
    from whichcam.scan._sign_clusters import SignClusters, cluster_signs
    from whichcam.scan._signs import SignShards, search_signs
    from whichcam.scan._tasks import TASKS

_WHERE = {
    "ENGINES": "_scan",
    "ScanPlan": "_plan",
    "ScanProgress": "_report",
    "ScanReport": "_report",
    "SignClusters": "_sign_clusters",
    "SignShards": "_signs",
    "TASKS": "_tasks",
    "cluster_signs": "_sign_clusters",
    "read_rows": "_scan",
    "scan_photos": "_scan",
    "search_signs": "_signs",
}

__all__ = [
    "ENGINES",
    "TASKS",
    "ScanPlan",
    "ScanProgress",
    "ScanReport",
    "SignClusters",
    "SignShards",
    "cluster_signs",
    "read_rows",
    "scan_photos",
    "search_signs",
]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
