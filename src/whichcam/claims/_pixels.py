"""The claimed camera against the one that pixels and JPEG tables point to."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np

from whichcam.claims._finding import Direction, Finding, Strength
from whichcam.claims._questioned import Questioned
from whichcam.datasets import CameraName
from whichcam.models import CameraModel, Evidence

# If the ratios mean what they say, one of at most 1/20 comes up under H1 in at most 5 %
# of cases, one of at most 1/100 in at most 1 % (Markov's inequality; the same the other
# way round). The bounds of the words are these rates.
_STRONG, _MODERATE, _WEAK = 2.0, math.log10(20), 0.5
_FEWEST_PHOTOS: Final = 100  # assumed where a model does not say how it was calibrated

_found = partial(
    Finding,
    topic="camera",
    analyser="pixels",
)


def check_pixels(questioned: Questioned) -> Iterator[Finding]:
    """Yield one finding if a network's evidence was given and a camera is claimed."""
    evidence, model, camera = (
        questioned.evidence,
        questioned.model,
        questioned.camera,
    )
    if evidence is None or model is None or camera is None:
        return
    seen = _seen(evidence, model)
    source = (
        f"network {model.model_id}, calibrated on held-out devices; ratios are bounded "
        "by their number"
    )
    of_model = [
        k for k, name in enumerate(model.classes) if name == camera.camera_model
    ]
    of_make = [k for k, make in enumerate(model.makes) if make == camera.make]
    if not of_model and not of_make:
        yield from _stranger(evidence, model, camera, seen, source)
        return
    if of_model:
        claim = f"a {camera.camera_model} took the picture"
        other = "another camera took it"
        value = _ratio(evidence, of_model)
    else:
        claim = f"a camera by {camera.make}, of a model not known, took the picture"
        other = "a camera by another maker took it"
        value = _ratio(evidence, of_make, is_unseen=True)
    log10_lr = _bounded(value, model)
    strength, direction = verbal(log10_lr)
    if not of_model and strength in ("strong", "moderate"):
        strength = "weak"  # models of one maker can differ: no data bear out more
    verb = {"contradicts": "speak against", "agrees": "speak for"}
    yield _found(
        code="model_against_pixels",
        text=f"The pixels{_and_tables(evidence)} "
        f"{verb.get(direction, 'neither speak for nor against')} the claim that "
        f"{claim}.",
        seen=seen,
        expected=camera.camera_model,
        strength=strength,
        direction=direction,
        source=source,
        hypotheses=(claim, other),
        log10_lr=log10_lr,
    )


def verbal(log10_lr: float) -> tuple[Strength, Direction]:
    """Return the words for a likelihood ratio."""
    size = abs(log10_lr)
    if size < _WEAK:
        return "note", "neutral"
    strength: Strength = "weak"
    if size >= _STRONG:
        strength = "strong"
    elif size >= _MODERATE:
        strength = "moderate"
    return strength, "agrees" if log10_lr > 0 else "contradicts"


def _ratio(evidence: Evidence, members: list[int], *, is_unseen: bool = False) -> float:
    """Return log10 P(evidence | claimed camera) / P(evidence | any other camera).

    The probabilities are of the known models, all as likely beforehand. Another camera
    is a known or an unknown one, as likely as not, which is what the open-set score
    was calibrated with; so is a claimed one that the network never saw, whose maker's
    models are the `members`.
    """
    n_classes, n_members = len(evidence.probabilities), len(members)
    together = float(evidence.probabilities[members].sum())
    claimed = together / n_members
    rest = (1.0 - together) / max(n_classes - n_members, 1)
    # P(evidence | unknown) / P(evidence | known), in the unit of the other two
    unknown = math.exp(-evidence.known_score) / n_classes
    if is_unseen:
        claimed = 0.5 * claimed + 0.5 * unknown
    return math.log10(max(claimed, 1e-12) / max(0.5 * rest + 0.5 * unknown, 1e-12))


def _stranger(
    evidence: Evidence,
    model: CameraModel,
    camera: CameraName,
    seen: str,
    source: str,
) -> Iterator[Finding]:
    """Yield what can be said of a claimed camera whose maker the network never saw."""
    log10_lr = _bounded(-evidence.known_score / math.log(10), model)
    strength, direction = verbal(log10_lr)
    if strength in ("strong", "moderate"):
        strength = "weak"  # as above
    if direction != "contradicts":
        yield _found(
            code="model_not_comparable",
            text=f"No camera by {camera.make or 'this maker'} is known to the network: "
            "the pixels cannot be compared with the claim.",
            seen=seen,
            expected=None,
            strength="note",
            direction="neutral",
            source=source,
        )
        return
    yield _found(
        code="model_against_pixels",
        text=f"The pixels{_and_tables(evidence)} are like those of a camera known to "
        f"the network, and none by {camera.make or 'the claimed maker'} is.",
        seen=seen,
        expected=camera.camera_model,
        strength=strength,
        direction=direction,
        source=source,
        hypotheses=(
            "a camera unknown to the network took the picture",
            "one of the known cameras took it",
        ),
        log10_lr=log10_lr,
    )


def _bounded(log10_lr: float, model: CameraModel) -> float:
    """Hold a ratio to what the number of calibration photos can bear out."""
    regimes = model.calibration.protocol.get("regimes", {})
    try:
        count = int(regimes["file"]["by_kind"]["device"]["n"])
    except (KeyError, TypeError, ValueError):
        count = _FEWEST_PHOTOS
    limit = math.log10(max(count, 10))
    return round(float(np.clip(log10_lr, -limit, limit)), 4)


def _seen(evidence: Evidence, model: CameraModel) -> str:
    decision = model.decide(evidence)
    best = int(np.argmax(evidence.probabilities))
    return (
        f"answer: {decision.answer} ({decision.level}); most probable known model: "
        f"{model.classes[best]} ({float(evidence.probabilities[best]):.2f})"
    )


def _and_tables(evidence: Evidence) -> str:
    if evidence.frame_size_used:
        return ", the JPEG tables and the size of the frame"
    return " and the JPEG tables" if evidence.file_statistics_used else ""
