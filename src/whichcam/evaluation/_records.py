"""The records of an evaluation: one a picture and manipulation, and what failed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

UNTOUCHED: Final = "untouched"
"""Manipulation of a row whose file was analysed as it is, its statistics included.

Where the manifest tells the size of the frame that a picture was losslessly cut from,
the model is told it too, as the whole file would show it. ``"none"`` differs: the same
pixels without the file they came in.
"""

CROP_ALONE: Final = "crop_alone"
"""The same file again, its frame's size withheld: a row beside `UNTOUCHED` where the
model made use of that size.
"""

LEVELS: Final = ("model", "family", "make", "unknown")
"""Levels of an answer, finest first."""

SIGNIFICANT_DIGITS: Final = 6
"""Digits of the scores that are kept: more would be noise of the arithmetic.

Significant digits and not decimals, because rounding small probabilities to zero
would make ties and change who is in the top five.
"""


def rounded(value: float) -> float:
    """Return a number as it is kept in the result."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRow:
    """What the model said of one picture under one manipulation.

    Attributes
    ----------
    path : str
        As in the manifest.
    split : str
        Split of the manifest; ``"all"`` where it has none.
    camera_model, make, device, session : str
        What the manifest says, empty where blank. The make of a known camera is in
        the model's spelling, that of an unknown one in `canonical_camera`'s.
    label : int
        Index of the camera among the classes, -1 for an unknown camera.
    manipulation : str
        ``"untouched"`` for the file as it is, ``"crop_alone"`` for the same without the
        size of its frame, else what was done to its pixels.
    probabilities : tuple of float
        Calibrated closed-set probability of each class, six significant digits.
    known_score : float
        Higher for cameras more like the known ones.
    unknown_probability : float
        In [0, 1].
    level, answer : str
        The answer given and how fine it is: model, family, make or unknown.
    members : tuple of str
        The classes the answer stands for; empty for unknown.
    confidence : float
        Probability of that answer.
    error_rate : float or None
        Promised at its level, if any is.
    n_crops : int
        Crops looked at.
    file_statistics_used : bool
        Whether more than pixels was looked at.
    frame_size_used : bool
        Whether the size of the whole picture was, too.
    warnings : tuple of str
        What the model warned of.
    """

    path: str
    split: str
    camera_model: str
    make: str
    device: str
    session: str
    label: int
    manipulation: str
    probabilities: tuple[float, ...]
    known_score: float
    unknown_probability: float
    level: str
    answer: str
    members: tuple[str, ...]
    confidence: float
    error_rate: float | None
    n_crops: int
    file_statistics_used: bool
    frame_size_used: bool = False
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        values = {name: getattr(self, name) for name in self.__slots__}
        values["probabilities"] = list(self.probabilities)
        values["members"] = list(self.members)
        values["warnings"] = list(self.warnings)
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFailure:
    """A picture, or one manipulation of it, that could not be evaluated.

    Attributes
    ----------
    path, split : str
        As in `EvaluationRow`.
    manipulation : str
        ``"untouched"`` where the file itself is the trouble: nothing of it was
        evaluated.
    reason : str
        The error's own words.
    """

    path: str
    split: str
    manipulation: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """Return the fields as JSON-ready values."""
        return asdict(self)
