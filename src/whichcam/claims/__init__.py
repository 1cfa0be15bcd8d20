"""What a file says of itself, and whether the rest of it agrees.

`read_claims` collects the claims; `check_claims` sets them against each other, against
the file's structure and, where a network's evidence is given, against the pixels.
"""

from __future__ import annotations

from whichcam.claims._finding import Direction, Finding, Strength, Topic
from whichcam.claims._read import read_claims
from whichcam.claims._types import (
    Claims,
    ClaimedPlace,
    ClaimedTimes,
    ContentCredentials,
    CredentialState,
    ThumbnailFacts,
)

__all__ = [
    "ClaimedPlace",
    "ClaimedTimes",
    "Claims",
    "ContentCredentials",
    "CredentialState",
    "Direction",
    "Finding",
    "Strength",
    "ThumbnailFacts",
    "Topic",
    "read_claims",
]
