"""Look for the camera of a picture among all that are enrolled."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import whichcam
from whichcam._typing import PathLike
from whichcam.errors import InputError, InsufficientEvidenceError, ShapeMismatchError
from whichcam.gallery import EnrolledCamera, Gallery, StoredFingerprint
from whichcam.pipelines._devices import (
    STATISTIC,
    Asked,
    Source,
    ask,
    claimed_camera,
    fingerprint_of,
    fitting,
    log10_ratio,
    opened_gallery,
    stored_calibration,
    turned,
)
from whichcam.pipelines._search_result import GallerySearch, SearchHit
from whichcam.pipelines._verify import FALSE_ALARM_RATE, device_warnings
from whichcam.prnu import (
    NOISE_VERSION,
    NoiseMatch,
    SearchRange,
    compare,
    query_bits,
    shortlist,
    threshold_for,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    camera: EnrolledCamera
    stored: StoredFingerprint
    search: SearchRange
    shortlist_score: float | None = None


def search(
    photo: Source | Asked,
    *,
    gallery: Gallery | PathLike | None = None,
    k: int = 10,
    search: SearchRange | None = None,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    allow_truncated: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> GallerySearch:
    """Look for the camera of a picture among all that are enrolled.

    Parameters
    ----------
    photo : path, bytes or Photo
        The picture in question.
    gallery : Gallery or path-like, optional
        By default that of `whichcam.gallery.default_gallery_dir`.
    k : int, default 10
        Cameras to compare exactly after the short list, and to return at most.
    search : SearchRange, optional
        Where the picture may lie on the sensors. By default where the enrolled
        pictures lie, or upside down: then the signs of all fingerprints of its size
        are compared first. With shifts, crops or scales every fingerprint is compared
        exactly, which takes far longer.
    false_alarm_rate : float, default 1e-4
        Chance that any of all cameras reaches the threshold though none of them took
        the picture.
    allow_truncated : bool, default False
        Use a damaged file as far as it goes, and say so in the warnings.
    progress : callable, optional
        Called as ``progress(done, total)`` after each exact comparison.

    Returns
    -------
    GallerySearch
        Also where no camera reaches its threshold.

    Raises
    ------
    InsufficientEvidenceError
        If the gallery is empty or the picture all burnt or black.
    ShapeMismatchError
        If no camera is enrolled that could be compared.
    PhotoNotFoundError, InputError
        If the picture cannot be used, or a number is out of range.
    ArtifactError
        If the gallery cannot be used.
    """
    if k < 1:
        raise InputError(f"k is {k}; expected at least 1")
    threshold_for(false_alarm_rate)  # refuse a rate out of range before the work
    wanted = SearchRange() if search is None else search
    with opened_gallery(gallery) as opened:
        n_cameras = len(opened)
        if not n_cameras:
            raise InsufficientEvidenceError(
                f"the gallery {opened.folder} is empty; enrol cameras first"
            )
        asked = ask(photo, allow_truncated=allow_truncated)
        chosen, n_searched = _choose(asked, opened, wanted, k)
        n_stored = sum(shape.n_fingerprints for shape in opened.sign_shapes())
        if not chosen:
            raise ShapeMismatchError(_nothing_fits(asked, opened))
        enrolled = frozenset(opened.names())
        hits = []
        for done, candidate in enumerate(chosen, start=1):
            match = _compared(asked, candidate)
            if match is not None:
                hits.append(
                    _hit(
                        asked, candidate, match, n_searched, false_alarm_rate, enrolled
                    )
                )
            if progress is not None:
                progress(done, len(chosen))
        if not hits:
            raise ShapeMismatchError(_nothing_fits(asked, opened))
    hits.sort(key=lambda hit: -hit.score)
    return GallerySearch(
        photo_name=asked.header.name,
        sha256=asked.header.sha256,
        exif_camera_model=claimed_camera(asked.header.exif),
        statistic=STATISTIC,
        hits=tuple(hits[:k]),
        false_alarm_rate=false_alarm_rate,
        n_cameras=n_cameras,
        n_searched=n_searched,
        n_compared=len(chosen),
        n_incomparable=max(n_stored - n_searched, 0),
        search=wanted.to_dict(),
        noise_version=NOISE_VERSION,
        whichcam_version=whichcam.__version__,
        warnings=tuple(dict.fromkeys(asked.warnings)),
    )


def _choose(
    asked: Asked, gallery: Gallery, wanted: SearchRange, k: int
) -> tuple[list[_Candidate], int]:
    """Return what to compare exactly, and how many fingerprints were searched."""
    if (
        wanted.shifts != "none"
        or wanted.crop
        or wanted.place is not None
        or wanted.scales != (1.0,)
    ):
        every = _all_that_fit(asked, gallery, wanted)
        return every, len(every)
    shape = asked.noise.shape
    kinds = [(shape, wanted)]
    if shape != shape[::-1]:
        kinds.append((shape[::-1], turned(wanted)))
    found: list[_Candidate] = []
    n_searched = 0
    for sensor, search in kinds:
        names, bits = gallery.sign_matrix(sensor, noise_version=NOISE_VERSION)
        n_gone = names.count(None)
        n_searched += len(names) - n_gone
        if len(names) == n_gone:
            continue
        turns = tuple(
            90 * turn
            for turn in search.quarter_turns
            if (shape[::-1] if turn % 2 else shape) == sensor
        )
        queries = query_bits(asked.noise, search=SearchRange(rotations=turns))
        rows, scores = shortlist(
            queries, bits, k=k + n_gone, n_bits=sensor[0] * sensor[1]
        )
        for row, score in zip(rows.tolist(), scores.tolist(), strict=True):
            name = names[row]
            if name is None:
                continue
            camera = gallery.get(name)
            found.append(
                _Candidate(
                    camera=camera,
                    stored=camera.fingerprint(sensor),
                    search=search,
                    shortlist_score=score,
                )
            )
    found.sort(key=lambda candidate: -(candidate.shortlist_score or 0.0))
    return found[:k], n_searched


def _all_that_fit(
    asked: Asked, gallery: Gallery, wanted: SearchRange
) -> list[_Candidate]:
    found = []
    for camera in gallery.list():
        try:
            stored, search = fitting(asked, camera, wanted)
        except ShapeMismatchError:
            continue
        if stored.noise_version == NOISE_VERSION:
            found.append(_Candidate(camera=camera, stored=stored, search=search))
    return found


def _compared(asked: Asked, candidate: _Candidate) -> NoiseMatch | None:
    """Compare exactly; None where the picture lies on it at none of the places."""
    fingerprint = fingerprint_of(candidate.stored)
    try:
        return compare(asked.noise, fingerprint, search=candidate.search)
    except ShapeMismatchError:
        return None


def _hit(
    asked: Asked,
    candidate: _Candidate,
    match: NoiseMatch,
    n_searched: int,
    false_alarm_rate: float,
    enrolled: frozenset[str],
) -> SearchHit:
    stored, camera = candidate.stored, candidate.camera
    calibration = stored_calibration(stored)
    log10_lr = None
    warnings = device_warnings(asked, camera, stored, enrolled)
    if calibration is not None:
        log10_lr, why_not = log10_ratio(match, calibration, candidate.search)
        warnings += [why_not] if why_not else []
    said = [text for text in warnings if text not in asked.warnings]
    return SearchHit(
        camera=camera.name,
        camera_model=camera.camera_model,
        score=match.z,
        threshold=threshold_for(false_alarm_rate, match.n_positions * n_searched).z,
        log10_p=of_any(match.log10_p, n_searched),
        log10_lr=log10_lr,
        ncc=match.ncc,
        pce=match.pce,
        shortlist_score=candidate.shortlist_score,
        shift=match.shift,
        rotation=match.rotation,
        scale=match.scale,
        n_positions=match.n_positions,
        quality=stored.quality,
        fingerprint_sha256=stored.pattern_sha256,
        warnings=tuple(dict.fromkeys(said)),
    )


def of_any(log10_p: float, n: int) -> float:
    """Return log10 of the chance that any of n independent events happens."""
    if log10_p >= 0:
        return 0.0
    if log10_p < -12:  # chances add up; 1 - (1 - p)^n would lose them
        return min(log10_p + math.log10(n), 0.0)
    return math.log10(-math.expm1(n * math.log1p(-(10.0**log10_p))))


def _nothing_fits(asked: Asked, gallery: Gallery) -> str:
    shapes = gallery.sign_shapes()
    sizes = ", ".join(
        f"{one.shape[1]}x{one.shape[0]} ({one.n_fingerprints})" for one in shapes[:5]
    )
    header = asked.header
    return (
        f"the picture is {header.width}x{header.height} px; the fingerprints of "
        f"{gallery.folder} are of {sizes}{' and others' if shapes[5:] else ''} px: "
        "search over crops or scales, or enrol pictures of this size"
    )
