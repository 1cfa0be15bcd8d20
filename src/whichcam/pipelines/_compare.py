"""Say whether two pictures, or groups of them, were taken by one camera."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import whichcam
from whichcam._typing import PathLike
from whichcam.errors import (
    ArtifactError,
    InputError,
    InsufficientEvidenceError,
    ShapeMismatchError,
    WhichcamError,
)
from whichcam.media import Photo, open_photo
from whichcam.models import CameraModel
from whichcam.pipelines._compare_result import ComparedSide, Comparison
from whichcam.pipelines._devices import (
    STATISTIC,
    Source,
    ask,
    claimed_camera,
    display_name,
    expanded,
    failed,
    turned,
)
from whichcam.pipelines._identify import Identification, as_model, identify
from whichcam.pipelines._verify import FALSE_ALARM_RATE
from whichcam.prnu import (
    NOISE_VERSION,
    Fingerprint,
    FingerprintEstimator,
    NoiseMatch,
    PhotoNoise,
    SearchRange,
    compare_fingerprints,
    threshold_for,
)
from whichcam.prnu import compare as compare_noise

Progress = Callable[[str, int, int], None]

_ASKED_MODEL: Final = 4  # pictures a side that the model of camera models looks at


@dataclass(slots=True)
class _Side:
    """A side as it is gathered."""

    names: list[str]
    sha256s: list[str]
    left_out: list[tuple[str, str]]
    warnings: list[str]
    claimed: list[str]
    answers: list[Identification]
    noise: PhotoNoise | None = None
    estimator: FingerprintEstimator | None = None

    def record(self) -> ComparedSide:
        """Return what is to be said of it."""
        answer = _usual(self.answers)
        estimator = self.estimator
        return ComparedSide(
            names=tuple(self.names),
            sha256s=tuple(self.sha256s),
            left_out=tuple(self.left_out),
            shape=estimator.shape if estimator else (0, 0),
            quality=(
                estimator.estimate().quality
                if estimator and estimator.n_photos > 1
                else None
            ),
            exif_camera_models=tuple(sorted(set(self.claimed))),
            model_answer=answer.answer if answer else None,
            model_members=answer.members if answer else (),
        )


def compare(
    a: Source | Iterable[Source],
    b: Source | Iterable[Source],
    *,
    search: SearchRange | None = None,
    false_alarm_rate: float = FALSE_ALARM_RATE,
    model: CameraModel | PathLike | None = None,
    ask_model: bool = True,
    progress: Progress | None = None,
) -> Comparison:
    """Say whether two pictures, or two groups, have one sensor's pattern in common.

    Parameters
    ----------
    a, b : path, bytes or Photo, or an iterable of them
        A picture, or pictures known to be of one camera; folders are looked through.
        Groups are far surer than single pictures: of two pictures alone a match is
        often missed.
    search : SearchRange, optional
        How ``a`` may lie on ``b``; by default as it is, or upside down.
    false_alarm_rate : float, default 1e-4
        Share of comparisons of different cameras that may reach the threshold.
    model : CameraModel or path, optional
        The model of camera models to ask as well; the bundled one by default.
    ask_model : bool, default True
        Whether to ask it.
    progress : callable, optional
        Called as ``progress(stage, done, total)``.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If a picture is on both sides, or the rate is not between 0 and 1.
    InsufficientEvidenceError
        If no picture of a side can be used.
    ShapeMismatchError
        If the sides differ in size and the search allows no other.
    ArtifactError
        If a model was named that cannot be used.

    Notes
    -----
    One picture is compared with a group's fingerprint; of two single pictures, or two
    groups, the fingerprints are compared. The bundled model may have been trained on
    other cameras altogether; that it names the same model twice says little alone.
    """
    threshold_for(false_alarm_rate)  # refuse a rate out of range before the work
    asked_model, notes = _model(model, ask_model)
    sides = [
        _gather(given, f"pictures of {which}", asked_model, progress)
        for which, given in (("a", a), ("b", b))
    ]
    shared = sorted(set(sides[0].sha256s) & set(sides[1].sha256s))
    if shared:
        name = sides[0].names[sides[0].sha256s.index(shared[0])]
        raise InputError(
            f"{name} is on both sides: a picture matches itself; give different ones"
        )
    wanted = search or SearchRange()
    match, used = _match(sides[0], sides[1], wanted)
    return Comparison(
        a=sides[0].record(),
        b=sides[1].record(),
        statistic=STATISTIC,
        score=match.z,
        threshold=threshold_for(false_alarm_rate, match.n_positions).z,
        false_alarm_rate=false_alarm_rate,
        p_value=match.p_value,
        log10_p=match.log10_p,
        ncc=match.ncc,
        pce=match.pce,
        shift=match.shift,
        rotation=match.rotation,
        scale=match.scale,
        n_positions=match.n_positions,
        search=used.to_dict(),
        same_model=_same_model(*(_usual(side.answers) for side in sides)),
        model_id=asked_model.model_id if asked_model else None,
        noise_version=NOISE_VERSION,
        whichcam_version=whichcam.__version__,
        warnings=tuple(dict.fromkeys([*notes, *sides[0].warnings, *sides[1].warnings])),
    )


def _model(
    model: CameraModel | PathLike | None, ask_model: bool
) -> tuple[CameraModel | None, list[str]]:
    if not ask_model:
        return None, []
    try:
        return as_model(model), []
    except ArtifactError as error:
        if model is not None:
            raise
        return None, [f"camera models were not compared: {error}"]


def _gather(
    given: Source | Iterable[Source],
    stage: str,
    model: CameraModel | None,
    progress: Progress | None,
) -> _Side:
    """Decode each picture once: its noise into the sums, its model asked."""
    sources, unreadable = expanded(given)
    side = _Side([], [], list(unreadable), [], [], [])
    for done, source in enumerate(sources, start=1):
        name = display_name(source)
        try:
            photo = source if isinstance(source, Photo) else open_photo(source)
            if photo.sha256 in side.sha256s:
                side.left_out.append((name, "the same file as one before"))
            else:
                _take(side, photo, name, model)
        except WhichcamError as error:
            side.left_out.append((name, failed(error, name)))
        if progress is not None:
            progress(stage, done, len(sources))
    if not side.names:
        reasons = "; ".join(f"{name}: {why}" for name, why in side.left_out[:3])
        raise InsufficientEvidenceError(
            f"none of {len(side.left_out)} {stage} can be used: {reasons}"
        )
    if side.left_out:
        name, why = side.left_out[0]
        side.warnings.append(
            f"{len(side.left_out)} {stage} left out, such as {name}: {why}"
        )
    return side


def _take(side: _Side, photo: Photo, name: str, model: CameraModel | None) -> None:
    asked = ask(photo)
    if side.estimator is None:
        estimator = FingerprintEstimator(asked.noise.shape)
        estimator.add_noise(asked.noise)
        side.estimator, side.noise = estimator, asked.noise
    else:
        side.estimator.add_noise(asked.noise)
        side.noise = None
    side.names.append(name)
    side.sha256s.append(photo.sha256)
    side.warnings += asked.warnings
    claimed = claimed_camera(photo.exif)
    side.claimed += [claimed] if claimed else []
    if model is not None and len(side.answers) < _ASKED_MODEL:
        try:
            side.answers.append(identify(photo, model=model))
        except WhichcamError as error:
            side.warnings.append(f"camera models were not compared: {error}")


def _match(a: _Side, b: _Side, search: SearchRange) -> tuple[NoiseMatch, SearchRange]:
    """Lay one side on the other; a single picture on a fingerprint."""
    if b.noise is not None and a.noise is None:
        a, b = b, a  # the group is the fingerprint, whichever was named first
    used = _fitted(a, b, search)
    fingerprint = _fingerprint(b)
    if a.noise is not None:
        return compare_noise(a.noise, fingerprint, search=used), used
    return compare_fingerprints(_fingerprint(a), fingerprint, search=used), used


def _fitted(a: _Side, b: _Side, search: SearchRange) -> SearchRange:
    first, second = _shape(a), _shape(b)
    if first == second or search.crop or search.scales != (1.0,):
        return search
    if first == second[::-1]:
        return turned(search)
    raise ShapeMismatchError(
        f"{a.names[0]} is {first[1]}x{first[0]} px and {b.names[0]} "
        f"{second[1]}x{second[0]}: search over crops or scales, the smaller first, or "
        "give the originals"
    )


def _shape(side: _Side) -> tuple[int, int]:
    return _estimator(side).shape


def _fingerprint(side: _Side) -> Fingerprint:
    return _estimator(side).estimate()


def _estimator(side: _Side) -> FingerprintEstimator:
    if side.estimator is None:  # every side that was gathered has a picture
        raise InsufficientEvidenceError("no picture was used")
    return side.estimator


def _usual(answers: Sequence[Identification]) -> Identification | None:
    """Return the answer given most often; of equals, the surest."""
    if not answers:
        return None
    counts = Counter(answer.answer for answer in answers)
    return max(answers, key=lambda one: (counts[one.answer], one.confidence))


def _same_model(
    a: Identification | None, b: Identification | None
) -> Literal["same", "different", "undecided"] | None:
    if a is None or b is None:
        return None
    if not a.members or not b.members:
        return "undecided"  # an unknown camera: two of them may be of any two models
    if not set(a.members) & set(b.members):
        return "different"
    is_one = a.level == b.level == "model"
    return "same" if is_one and a.answer == b.answer else "undecided"
