"""Held-out photos to calibrate on: other devices, other sessions, other models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whichcam._typing import IntArray

DEVICE, SESSION, TAIL, UNKNOWN = "device", "session", "tail", "unknown"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fold:
    """One division of the photos.

    Parameters
    ----------
    train : ndarray of shape (m,), int64
        Photos to train on.
    held_out : ndarray of shape (k,), int64
        Photos to validate on; none shares its device, session or model with ``train``
        in the way its kind promises.
    kinds : tuple of str
        Of each held-out photo: ``device`` (a device of a known model that is not in
        ``train``), ``session`` (a session that is not), ``tail`` (the model has a
        single session: a contiguous part of it), ``unknown`` (a model that is not).
    """

    train: IntArray
    held_out: IntArray
    kinds: tuple[str, ...]


def calibration_folds(
    labels: npt.NDArray[np.int64],
    devices: Sequence[str],
    sessions: Sequence[str],
    *,
    n_folds: int,
    seed: int,
) -> list[Fold]:
    """Divide photos so that every fold holds out what identification will meet.

    A model with several devices holds out one of them; one with a single device and
    several sessions some sessions; one with a single session a contiguous part, in the
    order given. On top, each fold leaves out every n-th model whole, as unknown.

    Parameters
    ----------
    labels : ndarray of shape (n,), int64
        Class of each photo.
    devices, sessions : sequence of str
        Of each photo.
    n_folds : int
        Number of folds.
    seed : int
        Orders sessions and models.

    Returns
    -------
    list of Fold
    """
    rng = np.random.default_rng(seed)
    classes = [int(c) for c in rng.permutation(np.unique(labels))]
    device_of, session_of = np.array(devices), np.array(sessions)
    folds = []
    parts = {c: _parts(labels, c, device_of, session_of, n_folds, rng) for c in classes}
    for k in range(n_folds):
        kinds = np.full(len(labels), "", dtype=object)
        for position, c in enumerate(classes):
            mine = labels == c
            if position % n_folds == k and len(classes) > 2:
                kinds[mine] = UNKNOWN
                continue
            kind, groups = parts[c]
            for photo in groups[k % len(groups)]:
                kinds[photo] = kind
        held = np.flatnonzero(kinds != "")
        folds.append(
            Fold(
                train=np.flatnonzero(kinds == "").astype(np.int64),
                held_out=held.astype(np.int64),
                kinds=tuple(str(kind) for kind in kinds[held]),
            )
        )
    return folds


def _parts(
    labels: npt.NDArray[np.int64],
    label: int,
    devices: npt.NDArray[np.str_],
    sessions: npt.NDArray[np.str_],
    n_folds: int,
    rng: np.random.Generator,
) -> tuple[str, list[npt.NDArray[np.intp]]]:
    """Return the kind of part a model can hold out, and its parts."""
    mine = np.flatnonzero(labels == label)
    for kind, groups in ((DEVICE, devices), (SESSION, sessions)):
        names = np.unique(groups[mine])
        if len(names) < 2:
            continue
        names = rng.permutation(names)
        n_parts = min(n_folds, len(names))
        parts = [
            mine[np.isin(groups[mine], names[part::n_parts])] for part in range(n_parts)
        ]
        # a part with most of the photos leaves too little to learn the model from
        parts = [part for part in parts if len(part) <= 0.6 * len(mine)]
        if parts:
            return kind, parts
    if len(mine) < 2:  # held out, it would leave nothing to know the model by
        return TAIL, [mine[:0]]
    return TAIL, [part for part in np.array_split(mine, n_folds) if len(part)]
