"""One thing found about a file's claims, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Strength: TypeAlias = Literal["strong", "moderate", "weak", "note"]
"""How much a finding says by itself.

"strong" is all but impossible otherwise, "moderate" seldom happens otherwise, "weak"
happens otherwise too, "note" is said for completeness and decides nothing.
"""

Direction: TypeAlias = Literal["contradicts", "agrees", "neutral"]
"""What a finding says of the file's claims: camera, original state, time."""

Topic: TypeAlias = Literal[
    "camera",
    "file",
    "editing",
    "time",
    "thumbnail",
    "place",
    "provenance",
    "splice",
    "device",
]
"""Which claim a finding is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one analyser saw, against what was to be expected.

    All text that comes from the file is bounded and inert; see
    `whichcam.media.Exif`.

    Parameters
    ----------
    code : str
        Stable name in snake case, such as ``"model_against_pixels"``.
    topic : str
        Which claim it is about; one of `Topic`.
    analyser : str
        What produced it, such as ``"signatures"``.
    text : str
        One plain sentence for a person.
    seen : str
        What was seen.
    expected : str or None
        What was to be expected if the claim is true; None where nothing was.
    strength : {"strong", "moderate", "weak", "note"}
        How much it says by itself.
    direction : {"contradicts", "agrees", "neutral"}
        What it says of the claim.
    source : str
        Where the expectation comes from: a standard, a paper with its DOI, a table
        with its provenance.
    hypotheses : (str, str) or None
        H1 and H2 of the likelihood ratio.
    log10_lr : float or None
        Calibrated and bounded, above 0 for H1; None where there is none.
    """

    code: str
    topic: Topic
    analyser: str
    text: str
    seen: str
    expected: str | None
    strength: Strength
    direction: Direction
    source: str
    hypotheses: tuple[str, str] | None = None
    log10_lr: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "code": self.code,
            "topic": self.topic,
            "analyser": self.analyser,
            "text": self.text,
            "seen": self.seen,
            "expected": self.expected,
            "strength": self.strength,
            "direction": self.direction,
            "source": self.source,
            "hypotheses": list(self.hypotheses) if self.hypotheses else None,
            "log10_lr": self.log10_lr,
        }
