"""The records of a benchmark: photos, methods, and what each said of each photo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkPhoto:
    """A photo that was measured on.

    Attributes
    ----------
    path, sha256 : str
        As in the manifest, and of its bytes.
    camera_model, device, session, split : str
        What the manifest says, empty where blank.
    label : int
        Index of its camera among the classes, -1 for a camera that is not one.
    """

    path: str
    sha256: str
    camera_model: str
    device: str
    session: str
    split: str
    label: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkMethod:
    """A method, as it was fitted.

    Attributes
    ----------
    name : str
        Registry name.
    settings : mapping
        Constructor arguments given; all others are the method's own.
    error : str
        Why it could not be fitted or kept; empty where it could.
    n_train : int
        Photos it was given to learn from.
    fit_s : float
        Seconds of processor and waiting from the manifest to a fitted method, reading
        photos included, one thread.
    size_bytes : int
        Of its folder on disk.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    n_train: int = 0
    fit_s: float = 0.0
    size_bytes: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkScores:
    """What a method said of photos under one manipulation.

    All tuples have one value a photo.

    Attributes
    ----------
    method, manipulation : str
        ``"untouched"`` is the file as it is; all others are changed pixels.
    photos : tuple of int
        Indices of the photos.
    answer : tuple of int
        Index of the most probable class; -1 where the method could not answer, or
        called all classes equally likely.
    confidence : tuple of float
        Its probability.
    true_probability : tuple of float
        Probability of the true class, 0 for a camera that is none.
    rank : tuple of int
        Place of the true class, from 1; ties count against the method. 0 for a camera
        that is no class.
    seconds : tuple of float
        Time of the answer, decoding and manipulating left out.
    """

    method: str
    manipulation: str
    photos: tuple[int, ...]
    answer: tuple[int, ...]
    confidence: tuple[float, ...]
    true_probability: tuple[float, ...]
    rank: tuple[int, ...]
    seconds: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
