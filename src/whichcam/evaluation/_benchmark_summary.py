"""The figures of a benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam.datasets.manipulations import SP_CUP
from whichcam.evaluation._benchmark_result import BenchmarkResult
from whichcam.evaluation._records import UNTOUCHED
from whichcam.scoring import (
    Interval,
    auroc,
    cluster_bootstrap,
    expected_calibration_error,
    macro_accuracy,
    rejection_at_acceptance,
    sp_cup_score,
)

_FEWEST_CLUSTERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkCell:
    """How a method did on one split under one manipulation.

    Attributes
    ----------
    method, split, manipulation : str
        Of what this is the figure.
    n_photos, n_devices, n_unable : int
        Photos of known cameras, their devices, and photos it could not answer, which
        count as wrong.
    top1, macro_devices, top5, make : float
        Shares right: of photos, the mean over devices, true model among the first
        five, make of the answer.
    top1_interval : Interval or None
        95 %, whole devices resampled; None for a single device.
    calibration_error : float
        Expected calibration error of the answers.
    """

    method: str
    split: str
    manipulation: str
    n_photos: int
    n_devices: int
    n_unable: int
    top1: float
    macro_devices: float
    top5: float
    make: float
    top1_interval: Interval | None
    calibration_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkOpenSet:
    """How well a method's highest probability tells known from unknown cameras.

    Attributes
    ----------
    method, split : str
        Method, and the split of unknown cameras.
    n_known, n_unknown : int
        Untouched photos of all known splits, and of this one.
    auroc, rejection : float
        Area under the curve; share rejected where 95 % of the known are accepted.
    """

    method: str
    split: str
    n_known: int
    n_unknown: int
    auroc: float
    rejection: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkSummary:
    """All figures of a benchmark.

    Attributes
    ----------
    cells : tuple of BenchmarkCell
        One a method, known split and manipulation.
    sp_cup : mapping of (str, str) to float
        Score of the SP Cup of a method on a known split, where its eight manipulations
        were measured.
    open_set : tuple of BenchmarkOpenSet
        One a method and split of unknown cameras.
    seconds : mapping of str to float
        Median seconds of a method for one untouched photo.
    """

    cells: tuple[BenchmarkCell, ...]
    sp_cup: dict[tuple[str, str], float]
    open_set: tuple[BenchmarkOpenSet, ...]
    seconds: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return {
            "cells": [asdict(cell) for cell in self.cells],
            "sp_cup": [
                {"method": method, "split": split, "score": score}
                for (method, split), score in self.sp_cup.items()
            ],
            "open_set": [asdict(item) for item in self.open_set],
            "seconds": dict(self.seconds),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """Columns of the photos of one split."""

    label: npt.NDArray[np.int64]
    answer: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    rank: npt.NDArray[np.int64]
    device: list[str]

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        return np.asarray((self.rank == 1) & (self.answer >= 0))


def summarize_benchmark(
    result: BenchmarkResult, *, n_resamples: int
) -> BenchmarkSummary:
    """Return the figures of a result; see `BenchmarkResult.summary`."""
    methods = [m.name for m in result.methods if not m.error]
    cells: list[BenchmarkCell] = []
    sp_cup: dict[tuple[str, str], float] = {}
    for method in methods:
        for split in result.known_splits:
            right: dict[str, npt.NDArray[np.bool_]] = {}
            for name in (UNTOUCHED, *result.manipulations):
                part = _part(result, method, name, [split])
                if len(part.label):
                    right[name] = part.right
                    cells.append(_cell(result, method, split, name, part, n_resamples))
            if right and set(SP_CUP) <= set(right):
                changed = np.concatenate([right[name] for name in SP_CUP])
                sp_cup[method, split] = sp_cup_score(right[UNTOUCHED], changed)
    return BenchmarkSummary(
        cells=tuple(cells),
        sp_cup=sp_cup,
        open_set=tuple(
            item for method in methods for item in _open_set(result, method)
        ),
        seconds={
            method: float(np.median(result.of(method).seconds)) for method in methods
        },
    )


def _part(
    result: BenchmarkResult, method: str, manipulation: str, splits: Sequence[str]
) -> _Part:
    scores = result.of(method, manipulation)
    photos = [result.photos[number] for number in scores.photos]
    rows = [k for k, photo in enumerate(photos) if photo.split in splits]
    return _Part(
        label=np.array([photos[k].label for k in rows], dtype=np.int64),
        answer=np.array([scores.answer[k] for k in rows], dtype=np.int64),
        confidence=np.array([scores.confidence[k] for k in rows], dtype=np.float64),
        rank=np.array([scores.rank[k] for k in rows], dtype=np.int64),
        device=[
            photos[k].device or f"{photos[k].camera_model} / unknown device"
            for k in rows
        ],
    )


def _cell(
    result: BenchmarkResult,
    method: str,
    split: str,
    manipulation: str,
    part: _Part,
    n_resamples: int,
) -> BenchmarkCell:
    makes = np.array([*result.makes, ""], dtype=object)  # the last for no answer
    right = part.right
    devices = len(set(part.device))
    interval = None
    if devices >= _FEWEST_CLUSTERS:
        interval = cluster_bootstrap(
            right.astype(np.float64),
            part.device,
            n_resamples=n_resamples,
            seed=result.seed,
        )
    return BenchmarkCell(
        method=method,
        split=split,
        manipulation=manipulation,
        n_photos=len(right),
        n_devices=devices,
        n_unable=int((part.answer < 0).sum()),
        top1=float(right.mean()),
        macro_devices=macro_accuracy(right, part.device),
        top5=float(((part.rank <= 5) & (part.answer >= 0)).mean()),
        make=float((makes[part.answer] == makes[part.label]).mean()),
        top1_interval=interval,
        calibration_error=expected_calibration_error(
            np.clip(part.confidence, 0.0, 1.0), right
        ),
    )


def _open_set(result: BenchmarkResult, method: str) -> list[BenchmarkOpenSet]:
    known = _part(result, method, UNTOUCHED, result.known_splits).confidence
    found = []
    for split in result.unknown_splits:
        unknown = _part(result, method, UNTOUCHED, [split]).confidence
        if len(known) and len(unknown):
            found.append(
                BenchmarkOpenSet(
                    method=method,
                    split=split,
                    n_known=len(known),
                    n_unknown=len(unknown),
                    auroc=auroc(known, unknown),
                    rejection=rejection_at_acceptance(known, unknown),
                )
            )
    return found
