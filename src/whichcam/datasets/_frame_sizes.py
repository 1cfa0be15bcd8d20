"""How large the pictures of a camera model are when nothing is set to smaller."""

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


def full_frame_size(camera_model: str) -> FrameSize | None:
    """Return the largest picture of a camera model, None where it is not listed.

    Parameters
    ----------
    camera_model : str
        Under its canonical name; see `canonical_camera`.

    Returns
    -------
    FrameSize or None
        As makers' specifications give it. Phones that join four photosites to a pixel
        are listed with the joined size, which is what they store by themselves.
    """
    return _sizes().get(camera_model)


@cache
def _sizes() -> dict[str, FrameSize]:
    text = files("whichcam.datasets").joinpath(_FILE).read_text(encoding="utf-8")
    return {
        row["camera_model"]: FrameSize.of(int(row["width"]), int(row["height"]))
        for row in csv.DictReader(text.splitlines())
    }
