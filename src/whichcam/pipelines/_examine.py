"""Look at a picture in every way there is, and set what is found side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Final, TypeAlias

import whichcam
from whichcam._typing import PathLike, PhotoSource
from whichcam.claims import check_claims, read_claims
from whichcam.errors import (
    ArtifactError,
    ImageTooSmallError,
    InsufficientEvidenceError,
    MissingDependencyError,
    ShapeMismatchError,
    UnknownNameError,
)
from whichcam.evaluation._environment import versions
from whichcam.gallery import Gallery
from whichcam.localize import LOCALIZERS, Localization, build_localizer
from whichcam.media import Limits, Photo, open_photo
from whichcam.media._source import read_source
from whichcam.models import CameraModel, Evidence
from whichcam.pipelines._examine_devices import compared
from whichcam.pipelines._examine_result import Examination, NotExamined
from whichcam.pipelines._identify import Identification, as_model, identification_of
from whichcam.pipelines._verdicts import VERBAL_SCALE, verdicts_of
from whichcam.signal import choose_crops

Progress: TypeAlias = Callable[[str, int, int], None]
_Map: TypeAlias = Localization | NotExamined

_OF_A_DEVICE: Final = "prnu_absence"
METHODS: Final = tuple(LOCALIZERS)
"""Localizers that are run unless others are named: all that apply."""

_BESIDE: Final = 2  # threads that draw maps while the rest is looked at

# Errors that say "this cannot be asked of this picture", not "something is broken".
CANNOT: Final = (
    ImageTooSmallError,
    InsufficientEvidenceError,
    MissingDependencyError,
    ShapeMismatchError,
)


def examine(
    photo: PhotoSource | Photo,
    *,
    gallery: Gallery | PathLike | None = None,
    cameras: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
    model: CameraModel | PathLike | None = None,
    allow_truncated: bool = False,
    progress: Progress | None = None,
) -> Examination:
    """Examine a picture: model, device, what the file claims, parts that differ.

    Parameters
    ----------
    photo : path, bytes, binary file object or Photo
        The picture, decoded once. Of a `Photo`, which keeps no file, content
        credentials cannot be checked.
    gallery : Gallery or path-like, optional
        Enrolled cameras; by default that of `whichcam.gallery.default_gallery_dir`,
        where there is one.
    cameras : sequence of str, optional
        Names of enrolled cameras to compare with; the three likeliest by default. An
        empty sequence compares with none.
    methods : sequence of str, optional
        Keys of `whichcam.localize.LOCALIZERS`; by default all of them. With
        ``prnu_absence``, areas are looked for that lack the pattern of the camera
        compared with, if the picture as a whole shows it.
    model : CameraModel or path, optional
        The bundled one by default.
    allow_truncated : bool, default False
        Decode a damaged file as far as it goes, and say so in the warnings.
    progress : callable, optional
        Called as ``progress(stage, done, total)`` before each step and at the end, in
        the caller's thread.

    Returns
    -------
    Examination
        What could not be looked at stands in ``not_examined`` with its reason.

    Raises
    ------
    PhotoNotFoundError, InputError
        If the photo cannot be used at all; see `whichcam.media.open_photo`.
    UnknownNameError
        If a method or a named camera does not exist.
    ArtifactError
        If the model, or a gallery that was named, cannot be used.

    See Also
    --------
    whichcam.reporting.html_report : The same as a page to hand on.

    Notes
    -----
    Maps are drawn in two threads beside the rest: compiled code and numpy let others
    run. The result does not depend on it.
    """
    chosen = METHODS if methods is None else tuple(dict.fromkeys(methods))
    for name in chosen:
        if name not in LOCALIZERS:
            raise UnknownNameError(
                f"unknown method {name!r}; known: {', '.join(sorted(LOCALIZERS))}"
            )
    asked = as_model(model)
    undirected = [name for name in chosen if name != _OF_A_DEVICE]
    work = _Work(progress, total=4 + len(undirected))
    work.step("reading the file")
    data: PhotoSource | Photo = photo
    if isinstance(photo, Photo):
        opened = photo
    else:
        name, data = read_source(photo, Limits())
        opened = _opened(name, data, allow_truncated=allow_truncated)
    pool = ThreadPoolExecutor(_BESIDE, thread_name_prefix="whichcam-map")
    try:
        maps = {name: pool.submit(_map, name, opened, asked) for name in undirected}
        claims = read_claims(data)
        work.step("naming the camera model")
        evidence, identification = _identify(opened, asked, work)
        work.step("checking what the file claims")
        findings = check_claims(
            opened,
            evidence=evidence,
            model=None if evidence is None else asked,
            claims=claims,
        )
        work.step("comparing with enrolled cameras")
        found = compared(opened, gallery, cameras, with_absence=_OF_A_DEVICE in chosen)
        work.left_out += found.not_examined
        drawn = _gathered(maps, work)
    finally:
        pool.shutdown(cancel_futures=True)
    drawn = (*drawn, *found.localizations)
    work.finish()
    return Examination(
        photo_name=opened.name,
        sha256=opened.sha256,
        n_bytes=opened.header.n_bytes,
        width=opened.width,
        height=opened.height,
        format=opened.format,
        orientation=opened.exif.orientation,
        claims=claims,
        identification=identification,
        crops=() if evidence is None else _crops(opened, asked),
        devices=found.devices,
        localizations=drawn,
        findings=findings,
        verdicts=verdicts_of(findings, drawn, found.devices),
        not_examined=tuple(work.left_out),
        structure=None if opened.jpeg is None else opened.jpeg.to_dict(),
        settings={
            "methods": list(chosen),
            "cameras": None if cameras is None else list(cameras),
            "allow_truncated": allow_truncated,
            "verbal_scale": [list(step) for step in VERBAL_SCALE],
        },
        versions=versions(),
        model_id=asked.model_id,
        whichcam_version=whichcam.__version__,
        warnings=opened.warnings,
    )


class _Work:
    """Tells how far it is, and keeps what is left out."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self.left_out: list[NotExamined] = []

    def step(self, stage: str) -> None:
        if self._progress is not None:
            self._progress(stage, self._done, self._total)
        self._done += 1

    def finish(self) -> None:
        if self._progress is not None:
            self._progress("done", self._total, self._total)


