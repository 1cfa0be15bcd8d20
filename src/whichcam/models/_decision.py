"""From evidence to the finest answer that it supports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from whichcam._typing import FloatArray
from whichcam.models._calibration import (
    LEVELS,
    Calibration,
    Float64Array,
    Level,
    Regime,
    RegimeCalibration,
)
from whichcam.models._spec import ModelSpec

UNKNOWN: Final = "unknown camera"

# The possible answers of each level: their names and the models they stand for.
Levels: TypeAlias = Mapping[str, list[tuple[str, tuple[str, ...]]]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """What a model found in one photo.

    Parameters
    ----------
    probabilities : ndarray of shape (n_classes,), float64
        Calibrated, closed-set: of the known models, given that it is one of them.
    known_score : float
        Log odds that the camera is a known one, were known and unknown equally
        frequent; higher is more like a known camera.
    unknown_probability : float
        The same as a probability of "unknown", in [0, 1].
    embedding : ndarray of shape (D,), float32
        Mean over crops, unit norm.
    n_crops : int
        Crops looked at.
    file_statistics_used : bool
        Whether the file's own tables were believed and used.
    frame_size_used : bool
        Whether the size of the whole picture was, too.
    warnings : tuple of str
        What makes the answer less sure than it looks.
    """

    probabilities: Float64Array
    known_score: float
    unknown_probability: float
    embedding: FloatArray
    n_crops: int
    file_statistics_used: bool
    frame_size_used: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def regime(self) -> Regime:
        """Which calibration applies."""
        if not self.file_statistics_used:
            return "pixels"
        return "frame" if self.frame_size_used else "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The finest answer the evidence supports.

    Parameters
    ----------
    level : {"model", "family", "make", "unknown"}
        How fine the answer is.
    answer : str
        A camera model, the models of a family, a make, or "unknown camera".
    confidence : float
        Probability of the answer in [0, 1]: the closed-set probability of the model,
        family or make times that of the camera being known; for "unknown camera" that
        of the camera being unknown.
    error_rate : float or None
        Share of such answers that may be wrong, as promised on validation devices;
        None for "unknown camera", which promises nothing.
    members : tuple of str
        The camera models the answer stands for; empty for "unknown camera".
    """

    level: Level
    answer: str
    confidence: float
    error_rate: float | None
    members: tuple[str, ...] = ()


def answers_by_level(spec: ModelSpec, calibration: Calibration) -> Levels:
    """Return the answers of each level: their names and the models they stand for."""
    by_make: dict[str, list[str]] = {}
    for name, make in zip(spec.classes, spec.makes, strict=True):
        by_make.setdefault(make, []).append(name)
    return {
        "model": [(name, (name,)) for name in spec.classes],
        "family": [(f"{f.make} {f.name}", f.members) for f in calibration.families],
        "make": [(make, tuple(names)) for make, names in by_make.items()],
    }


def decide(
    evidence: Evidence,
    regime: RegimeCalibration,
    levels: Levels,
    classes: Sequence[str],
) -> Decision:
    """Return the finest answer whose threshold is reached; see `CameraModel.decide`."""
    known = 1.0 - evidence.unknown_probability
    place = {name: k for k, name in enumerate(classes)}
    if evidence.known_score >= regime.known_threshold:
        for level in LEVELS:
            sums = [
                float(sum(evidence.probabilities[place[m]] for m in members))
                for _, members in levels[level]
            ]
            group = int(np.argmax(sums))
            confidence = sums[group]
            rule = regime.thresholds[level]
            if rule.threshold is not None and confidence >= rule.threshold:
                name, members = levels[level][group]
                as_level: Level = "model" if len(members) == 1 else level
                return Decision(
                    level=as_level,
                    answer=members[0] if len(members) == 1 else name,
                    confidence=confidence * known,
                    error_rate=rule.error_rate,
                    members=members,
                )
    return Decision(
        level="unknown",
        answer=UNKNOWN,
        confidence=evidence.unknown_probability,
        error_rate=None,
    )
