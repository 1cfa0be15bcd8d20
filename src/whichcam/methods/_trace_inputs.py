"""What a classifier is given to learn from: read, and checked."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, PixelArray
from whichcam.datasets import Manifest
from whichcam.errors import (
    DatasetError,
    ImageTooSmallError,
    InputError,
    ShapeMismatchError,
    WhichcamError,
)
from whichcam.media import Photo, open_photo
from whichcam.methods._prefetch import prefetched
from whichcam.signal import GRID

Taken = TypeVar("Taken")

_STEP_PX = 2 * GRID  # crops start where blocks of chroma halved both ways start too
_FEWEST_PHOTOS = 2  # of a class: one to learn from, one to be judged on


def read_traces(
    paths: Sequence[Path], take: Callable[[Photo], Taken | str], *, workers: int
) -> Generator[tuple[Path, Taken | str], None, None]:
    """Yield each path with what was taken, or with the reason why there is nothing."""

    def read(path: Path) -> Taken | str:
        try:
            photo = open_photo(path)
        except WhichcamError as error:
            return str(error)
        try:
            return take(photo)
        except InputError as error:  # not a missing library: all files would lack it
            return str(error)

    # with one there is nothing to do meanwhile: what is read would only wait
    threads = 0 if workers == 1 else workers
    with closing(prefetched(read, paths, workers=threads)) as found:
        yield from zip(paths, found, strict=True)


def middle_of(
    photo: Photo, *, side_px: int, smallest_px: int, method: str
) -> PixelArray:
    """Return the middle of a photo, starting on the JPEG grid; a view of its pixels.

    Raises
    ------
    ImageTooSmallError
        If a side is shorter than ``smallest_px``.
    """
    height, width = photo.pixels.shape[:2]
    if min(height, width) < smallest_px:
        raise ImageTooSmallError(
            f"{photo.name} is {width}x{height} px; {method} needs at least "
            f"{smallest_px}x{smallest_px} px"
        )
    top = max(0, (height - side_px) // 2 // _STEP_PX * _STEP_PX)
    left = max(0, (width - side_px) // 2 // _STEP_PX * _STEP_PX)
    return photo.pixels[top : top + side_px, left : left + side_px]


def known_groups(manifest: Manifest) -> npt.NDArray[Any]:
    """Return the session of each photo, or its device, or nothing to tell them by."""
    if "session" in manifest and "device_id" in manifest:
        return manifest.groups("session")
    if "device_id" in manifest:
        return manifest.groups("device")
    return np.zeros(len(manifest))


def check_features(X: FloatArray, n_features: int) -> None:
    """Refuse traces of another width, and infinite ones; NaN has its meaning."""
    if X.ndim != 2 or X.shape[1] != n_features:
        raise ShapeMismatchError(
            f"X has shape {X.shape}; expected (n, {n_features}) as extract() gives"
        )
    if np.isinf(X).any():
        raise InputError("X holds infinite values; expected finite traces or NaN")


def checked_classes(
    names: npt.NDArray[Any], usable: npt.NDArray[Any]
) -> tuple[str, ...]:
    """Return the camera models in order, refusing blank, lone and rare ones."""
    blank = [row for row, name in enumerate(names) if not name.strip()]
    if blank:
        raise DatasetError(
            f"row {blank[0]} (and {len(blank) - 1} more) has no camera model; label "
            "all rows or leave the others out"
        )
    counts = {str(name): 0 for name in sorted(set(names))}
    for name in names[usable]:
        counts[name] += 1
    few = [name for name, count in counts.items() if count < _FEWEST_PHOTOS]
    if len(counts) < 2 or few:
        raise DatasetError(
            f"{int(usable.sum())} usable photo(s) of {len(counts)} camera model(s); "
            f"at least two models and {_FEWEST_PHOTOS} photos of each are needed"
            + (f", {few[0]!r} has {counts[few[0]]}" if few else "")
        )
    return tuple(counts)
