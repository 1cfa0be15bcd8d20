"""Make a camera's fingerprint of its pictures, and keep it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import ceil
from typing import Any, Final

import whichcam
from whichcam._typing import PathLike
from whichcam.errors import InputError, InsufficientEvidenceError
from whichcam.gallery import EnrolledCamera, Gallery
from whichcam.gallery._text import clean_name
from whichcam.pipelines import _enroll_state
from whichcam.pipelines._devices import Source, expanded, opened_gallery
from whichcam.pipelines._enroll_choice import (
    Choice,
    LeftOutPhoto,
    Progress,
    choose,
    summed_up,
)
from whichcam.pipelines._enroll_state import Progressed
from whichcam.pipelines._enroll_work import add_all, begin
from whichcam.pipelines._lookalikes import (
    Lookalike,
    annotate_lookalikes,
    enrolled_elsewhere,
    lookalikes_of,
    warning_of,
)
from whichcam.prnu import Fingerprint, camera_cautions

GOOD_QUALITY: Final = 0.7
"""Scores are then 70 % of what a perfect fingerprint would give."""

_CHECKPOINT_S: Final = 30.0  # seconds of work that a kill may cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrollment:
    """What came of enrolling a camera.

    Attributes
    ----------
    camera : str
        The name it is found by.
    camera_model : str or None
        What most pictures' metadata name, or what was stated.
    shape : (int, int)
        Rows and columns of the fingerprint.
    n_given, n_used : int
        Pictures given, and pictures the fingerprint was made of.
    n_resumed : int
        Of these, taken over from an enrolment that was broken off.
    left_out : tuple of LeftOutPhoto
        The others, and why.
    quality : float
        Estimated correlation with the perfect fingerprint, 0 to 1; see
        `whichcam.prnu.Fingerprint`.
    saturated_share : float
        Mean share of burnt pixels, 0 to 1.
    needs : tuple of str
        What would make the fingerprint better; empty if it is good.
    lookalikes : tuple of Lookalike
        Other cameras of the gallery whose fingerprints it matches.
    pattern_sha256 : str
        Of the stored pattern.
    photo_sha256s : tuple of str
        Of the pictures used.
    noise_version : int
        Version of the noise extraction.
    gallery : str
        The gallery's folder.
    whichcam_version : str
        What made it.
    warnings : tuple of str
        What makes the fingerprint less good than it looks.
    """

    camera: str
    camera_model: str | None
    shape: tuple[int, int]
    n_given: int
    n_used: int
    n_resumed: int
    left_out: tuple[LeftOutPhoto, ...]
    quality: float
    saturated_share: float
    needs: tuple[str, ...]
    lookalikes: tuple[Lookalike, ...]
    pattern_sha256: str
    photo_sha256s: tuple[str, ...]
    noise_version: int
    gallery: str
    whichcam_version: str
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            **asdict(self),
            "shape": list(self.shape),
            "left_out": [one.to_dict() for one in self.left_out],
            "needs": list(self.needs),
            "lookalikes": [one.to_dict() for one in self.lookalikes],
            "photo_sha256s": list(self.photo_sha256s),
            "warnings": list(self.warnings),
        }


def enroll(
    name: str,
    photos: Source | Iterable[Source],
    *,
    gallery: Gallery | PathLike | None = None,
    size: tuple[int, int] | None = None,
    align: bool = False,
    keep_edited: bool = False,
    replace: bool = False,
    camera_model: str | None = None,
    progress: Progress | None = None,
    checkpoint_s: float = _CHECKPOINT_S,
) -> Enrollment:
    """Make a camera's fingerprint of its pictures and keep it in a gallery.

    Parameters
    ----------
    name : str
        To find the camera by.
    photos : path, bytes or Photo, or an iterable of them
        Pictures taken by this very camera; folders are looked through. Best are 20 or
        more of bright, even, unsaturated surfaces (an overcast sky), as the camera
        wrote them. Each is decoded once, one at a time.
    gallery : Gallery or path-like, optional
        Made where there is none; by default that of
        `whichcam.gallery.default_gallery_dir`.
    size : (int, int), optional
        Width and height in px of the pictures to use; by default those of most.
    align : bool, default False
        Turn pictures that are stored turned against the others (by 90, 180 or 270
        degrees) where the pattern shows how. Without it those turned by a quarter are
        left out, and pictures upside down weaken the fingerprint unnoticed.
    keep_edited : bool, default False
        Also use pictures whose files say that they were edited or resized.
    replace : bool, default False
        Take the place of the camera's fingerprint of this size.
    camera_model : str, optional
        Make and model, where the pictures' metadata do not say.
    progress : callable, optional
        Called as ``progress(stage, done, total)``.
    checkpoint_s : float, default 30
        Seconds between checkpoints. An enrolment that is killed goes on from the last
        when it is run again with the same pictures; the gallery is as it was.

    Returns
    -------
    Enrollment

    Raises
    ------
    InputError
        If the camera is enrolled in this size and ``replace`` is False, or the
        pictures are of two cameras or of two sizes equally often, or of another
        camera model than stated.
    InsufficientEvidenceError
        If no picture can be used; the message says why.
    DatasetNotFoundError
        If a folder holds no picture.
    ArtifactError
        If the disk is full or the gallery cannot be used; it is as it was.

    Notes
    -----
    Memory: that of one picture and a few planes of its size.
    """
    sources, unreadable = expanded(photos)
    with opened_gallery(gallery, create=True) as opened:
        name = clean_name(name)  # refuses what is no name, before the work
        known = name in opened
        choice = choose(
            sources,
            unreadable=unreadable,
            shape=None if size is None else (size[1], size[0]),
            keep_edited=keep_edited,
            align=align,
            progress=progress,
        )
        if not choice.chosen:
            raise _nothing_left(choice.left_out)
        if choice.camera_model is None:
            choice = dataclasses.replace(choice, camera_model=camera_model)
        elif camera_model not in (None, choice.camera_model):
            raise InputError(
                f"the camera is said to be a {camera_model}, but the pictures' EXIF "
                f"names a {choice.camera_model}; leave the statement out, or look "
                "whether these are the right pictures"
            )
        if known and choice.shape in opened.get(name).shapes and not replace:
            raise InputError(
                f"{name!r} is enrolled in {choice.shape[1]}x{choice.shape[0]} px "
                "already; ask to replace it, or choose another name"
            )
        settings = {"shape": list(choice.shape), "align": align}
        with opened.staging(name) as folder:
            progressed, notes = begin(folder, choice, settings)
            n_resumed = len(progressed.used)
            add_all(
                choice.chosen,
                progressed,
                align=align,
                checkpoint=partial(_enroll_state.save, folder, progressed, settings),
                every_s=checkpoint_s,
                progress=progress,
            )
            left_out = (*choice.left_out, *progressed.left_out)
            if not progressed.used:
                raise _nothing_left(left_out)
            fingerprint = progressed.estimator.estimate()
            alike = lookalikes_of(opened, fingerprint, name)
            warnings = (
                *enrolled_elsewhere(opened, [*progressed.used], name),
                *_warnings(choice, progressed, fingerprint, notes),
            )
            camera = _store(
                opened, name, choice, progressed, fingerprint, alike, warnings, replace
            )
        annotate_lookalikes(opened, camera.name, alike, choice.shape)
        stored = camera.fingerprint(choice.shape)
        return Enrollment(
            camera=camera.name,
            camera_model=camera.camera_model,
            shape=choice.shape,
            n_given=len(sources) + len(unreadable),
            n_used=fingerprint.n_photos,
            n_resumed=n_resumed,
            left_out=left_out,
            quality=fingerprint.quality,
            saturated_share=fingerprint.saturated_share,
            needs=_needs(fingerprint),
            lookalikes=alike,
            pattern_sha256=stored.pattern_sha256,
            photo_sha256s=stored.photo_sha256s,
            noise_version=fingerprint.noise_version,
            gallery=str(opened.folder),
            whichcam_version=whichcam.__version__,
            warnings=(*warnings, *([warning_of(alike)] if alike else ())),
        )


def _store(
    gallery: Gallery,
    name: str,
    choice: Choice,
    progressed: Progressed,
    fingerprint: Fingerprint,
    alike: Sequence[Lookalike],
    warnings: tuple[str, ...],
    replace: bool,
) -> EnrolledCamera:
    lengths = {
        one.focal_length_mm
        for one in choice.chosen
        if one.focal_length_mm is not None and one.sha256 in progressed.used
    }
    return gallery.enroll(
        name,
        fingerprint.pattern,
        n_photos=fingerprint.n_photos,
        quality=fingerprint.quality,
        noise_version=fingerprint.noise_version,
        camera_model=choice.camera_model,
        photo_sha256s=progressed.used,
        warnings=warnings,
        metadata={
            "saturated_share": fingerprint.saturated_share,
            "focal_lengths_mm": sorted(lengths),
            "lookalikes": [one.camera for one in alike],
        },
        replace=replace,
    )


def _warnings(
    choice: Choice,
    progressed: Progressed,
    fingerprint: Fingerprint,
    notes: tuple[str, ...],
) -> tuple[str, ...]:
    said = [*notes, *fingerprint.warnings]
    n_used = len(progressed.used)
    said += [f"{n} of {n_used}: {text}" for text, n in progressed.cautions.items()]
    make, _, model = (choice.camera_model or "").partition(" ")
    said += map(str, camera_cautions(make, model))
    return tuple(said)


def _needs(fingerprint: Fingerprint) -> tuple[str, ...]:
    """Return what would make a fingerprint good.

    By Spearman and Brown, the squared quality q of n pictures of one kind is
    ``n s / (n s + 1)`` with one s for all n: it tells how many it takes.
    """
    quality = fingerprint.quality
    if quality >= GOOD_QUALITY:
        return ()
    kind = "bright, even, unsaturated surfaces, such as an overcast sky out of focus"
    if fingerprint.n_photos < 2:
        return (f"more pictures: with one, its quality cannot be told; best of {kind}",)
    if quality <= 0:
        return (
            "pictures that agree: no common pattern is seen in these; were all taken "
            f"by one camera, and do all lie the same way up? Best are {kind}",
        )
    signal = quality**2 / (1 - quality**2) / fingerprint.n_photos
    n_wanted = ceil(GOOD_QUALITY**2 / (1 - GOOD_QUALITY**2) / signal)
    more = max(n_wanted - fingerprint.n_photos, 1)
    return (
        f"about {more} more such pictures for a quality of {GOOD_QUALITY:g}; fewer, if "
        f"they are of {kind}",
    )


def _nothing_left(left_out: Sequence[LeftOutPhoto]) -> InsufficientEvidenceError:
    if not left_out:
        return InsufficientEvidenceError("no picture was given; give one or more")
    return InsufficientEvidenceError(
        f"none of {len(left_out)} pictures can be used: {summed_up(left_out)}"
    )
