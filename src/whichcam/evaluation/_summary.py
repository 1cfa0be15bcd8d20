"""The figures of an evaluation."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from whichcam.scoring import ClassReport, Interval


def _to_dict(record: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(record, field.name)) for field in fields(record)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.to_dict() if hasattr(value, "to_dict") else value


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSummary:
    """Untouched pictures of the known cameras of one split.

    Attributes
    ----------
    split : str
        Its name; ``"known"`` for the known splits together.
    n_photos, n_devices, n_models : int
        What the figures rest on. Where no device is named a model counts as one.
    n_failed : int
        Pictures that could not be evaluated; they are in no figure.
    top1, top5 : float or None
        Share whose camera model is the most probable, among the five most probable.
    top1_interval : Interval or None
        95 % interval of `top1`, whole devices resampled; None with fewer than two.
    macro_devices, macro_models : float or None
        Mean over devices, over camera models, of the share right within each.
    make : float or None
        Share whose make has the highest summed probability.
    calibration_error : float or None
        Expected calibration error of the top probability, 15 bins.
    mean_confidence : float or None
        Mean top probability.
    sp_cup : float or None
        0.7 of the accuracy untouched and 0.3 of that under the eight manipulations of
        the SP Cup; None unless all eight were measured.
    """

    split: str
    n_photos: int
    n_devices: int
    n_models: int
    n_failed: int
    top1: float | None
    top1_interval: Interval | None
    macro_devices: float | None
    macro_models: float | None
    top5: float | None
    make: float | None
    calibration_error: float | None
    mean_confidence: float | None
    sp_cup: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return _to_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownSummary:
    """How well cameras the model does not know are told from those it does.

    Attributes
    ----------
    split : str
        The unknown cameras' split; ``"unknown cameras"`` for all of them together.
    n_known, n_unknown : int
        Pictures compared.
    n_failed : int
        Pictures of the split that could not be evaluated.
    auroc : float
        Probability that a known camera's picture has the higher known score.
    rejection : float
        Share of the unknown rejected where 95 % of the known are accepted.
    """

    split: str
    n_known: int
    n_unknown: int
    n_failed: int
    auroc: float
    rejection: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return _to_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelSummary:
    """What was answered at one level, and how much of it was wrong.

    Attributes
    ----------
    cameras : str
        ``"known"`` or ``"unknown"``.
    level : str
        ``"model"``, ``"family"``, ``"make"`` or ``"unknown"``.
    n_photos : int
        Pictures answered at this level.
    share : float
        Of all pictures of these cameras.
    n_wrong : int
        Answers that are not true.
    error_rate : float or None
        ``n_wrong / n_photos``.
    promised_error_rate : float or None
        Mean error rate stated with these answers; None where none was.

    Notes
    -----
    For an unknown camera any model or family is wrong, its own make is right and
    "unknown" is right; for a known one "unknown" is wrong.
    """

    cameras: str
    level: str
    n_photos: int
    share: float
    n_wrong: int
    error_rate: float | None
    promised_error_rate: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return _to_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManipulationSummary:
    """Known cameras' pictures of one split under one manipulation.

    Attributes
    ----------
    split, manipulation : str
        ``"untouched"`` is the file as it is, ``"crop_alone"`` the same without the size
        of its frame, ``"none"`` its pixels alone.
    n_photos, n_failed : int
        Evaluated, and not.
    top1, top5, make : float or None
        As in `SplitSummary`.
    """

    split: str
    manipulation: str
    n_photos: int
    n_failed: int
    top1: float | None
    top5: float | None
    make: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return _to_dict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSummary:
    """All figures of an evaluation.

    Attributes
    ----------
    splits : tuple of SplitSummary
        Known splits, then extra ones.
    crops_alone : tuple of SplitSummary
        The same splits without the size of the frame that pictures were cut from;
        empty where the manifest does not tell it, or the model makes no use of it.
    known : SplitSummary
        The known splits together.
    unknown : tuple of UnknownSummary
        All unknown cameras together first, then split by split; empty without any.
    unknown_crops_alone : tuple of UnknownSummary
        The same without the frame's size, of known and unknown cameras alike.
    levels : tuple of LevelSummary
        Of known cameras in the known splits, and of unknown ones.
    manipulations : tuple of ManipulationSummary
        The untouched row of each known split before its manipulations.
    models : tuple of ClassReport
        Classes that were shown or answered, closed set, known splits together.
    """

    splits: tuple[SplitSummary, ...]
    crops_alone: tuple[SplitSummary, ...]
    known: SplitSummary
    unknown: tuple[UnknownSummary, ...]
    unknown_crops_alone: tuple[UnknownSummary, ...]
    levels: tuple[LevelSummary, ...]
    manipulations: tuple[ManipulationSummary, ...]
    models: tuple[ClassReport, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return _to_dict(self)
