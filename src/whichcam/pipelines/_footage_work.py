"""A video laid on a fingerprint: the sum of its frames, and each by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import whichcam
from whichcam.errors import InputError, ShapeMismatchError
from whichcam.gallery import EnrolledCamera
from whichcam.media import Video
from whichcam.pipelines._devices import STATISTIC, turned
from whichcam.pipelines._footage_frames import (
    Choice,
    Gathered,
    Progress,
    gather,
    noises,
    stabilization_warning,
)
from whichcam.pipelines._footage_result import (
    FootageReference,
    FootageVerification,
    FrameScore,
)
from whichcam.prnu import (
    NOISE_VERSION,
    Fingerprint,
    NoiseMatch,
    SearchRange,
    compare,
    compare_fingerprints,
    threshold_for,
)
from whichcam.prnu._footage_score import (
    Stabilization,
    frame_search,
    greatest_chance,
    is_placed,
    judge_places,
    mode_scales,
)

_SEARCHED_WIDELY: Final = 8  # frames that are laid on all places by themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A fingerprint, what is said of it, and how it is searched."""

    fingerprint: Fingerprint
    said: FootageReference
    warnings: tuple[str, ...]


class Asking:
    """A video in question, and how it is asked about."""

    def __init__(
        self,
        video: Video,
        choice: Choice,
        max_frames: int,
        window: int,
        rate: float,
        progress: Progress | None,
    ) -> None:
        self._video = video
        self._choice: Choice = choice
        self._max_frames = max_frames
        self._window = window
        self._rate = rate
        self._progress = progress

    def answer(
        self,
        reference: Reference,
        search: SearchRange | None,
        zoom: float,
        camera: EnrolledCamera | None,
        *,
        shifted: bool = False,
    ) -> FootageVerification:
        """Compare the sum of the frames, and each frame, with a fingerprint."""
        found = gather(
            self._video,
            choice=self._choice,
            max_frames=self._max_frames,
            window=self._window,
            progress=self._progress,
        )
        among = found.sums.stabilization()
        aligned = among.verdict == "suspected"
        shape = found.header.height, found.header.width
        wide = search or default_search(
            shape, reference.said.shape, zoom, self._window if shifted else 0
        )
        whole = wide
        if aligned and search is None and wide.shifts == "none" and not wide.crop:
            # The sum lies where the first of its frames does.
            whole = replace(wide, shifts="window", window=min(2 * self._window, 256))
        pattern = found.sums.estimate_aligned() if aligned else found.sums.estimate()
        match = compare_fingerprints(pattern, reference.fingerprint, search=whole)
        limit = threshold_for(self._rate / 2, match.n_positions)
        frames, placed = self._frames(reference.fingerprint, match, wide, limit.z)
        still = max(1.0, 1 / match.scale)
        on_it = judge_places(placed, len(frames), "fingerprint", still=still)
        wander = among if on_it.verdict == "unclear" else on_it
        return self._result(
            found, reference, match, whole, frames, wander, aligned, camera
        )

    def _frames(
        self,
        fingerprint: Fingerprint,
        match: NoiseMatch,
        search: SearchRange,
        limit: float,
    ) -> tuple[list[FrameScore], list[tuple[int, int]]]:
        """Lay frames on the fingerprint, each by itself; return places of those seen.

        Near the place of their sum if that was found, else wherever it was looked for:
        to look only where the sum lies best would be to look twice.
        """
        header = self._video.header
        is_whole = (header.height, header.width) == fingerprint.shape
        max_frames = self._max_frames
        if match.z >= limit:
            near = frame_search(match, is_whole, search, self._window)
        elif is_whole and search.shifts == "none":
            near = replace(search, shifts="window", window=self._window)
        else:
            near = search
            max_frames = min(max_frames, _SEARCHED_WIDELY)
        scores, placed = [], []
        stage = f"comparing {header.name}"
        for frame, noise in noises(
            self._video, self._choice, max_frames, stage, self._progress
        ):
            if noise is None:
                continue
            one = compare(noise, fingerprint, search=near)
            if is_placed(one):
                placed.append(one.shift)
            scores.append(
                FrameScore(
                    index=frame.index,
                    time_s=frame.time_s,
                    score=one.z,
                    log10_p=one.log10_p,
                    shift=one.shift,
                    n_positions=one.n_positions,
                )
            )
        return scores, placed

    def _result(
        self,
        found: Gathered,
        reference: Reference,
        match: NoiseMatch,
        search: SearchRange,
        frames: list[FrameScore],
        wander: Stabilization,
        aligned: bool,
        camera: EnrolledCamera | None,
    ) -> FootageVerification:
        n_frame_positions = sum(frame.n_positions for frame in frames)
        half = self._rate / 2
        chances = [match.log10_p]
        best = -(
            float(match.overlap) ** 0.5
        )  # no frame, no score: the least z there is
        if frames:
            best = max(frame.score for frame in frames)
            best_limit = threshold_for(half, n_frame_positions).z
            chances.append(greatest_chance(frame.log10_p for frame in frames))
        log10_p = greatest_chance(chances)
        combined: Literal["as filmed", "aligned"] = (
            "aligned" if aligned else "as filmed"
        )
        return FootageVerification(
            video=found.to_file(),
            reference=reference.said,
            statistic=STATISTIC,
            score=match.z,
            threshold=threshold_for(half, match.n_positions).z,
            combined=combined,
            best_frame_score=best,
            best_frame_threshold=best_limit,
            false_alarm_rate=self._rate,
            p_value=10.0**log10_p,
            log10_p=log10_p,
            ncc=match.ncc,
            pce=match.pce,
            shift=match.shift,
            rotation=match.rotation,
            scale=match.scale,
            n_positions=match.n_positions,
            n_frame_positions=n_frame_positions,
            overlap=match.overlap,
            search=search.to_dict(),
            frames=tuple(frames),
            stabilization=wander,
            noise_version=NOISE_VERSION,
            whichcam_version=whichcam.__version__,
            warnings=_warnings(found, reference, wander, camera),
        )


