"""Thresholds for a chain of answers: the model, else the family, else the make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whichcam._typing import BoolArray
from whichcam.errors import InputError
from whichcam.scoring._selective import (
    Correction,
    SelectiveThreshold,
    selective_threshold,
)
from whichcam.scoring._validation import (
    as_confidence,
    as_flags,
    as_group_codes,
    check_fraction,
    same_length,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LevelEvidence:
    """Calibration data of one level of answer (model, family, make).

    Attributes
    ----------
    name : str
        The level.
    confidence : array_like of shape (n,), float
        Confidence in the best answer of this level, in [0, 1].
    correct : array_like of shape (n,), bool
        Whether that answer was right at this level.
    """

    name: str
    confidence: npt.ArrayLike
    correct: npt.ArrayLike


def cascade_thresholds(
    levels: Sequence[LevelEvidence],
    error_rate: float,
    *,
    clusters: npt.ArrayLike | None = None,
    confidence_level: float = 0.95,
    correction: Correction = "holm",
) -> dict[str, SelectiveThreshold]:
    """Return the threshold of every level, each fitted on what finer levels left over.

    A family is named only where the model is not. Its error rate is that of the
    photographs which reach it, the harder ones; a threshold fitted on all photographs
    would promise too much.

    Parameters
    ----------
    levels : sequence of LevelEvidence
        From the finest (model) to the coarsest (make), all of the same photographs.
    error_rate, clusters, confidence_level, correction
        As in `selective_threshold`; ``error_rate`` is promised at each level.

    Returns
    -------
    dict of str to SelectiveThreshold
        In the order of ``levels``. ``coverage`` and ``n_photos`` of a level count the
        photographs that reach it. A level that none reaches, or which all come from
        fewer than two devices where ``clusters`` is given, is never answered.

    Raises
    ------
    ShapeMismatchError, InputError, InsufficientEvidenceError
        As in `selective_threshold`; InputError also if two levels share a name.

    Notes
    -----
    What reaches a level depends on thresholds fitted on the same photographs. The
    dependence is weak (one of twenty-one candidates) but not paid for.

    Examples
    --------
    >>> import numpy as np
    >>> sure = np.linspace(0.0, 1.0, 1000)
    >>> found = cascade_thresholds(
    ...     [
    ...         LevelEvidence(name="model", confidence=sure, correct=sure > 0.5),
    ...         LevelEvidence(name="make", confidence=sure, correct=sure > 0.0),
    ...     ],
    ...     0.05,
    ... )
    >>> found["model"].coverage, found["make"].coverage
    (0.5, 1.0)
    """
    if len({level.name for level in levels}) != len(levels):
        raise InputError("two levels share a name; name each level once")
    check_fraction("error_rate", error_rate)
    found: dict[str, SelectiveThreshold] = {}
    left: BoolArray | None = None
    codes = None if clusters is None else as_group_codes("clusters", clusters)[0]
    for level in levels:
        stated = as_confidence(f"confidence of {level.name}", level.confidence)
        right = as_flags(f"correct of {level.name}", level.correct)
        left = np.ones(stated.shape, dtype=np.bool_) if left is None else left
        same_length(f"confidence of {level.name}", stated, "the level", left.shape[0])
        same_length(f"correct of {level.name}", right, "the level", left.shape[0])
        if codes is not None:
            same_length("clusters", codes, "the level", left.shape[0])
        here = None if codes is None else codes[left]
        if not left.any() or (here is not None and np.unique(here).shape[0] < 2):
            found[level.name] = _never(error_rate, confidence_level, left, correction)
            continue
        chosen = selective_threshold(
            stated[left],
            right[left],
            error_rate,
            clusters=here,
            confidence_level=confidence_level,
            correction=correction,
        )
        found[level.name] = chosen
        left = left & ~chosen.answers(stated)
    return found


def _never(
    error_rate: float, confidence_level: float, left: BoolArray, correction: str
) -> SelectiveThreshold:
    """Return the threshold of a level for which there is no evidence."""
    return SelectiveThreshold(
        threshold=None,
        error_rate=float(error_rate),
        confidence_level=float(confidence_level),
        observed_error=None,
        upper_bound=None,
        coverage=0.0,
        n_answered=0,
        n_photos=int(left.sum()),
        n_candidates=0,
        correction=correction,
        design_effect=1.0,
    )
