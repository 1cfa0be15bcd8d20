"""Calibrate on what networks said of photos that were held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam.models import Calibration, OpenSetScore, Regime, RegimeCalibration
from whichcam.models.fusion import fuse, log_softmax, open_set_signs, pixel_evidence
from whichcam.scoring import (
    Family,
    LevelEvidence,
    SelectiveThreshold,
    auroc,
    cascade_thresholds,
    confusion_matrix,
    families_from_confusions,
    family_assignment,
    level_probabilities,
)
from whichcam.training._config import TrainingConfig
from whichcam.training._folds import TAIL, UNKNOWN
from whichcam.training._held_out import REDUCED, HeldOut

# Rest of a single session: easier than what identification meets, so it counts less.
# Copies at a smaller size stand for a shift that may be met, or not.
_KIND_WEIGHT = {"device": 1.0, "session": 1.0, TAIL: 0.3, REDUCED: 0.5}
_ACCEPTED = 0.95  # share of known cameras that pass the open-set rule
_ENOUGH_DEVICES = 10  # fewer say nothing of how devices differ
_CONFIDENCE_LEVELS = (0.9, 0.8, 0.5)  # that an error rate is kept, the surest first
_ENOUGH = 30  # photos of other devices or sessions that can bear a threshold

# The size of a frame is the same in most pictures of a device: held-out sessions would
# have it count for more than its likelihood says, which another owner may not bear out.
_WEIGHT_BOUNDS = {
    "pixel_weight": (0.01, 5.0),
    "table_weight": (0.0, 2.0),
    "frame_weight": (0.0, 1.0),
}


def calibrate(
    held_out: Mapping[Regime, HeldOut],
    classes: Sequence[str],
    makes: Sequence[str],
    config: TrainingConfig,
) -> Calibration:
    """Fit fusion, open-set rule, families and thresholds on held-out photos.

    Parameters
    ----------
    held_out : mapping
        As `held_out_outputs` returns it.
    classes, makes : sequence of str
        Camera models and their makes.
    config : TrainingConfig
        Promised error rate and family threshold.

    Returns
    -------
    Calibration
    """
    # without JPEG files there is no regime "file" to calibrate, nor to meet
    source: Regime = "file" if held_out["file"].raw else "pixels"
    used = {"file": held_out[source], "pixels": held_out["pixels"]}
    if len(held_out["frame"].raw) == len(held_out["file"].raw) > 0:
        used = {"frame": held_out["frame"], **used}
    rules = {name: _fusion_and_open_set(data) for name, data in used.items()}
    families = _families(used["file"], rules["file"][0], classes, makes, config)
    regimes, protocol = {}, {}
    for name, (rule, scores) in rules.items():
        regimes[name], protocol[name] = _with_thresholds(
            used[name], rule, scores, families, makes, config
        )
    return Calibration(
        regimes=regimes,
        families=families,
        protocol={
            "held_out": "devices, sessions, ends of sessions and whole models of the "
            "training manifest, and smaller copies of them; never a test split",
            "folds": config.folds,
            "seed": config.seed,
            "regimes": protocol,
        },
    )


def _weights(data: HeldOut) -> npt.NDArray[np.float64]:
    return np.array([_KIND_WEIGHT.get(kind, 0.0) for kind in data.kinds])


def _fusion_and_open_set(
    data: HeldOut,
) -> tuple[RegimeCalibration, npt.NDArray[np.float64]]:
    idle = OpenSetScore(mean=(0.0,), scale=(1.0,), weight=(0.0,), bias=0.0)
    rule = RegimeCalibration(
        **_fusion_weights(data), open_set=idle, known_threshold=0.0, thresholds={}
    )
    signs = np.stack([open_set_signs(raw, fuse(raw, rule)) for raw in data.raw])
    open_set = _open_set_rule(signs, data.labels >= 0)
    scores = open_set.score(signs)
    threshold = float(np.quantile(scores[data.labels >= 0], 1 - _ACCEPTED))
    return replace(rule, open_set=open_set, known_threshold=threshold), scores


def _fusion_weights(data: HeldOut) -> dict[str, float]:
    """Weigh pixels, tables and frame so that held-out photos are most probable."""
    from scipy.optimize import minimize

    known = np.flatnonzero(data.labels >= 0)
    labels, weights = data.labels[known], _weights(data)[known]
    evidence: dict[str, list[npt.NDArray[np.float64] | None]] = {
        "pixel_weight": [pixel_evidence(data.raw[k]) for k in known],
        "table_weight": [data.raw[k].tables for k in known],
        "frame_weight": [data.raw[k].frame for k in known],
    }
    parts = {
        name: np.stack([v for v in values if v is not None])
        for name, values in evidence.items()
        if values[0] is not None
    }

    def loss(factors: npt.NDArray[np.float64]) -> float:
        total = log_softmax(
            sum(f * part for f, part in zip(factors, parts.values(), strict=True))
        )
        own = total[np.arange(len(labels)), labels]
        return float(-(weights * own).sum() / weights.sum())

    bounds = [_WEIGHT_BOUNDS[name] for name in parts]
    start = np.full(len(parts), 0.7)
    best = minimize(loss, start, bounds=bounds, method="L-BFGS-B").x
    fitted = dict(zip(parts, best.tolist(), strict=True))
    return {name: fitted.get(name, 0.0) for name in evidence}


def _open_set_rule(
    signs: npt.NDArray[np.float64], known: npt.NDArray[np.bool_]
) -> OpenSetScore:
    """Fit the logistic rule; without unknown models it always says "known"."""
    mean, scale = signs.mean(0), signs.std(0) + 1e-6
    if known.all() or not known.any():
        zeros = (0.0,) * signs.shape[1]
        return OpenSetScore(
            mean=tuple(mean.tolist()),
            scale=tuple(scale.tolist()),
            weight=zeros,
            bias=3.0,
        )
    from sklearn.linear_model import LogisticRegression

    rule = LogisticRegression(C=0.1, class_weight="balanced", max_iter=2000)
    rule.fit((signs - mean) / scale, known)
    return OpenSetScore(
        mean=tuple(mean.tolist()),
        scale=tuple(scale.tolist()),
        weight=tuple(rule.coef_[0].tolist()),
        bias=float(rule.intercept_[0]),
    )


def _families(
    data: HeldOut,
    rule: RegimeCalibration,
    classes: Sequence[str],
    makes: Sequence[str],
    config: TrainingConfig,
) -> tuple[Family, ...]:
    # the rest of a session says little about which models look alike elsewhere
    hard = [k for k, kind in enumerate(data.kinds) if kind not in (UNKNOWN, TAIL)]
    chosen = hard or [k for k, kind in enumerate(data.kinds) if kind != UNKNOWN]
    answers = np.array([int(fuse(data.raw[k], rule).argmax()) for k in chosen])
    counts = confusion_matrix(data.labels[chosen], answers, len(classes))
    n = len(classes)
    return families_from_confusions(
        counts[:n, :n], classes, makes, threshold=config.family_threshold, max_size=5
    )


def _with_thresholds(
    data: HeldOut,
    rule: RegimeCalibration,
    scores: npt.NDArray[np.float64],
    families: tuple[Family, ...],
    makes: Sequence[str],
    config: TrainingConfig,
) -> tuple[RegimeCalibration, dict[str, Any]]:
    """Add the thresholds of model, family and make; unknown cameras count as wrong."""
    probabilities = np.exp(np.stack([fuse(raw, rule) for raw in data.raw]))
    names = list(dict.fromkeys(makes))
    groups = {
        "model": np.arange(len(makes)),
        "family": family_assignment(families, len(makes)),
        "make": np.array([names.index(make) for make in makes]),
    }
    known = data.labels >= 0
    asked = _hard(data, known & (scores >= rule.known_threshold))
    levels, shares = [], {}
    for level, group in groups.items():
        # rounding may carry a sum of probabilities past 1
        sums = np.minimum(level_probabilities(probabilities[asked], group), 1.0)
        right = sums.argmax(1) == group[data.labels[asked]]
        shares[level] = float(right.mean()) if len(right) else 0.0
        levels.append(LevelEvidence(name=level, confidence=sums.max(1), correct=right))
    thresholds = _thresholds(levels, np.array(data.devices)[asked], config.error_rate)
    summary = {
        "n_known": int(known.sum()),
        "n_unknown": int((~known).sum()),
        "share_right": shares,
        "by_kind": _by_kind(data, probabilities),
        "unknown_auroc": (
            auroc(scores[known], scores[~known]) if (~known).any() else None
        ),
    }
    return replace(rule, thresholds=thresholds), summary


def _thresholds(
    levels: Sequence[LevelEvidence],
    devices: npt.NDArray[np.str_],
    error_rate: float,
) -> Mapping[str, SelectiveThreshold]:
    """Fit the thresholds, as surely as the photos can bear.

    Photos of one device err together: counted singly they promise too much. Where
    that leaves neither models nor makes to name, a less sure promise is made; how sure
    stands in each threshold.
    """
    if len(set(devices.tolist())) < _ENOUGH_DEVICES:
        return cascade_thresholds(levels, error_rate, correction="none")
    for confidence_level in _CONFIDENCE_LEVELS:
        found = cascade_thresholds(
            levels,
            error_rate,
            clusters=devices,
            confidence_level=confidence_level,
            correction="none",
        )
        ends = (found[levels[0].name], found[levels[-1].name])
        if any(end.threshold is not None for end in ends):
            break
    return found


def _hard(data: HeldOut, passed: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    """Return the photos that thresholds are fitted on.

    The rest of a session that was trained on promises too much: it is used only where
    a manifest offers nothing harder.
    """
    hard = passed & np.array([kind != TAIL for kind in data.kinds])
    return np.flatnonzero(hard if hard.sum() >= _ENOUGH else passed)


def _by_kind(
    data: HeldOut, probabilities: npt.NDArray[np.float64]
) -> dict[str, dict[str, float]]:
    found = {}
    for kind in sorted(set(data.kinds) - {UNKNOWN}):
        mine = np.array([k == kind for k in data.kinds])
        own = data.labels[mine]
        order = np.argsort(-probabilities[mine], axis=1)[:, :5]
        found[kind] = {
            "n": int(mine.sum()),
            "top1": float((order[:, 0] == own).mean()),
            "top5": float((order == own[:, None]).any(1).mean()),
        }
    return found