def _opened(name: str, data: bytes, *, allow_truncated: bool) -> Photo:
    opened = open_photo(data, allow_truncated=allow_truncated)
    return replace(opened, header=replace(opened.header, name=name))


def _identify(
    photo: Photo, model: CameraModel, work: _Work
) -> tuple[Evidence | None, Identification | None]:
    try:
        evidence = model.analyse(photo)
    except CANNOT as error:
        work.left_out.append(NotExamined(what="camera model by pixels", why=str(error)))
        return None, None
    return evidence, identification_of(photo, model, evidence, top_k=5)


def _crops(photo: Photo, model: CameraModel) -> tuple[tuple[int, int, int, int], ...]:
    found = choose_crops(
        photo.pixels,
        size_px=model.spec.crop_size_px,
        n_crops=model.spec.n_crops,
        smallest_px=model.spec.smallest_px,
    )
    return tuple((int(t), int(le), int(h), int(w)) for t, le, h, w in found)


def _map(name: str, photo: Photo, model: CameraModel) -> _Map:
    """Return the map of one method, or why there is none."""
    named = name in ("fusion", "camera_consistency")
    try:
        localizer = build_localizer(name, **({"model": model} if named else {}))
        reason = localizer.applies_to(photo)
        if reason is None:
            return localizer.localize(photo)
    except CANNOT as error:
        reason = str(error)
    except ArtifactError:  # its words name a folder of this machine
        reason = "what was fitted for it is not installed"
    return NotExamined(what=name, why=reason)


def _gathered(maps: dict[str, Future[_Map]], work: _Work) -> tuple[Localization, ...]:
    """Wait for the maps one by one, and keep the reasons of those there are not."""
    drawn = []
    for name, future in maps.items():
        work.step(f"looking for parts that differ: {name}")
        found = future.result()
        if isinstance(found, NotExamined):
            work.left_out.append(found)
        else:
            drawn.append(found)
    return tuple(drawn)
