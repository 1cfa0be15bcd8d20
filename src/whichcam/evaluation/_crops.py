"""How much more a model knows for looking at more of a photo."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace

from whichcam.datasets import Manifest
from whichcam.errors import DatasetError, InputError, WhichcamError, WhichcamWarning
from whichcam.evaluation._plan import Splits, plan, splits_of
from whichcam.media import open_photo
from whichcam.models import CameraModel


def accuracy_by_crops(
    model: CameraModel,
    manifest: Manifest,
    *,
    counts: Sequence[int] = (1, 2, 4, 8),
    splits: Sequence[str] = ("test_device", "test_scene"),
    limit_per_split: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, dict[int, float]]:
    """Return the share right of a model that looks at fewer or more crops.

    Parameters
    ----------
    model : CameraModel
        Left as it is: copies of it look at another number of crops.
    manifest : Manifest
        Labelled photos.
    counts : sequence of int, default (1, 2, 4, 8)
        Numbers of crops. A photo has no more than fit into it.
    splits : sequence of str
        Of cameras the model knows; without a column ``split`` all rows are one split.
    limit_per_split : int, optional
        At most so many photos of each, drawn by the seed.
    seed : int, default 0
        Of the draw.
    progress : callable, optional
        Called as ``progress(done, total)``.

    Returns
    -------
    dict of str to dict of int to float
        Of each split: number of crops to share right of the photos that can be read.

    Raises
    ------
    InputError
        If a count is below 1.
    DatasetError
        If no photo of a known camera can be used.
    """
    if not counts or min(counts) < 1:
        raise InputError(f"counts are {list(counts)}; expected numbers >= 1")
    tasks, _ = plan(
        manifest,
        splits_of(manifest, Splits(known=tuple(splits), unknown=(), extra=())),
        classes=model.classes,
        makes=model.makes,
        manipulations=(),
        limit_per_split=limit_per_split,
        seed=seed,
    )
    looking = {count: _looking_at(model, count) for count in counts}
    right: dict[str, dict[int, list[bool]]] = {}
    for done, task in enumerate(tasks, 1):
        if progress is not None:
            progress(done, len(tasks))
        if task.label < 0:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", WhichcamWarning)
                photo = open_photo(task.file)
                answers = {
                    count: int(one.analyse(photo).probabilities.argmax()) == task.label
                    for count, one in looking.items()
                }
        except (WhichcamError, OSError):
            continue  # `evaluate` names such files
        found = right.setdefault(task.split, {count: [] for count in counts})
        for count, is_right in answers.items():
            found[count].append(is_right)
    if not right:
        raise DatasetError(
            "no photo of a known camera can be used; nothing is measured"
        )
    return {
        split: {count: sum(flags) / len(flags) for count, flags in found.items()}
        for split, found in right.items()
    }


def _looking_at(model: CameraModel, count: int) -> CameraModel:
    other = CameraModel.load(model.folder)
    other.spec = replace(model.spec, n_crops=count)
    return other
