"""What a file says of itself, and whether the rest of it agrees.

`read_claims` collects the claims; `check_claims` sets them against each other, against
the file's structure and, where a network's evidence is given, against the pixels.
"""

from __future__ import annotations

from whichcam.claims._build_signatures import build_signatures
from whichcam.claims._check import ANALYSERS, check_claims
from whichcam.claims._finding import Direction, Finding, Strength, Topic
from whichcam.claims._read import read_claims
from whichcam.claims._signature_table import CameraSignature, SignatureTable
from whichcam.claims._types import (
    ClaimedPlace,
    ClaimedTimes,
    Claims,
    ContentCredentials,
    CredentialState,
    ThumbnailFacts,
)

__all__ = [
    "ANALYSERS",
    "CameraSignature",
    "ClaimedPlace",
    "ClaimedTimes",
    "Claims",
    "ContentCredentials",
    "CredentialState",
    "Direction",
    "Finding",
    "SignatureTable",
    "Strength",
    "ThumbnailFacts",
    "Topic",
    "build_signatures",
    "check_claims",
    "read_claims",
]
