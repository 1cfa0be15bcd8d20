"""A model whose every answer is written down, and the pictures it is shown.

Each picture is one flat colour: red is the class it is taken for, green the
probability given to it in percent, blue the known score in percent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from whichcam._typing import PathLike
from whichcam.datasets import FrameSize
from whichcam.errors import ArtifactNotFoundError, ImageTooSmallError
from whichcam.media import Photo

CLASSES = ("Acme One", "Acme Two", "Zeta One", "Zeta Two")
MAKES = ("Acme", "Acme", "Zeta", "Zeta")
FAMILIES = ("Acme One family", "Acme One family", "Zeta One", "Zeta Two")
SMALLEST = 16


@dataclass(frozen=True)
class FakeEvidence:
    """What the colour says."""

    probabilities: npt.NDArray[np.float64]
    known_score: float
    unknown_probability: float
    n_crops: int
    file_statistics_used: bool
    warnings: tuple[str, ...]
    frame_size_used: bool = False


@dataclass(frozen=True)
class FakeDecision:
    """Model above 0.7, make above 0.4, else unknown."""

    level: str
    answer: str
    confidence: float
    error_rate: float | None = 0.05
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class FakeSpec:
    """A description with as much as a test gives it."""

    training: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {"training": self.training}


class FakeModel:
    """Reads the answer off the colour of the picture."""

    classes = CLASSES
    makes = MAKES
    families = FAMILIES
    model_id = "0123456789ab"

    def __init__(
        self, folder: Path = Path("fake"), *, spec: FakeSpec | None = None
    ) -> None:
        self.folder = folder
        self.spec = spec or FakeSpec()
        self.seen: list[Photo] = []
        self.frames: list[FrameSize | None] = []

    @classmethod
    def load(cls, folder: PathLike, /) -> FakeModel:
        return cls(Path(folder))

    def analyse(
        self, photo: Photo, /, *, frame_size: FrameSize | None = None
    ) -> FakeEvidence:
        self.seen.append(photo)
        self.frames.append(frame_size)
        if min(photo.pixels.shape[:2]) < SMALLEST:
            raise ImageTooSmallError("smaller than a crop")
        taken_for, percent, known = (int(v) for v in photo.pixels[0, 0])
        rest = (1.0 - percent / 100) / (len(CLASSES) - 1)
        probabilities = np.full(len(CLASSES), rest)
        probabilities[taken_for % len(CLASSES)] = percent / 100
        return FakeEvidence(
            probabilities=probabilities,
            known_score=known / 100,
            unknown_probability=1 - known / 100,
            n_crops=1,
            file_statistics_used=photo.format != "PIXELS",
            frame_size_used=frame_size is not None,
            warnings=(),
        )

    def decide(self, evidence: FakeEvidence, /) -> FakeDecision:
        best = int(evidence.probabilities.argmax())
        top = float(evidence.probabilities[best])
        if top > 0.7:
            return FakeDecision(
                level="model",
                answer=CLASSES[best],
                confidence=top,
                members=(CLASSES[best],),
            )
        if top > 0.4:
            make = MAKES[best]
            members = tuple(c for c in CLASSES if c.startswith(make))
            return FakeDecision(
                level="make", answer=make, confidence=top, members=members
            )
        return FakeDecision(
            level="unknown",
            answer="unknown camera",
            confidence=1 - top,
            error_rate=None,
        )


class DyingModel(FakeModel):
    """Cannot be loaded a second time."""

    @classmethod
    def load(cls, folder: PathLike, /) -> FakeModel:
        raise ArtifactNotFoundError(f"no model in {folder}")


def write_picture(
    path: Path, taken_for: int, percent: int, known: int, side: int = 24
) -> None:
    """Write a PNG that the fake model reads so."""
    pixels = np.full((side, side, 3), (taken_for, percent, known), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
