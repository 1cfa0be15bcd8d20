"""What the verbs about single cameras share: galleries, pictures, calibrations."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from whichcam._typing import PathLike
from whichcam.datasets import canonical_camera, find_pictures
from whichcam.errors import (
    ArtifactNotFoundError,
    IncompatibleArtifactError,
    InputError,
    ShapeMismatchError,
    WhichcamError,
)
from whichcam.gallery import EnrolledCamera, Gallery, StoredFingerprint
from whichcam.media import Exif, Photo, PhotoHeader, open_photo
from whichcam.prnu import (
    NOISE_VERSION,
    Fingerprint,
    NoiseMatch,
    PhotoNoise,
    SearchRange,
    camera_cautions,
    file_cautions,
    noise_cautions,
    photo_noise,
)
from whichcam.prnu._cautions import focal_length_mm
from whichcam.scoring import LikelihoodRatioMap

Source: TypeAlias = PathLike | bytes | Photo
"""A picture that can be looked at more than once."""

STATISTIC: Final = "z"
"""The score that decides: see `whichcam.prnu.NoiseMatch.z`."""

CALIBRATION: Final = "calibration"
"""Key of a camera's metadata under which its likelihood-ratio map is kept."""

_LARGEST_CALIBRATION: Final = 1 << 20  # bytes; ours are some 1000
_CLOSE_ASPECT: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A picture in question: what its file says, and its noise; no pixels."""

    header: PhotoHeader
    noise: PhotoNoise
    warnings: tuple[str, ...]

    @property
    def focal_length_mm(self) -> float | None:
        """The focal length its file names."""
        return focal_length_mm(self.header.exif)


@contextmanager
def opened_gallery(
    gallery: Gallery | PathLike | None, *, create: bool = False
) -> Iterator[Gallery]:
    """Yield a gallery: the caller's own, left open, or one opened for the block."""
    if isinstance(gallery, Gallery):
        yield gallery
        return
    with Gallery.open(gallery, create=create) as opened:
        yield opened


def ask(source: Source | Asked, *, allow_truncated: bool = False) -> Asked:
    """Decode a picture once and keep of it what comparisons need."""
    if isinstance(source, Asked):
        return source
    photo = (
        source
        if isinstance(source, Photo)
        else open_photo(source, allow_truncated=allow_truncated)
    )
    noise = photo_noise(photo.pixels, name=photo.name)
    said = (
        *file_cautions(photo.header),
        *noise_cautions(noise),
        *camera_cautions(photo.exif.make, photo.exif.model),
    )
    return Asked(
        header=photo.header, noise=noise, warnings=(*photo.warnings, *map(str, said))
    )


def expanded(
    photos: Source | Iterable[Source],
) -> tuple[list[Source], list[tuple[str, str]]]:
    """Return the pictures that files and folders stand for, and what is unreadable.

    Raises
    ------
    DatasetNotFoundError
        If a folder holds no picture.
    """
    given: list[Source]
    if isinstance(photos, str | os.PathLike | bytes | Photo):
        given = [photos]
    else:
        given = list(photos)
    found: list[Source] = []
    unreadable: list[tuple[str, str]] = []
    for item in given:
        if isinstance(item, bytes | Photo) or not Path(item).is_dir():
            found.append(item)
            continue
        folder = Path(item)
        inside, skipped = find_pictures(folder)
        found += [folder / path for path in inside]
        unreadable += [(str(folder / one.path), one.reason) for one in skipped]
    return found, unreadable


def display_name(source: Source) -> str:
    """Return what a picture is called in messages and results."""
    if isinstance(source, Photo):
        return source.name
    return "<bytes>" if isinstance(source, bytes) else str(source)


def claimed_camera(exif: Exif) -> str | None:
    """Return the camera model that metadata name, under its canonical name."""
    try:
        return canonical_camera(exif.make, exif.model).camera_model or None
    except InputError:
        return None


def fingerprint_of(stored: StoredFingerprint) -> Fingerprint:
    """Load a fingerprint from a gallery, ready to compare.

    Raises
    ------
    IncompatibleArtifactError
        If it was made of another version of the noise.
    """
    if stored.noise_version != NOISE_VERSION:
        raise IncompatibleArtifactError(
            f"{stored.camera!r} was enrolled with noise of version "
            f"{stored.noise_version}; this program takes version {NOISE_VERSION}: "
            "enrol its pictures again"
        )
    pattern = stored.pattern()
    pattern.flags.writeable = False
    share = stored.metadata.get("saturated_share", 0.0)
    return Fingerprint(
        pattern=pattern,
        n_photos=stored.n_photos,
        saturated_share=float(share) if isinstance(share, int | float) else 0.0,
        quality=stored.quality,
        warnings=stored.warnings,
        noise_version=stored.noise_version,
    )


