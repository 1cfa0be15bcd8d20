"""What a scan says while it runs, and what it says at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from whichcam.scan._plan import ScanPlan
from whichcam.scan._rows import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanProgress:
    """How far a scan is.

    Attributes
    ----------
    n_done, n_pictures : int
        Pictures that have their row, those of earlier runs included; all there are.
    n_failed : int
        Rows that are errors.
    n_resumed : int
        Rows that were there when this run began.
    seconds : float
        Since the first worker was started.
    """

    n_done: int
    n_pictures: int
    n_failed: int
    n_resumed: int
    seconds: float

    @property
    def pictures_per_s(self) -> float:
        """Rate of this run; 0 before the first shard."""
        return (self.n_done - self.n_resumed) / self.seconds if self.seconds else 0.0

    @property
    def remaining_s(self) -> float | None:
        """Time that is left at this rate; None before the first shard."""
        if not self.pictures_per_s:
            return None
        return (self.n_pictures - self.n_done) / self.pictures_per_s


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """What a finished scan found.

    Attributes
    ----------
    folder : str
        Where it is kept; ``rows`` in it has a Parquet file a shard.
    plan : ScanPlan
        What was done.
    n_rows, n_failed, n_resumed : int
        Rows in all (one a picture), of them errors, and those of earlier runs.
    unknown_share : float or None
        Share of the answers that name none of the known cameras; None where the task
        asks for none.
    cameras : dict of str to int
        Pictures by camera, most first.
    failures : dict of str to int
        Errors by kind, most first.
    seconds, pictures_per_s : float
        Of this run; not in `to_dict`, which is the same however often it was killed.
    """

    folder: str
    plan: ScanPlan
    n_rows: int
    n_failed: int
    n_resumed: int
    unknown_share: float | None
    cameras: dict[str, int]
    failures: dict[str, int]
    seconds: float
    pictures_per_s: float

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values, as ``summary.json`` has them."""
        return {
            "plan": self.plan.to_dict(),
            "n_rows": self.n_rows,
            "n_failed": self.n_failed,
            "unknown_share": self.unknown_share,
            "cameras": self.cameras,
            "failures": self.failures,
        }


def report_of(
    folder: str, plan: ScanPlan, tally: Tally, *, n_resumed: int, seconds: float
) -> ScanReport:
    """Return the report on a finished scan."""
    n_new = tally.n_rows - n_resumed
    return ScanReport(
        folder=folder,
        plan=plan,
        n_rows=tally.n_rows,
        n_failed=tally.n_failed,
        n_resumed=n_resumed,
        unknown_share=tally.n_unknown / tally.n_decided if tally.n_decided else None,
        cameras=_most_first(tally.cameras),
        failures=_most_first(tally.failures),
        seconds=seconds,
        pictures_per_s=n_new / seconds if seconds else 0.0,
    )


def _most_first(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
