"""The work of an enrolment: pictures in, one at a time, sums and reasons out."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from whichcam.errors import InsufficientEvidenceError, WhichcamError
from whichcam.media import Photo, open_photo
from whichcam.pipelines import _enroll_state
from whichcam.pipelines._devices import failed
from whichcam.pipelines._enroll_choice import Choice, Chosen, LeftOutPhoto, Progress
from whichcam.pipelines._enroll_state import Progressed
from whichcam.prnu import (
    Fingerprint,
    FingerprintEstimator,
    PhotoNoise,
    SearchRange,
    compare,
    noise_cautions,
    photo_noise,
    threshold_for,
)

_ALIGNED_BY: Final = 1e-4  # chance that a picture of another camera is turned
_RENEWED: Final = 8  # pictures after which the pattern to align with is made anew


def begin(
    folder: Path, choice: Choice, settings: Mapping[str, Any]
) -> tuple[Progressed, tuple[str, ...]]:
    """Return where an enrolment stands, and what is to be said of it."""
    found = _enroll_state.load(folder, settings)
    given = {one.sha256 for one in choice.chosen}
    if found is not None:
        done = {*found.used, *(one.sha256 for one in found.left_out)}
        if done <= given:
            return found, ()
    notes: tuple[str, ...] = ()
    if any(folder.iterdir()):
        notes = (
            "an enrolment under this name that was broken off could not be taken up "
            "(it was of other pictures or settings, or damaged); begun anew",
        )
    _enroll_state.clear(folder)
    return Progressed(estimator=FingerprintEstimator(choice.shape)), notes


def add_all(
    chosen: Sequence[Chosen],
    progressed: Progressed,
    *,
    align: bool,
    checkpoint: Callable[[], None],
    every_s: float,
    progress: Progress | None,
) -> None:
    """Add every picture that was not dealt with yet, with checkpoints between."""
    aligner = _Aligner(progressed.estimator) if align else None
    saved = time.monotonic()
    for done, one in enumerate(chosen, start=1):
        if not progressed.has_done(one.sha256):
            left_out = _add(one, progressed, aligner)
            if left_out is not None:
                progressed.left_out.append(left_out)
            if time.monotonic() - saved >= every_s:
                checkpoint()
                saved = time.monotonic()
        if progress is not None:
            progress("adding pictures", done, len(chosen))


def _add(
    one: Chosen, progressed: Progressed, aligner: _Aligner | None
) -> LeftOutPhoto | None:
    """Add a picture, or say why not."""
    try:
        photo = one.source if isinstance(one.source, Photo) else open_photo(one.source)
        if photo.sha256 != one.sha256:
            return one.left_out("unreadable", "the file was changed meanwhile")
        noise = photo_noise(photo.pixels, name=Path(one.name).name)
    except WhichcamError as error:
        return one.left_out("unreadable", failed(error, one.name))
    del photo
    cautions = (*one.cautions, *noise_cautions(noise))
    if aligner is not None:
        placed = aligner.place(noise)
        if placed is None:
            return one.left_out(
                "turned",
                "its pixels are turned, and the pattern does not show which way: it "
                "is another camera's, or there are too few upright pictures",
            )
        noise = placed
    try:
        progressed.estimator.add_noise(noise)
    except InsufficientEvidenceError as error:
        is_dark = noise.dark_share > noise.saturated_share
        return one.left_out("dark" if is_dark else "saturated", str(error))
    except WhichcamError as error:
        return one.left_out("size_differs", str(error))
    progressed.used[one.sha256] = one.name
    progressed.note(tuple(map(str, cautions)))
    return None


class _Aligner:
    """Turns pictures to lie as those before them, where the pattern shows how."""

    def __init__(self, estimator: FingerprintEstimator) -> None:
        self._estimator = estimator
        self._pattern: Fingerprint | None = None

    def place(self, noise: PhotoNoise) -> PhotoNoise | None:
        """Return a picture's noise as the others lie; None if that is not seen."""
        is_upright = noise.shape == self._estimator.shape
        fingerprint = self._renewed()
        if fingerprint is None:
            return noise if is_upright else None
        rotations = (0, 180) if is_upright else (90, 270)
        try:
            match = compare(noise, fingerprint, search=SearchRange(rotations=rotations))
        except WhichcamError:
            return noise if is_upright else None  # unusable; said when it is added
        is_seen = match.z >= threshold_for(_ALIGNED_BY, match.n_positions).z
        if not is_seen:
            return noise if is_upright else None
        turns = match.rotation // 90
        if turns == 0:
            return noise
        return dataclasses.replace(
            noise,
            residual=np.ascontiguousarray(np.rot90(noise.residual, turns)),
            intensity=np.ascontiguousarray(np.rot90(noise.intensity, turns)),
        )

    def _renewed(self) -> Fingerprint | None:
        """Return the pattern so far, not too old."""
        n_photos = self._estimator.n_photos
        known = self._pattern.n_photos if self._pattern is not None else 0
        if n_photos and n_photos >= min(2 * known, known + _RENEWED):
            self._pattern = self._estimator.estimate()
        return self._pattern
