"""What can be asked of every picture of a source."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol, TypeAlias

import numpy as np

from whichcam import _registry
from whichcam.errors import ArtifactNotFoundError, ConfigError, ImageTooSmallError
from whichcam.localize import LOCALIZERS
from whichcam.media import Photo
from whichcam.scan._sources import NamedFile

Answer: TypeAlias = dict[str, Any]
"""sha256, answer, is_unknown, score, result, and the task's own columns."""
Seen: TypeAlias = Any
"""A `Photo`; to tasks that ask for files, one that is open, with its name."""
Look: TypeAlias = Callable[[Seen], Answer]

TASKS: Final[Mapping[str, str]] = {
    "examine": "whichcam.scan._tasks:ExamineTask",
    "fingerprint": "whichcam.scan._tasks:FingerprintTask",
    "identify": "whichcam.scan._tasks:IdentifyTask",
    "search": "whichcam.scan._tasks:SearchTask",
    "verify": "whichcam.scan._tasks:VerifyTask",
}
"""The tasks and where each is written down."""

_FALSE_ALARM_RATE: Final = 1e-4


class Task(Protocol):
    """A question, its settings, and what answers it."""

    columns: ClassVar[tuple[tuple[str, str], ...]]
    is_given_files: ClassVar[bool]
    allow_truncated: bool

    def identity(self) -> str:
        """Return what tells the answering model or fingerprints from any other."""

    def start(self) -> Look:
        """Load what answers, once a process, and return what looks at a picture."""


def build_task(target: str, settings: Mapping[str, Any]) -> Task:
    """Return a task by its place in the program, with its settings checked.

    Raises
    ------
    ConfigError
        If a setting is unknown to it, missing, or out of range.
    """
    kind = _registry.load({target: target}, target)
    known = {field.name for field in fields(kind)}
    for name in settings:
        if name not in known:
            raise ConfigError(
                name, f"no setting of this task; it has {', '.join(sorted(known))}"
            )
    built: Task = kind(**settings)
    return built


def settings_of(task: Any) -> dict[str, Any]:
    """Return all settings of a task, those left alone included, as JSON has them."""
    settings: dict[str, Any] = json.loads(json.dumps(asdict(task)))
    return settings