def fitting(
    asked: Asked, camera: EnrolledCamera, search: SearchRange
) -> tuple[StoredFingerprint, SearchRange]:
    """Return the fingerprint of a camera to lay a picture on, and the search for it.

    A picture stored turned by a quarter is tried at 90 and 270 degrees.

    Raises
    ------
    ShapeMismatchError
        If the camera has no fingerprint for its size and the search allows no other.
    """
    shape = asked.noise.shape
    by_shape = {one.shape: one for one in camera.fingerprints}
    if shape in by_shape:
        return by_shape[shape], search
    if shape[::-1] in by_shape:
        return by_shape[shape[::-1]], turned(search)
    if search.crop or search.place is not None or search.scales != (1.0,):
        return camera.fingerprints[0], search
    raise ShapeMismatchError(_misfit(asked.header, camera))


def turned(search: SearchRange) -> SearchRange:
    """Return a search for a picture stored turned by a quarter."""
    if {1, 3} & set(search.quarter_turns):
        return search
    return replace(search, rotations=(90, 270))


def _misfit(header: PhotoHeader, camera: EnrolledCamera) -> str:
    sizes = ", ".join(f"{width}x{height}" for height, width in camera.shapes)
    height, width = camera.shape
    aspect = (header.width / width) / (header.height / height)
    if abs(aspect - 1) < _CLOSE_ASPECT and header.width != width:
        remedy = (
            "it has the same proportions: if it was resized, search at the scale "
            f"{header.width / width:.4g}; if it is a crop, search over crops"
        )
    elif header.width <= width and header.height <= height:
        remedy = "if it is a crop, search over crops; if it was resized, over scales"
    else:
        remedy = "enrol pictures of this size under the same name"
    return (
        f"the picture is {header.width}x{header.height} px; {camera.name!r} was "
        f"enrolled from pictures of {sizes} px: {remedy}"
    )


def load_calibration(
    calibration: LikelihoodRatioMap | PathLike | None,
) -> LikelihoodRatioMap | None:
    """Return a likelihood-ratio map as it is, or that of a JSON file.

    Raises
    ------
    ArtifactNotFoundError
        If there is no such file.
    IncompatibleArtifactError, ChecksumMismatchError
        If it holds no such map, or one that was changed.
    """
    if calibration is None or isinstance(calibration, LikelihoodRatioMap):
        return calibration
    path = Path(calibration)
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST_CALIBRATION + 1)
    except OSError as error:
        raise ArtifactNotFoundError(
            f"the calibration {path} cannot be read ({error.strerror}); make one with "
            "`whichcam evaluate --devices --calibration`"
        ) from error
    try:
        values = json.loads(text) if len(text) <= _LARGEST_CALIBRATION else {}
    except (ValueError, RecursionError) as error:
        raise IncompatibleArtifactError(
            f"the calibration {path} is no JSON: {error}"
        ) from error
    return LikelihoodRatioMap.from_dict(values)


def stored_calibration(stored: StoredFingerprint) -> LikelihoodRatioMap | None:
    """Return the map that was attached to a fingerprint."""
    values = stored.metadata.get(CALIBRATION)
    return None if values is None else LikelihoodRatioMap.from_dict(values)


def log10_ratio(
    match: NoiseMatch, calibration: LikelihoodRatioMap, search: SearchRange
) -> tuple[float | None, str]:
    """Return the likelihood ratio of a score, or why there is none.

    Maps are fitted on pictures that lie where the fingerprint has them: the score of
    the best of many places is larger by chance alone.
    """
    if search.shifts != "none" or search.crop or search.scales != (1.0,):
        return None, (
            "no likelihood ratio: the calibration is of comparisons without shifts, "
            "crops and scales"
        )
    score = getattr(match, calibration.statistic, None)
    if not isinstance(score, float):
        return None, (
            f"no likelihood ratio: the calibration is for {calibration.statistic!r}, "
            "which comparisons of sensor patterns have not"
        )
    return float(calibration.apply([score])[0]), ""


def attach_calibration(
    calibration: LikelihoodRatioMap | PathLike,
    *,
    gallery: Gallery | PathLike | None = None,
    names: Iterable[str] | None = None,
) -> tuple[str, ...]:
    """Keep a likelihood-ratio map with cameras, for `verify` and `search` to apply.

    Parameters
    ----------
    calibration : LikelihoodRatioMap or path-like
        The map, or a JSON file of one; see
        `whichcam.evaluation.DeviceEvaluation.fit_likelihood_ratios`.
    gallery : Gallery or path-like, optional
        By default that of `whichcam.gallery.default_gallery_dir`.
    names : iterable of str, optional
        The cameras; by default all that are enrolled now.

    Returns
    -------
    tuple of str
        The cameras it is kept with.

    Raises
    ------
    UnknownNameError
        If a camera is not enrolled.
    ArtifactError
        If the map or the gallery cannot be used.
    """
    found = load_calibration(calibration)
    if found is None:
        raise InputError("calibration is None; expected a map or the file of one")
    with opened_gallery(gallery) as opened:
        wanted = opened.names() if names is None else tuple(names)
        cameras = [opened.get(name) for name in wanted]  # all there, or none changed
        for camera in cameras:
            for shape in camera.shapes:
                opened.annotate(
                    camera.name, {CALIBRATION: found.to_dict()}, shape=shape
                )
    return tuple(camera.name for camera in cameras)


def failed(error: WhichcamError, name: str) -> str:
    """Return an error's message without the name it begins with."""
    return str(error).removeprefix(f"{Path(name).name}: ")
