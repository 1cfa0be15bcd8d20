"""How large the pictures of a camera model are, and may be set to be."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from whichcam.errors import InputError

if TYPE_CHECKING:
    from whichcam.datasets._manifest import Manifest

_ORIGINAL: Final = ("original_width", "original_height")
_OWN: Final = ("width", "height")
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


def frame_sizes(
    manifest: Manifest, *, or_own: bool = False
) -> tuple[FrameSize | None, ...]:
    """Return the size of the frame that each picture of a manifest was cut from.

    Parameters
    ----------
    manifest : Manifest
        Its columns ``original_width`` and ``original_height`` are read where present.
    or_own : bool, default False
        Take ``width`` and ``height`` where those do not say: the picture is whole.

    Returns
    -------
    tuple of (FrameSize or None)
        None where the manifest does not say.
    """
    sizes: list[FrameSize | None] = [None] * len(manifest)
    for names in (_ORIGINAL, _OWN) if or_own else (_ORIGINAL,):
        if not all(name in manifest for name in names):
            continue
        sides = zip(*(manifest.column(name).tolist() for name in names), strict=True)
        for row, (width, height) in enumerate(sides):
            if sizes[row] is None and width > 0 and height > 0:
                sizes[row] = FrameSize.of(width, height)
    return tuple(sizes)


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