def _absolute(task: Any, name: str) -> None:
    """Make a path independent of where a worker runs."""
    given = getattr(task, name)
    if given is not None:
        object.__setattr__(task, name, str(Path(given).absolute()))


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyTask:
    """Which camera model took each picture: as `whichcam.identify`."""

    columns: ClassVar[tuple[tuple[str, str], ...]] = (
        ("level", "string"),
        ("unknown_probability", "double"),
        ("exif_camera_model", "string"),
    )
    is_given_files: ClassVar[bool] = False
    model: str | None = None
    top_k: int = 5
    allow_truncated: bool = False

    def __post_init__(self) -> None:
        _at_least_one("top_k", self.top_k)
        _absolute(self, "model")

    def identity(self) -> str:
        """Return the id of the model."""
        from whichcam.pipelines._identify import as_model

        return as_model(self.model).model_id

    def start(self) -> Look:
        """Load the model."""
        from whichcam.pipelines import identify
        from whichcam.pipelines._identify import as_model

        model = as_model(self.model)

        def look(photo: Photo) -> Answer:
            found = identify(photo, model=model, top_k=self.top_k)
            return {
                "sha256": photo.sha256,
                "answer": found.answer,
                "is_unknown": found.level == "unknown",
                "score": found.confidence,
                "level": found.level,
                "unknown_probability": found.unknown_probability,
                "exif_camera_model": found.exif_camera_model,
                "result": found.to_dict(),
            }

        return look


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyTask:
    """Whether one enrolled camera took each picture: as `whichcam.verify`."""

    columns: ClassVar[tuple[tuple[str, str], ...]] = (
        ("threshold", "double"),
        ("log10_p", "double"),
        ("log10_lr", "double"),
    )
    is_given_files: ClassVar[bool] = False
    camera: str = ""
    gallery: str | None = None
    false_alarm_rate: float = _FALSE_ALARM_RATE
    allow_truncated: bool = False

    def __post_init__(self) -> None:
        if not self.camera:
            raise ConfigError("camera", "is not given; name an enrolled camera")
        _a_rate(self.false_alarm_rate)
        _absolute(self, "gallery")

    def identity(self) -> str:
        """Return the checksum of the camera's fingerprints."""
        from whichcam.pipelines._devices import opened_gallery

        with opened_gallery(self.gallery) as gallery:
            return _digest([gallery.get(self.camera)])

    def start(self) -> Look:
        """Open the gallery; the fingerprint is read at the first picture."""
        from whichcam.gallery import Gallery
        from whichcam.pipelines import Verification, verify_many

        waiting: list[Photo] = []

        def fed() -> Iterator[Photo]:
            while True:
                yield waiting.pop()

        answers = verify_many(
            fed(),
            self.camera,
            gallery=Gallery.open(self.gallery),
            false_alarm_rate=self.false_alarm_rate,
        )

        def look(photo: Photo) -> Answer:
            waiting.append(photo)
            found = next(answers)[1]
            if not isinstance(found, Verification):
                raise found
            return {
                "sha256": photo.sha256,
                "answer": found.camera if found.reaches_threshold else None,
                "is_unknown": not found.reaches_threshold,
                "score": found.score,
                "threshold": found.threshold,
                "log10_p": found.log10_p,
                "log10_lr": found.log10_lr,
                "result": found.to_dict(),
            }

        return look


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTask:
    """Which of all enrolled cameras took each picture: as `whichcam.search`."""

    columns: ClassVar[tuple[tuple[str, str], ...]] = (
        ("threshold", "double"),
        ("log10_p", "double"),
    )
    is_given_files: ClassVar[bool] = False
    gallery: str | None = None
    top_k: int = 3
    false_alarm_rate: float = _FALSE_ALARM_RATE
    allow_truncated: bool = False

    def __post_init__(self) -> None:
        _at_least_one("top_k", self.top_k)
        _a_rate(self.false_alarm_rate)
        _absolute(self, "gallery")

    def identity(self) -> str:
        """Return the checksum of all fingerprints."""
        from whichcam.pipelines._devices import opened_gallery

        with opened_gallery(self.gallery) as gallery:
            return _digest(gallery.list())

    def start(self) -> Look:
        """Open the gallery; its sign bits are mapped, not read."""
        from whichcam.gallery import Gallery
        from whichcam.pipelines import search

        gallery = Gallery.open(self.gallery)

        def look(photo: Photo) -> Answer:
            found = search(
                photo,
                gallery=gallery,
                k=self.top_k,
                false_alarm_rate=self.false_alarm_rate,
            )
            best = found.hits[0]
            return {
                "sha256": photo.sha256,
                "answer": best.camera if best.reaches_threshold else None,
                "is_unknown": not best.reaches_threshold,
                "score": best.score,
                "threshold": best.threshold,
                "log10_p": best.log10_p,
                "result": found.to_dict(),
            }

        return look


