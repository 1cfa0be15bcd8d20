"""Say whether a fingerprint also matches other cameras of the gallery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from whichcam.errors import WhichcamError
from whichcam.gallery import Gallery
from whichcam.pipelines._devices import fingerprint_of
from whichcam.prnu import (
    NOISE_VERSION,
    Fingerprint,
    compare_fingerprints,
    shortlist,
    sign_bits,
    threshold_for,
)

_COMPARED: Final = 8  # those whose signs agree best
_FALSE_ALARM_RATE: Final = 1e-4  # over all cameras of the gallery
_KEY: Final = "lookalikes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookalike:
    """Another camera whose fingerprint matches: the same one, or a shared artefact.

    Attributes
    ----------
    camera : str
        The name it is enrolled under.
    camera_model : str or None
        Its make and model.
    score, threshold : float
        See `whichcam.prnu.NoiseMatch.z`, and what any camera of the gallery reaches
        by accident once in 10,000 enrolments.
    rotation : int
        Degrees by which one had to be turned.
    """

    camera: str
    camera_model: str | None
    score: float
    threshold: float
    rotation: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return asdict(self)


def lookalikes_of(
    gallery: Gallery, fingerprint: Fingerprint, name: str
) -> tuple[Lookalike, ...]:
    """Return the cameras other than ``name`` whose fingerprints match, best first."""
    shape = fingerprint.shape
    names, bits = gallery.sign_matrix(shape, noise_version=NOISE_VERSION)
    others = [other for other in names if other not in (None, name)]
    if not others:
        return ()
    pattern = fingerprint.pattern
    queries = np.stack([sign_bits(pattern), sign_bits(np.rot90(pattern, 2))])
    rows, _ = shortlist(
        queries,
        bits,
        k=_COMPARED + len(names) - len(others),
        n_bits=shape[0] * shape[1],
    )
    found = []
    for row in rows.tolist():
        other = names[row]
        if other is None or other == name:
            continue
        camera = gallery.get(other)
        match = compare_fingerprints(
            fingerprint, fingerprint_of(camera.fingerprint(shape))
        )
        limit = threshold_for(_FALSE_ALARM_RATE, match.n_positions * len(others)).z
        if match.z >= limit:
            found.append(
                Lookalike(
                    camera=other,
                    camera_model=camera.camera_model,
                    score=match.z,
                    threshold=limit,
                    rotation=match.rotation,
                )
            )
    return tuple(sorted(found, key=lambda one: -one.score))


def annotate_lookalikes(
    gallery: Gallery, name: str, found: Iterable[Lookalike], shape: tuple[int, int]
) -> None:
    """Tell the other cameras too: they look alike both ways."""
    for one in found:
        try:
            known = gallery.get(one.camera).fingerprint(shape).metadata.get(_KEY, [])
            if name not in known:
                gallery.annotate(one.camera, {_KEY: [*known, name]}, shape=shape)
        except WhichcamError:
            continue  # removed meanwhile by another process


def enrolled_elsewhere(
    gallery: Gallery, sha256s: Collection[str], name: str
) -> list[str]:
    """Return what is to be said of pictures that enrolled other cameras before."""
    others = Counter(
        other
        for names in gallery.cameras_by_photo(sha256s).values()
        for other in names
        if other != name
    )
    return [
        f"{n} of {len(sha256s)} files also made the fingerprint of {other!r}: they can "
        "be of one of the two cameras only; remove the wrong one and enrol it again"
        for other, n in others.most_common()
    ]


def warning_of(found: Iterable[Lookalike]) -> str:
    """Return what is to be said of look-alikes; empty if there are none."""
    names = ", ".join(f"{one.camera!r} (z {one.score:.1f})" for one in found)
    if not names:
        return ""
    return (
        f"this fingerprint also matches that of {names}: one camera under two names, "
        "pictures of one among those of the other, or an artefact that cameras share; "
        "a match with one does not tell them apart"
    )
