"""What every analyser is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from whichcam.claims._finding import Finding
from whichcam.claims._signature_table import SignatureTable
from whichcam.claims._types import Claims
from whichcam.datasets import CameraName, Screening, canonical_camera, screen
from whichcam.errors import InputError
from whichcam.media import Photo
from whichcam.models import CameraModel, Evidence


@dataclass(frozen=True, kw_only=True, eq=False)
class Questioned:
    """A photo, what it claims, and what is known to set against it."""

    photo: Photo
    claims: Claims
    signatures: SignatureTable
    evidence: Evidence | None = None
    model: CameraModel | None = None

    @cached_property
    def camera(self) -> CameraName | None:
        """The claimed camera under its canonical name."""
        try:
            return canonical_camera(self.claims.make, self.claims.model)
        except InputError:  # no model is named
            return None

    @cached_property
    def screening(self) -> Screening:
        """The signs that the file is not as a camera wrote it."""
        return screen(self.photo)


Analyser: TypeAlias = Callable[[Questioned], Iterator[Finding]]
