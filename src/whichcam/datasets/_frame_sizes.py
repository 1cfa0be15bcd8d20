"""How large the pictures of a camera model are, and may be set to be."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple, Self

from whichcam.errors import InputError

_FILE: Final = "frame_sizes.csv"


class FrameSize(NamedTuple):
    """Sides of a stored picture in pixels, whichever way it was held."""

    long_px: int
    short_px: int

    @classmethod
    def of(cls, width: int, height: int) -> Self:
        """Return the size of a picture.

        Raises
        ------
        InputError
            If a side is not positive.
        """
        if width < 1 or height < 1:
            raise InputError(f"a frame of {width} x {height} px is none")
        return cls(max(width, height), min(width, height))


def listed_frame_sizes(camera_model: str) -> tuple[FrameSize, ...]:
    """Return the sizes that a camera model stores pictures at, by its specification.

    Parameters
    ----------
    camera_model : str
        Under its canonical name; see `canonical_camera`.

    Returns
    -------
    tuple of FrameSize
        The full frame first, and what else its menu offers in the frame's own aspect,
        where that is listed. Empty where the camera is not listed. Phones that join
        four photosites to a pixel are listed with the joined size, which is what they
        store by themselves.
    """
    return _listed().get(camera_model, ())


@cache
def _listed() -> dict[str, tuple[FrameSize, ...]]:
    text = files("whichcam.datasets").joinpath(_FILE).read_text(encoding="utf-8")
    return {
        row["camera_model"]: tuple(
            FrameSize.of(*map(int, size.split("x")))
            for size in (row["full"], *row["smaller"].split())
        )
        for row in csv.DictReader(text.splitlines())
    }