def default_search(
    frame: tuple[int, int], sensor: tuple[int, int], zoom: float, window: int
) -> SearchRange:
    """Return where the frames of a video are looked for on a fingerprint.

    Raises
    ------
    ShapeMismatchError
        If the fingerprint is too small for any.
    """
    plain = SearchRange()
    if window:
        plain = replace(plain, shifts="window", window=min(2 * window, 256))
    if frame == sensor:
        return plain
    if frame == sensor[::-1]:
        return turned(plain)
    across = (frame[0] < frame[1]) != (sensor[0] < sensor[1])
    try:
        search = SearchRange(
            crop=True, scales=mode_scales(frame, sensor, zoom=zoom, turned=across)
        )
    except InputError as error:
        raise ShapeMismatchError(
            f"frames of {frame[1]}x{frame[0]} px do not fit on a fingerprint of "
            f"{sensor[1]}x{sensor[0]} px at any scale searched; enrol pictures or "
            "footage as the camera wrote them"
        ) from error
    return turned(search) if across else search


# Measured by benchmarks/prnu_footage.py: weakly and usually encoded clips of synthetic
# cameras keep the stated rates, strongly encoded ones (H.264, crf 30) do not.
_STRONG_COMPRESSION = (
    "after strong compression other cameras reach a threshold more often than stated: "
    "up to twice, on clips of synthetic cameras; no real video was tried"
)


def _warnings(
    found: Gathered,
    reference: Reference,
    wander: Stabilization,
    camera: EnrolledCamera | None,
) -> tuple[str, ...]:
    header = found.header
    said = found.warnings()
    seen = camera.photo_sha256s if camera else (reference.said.sha256,)
    if header.sha256 in seen:
        said.append(
            f"{header.name}: this very video made the fingerprint, or helped to: that "
            "they match says nothing; ask about another"
        )
    said += stabilization_warning(header.name, wander)
    if wander.verdict == "unclear":
        said.append(
            f"{header.name}: whether its frames were stabilized cannot be told: too "
            "few of them show the pattern by themselves"
        )
    claimed, enrolled = found.camera_model, reference.said.camera_model
    if claimed and enrolled and claimed != enrolled:
        said.append(
            f"{header.name}: it names a {claimed}, but {reference.said.name!r} is of a "
            f"{enrolled}"
        )
    return tuple(dict.fromkeys([*said, *reference.warnings, _STRONG_COMPRESSION]))
