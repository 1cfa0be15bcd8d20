"""Where a photo may lie on a sensor's pattern."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

from whichcam.errors import InputError

_SHIFTS: Final = ("none", "window", "all")
_QUARTER: Final = 90
# Beyond these a photo holds too little of the pattern, or an attacker's memory.
_SCALES: Final = (1 / 16, 16.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRange:
    """Places, turns and sizes at which a photo is laid on a fingerprint.

    Every position more is one more chance of a false alarm: what is known should not
    be searched. `NoiseMatch.n_positions` counts them, and its p-value allows for
    them.

    Parameters
    ----------
    shifts : {"none", "window", "all"}, default "none"
        Only as it lies (no Fourier transform is needed); shifted by up to ``window``
        px each way; or shifted by any number of pixels.
    window : int, default 16
        Greatest shift in pixels for ``"window"``, from 1 to 256.
    rotations : tuple of int, default (0, 180)
        Degrees, multiples of 90, by which the photo is turned counter-clockwise.
        Those that its shape does not allow are passed over.
    scales : tuple of float, default (1.0,)
        Size of the photo against the sensor's pixels: 0.5 for a photo reduced to
        half its width. From 1/16 to 16.
    crop : bool, default False
        A photo smaller than the fingerprint is tried at all places inside it.
    place : tuple of int, optional
        Row and column of the fingerprint on which the first pixel of the (turned)
        photo lies, where it is known; ``shifts`` then counts from there.

    Raises
    ------
    InputError
        If a value is outside its range.

    Examples
    --------
    >>> SearchRange(shifts="window", window=8, rotations=(0,)).window
    8
    """

    shifts: Literal["none", "window", "all"] = "none"
    window: int = 16
    rotations: tuple[int, ...] = (0, 180)
    scales: tuple[float, ...] = (1.0,)
    crop: bool = False
    place: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.shifts not in _SHIFTS:
            known = ", ".join(_SHIFTS)
            raise InputError(f"shifts is {self.shifts!r}, expected one of {known}")
        if not 1 <= self.window <= 256:
            raise InputError(f"window is {self.window}, expected 1 to 256 px")
        if not self.rotations or any(r % _QUARTER for r in self.rotations):
            raise InputError(
                f"rotations is {self.rotations}, expected multiples of 90 degrees"
            )
        low, high = _SCALES
        if not self.scales or not all(
            math.isfinite(s) and low <= s <= high for s in self.scales
        ):
            raise InputError(f"scales is {self.scales}, expected {low:g} to {high:g}")
        if self.place is not None and (
            len(self.place) != 2 or min(self.place) < 0 or self.shifts == "all"
        ):
            raise InputError(
                f"place is {self.place} with shifts {self.shifts!r}; expected a row "
                "and a column from 0, and shifts 'none' or 'window'"
            )

    @property
    def quarter_turns(self) -> tuple[int, ...]:
        """Different rotations in quarters of a turn, in the order given."""
        return tuple(dict.fromkeys(r // _QUARTER % 4 for r in self.rotations))

    def to_dict(self) -> dict[str, Any]:
        """Return the range as JSON holds it."""
        return {
            "shifts": self.shifts,
            "window": self.window,
            "rotations": list(self.rotations),
            "scales": list(self.scales),
            "crop": self.crop,
            "place": None if self.place is None else list(self.place),
        }
