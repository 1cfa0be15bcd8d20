"""Combine crops, and pixels with what the file shows, into one answer a photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whichcam.errors import InputError
from whichcam.models._calibration import (
    Float64Array,
    Regime,
    RegimeCalibration,
    log_softmax,
)

__all__ = ["RawOutput", "fuse", "log_softmax", "open_set_signs", "pixel_evidence"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawOutput:
    """What the network and the file say of one photo, before calibration.

    Parameters
    ----------
    untouched : ndarray of shape (n_crops, n_classes), float
        Logits of the expert trained on untouched pictures alone.
    robust : ndarray of shape (n_crops, n_classes), float
        Logits of the expert trained on manipulated pictures too.
    tables : ndarray of shape (n_classes,), float64, or None
        Log likelihood of the file's tables; None where the file is not believed.
    frame : ndarray of shape (n_classes,), float64, or None
        Log likelihood of the size of the whole picture; None where that is not known,
        or the file is not believed.
    """

    untouched: npt.NDArray[np.floating]
    robust: npt.NDArray[np.floating]
    tables: Float64Array | None
    frame: Float64Array | None = None

    def __post_init__(self) -> None:
        if self.tables is None and self.frame is not None:
            raise InputError("a file that is not believed says nothing of its frame")

    @property
    def regime(self) -> Regime:
        """Which calibration applies."""
        if self.tables is None:
            return "pixels"
        return "file" if self.frame is None else "frame"


def pixel_evidence(raw: RawOutput) -> Float64Array:
    """Return the mean log probability over crops, shape (n_classes,).

    Where the file is believed to be as the camera wrote it, the expert for untouched
    pictures answers; otherwise the robust one, for nobody knows the file's history.
    """
    logits = raw.robust if raw.tables is None else raw.untouched
    return np.asarray(log_softmax(logits.astype(np.float64)).mean(0))


def fuse(raw: RawOutput, calibration: RegimeCalibration) -> Float64Array:
    """Return calibrated closed-set log probabilities, shape (n_classes,)."""
    total = calibration.pixel_weight * pixel_evidence(raw)
    if raw.tables is not None:
        total = total + calibration.table_weight * raw.tables
    if raw.frame is not None:
        total = total + calibration.frame_weight * raw.frame
    return log_softmax(total)


def open_set_signs(raw: RawOutput, log_probabilities: Float64Array) -> Float64Array:
    """Return the signs by which unknown cameras are told, shape (n_signs,).

    The best log probability; the energies (log sum of exponentials of the logits,
    Liu et al. 2020) of both experts and their best logits, averaged over crops; how
    far crops agree; and, where the file is believed, the best log likelihood of its
    tables, and of the size of its frame.
    """
    untouched = raw.untouched.astype(np.float64)
    robust = raw.robust.astype(np.float64)
    best = int(log_probabilities.argmax())
    signs = [
        float(log_probabilities[best]),
        _energy(untouched),
        _energy(robust),
        float(untouched.mean(0).max()),
        float(robust.mean(0).max()),
        float(untouched.mean(0)[best] - untouched.mean()),
        float(robust.mean(0)[best] - robust.mean()),
    ]
    if raw.tables is not None:
        signs += [float(raw.tables.max()), float(raw.tables[best])]
    if raw.frame is not None:
        signs += [float(raw.frame.max()), float(raw.frame[best])]
    return np.array(signs)


def _energy(logits: Float64Array) -> float:
    top = logits.max(1)
    return float((np.log(np.exp(logits - top[:, None]).sum(1)) + top).mean())
