"""Patterns summed over the frames of a video, and whether its frames wander."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

import numpy as np

from whichcam._typing import FloatArray
from whichcam.prnu._chance import threshold_for
from whichcam.prnu._fingerprint import Fingerprint, FingerprintEstimator
from whichcam.prnu._match import NoiseMatch, compare
from whichcam.prnu._noise import PhotoNoise
from whichcam.prnu._search_range import SearchRange

PLACED_BY: Final = 1e-4
"""Chance at which a frame counts as placed that shows another sensor's pattern."""

WINDOW: Final = 16
"""Pixels each way within which a frame's place is looked for."""

_STILL: Final = 1  # px: resampling and noise move a peak by that much
_FEWEST: Final = 3  # placed frames, from which on something can be said
_MOVED_SHARE: Final = 0.25
_MOST_STEPS: Final = 2000

Verdict = Literal["suspected", "not seen", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stabilization:
    """Whether the frames of a video lie at one place of the sensor.

    Electronic stabilization moves the part of the sensor that each frame shows. The
    sensor's pattern then wanders from frame to frame, and a sum over frames smears
    it [1]_, [2]_.

    Attributes
    ----------
    verdict : {"suspected", "not seen", "unclear"}
        ``"suspected"`` if a quarter or more of the frames that could be placed, and
        two at least, lie more than 1 px away from where most lie; ``"unclear"`` if
        fewer than three could be placed.
    reference : {"fingerprint", "frames"}
        What frames were placed on: the fingerprint in question, or one another. What
        is left of the scene agrees between frames too: on one another, a camera that
        pans over a textured scene looks like one that stabilizes, and a scene held
        still by stabilization like a camera on a tripod.
    n_frames, n_placed, n_moved : int
        Frames tried, frames placed, and those of them that lie elsewhere.
    largest_move : int
        Greatest distance in px, along rows or columns, from where most lie.

    References
    ----------
    .. [1] M. Iuliani, M. Fontani, D. Shullani, A. Piva, "Hybrid reference-based video
       source identification", Sensors 19(3), 2019. doi:10.3390/s19030649
    .. [2] S. Mandelli, P. Bestagini, L. Verdoliva, S. Tubaro, "Facing device
       attribution problem for stabilized video sequences", IEEE TIFS 15, 2020.
       arXiv:1811.01820
    """

    verdict: Verdict
    reference: Literal["fingerprint", "frames"]
    n_frames: int
    n_placed: int
    n_moved: int
    largest_move: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, JSON-ready."""
        return asdict(self)


def is_placed(match: NoiseMatch) -> bool:
    """Return whether a frame matches at some place by itself."""
    return match.z >= threshold_for(PLACED_BY, match.n_positions).z


def judge_places(
    places: Sequence[tuple[int, int]],
    n_frames: int,
    reference: Literal["fingerprint", "frames"],
    *,
    still: float = _STILL,
) -> Stabilization:
    """Say whether the places (row, column) of frames wander.

    ``still`` is the distance in px of the reference that does not count.
    """
    moves = [0]
    if places:
        (row, col), _ = Counter(places).most_common(1)[0]
        moves = [max(abs(y - row), abs(x - col)) for y, x in places]
    n_moved = sum(move > still for move in moves)
    verdict: Verdict = "not seen"
    if len(places) < _FEWEST:
        verdict = "unclear"
    elif n_moved >= max(2, _MOVED_SHARE * len(places)):
        verdict = "suspected"
    return Stabilization(
        verdict=verdict,
        reference=reference,
        n_frames=n_frames,
        n_placed=len(places),
        n_moved=n_moved,
        largest_move=max(moves),
    )


class FootageEstimator:
    """Sum frames as they lie, and as they fit on one another.

    Each frame is placed, within a window, on the sum of those placed before it; the
    first usable frame decides where that sum lies. Memory is that of eight planes of
    the frame's size.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of frames.
    window : int, default 16
        Greatest shift in px between frames, 1 to 256.

    Notes
    -----
    Frames are placed without sight of the fingerprint they are compared with later:
    the aligned sum is one statistic, with the chance of one. Shifts are whole pixels;
    turns, zooms and the bending of a rolling shutter are not undone.
    """

    def __init__(self, shape: tuple[int, int], *, window: int = WINDOW) -> None:
        self._window = SearchRange(shifts="window", window=window, rotations=(0,))
        self._still = FingerprintEstimator(shape)
        self._aligned = FingerprintEstimator(shape)
        self._worth = 0.0
        self._places: list[tuple[int, int]] = []

    @property
    def n_frames(self) -> int:
        """Frames added."""
        return self._still.n_photos

    def add(self, noise: PhotoNoise) -> None:
        """Add a frame's noise; errors are those of `FingerprintEstimator.add_noise`."""
        self._still.add_noise(noise)
        if self._places:
            match = compare(noise, self._aligned.estimate(), search=self._window)
            if is_placed(match):
                self._places.append(match.shift)
                self._aligned.add_noise(_moved(noise, match.shift))
                return
        if len(self._places) <= 1:
            # Nothing fits the first frame yet: the one that shows most takes its place.
            worth = float(np.square(noise.intensity).mean())
            if worth > self._worth:
                self._worth = worth
                self._places = [(0, 0)]
                self._aligned = FingerprintEstimator(noise.shape)
                self._aligned.add_noise(noise)

    def stabilization(self) -> Stabilization:
        """Say whether the frames wander against one another."""
        return judge_places(self._places, self.n_frames, "frames")

    def estimate(self) -> Fingerprint:
        """Return the pattern of the frames as they lie."""
        return self._still.estimate()

    def estimate_aligned(self) -> Fingerprint:
        """Return the pattern of the frames that could be placed on one another."""
        return self._aligned.estimate()


def mode_scales(
    frame: tuple[int, int],
    sensor: tuple[int, int],
    *,
    zoom: float = 1.0,
    turned: bool = False,
) -> tuple[float, ...]:
    """Return the scales at which a camera's video frames usually show its sensor.

    Parameters
    ----------
    frame, sensor : (int, int)
        Rows and columns of the video's frames and of the photo fingerprint.
    zoom : float, default 1
        Also try every part of the sensor's width (or height) down to 1/zoom of it, in
        steps of a pixel of the frame: for modes that crop.
    turned : bool, default False
        Whether frames lie across the sensor.

    Returns
    -------
    tuple of float
        As `SearchRange.scales`: the full width (or height) reduced; one pixel for
        each of the sensor's; two by two of these to one; and the steps of zoom.
    """
    height, width = frame[::-1] if turned else frame
    ratios = height / sensor[0], width / sensor[1]
    full, side = max(ratios), (height, width)[int(ratios[1] >= ratios[0])]
    scales = [full, *(mode for mode in (1.0, 0.5) if mode > full)]
    steps = min(int(side * (1 - 1 / zoom)), _MOST_STEPS) if zoom > 1 else 0
    scales += [full * side / (side - step) for step in range(1, steps + 1)]
    return tuple(dict.fromkeys(scales))


def frame_search(
    match: NoiseMatch, same_shape: bool, search: SearchRange, window: int = WINDOW
) -> SearchRange:
    """Return where single frames are looked for once their sum was found."""
    # In pixels of the sensor; what the window means is pixels of the frame.
    wide = min(max(round(window / match.scale), 1), 256)
    near = replace(
        search,
        shifts="window",
        window=wide,
        rotations=(match.rotation,),
        scales=(match.scale,),
    )
    if same_shape or min(match.shift) < 0:
        return near
    return replace(near, place=match.shift, crop=True)


def greatest_chance(chances: Iterable[float]) -> float:
    """Return log10 of a bound on the chance that any of several tests goes so far.

    The least of their chances times their number (Bonferroni), whatever they have in
    common: frames of one scene are not independent.
    """
    found = list(chances)
    return min(0.0, min(found) + float(np.log10(len(found))))


def _moved(noise: PhotoNoise, shift: tuple[int, int]) -> PhotoNoise:
    return replace(
        noise,
        residual=_shifted(noise.residual, shift),
        intensity=_shifted(noise.intensity, shift),
    )


def _shifted(plane: FloatArray, shift: tuple[int, int]) -> FloatArray:
    """Return a plane moved down and right, with zeros where nothing is known."""
    moved = np.zeros_like(plane)
    here, there = [], []
    for by in shift:
        here.append(slice(max(-by, 0), None if by <= 0 else -by))
        there.append(slice(max(by, 0), None if by >= 0 else by))
    moved[tuple(there)] = plane[tuple(here)]
    return moved
