"""The figures of a device evaluation."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from whichcam.errors import InsufficientEvidenceError
from whichcam.scoring import (
    Interval,
    cllr,
    cllr_min,
    equal_error_rate,
    true_match_rate,
    wilson_interval,
)

if TYPE_CHECKING:
    from whichcam.evaluation._device_records import DevicePair
    from whichcam.evaluation._device_result import DeviceEvaluation

PCE_THRESHOLD: Final = 60.0  # Goljan, Fridrich and Filler 2009, section 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSummary:
    """How well devices are told apart under one set of conditions.

    Attributes
    ----------
    statistic : str
        Score that decides.
    false_alarm_rate : float
        Asked for.
    n_devices, n_probes : int
        Fingerprints; pictures compared with them.
    n_same, n_different, n_same_model : int
        Comparisons of the same device; of different ones, pictures that enrolled
        another included; and those of probes with another body of their own device's
        camera model.
    n_failed : int
        Pictures that could not be used.
    true_match_rate : float or None
        Share of the same device above `threshold`.
    above_all_rate : float or None
        Share of the same device above the highest score of different ones.
    true_match_interval : Interval or None
        95 % Wilson interval of it, as if pictures of one device were independent.
    threshold : float or None
        Lowest score that keeps to the rate among `n_different`. With fewer than one
        over the rate, the highest of them: no false alarm was seen, no more is known.
    stated_true_match_rate, stated_false_alarm_rate : float or None
        Shares of the same device, and of different ones, whose p-value is at or below
        the rate asked for: no threshold was fitted.
    pce_60_true_match_rate, pce_60_false_alarm_rate : float or None
        The same at the energy of 60 that the literature uses.
    equal_error_rate : float or None
        Where misses and false alarms are equally frequent; probes only.
    rank_1 : float or None
        Share of the probes whose own device scores above all others.
    n_same_model_confused : int
        Probes that another body of their own device's model beats, or that are above
        the threshold of one.
    lowest_same, highest_different, highest_same_model : float or None
        Scores at the edge.
    cllr, cllr_min : float or None
        Cost in bits of the likelihood ratios, each by a map that knows neither of the
        two devices; least possible cost of the scores.
    misleading_same, misleading_different : float or None
        Shares of the ratios that point the wrong way.
    """

    statistic: str
    false_alarm_rate: float
    n_devices: int
    n_probes: int
    n_same: int
    n_different: int
    n_same_model: int
    n_failed: int
    true_match_rate: float | None
    true_match_interval: Interval | None
    above_all_rate: float | None
    threshold: float | None
    stated_true_match_rate: float | None
    stated_false_alarm_rate: float | None
    pce_60_true_match_rate: float | None
    pce_60_false_alarm_rate: float | None
    equal_error_rate: float | None
    rank_1: float | None
    n_same_model_confused: int
    lowest_same: float | None
    highest_different: float | None
    highest_same_model: float | None
    cllr: float | None
    cllr_min: float | None
    misleading_same: float | None
    misleading_different: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        interval = self.true_match_interval
        values["true_match_interval"] = interval.to_dict() if interval else None
        return values


def summarize_devices(
    result: DeviceEvaluation, *, statistic: str, false_alarm_rate: float
) -> DeviceSummary:
    """Compute the figures; see `DeviceEvaluation.summary`."""
    same, different = result.scores(statistic)
    every = np.concatenate([different, result.scores(statistic, probes=False)[1]])
    siblings = np.array(
        [getattr(pair, statistic) for pair in result.pairs if _is_sibling(result, pair)]
    )
    rate = interval = threshold = above_all = None
    if same.size and every.size:
        rate, threshold = true_match_rate(same, every, false_alarm_rate)
        above_all = true_match_rate(same, every, 0.0)[0]
        interval = wilson_interval(round(rate * same.size), int(same.size))
    both = same.size > 0 and different.size > 0
    stated = _rates(result, "log10_p", np.log10(false_alarm_rate or 1e-300), low=True)
    at_60 = _rates(result, "pce", PCE_THRESHOLD, low=False)
    rank_1, confused = _ranks(result, statistic, threshold)
    return DeviceSummary(
        statistic=statistic,
        false_alarm_rate=false_alarm_rate,
        n_devices=len(result.devices),
        n_probes=sum(probe.is_probe for probe in result.probes),
        n_same=int(same.size),
        n_different=int(every.size),
        n_same_model=int(siblings.size),
        n_failed=len({failure.path for failure in result.failures}),
        true_match_rate=rate,
        true_match_interval=interval,
        above_all_rate=above_all,
        threshold=threshold,
        stated_true_match_rate=stated[0],
        stated_false_alarm_rate=stated[1],
        pce_60_true_match_rate=at_60[0],
        pce_60_false_alarm_rate=at_60[1],
        equal_error_rate=equal_error_rate(same, different) if both else None,
        rank_1=rank_1,
        n_same_model_confused=confused,
        lowest_same=_edge(same, np.min),
        highest_different=_edge(every, np.max),
        highest_same_model=_edge(siblings, np.max),
        cllr_min=cllr_min(same, different) if both else None,
        **_of_ratios(result),
    )


def _is_sibling(result: DeviceEvaluation, pair: DevicePair) -> bool:
    """Say whether a probe is compared with another body of its own model."""
    probe, device = result.probes[pair.probe], result.devices[pair.device]
    return (
        probe.is_probe
        and probe.device != device.device
        and probe.camera_model == device.camera_model
    )


def _edge(scores: npt.NDArray[np.float64], choose: Any) -> float | None:
    return float(choose(scores)) if scores.size else None


def _rates(
    result: DeviceEvaluation, name: str, threshold: float, *, low: bool
) -> tuple[float | None, float | None]:
    """Return the shares accepted at a threshold that nothing was fitted to."""
    shares: list[float | None] = []
    for wanted in (True, False):
        values = np.array(
            [
                getattr(pair, name)
                for pair in result.pairs
                if result.is_same(pair) is wanted
            ]
        )
        accepted = values <= threshold if low else values >= threshold
        shares.append(float(accepted.mean()) if values.size else None)
    return shares[0], shares[1]


def _ranks(
    result: DeviceEvaluation, statistic: str, threshold: float | None
) -> tuple[float | None, int]:
    """Return the share of probes ranked first, and those confused with a sibling."""
    own: dict[int, float] = {}
    best_other: dict[int, float] = {}
    best_sibling: dict[int, float] = {}
    for pair in result.pairs:
        if not result.probes[pair.probe].is_probe:
            continue
        score = float(getattr(pair, statistic))
        if result.is_same(pair):
            own[pair.probe] = score
            continue
        best_other[pair.probe] = max(score, best_other.get(pair.probe, -np.inf))
        if _is_sibling(result, pair):
            best = best_sibling.get(pair.probe, -np.inf)
            best_sibling[pair.probe] = max(score, best)
    confused = sum(
        sibling >= own.get(probe, np.inf)
        or (threshold is not None and sibling > threshold)
        for probe, sibling in best_sibling.items()
    )
    if not own:
        return None, confused
    # A tie is no answer.
    first = [score > best_other.get(probe, -np.inf) for probe, score in own.items()]
    return float(np.mean(first)), confused


def _of_ratios(result: DeviceEvaluation) -> dict[str, float | None]:
    try:
        same, different = result.log10_lrs()
    except InsufficientEvidenceError:
        return dict.fromkeys(("cllr", "misleading_same", "misleading_different"))
    curve = result.tippett()
    return {
        "cllr": cllr(same, different),
        "misleading_same": curve.misleading_same,
        "misleading_different": curve.misleading_different,
    }