@dataclass(frozen=True, slots=True, kw_only=True)
class FingerprintTask:
    """The sign bits of each picture's noise, for sorting pictures by camera.

    Of the middle of the picture, ``side_px`` each way: upside down it is the same
    pixels. Pictures of one camera and size can be compared by them.
    """

    columns: ClassVar[tuple[tuple[str, str], ...]] = (
        ("height", "int32"),
        ("width", "int32"),
        ("usable_share", "double"),
        ("bits", "binary"),
    )
    is_given_files: ClassVar[bool] = False
    side_px: int = 512
    allow_truncated: bool = False

    def __post_init__(self) -> None:
        if self.side_px < 64 or self.side_px % 8:
            raise ConfigError(
                "side_px", f"is {self.side_px}; expected a multiple of 8 from 64 on"
            )

    def identity(self) -> str:
        """Return the version of the noise."""
        from whichcam.prnu import NOISE_VERSION

        return f"noise-{NOISE_VERSION}"

    def start(self) -> Look:
        """Return what takes the noise of a picture."""
        from whichcam.prnu import photo_noise, sign_bits

        side = self.side_px

        def look(photo: Photo) -> Answer:
            if min(photo.height, photo.width) < side:
                raise ImageTooSmallError(
                    f"{photo.name}: {photo.width}x{photo.height} px; the middle "
                    f"{side} px are asked for; set side_px to less"
                )
            top, left = (photo.height - side) // 2, (photo.width - side) // 2
            middle = photo.pixels[top : top + side, left : left + side]
            noise = photo_noise(np.ascontiguousarray(middle), name=photo.name)
            usable = float(np.mean(noise.intensity > 0))
            return {
                "sha256": photo.sha256,
                "answer": None,
                "is_unknown": None,
                "score": usable,
                "height": photo.height,
                "width": photo.width,
                "usable_share": usable,
                "bits": sign_bits(noise.residual).astype("<u8").tobytes(),
                "result": {"side_px": side, "noise_version": noise.noise_version},
            }

        return look


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamineTask:
    """Everything that can be found about each picture: as `whichcam.examine`."""

    columns: ClassVar[tuple[tuple[str, str], ...]] = (
        ("exif_camera_model", "string"),
        ("n_verdicts_against", "int32"),
    )
    is_given_files: ClassVar[bool] = True  # content credentials are in the file alone
    model: str | None = None
    gallery: str | None = None
    methods: Sequence[str] | None = None
    allow_truncated: bool = False

    def __post_init__(self) -> None:
        _absolute(self, "model")
        _absolute(self, "gallery")
        for name in self.methods or ():
            if name not in LOCALIZERS:
                raise ConfigError(
                    "methods", f"{name!r} is none; known: {', '.join(LOCALIZERS)}"
                )

    def identity(self) -> str:
        """Return the id of the model, and the checksum of all fingerprints if any."""
        from whichcam.pipelines._devices import opened_gallery
        from whichcam.pipelines._identify import as_model

        asked = as_model(self.model).model_id
        try:
            with opened_gallery(self.gallery) as gallery:
                return f"{asked}, {_digest(gallery.list())}"
        except ArtifactNotFoundError:
            if self.gallery is not None:
                raise
            return asked

    def start(self) -> Look:
        """Load the model."""
        from whichcam.pipelines import examine
        from whichcam.pipelines._identify import as_model

        model = as_model(self.model)

        def look(file: NamedFile) -> Answer:
            found = examine(
                file,
                gallery=self.gallery,
                methods=self.methods,
                model=model,
                allow_truncated=self.allow_truncated,
            )
            named = found.identification
            against = sum(v.direction == "against" for v in found.verdicts)
            return {
                "sha256": found.sha256,
                "answer": None if named is None else named.answer,
                "is_unknown": None if named is None else named.level == "unknown",
                "score": None if named is None else named.confidence,
                "exif_camera_model": None if named is None else named.exif_camera_model,
                "n_verdicts_against": against,
                "result": found.to_dict(),
            }

        return look


def _digest(cameras: Any) -> str:
    parts = [
        (camera.name, one.pattern_sha256, one.noise_version)
        for camera in cameras
        for one in camera.fingerprints
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _at_least_one(name: str, value: int) -> None:
    if value < 1:
        raise ConfigError(name, f"is {value}; expected at least 1")


def _a_rate(value: float) -> None:
    if not 0 < value < 1:
        raise ConfigError(
            "false_alarm_rate", f"is {value}; expected a share between 0 and 1"
        )
