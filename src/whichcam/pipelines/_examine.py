"""Look at a picture in every way there is, and set what is found side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import whichcam
from whichcam._typing import PathLike, PhotoSource
from whichcam.claims import check_claims, read_claims
from whichcam.errors import (
    ArtifactError,
    ArtifactNotFoundError,
    ImageTooSmallError,
    InsufficientEvidenceError,
    MissingDependencyError,
    ShapeMismatchError,
    UnknownNameError,
)
from whichcam.gallery import Gallery
from whichcam.localize import LOCALIZERS, Localization, build_localizer
from whichcam.media import Limits, Photo, open_photo
from whichcam.media._source import read_source
from whichcam.models import CameraModel, Evidence
from whichcam.pipelines._devices import opened_gallery
from whichcam.pipelines._examine_result import Examination, NotExamined
from whichcam.pipelines._identify import Identification, as_model, identification_of
from whichcam.pipelines._search import search
from whichcam.pipelines._verdicts import verdicts_of
from whichcam.pipelines._verify import Verification, verify
from whichcam.signal import choose_crops

Progress = Callable[[str, int, int], None]

_OF_A_DEVICE: Final = "prnu_absence"
METHODS: Final = tuple(name for name in LOCALIZERS if name != _OF_A_DEVICE)
"""Localizers that are run unless others are named: all that need no device."""

_CANDIDATES: Final = 3  # of the gallery, where no camera is named

# Errors that say "this cannot be asked of this picture", not "something is broken".
_CANNOT = (
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
        The picture. Of a `Photo`, which keeps no file, content credentials cannot be
        checked.
    gallery : Gallery or path-like, optional
        Enrolled cameras; by default that of `whichcam.gallery.default_gallery_dir`,
        where there is one.
    cameras : sequence of str, optional
        Names of enrolled cameras to compare with; the three likeliest by default. An
        empty sequence compares with none.
    methods : sequence of str, optional
        Keys of `whichcam.localize.LOCALIZERS`; by default all that need no device.
    model : CameraModel or path, optional
        The bundled one by default.
    allow_truncated : bool, default False
        Decode a damaged file as far as it goes, and say so in the warnings.
    progress : callable, optional
        Called as ``progress(stage, done, total)`` before each step and at the end.

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
    """
    chosen = METHODS if methods is None else tuple(methods)
    for name in chosen:
        if name not in LOCALIZERS:
            raise UnknownNameError(
                f"unknown method {name!r}; known: {', '.join(sorted(LOCALIZERS))}"
            )
    asked = as_model(model)
    work = _Work(progress, total=4 + len(chosen))
    work.step("reading the file")
    data: PhotoSource | Photo = photo
    if isinstance(photo, Photo):
        opened = photo
    else:
        name, data = read_source(photo, Limits())
        opened = _opened(name, data, allow_truncated=allow_truncated)
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
    devices = _devices(opened, gallery, cameras, work)
    maps = tuple(_maps(opened, chosen, asked, work))
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
        devices=devices,
        localizations=maps,
        findings=findings,
        verdicts=verdicts_of(findings, maps, devices),
        not_examined=tuple(work.left_out),
        structure=None if opened.jpeg is None else opened.jpeg.to_dict(),
        settings={
            "methods": list(chosen),
            "cameras": None if cameras is None else list(cameras),
            "allow_truncated": allow_truncated,
        },
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

    def leave_out(self, what: str, why: str) -> None:
        self.left_out.append(NotExamined(what=what, why=why))


def _opened(name: str, data: bytes, *, allow_truncated: bool) -> Photo:
    from dataclasses import replace

    opened = open_photo(data, allow_truncated=allow_truncated)
    return replace(opened, header=replace(opened.header, name=name))


def _identify(
    photo: Photo, model: CameraModel, work: _Work
) -> tuple[Evidence | None, Identification | None]:
    try:
        evidence = model.analyse(photo)
    except _CANNOT as error:
        work.leave_out("camera model by pixels", str(error))
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


def _devices(
    photo: Photo,
    gallery: Gallery | PathLike | None,
    cameras: Sequence[str] | None,
    work: _Work,
) -> tuple[Verification, ...]:
    if cameras is not None and not cameras:
        work.leave_out("enrolled cameras", "none was asked for")
        return ()
    try:
        with opened_gallery(gallery) as opened:
            names = cameras
            if names is None:
                found = search(photo, gallery=opened, k=_CANDIDATES)
                names = [hit.camera for hit in found.hits]
            return tuple(verify(photo, name, gallery=opened) for name in names)
    except ArtifactNotFoundError:
        if gallery is not None or cameras is not None:
            raise
        work.leave_out(
            "enrolled cameras", "none is enrolled; `whichcam enroll` adds one"
        )
    except _CANNOT as error:
        work.leave_out("enrolled cameras", str(error))
    return ()


def _maps(
    photo: Photo, methods: Sequence[str], model: CameraModel, work: _Work
) -> Iterator[Localization]:
    for name in methods:
        work.step(f"looking for parts that differ: {name}")
        if name == _OF_A_DEVICE:
            work.leave_out(name, "it needs one device; see `whichcam localize`")
            continue
        named = name in ("fusion", "camera_consistency")
        try:
            localizer = build_localizer(name, **({"model": model} if named else {}))
            reason = localizer.applies_to(photo)
            if reason is None:
                yield localizer.localize(photo)
        except (*_CANNOT, ArtifactError) as error:
            reason = str(error)
        if reason is not None:
            work.leave_out(name, reason)
