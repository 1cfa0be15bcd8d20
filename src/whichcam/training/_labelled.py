"""The labels that a manifest gives the photos it is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from whichcam._typing import IntArray
from whichcam.datasets import FrameSize, Manifest, canonical_camera, frame_sizes
from whichcam.errors import DatasetError
from whichcam.training._views import Views


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledPhotos:
    """What a manifest says of the photos that training could use.

    Parameters
    ----------
    classes, makes : tuple of str
        Camera models in alphabetical order, and the make of each.
    labels : ndarray of shape (n,), int64
        Class of each photo.
    devices, sessions : tuple of str
        Of each photo.
    frame_sizes : tuple of (FrameSize or None)
        Size of the whole picture that each photo is, or was cut from.
    """

    classes: tuple[str, ...]
    makes: tuple[str, ...]
    labels: IntArray
    devices: tuple[str, ...]
    sessions: tuple[str, ...]
    frame_sizes: tuple[FrameSize | None, ...]


def labelled_photos(manifest: Manifest, views: Views) -> LabelledPhotos:
    """Return the labels of the photos that could be used.

    Raises
    ------
    DatasetError
        If there are fewer than two camera models or four photos.
    """
    rows = views.rows
    names = [str(name) for name in manifest.camera_model[rows]]
    classes = tuple(sorted(set(names)))
    if len(classes) < 2 or len(names) < 4:
        raise DatasetError(
            f"{len(names)} usable photo(s) of {len(classes)} camera model(s); training "
            f"needs at least two models and four photos ({len(views.skipped)} file(s) "
            "could not be used)"
        )
    place = {name: k for k, name in enumerate(classes)}
    devices = _groups(manifest, "device", names, rows)
    sessions = _groups(manifest, "session", devices, rows)
    sizes = frame_sizes(manifest, or_own=True)
    return LabelledPhotos(
        classes=classes,
        makes=_makes(manifest, classes),
        labels=np.array([place[name] for name in names], dtype=np.int64),
        devices=devices,
        sessions=sessions,
        frame_sizes=tuple(sizes[int(row)] for row in rows),
    )


def _groups(
    manifest: Manifest, column: str, default: Sequence[str], rows: IntArray
) -> tuple[str, ...]:
    """Return the device or session of each photo; ``default`` where there is none."""
    wanted = "device_id" if column == "device" else column
    if wanted not in manifest:
        return tuple(default)
    by: Literal["device", "session"] = "device" if column == "device" else "session"
    return tuple(str(value) for value in manifest.groups(by)[rows])


def _makes(manifest: Manifest, classes: Sequence[str]) -> tuple[str, ...]:
    """Return each class's make under its canonical name."""
    known: dict[str, str] = {}
    if "make" in manifest:
        for name, make in zip(
            manifest.camera_model, manifest.column("make"), strict=True
        ):
            known.setdefault(str(name), str(make))
    return tuple(
        canonical_camera(known.get(name, ""), name).make or name.split(" ")[0]
        for name in classes
    )
