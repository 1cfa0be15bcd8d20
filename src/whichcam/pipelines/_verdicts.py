"""From findings and likelihood ratios to words, one question at a time.

Findings about one question are seldom independent: an editor that saves a file changes
its tables, its markers and its thumbnail at once. So nothing is multiplied. For each
question the one weightiest piece on either side is taken, and the two are set off
against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from whichcam.claims import Finding
from whichcam.localize import Localization
from whichcam.pipelines._examine_result import Question, Verdict
from whichcam.pipelines._verify import ENROLLED_ITSELF, Verification

VERBAL_SCALE: Final[tuple[tuple[float, str], ...]] = (
    (6.0, "extremely strongly"),
    (4.0, "very strongly"),
    (3.0, "strongly"),
    (2.0, "moderately strongly"),
    (1.0, "moderately"),
    (0.30103, "weakly"),
)
"""Least log10 likelihood ratio of each step, and its word.

The steps are those of the ENFSI guideline for evaluative reporting in forensic science
(2015): 2, 10, 100, 1000, 10,000 and 1,000,000. Below the last: "cannot tell".
"""

CANNOT_TELL: Final = "cannot tell"

# What a finding without a likelihood ratio may weigh at most. Nobody has counted how
# often such signs mislead, so the strongest of them ends at "moderately"; a claim that
# agrees is cheap to make, so agreement weighs less than contradiction.
_CONTRADICTS: Final = {"strong": -1.5, "moderate": -0.8, "weak": -0.35, "note": 0.0}
_AGREES: Final = {"strong": 0.8, "moderate": 0.5, "weak": 0.35, "note": 0.0}
# The most that a ratio may weigh of a finding that its analyser calls so.
_MOST: Final = {"strong": 12.0, "moderate": 1.99, "weak": 0.99, "note": 0.3}
_MATCH: Final = 1.5  # a device's score beyond its threshold, without a calibration

_TOPICS: Final[dict[Question, tuple[str, ...]]] = {
    "camera": ("camera",),
    "file": ("file", "editing", "thumbnail", "provenance"),
    "claims": ("time", "place"),
}
_ABOUT: Final[dict[Question, tuple[str, tuple[str, str]]]] = {
    "camera": (
        "Did the camera that the file names take the picture?",
        ("the camera that the file names took it", "another camera took it"),
    ),
    "file": (
        "Is the file as its camera wrote it?",
        ("the file is as the camera wrote it", "it was edited or saved again"),
    ),
    "claims": (
        "Do the file's times and places agree with each other?",
        ("they agree", "some of them are wrong"),
    ),
    "one_camera": (
        "Did one camera take the whole picture?",
        ("one camera took all of it", "a part comes from another camera"),
    ),
}


@dataclass(frozen=True, slots=True)
class _Piece:
    """One piece of evidence: what it weighs, and whether that is a real ratio."""

    code: str
    weight: float
    is_ratio: bool


def words_for(log10_lr: float) -> str:
    """Return the words of the fixed scale for a weight of evidence.

    Parameters
    ----------
    log10_lr : float
        Above 0 for the first hypothesis.

    Examples
    --------
    >>> words_for(1.2), words_for(-3.5), words_for(0.1)
    ('supports moderately', 'speaks strongly against', 'cannot tell')
    """
    for least, word in VERBAL_SCALE:
        if log10_lr >= least:
            return f"supports {word}"
        if -log10_lr >= least:
            return f"speaks {word} against"
    return CANNOT_TELL


def verdicts_of(
    findings: Sequence[Finding],
    localizations: Sequence[Localization],
    devices: Sequence[Verification],
) -> tuple[Verdict, ...]:
    """Return a verdict for every question that something was found about."""
    found = list(_of_findings(findings))
    found += _of_maps(localizations)
    found += [_of_device(device) for device in devices]
    return tuple(found)


def _of_findings(findings: Sequence[Finding]) -> Iterator[Verdict]:
    for question, topics in _TOPICS.items():
        own = [finding for finding in findings if finding.topic in topics]
        if not own:
            continue
        about, hypotheses = _ABOUT[question]
        if question == "camera":
            stated = [finding.hypotheses for finding in own if finding.hypotheses]
            hypotheses = stated[0] if stated else hypotheses
        yield _weighed(question, about, hypotheses, [_piece(one) for one in own])


def _piece(finding: Finding) -> _Piece:
    if finding.log10_lr is not None:
        # an analyser that trusts its ratio less than its size says so by its strength
        most = _MOST[finding.strength]
        held = max(-most, min(most, finding.log10_lr))
        return _Piece(finding.code, held, is_ratio=held == finding.log10_lr)
    weights = {"contradicts": _CONTRADICTS, "agrees": _AGREES}.get(finding.direction)
    weight = 0.0 if weights is None else weights[finding.strength]
    return _Piece(finding.code, weight, is_ratio=False)


def _of_maps(localizations: Iterable[Localization]) -> Iterator[Verdict]:
    """Only one map has a calibrated ratio: it is made of the others."""
    for found in localizations:
        if found.log10_lr is None:
            continue
        about, hypotheses = _ABOUT["one_camera"]
        code = f"localization_{found.method}"
        if found.params.get("size_as_fitted", True):
            piece = _Piece(code, -found.log10_lr, is_ratio=True)
        else:  # outside of what the ratio was fitted on, it is a sign like others
            weight = _CONTRADICTS["moderate"] if found.alarm else 0.0
            piece = _Piece(code, weight, is_ratio=False)
        yield _weighed("one_camera", about, hypotheses, [piece])


def _of_device(device: Verification) -> Verdict:
    hypotheses = (
        f"the sensor enrolled as {device.camera} took it",
        "another sensor took it",
    )
    if ENROLLED_ITSELF in device.warnings:
        piece = _Piece("fingerprint", 0.0, is_ratio=False)
    elif device.log10_lr is not None:
        piece = _Piece("fingerprint", device.log10_lr, is_ratio=True)
    else:
        # below the threshold says little: a crop, a filter or darkness hides a pattern
        weight = _MATCH if device.reaches_threshold else 0.0
        piece = _Piece("fingerprint", weight, is_ratio=False)
    about = f"Did the camera enrolled as {device.camera} take the picture?"
    return _weighed("device", about, hypotheses, [piece])


def _weighed(
    question: Question, about: str, hypotheses: tuple[str, str], pieces: list[_Piece]
) -> Verdict:
    """Set the weightiest piece for against the weightiest piece against."""
    best = max(pieces, key=lambda piece: piece.weight)
    worst = min(pieces, key=lambda piece: piece.weight)
    sides = [
        p
        for p, counts in ((best, best.weight > 0), (worst, worst.weight < 0))
        if counts
    ]
    weight = sum(piece.weight for piece in sides)
    only_ratio = len(sides) == 1 and sides[0].is_ratio
    words = words_for(weight)
    direction: Literal["supports", "against", "neither"] = "neither"
    if words != CANNOT_TELL:
        direction = "supports" if weight > 0 else "against"
    return Verdict(
        question=question,
        about=about,
        hypotheses=hypotheses,
        words=words,
        direction=direction,
        log10_lr=weight if only_ratio else None,
        basis=_basis(sides),
        findings=tuple(dict.fromkeys(piece.code for piece in sides)),
    )


def _basis(sides: Sequence[_Piece]) -> str:
    if not sides:
        return "nothing found weighs on either side"
    kinds = {piece.is_ratio for piece in sides}
    if kinds == {True}:
        text = "a calibrated likelihood ratio"
    elif kinds == {False}:
        text = (
            "signs without a likelihood ratio, which count as moderate at most against "
            "a claim and weak at most for it"
        )
    else:
        text = (
            "a calibrated likelihood ratio, and signs without one, which count as "
            "moderate at most against a claim and weak at most for it"
        )
    if len(sides) == 2:
        text += "; the weightiest on either side set off against each other"
    return text
