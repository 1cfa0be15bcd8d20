"""The records of a cross-validation: photos, scores of a fold, what went wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossvalPhoto:
    """A photo that is tested.

    Attributes
    ----------
    path : str
        As in the manifest.
    sha256 : str
        Of its bytes.
    camera_model, make, device, session, source : str
        What the manifest says, empty where blank.
    unit : str
        By what its model is held out: ``device``, ``session`` or ``source``.
    fold, ungrouped_fold : int
        Fold in which it is tested, from 0, in either scheme.
    """

    path: str
    sha256: str
    camera_model: str
    make: str
    device: str
    session: str
    source: str
    unit: str
    fold: int
    ungrouped_fold: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldScores:
    """What a method said in one fold.

    Attributes
    ----------
    method : str
        Registry name.
    scheme : str
        ``grouped``, or ``ungrouped`` for the split that leaks.
    fold : int
        From 0.
    n_train : int
        Photos learnt from.
    photos : tuple of int
        Indices of the photos tested.
    true_probability : tuple of float
        Probability given to the true model; 0 where the method did not know it.
    rank : tuple of int
        Place of the true model, from 1. Ties count against the method: one that cannot
        tell and calls all models equally likely has the last place.
    top : tuple of tuple of (int, float)
        The five most probable classes, as indices, and their probabilities.
    make : tuple of str
        Make of the highest summed probability.
    unable : tuple of int
        Those of ``photos`` that the method could not look at; they count as wrong.
    unlearnt : tuple of str
        Camera models left out of training for want of usable photos.
    fit_s, predict_s : float
        Seconds, traces already taken where the method has any.
    """

    method: str
    scheme: str
    fold: int
    n_train: int
    photos: tuple[int, ...]
    true_probability: tuple[float, ...]
    rank: tuple[int, ...]
    top: tuple[tuple[tuple[int, float], ...], ...]
    make: tuple[str, ...]
    unable: tuple[int, ...]
    unlearnt: tuple[str, ...]
    fit_s: float
    predict_s: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossvalFailure:
    """A file that could not be read, or a fold that a method could not do.

    Attributes
    ----------
    what : str
        Path of the file, or method, scheme and fold.
    reason : str
        The error's message.
    """

    what: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """Photos of a camera model that are learnt from and never tested.

    Attributes
    ----------
    camera_model, reason : str
        Which, and why.
    n_photos : int
        How many.
    """

    camera_model: str
    reason: str
    n_photos: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return asdict(self)
