"""Which pictures are evaluated, as what, and that none of them leaks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from whichcam.datasets import FrameSize, Manifest, canonical_camera, frame_sizes
from whichcam.errors import InputError, SplitLeakageError
from whichcam.evaluation._records import UNTOUCHED, RowFailure
from whichcam.scoring import UNKNOWN

ALL: Final = "all"
"""Split of every row of a manifest without splits."""

DEVICE_SPLIT: Final = "test_device"
"""The split that claims devices never trained on."""

_NAMED: Final = 5
_DIGEST: Final = re.compile(r"[0-9a-f]{12,64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """Names of the splits with known cameras, with unknown ones, and of others."""

    known: tuple[str, ...]
    unknown: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All names once, in order."""
        return tuple(dict.fromkeys((*self.known, *self.unknown, *self.extra)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One picture to analyse."""

    file: str
    path: str
    split: str
    camera_model: str
    make: str
    device: str
    session: str
    label: int
    manipulations: tuple[str, ...]
    seed: int
    frame_size: FrameSize | None


def splits_of(manifest: Manifest, splits: Splits) -> Splits:
    """Return the splits to evaluate that are there.

    Raises
    ------
    InputError
        If a split is named twice, or the manifest has none of them.
    """
    named = [*splits.known, *splits.unknown, *splits.extra]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InputError(
            f"split(s) {twice} named more than once; each split is of known cameras, "
            "of unknown ones, or extra"
        )
    if "split" not in manifest:
        return Splits(known=(ALL,), unknown=(ALL,), extra=())
    there = dict.fromkeys(manifest.column("split").tolist())
    if not any(name in there for name in named):
        raise InputError(
            f"the manifest has none of the splits {named}; it has {sorted(there)}; "
            "name those to evaluate in known_splits, unknown_splits or extra_splits"
        )

    def present(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in names if name in there)

    return Splits(
        known=present(splits.known),
        unknown=present(splits.unknown),
        extra=present(splits.extra),
    )


def plan(
    manifest: Manifest,
    splits: Splits,
    *,
    classes: Sequence[str],
    makes: Sequence[str],
    manipulations: tuple[str, ...],
    limit_per_split: int | None,
    seed: int,
) -> tuple[list[Task], list[RowFailure]]:
    """Return what to analyse, and the rows that say too little to be scored."""
    index = {name: number for number, name in enumerate(classes)}
    blank = [""] * len(manifest)
    column = {
        name: manifest.column(name).tolist() if name in manifest else blank
        for name in ("path", "camera_model", "make", "device_id", "session", "split")
    }
    if column["split"] is blank:
        column["split"] = [ALL] * len(manifest)
    files, frames = manifest.paths, frame_sizes(manifest)
    tasks: list[Task] = []
    failures: list[RowFailure] = []
    for row in _chosen_rows(column["split"], splits, limit_per_split, seed):
        path, split = column["path"][row], column["split"][row]
        camera = column["camera_model"][row]
        label = index.get(camera, UNKNOWN)
        reason = _unusable(camera, label, split, splits)
        if reason:
            failures.append(
                RowFailure(
                    path=path, split=split, manipulation=UNTOUCHED, reason=reason
                )
            )
            continue
        manipulated = label != UNKNOWN and split in splits.known
        tasks.append(
            Task(
                file=str(files[row]),
                path=path,
                split=split,
                camera_model=camera,
                make=(
                    makes[label]
                    if label != UNKNOWN
                    else make_of(column["make"][row], camera)
                ),
                device=column["device_id"][row],
                session=column["session"][row],
                label=label,
                manipulations=manipulations if manipulated else (),
                seed=_row_seed(seed, path),
                frame_size=frames[row],
            )
        )
    return tasks, failures


def make_of(make: str, camera_model: str = "") -> str:
    """Return the one name of a make, told from the model's name where it is blank."""
    # The model's name is read only for a blank make, but may itself not be blank.
    return canonical_camera(make, camera_model or "-").make


def _unusable(camera: str, label: int, split: str, splits: Splits) -> str:
    if not camera:
        return "the manifest does not say which camera took it; fill in camera_model"
    if label != UNKNOWN and split in splits.unknown and split not in splits.known:
        return f"{camera} is known to the model, but the split is of unknown cameras"
    return ""


def _chosen_rows(
    split: Sequence[str], splits: Splits, limit: int | None, seed: int
) -> list[int]:
    """Return row numbers in the manifest's order, a seeded sample of large splits."""
    chosen: list[int] = []
    for number, name in enumerate(splits.names):
        rows = [row for row, value in enumerate(split) if value == name]
        if limit is not None and len(rows) > limit:
            rng = np.random.default_rng((seed, number))
            rows = rng.choice(rows, size=limit, replace=False).tolist()
        chosen += rows
    return sorted(chosen)


def _row_seed(seed: int, path: str) -> int:
    # From the path and not from the position: a row keeps its random crop whatever
    # else is evaluated with it.
    return int.from_bytes(hashlib.sha256(f"{seed}\n{path}".encode()).digest()[:6])


def refuse_trained_devices(spec: Mapping[str, Any], tasks: Collection[Task]) -> None:
    """Raise where a device said never to have been trained on was trained on.

    Parameters
    ----------
    spec : mapping
        The model's description; ``training.devices`` lists device ids, or SHA-256
        digests of them in hexadecimal (12 digits or more). Nothing is checked where
        it is absent.
    tasks : collection of Task
        Those of the split ``test_device`` are looked at.

    Raises
    ------
    SplitLeakageError
        Names the devices.
    """
    training = spec.get("training")
    listed = training.get("devices") if isinstance(training, Mapping) else None
    if not isinstance(listed, list | tuple):
        return
    trained = {str(device) for device in listed}
    lengths = {len(device) for device in trained if _DIGEST.fullmatch(device)}
    devices = {task.device for task in tasks if task.split == DEVICE_SPLIT}
    leaked = sorted(d for d in devices - {""} if _is_trained(d, trained, lengths))
    if leaked:
        shown = ", ".join(repr(name[:120]) for name in leaked[:_NAMED])
        raise SplitLeakageError(
            f"{len(leaked)} device(s) of split {DEVICE_SPLIT!r} were trained on: "
            f"{shown}{', ...' if len(leaked) > _NAMED else ''}; the figure would "
            "measure memory: train without them, or evaluate other devices"
        )


def _is_trained(device: str, trained: set[str], lengths: set[int]) -> bool:
    digest = hashlib.sha256(device.encode()).hexdigest()
    return device in trained or any(digest[:size] in trained for size in lengths)
