"""What a trace classifier is given to learn from: read, and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.datasets import Manifest
from whichcam.errors import (
    DatasetError,
    InputError,
    ShapeMismatchError,
    WhichcamError,
)
from whichcam.media import Photo, open_photo

_FEWEST_PHOTOS = 2  # of a class: one to learn from, one to be judged on


def read_traces(
    paths: Sequence[Path], take: Callable[[Photo], FloatArray | str], *, workers: int
) -> Iterator[tuple[Path, FloatArray | str]]:
    """Yield each path with its traces, or with the reason why there are none."""

    def read(path: Path) -> FloatArray | str:
        try:
            photo = open_photo(path)
        except WhichcamError as error:
            return str(error)
        try:
            return take(photo)
        except InputError as error:  # not a missing library: all files would lack it
            return str(error)

    if workers == 1:
        for path in paths:
            yield path, read(path)
        return
    with ThreadPoolExecutor(workers) as pool:
        # decoding and kernels release the interpreter's lock: threads suffice
        yield from zip(paths, pool.map(read, paths), strict=True)


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
