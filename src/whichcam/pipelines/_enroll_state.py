"""Checkpoints of an enrolment: a killed one goes on where it was."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from whichcam.errors import ArtifactError
from whichcam.pipelines._enroll_choice import LeftOutPhoto
from whichcam.prnu import FingerprintEstimator

_KIND: Final = "whichcam enrolment 1"
_RECORD: Final = "enrolment.json"
_LARGEST_RECORD: Final = 1 << 26  # bytes; a picture takes some 100


@dataclass(slots=True)
class Progressed:
    """An enrolment as far as it has come."""

    estimator: FingerprintEstimator
    used: dict[str, str] = field(default_factory=dict)  # name by SHA-256
    left_out: list[LeftOutPhoto] = field(default_factory=list)
    cautions: dict[str, int] = field(default_factory=dict)  # pictures by text

    def has_done(self, sha256: str) -> bool:
        """Say whether a picture was dealt with."""
        return sha256 in self.used or any(one.sha256 == sha256 for one in self.left_out)

    def note(self, texts: tuple[str, ...]) -> None:
        """Count a picture's cautions."""
        for text in texts:
            self.cautions[text] = self.cautions.get(text, 0) + 1


def save(folder: Path, progressed: Progressed, settings: Mapping[str, Any]) -> None:
    """Write a checkpoint; the one before stays until this is whole.

    Raises
    ------
    ArtifactError
        If it cannot be written.
    """
    before = set(folder.glob("state-*.npz"))
    # The sums and what they are of must never be of two moments: the record names
    # the file of its sums, and is moved to its place last.
    state = folder / f"state-{progressed.estimator.n_photos}.npz"
    progressed.estimator.save(state)
    record = {
        "kind": _KIND,
        "settings": dict(settings),
        "state": state.name,
        "used": progressed.used,
        "left_out": [one.to_dict() for one in progressed.left_out],
        "cautions": progressed.cautions,
    }
    scratch = folder / f"{_RECORD}.part"
    try:
        with scratch.open("w", encoding="utf-8") as file:
            json.dump(record, file)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(folder / _RECORD)
        for path in before - {state}:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise ArtifactError(
            f"the checkpoint in {folder} cannot be written: {error.strerror}; free "
            "space, or name a gallery on another disk, and run again: it goes on from "
            "the last checkpoint"
        ) from error


def load(folder: Path, settings: Mapping[str, Any]) -> Progressed | None:
    """Return the last checkpoint; None where there is none of these settings.

    One that is damaged counts as none: the pictures are all still there.
    """
    path = folder / _RECORD
    try:
        if path.stat().st_size > _LARGEST_RECORD:
            return None
        record = json.loads(path.read_bytes())
        if record["kind"] != _KIND or record["settings"] != dict(settings):
            return None
        used = {str(key): str(value) for key, value in record["used"].items()}
        estimator = FingerprintEstimator.load(folder / Path(record["state"]).name)
        progressed = Progressed(
            estimator=estimator,
            used=used,
            left_out=[LeftOutPhoto(**values) for values in record["left_out"]],
            cautions={str(k): int(v) for k, v in record["cautions"].items()},
        )
    except (OSError, ArtifactError, ValueError, KeyError, TypeError, AttributeError):
        return None
    is_whole = estimator.n_photos == len(used)
    return (
        progressed if is_whole and list(estimator.shape) == settings["shape"] else None
    )


def clear(folder: Path) -> None:
    """Delete what other settings, or a damaged checkpoint, left."""
    for path in (folder / _RECORD, *folder.glob("state-*.npz"), *folder.glob(".*")):
        path.unlink(missing_ok=True)
