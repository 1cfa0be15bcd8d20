"""From a score to a bounded likelihood ratio, with the data behind it described."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from whichcam.errors import (
    ChecksumMismatchError,
    IncompatibleArtifactError,
    InputError,
    UnknownNameError,
)
from whichcam.scoring._validation import Float64Array, as_floats

SCHEMA: Final = "whichcam.likelihood_ratio_map/1"

TRANSFORMS: Final = ("identity", "signed_square_root")

_LN_10: Final = math.log(10.0)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MAX_TEXT: Final = 2000
_MAX_SOFTWARE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelihoodRatioMap:
    """A calibrated, bounded map from one score to a log10 likelihood ratio.

    ``log10 LR = clip((slope * t(score) + intercept) / ln 10, lower, upper)``: how much
    more often comparisons of the same source give this score than comparisons of
    different sources do, never stronger than the data behind it support. What the data
    were is part of the map. Two maps of equal fields are equal and have one `map_id`.

    Attributes
    ----------
    statistic : str
        The score it is for, as results name it: ``"pce"``, ``"z"``, ``"ncc"``.
    transform : {"identity", "signed_square_root"}
        What ``t`` does to the score first. Peak-to-correlation energies are squares:
        ``signed_square_root`` makes them a normal deviate under different sources.
    slope, intercept : float
        Of the natural logarithm of the ratio; ``slope > 0``.
    lower_log10_lr, upper_log10_lr : float
        Bounds, ``lower <= 0 <= upper``.
    n_same, n_different : int
        Comparisons of each kind fitted on.
    n_devices : int
        Devices they are of; comparisons of one device are not independent.
    score_range : tuple of float
        Lowest and highest score fitted on.
    conditions : str
        What the comparisons were like: alignment searched, picture size, compression.
        A score found under others is not what the map is for.
    source : str
        What the pictures were.
    data_sha256 : str
        Digest of the scores fitted on, see `scores_sha256`.
    fitted : str
        When, ISO 8601 with its offset from UTC.
    software : mapping of str to str
        Versions of what fitted it.

    Raises
    ------
    InputError
        If a field is of another type or out of its range.

    See Also
    --------
    whichcam.training.fit_likelihood_ratios : Fits one.

    References
    ----------
    .. [1] P. Vergeer, A. van Es, A. de Jongh, I. Alberink, R. Stoel, "Numerical
       likelihood ratios outputted by LR systems are often based on extrapolation: when
       to stop extrapolating?", Science and Justice 56, 2016,
       doi:10.1016/j.scijus.2016.06.003.

    Examples
    --------
    >>> lr_map = LikelihoodRatioMap(
    ...     statistic="pce", transform="signed_square_root", slope=0.7, intercept=-3.0,
    ...     lower_log10_lr=-1.2, upper_log10_lr=2.0, n_same=40, n_different=300,
    ...     n_devices=12, score_range=(-9.0, 5000.0), conditions="zero shift, 768 px",
    ...     source="an example", data_sha256="0" * 64, software={"lir": "1.3.1"},
    ...     fitted="2026-01-01T00:00:00+00:00",
    ... )
    >>> lr_map.apply([-1.0, 36.0, 2500.0]).round(2).tolist()
    [-1.2, 0.52, 2.0]
    >>> LikelihoodRatioMap.from_dict(lr_map.to_dict()) == lr_map
    True
    """

    statistic: str
    transform: str
    slope: float
    intercept: float
    lower_log10_lr: float
    upper_log10_lr: float
    n_same: int
    n_different: int
    n_devices: int
    score_range: tuple[float, float]
    conditions: str
    source: str
    data_sha256: str
    fitted: str
    software: Mapping[str, str]

    def __post_init__(self) -> None:
        # JSON of other programs writes 2.0 as 2.
        for name in ("slope", "intercept", "lower_log10_lr", "upper_log10_lr"):
            object.__setattr__(self, name, _as_float(getattr(self, name)))
        if isinstance(self.score_range, tuple):
            span = tuple(_as_float(value) for value in self.score_range)
            object.__setattr__(self, "score_range", span)
        for name, check in _CHECKS.items():
            value = getattr(self, name)
            expected = check(value)
            if expected:
                raise InputError(
                    f"{name} is {str(value)[:60]!r} ({type(value).__name__}); "
                    f"expected {expected}"
                )
        if not self.lower_log10_lr <= 0.0 <= self.upper_log10_lr:
            raise InputError(
                f"bounds are [{self.lower_log10_lr:g}, {self.upper_log10_lr:g}]; "
                "expected a range of log10 ratios that holds 0"
            )
        if not self.score_range[0] <= self.score_range[1]:
            raise InputError(
                f"score_range is {self.score_range}; expected the lower number first"
            )
        frozen = MappingProxyType(dict(self.software))
        object.__setattr__(self, "software", frozen)

    def __hash__(self) -> int:
        return hash(self.map_id)

    def __reduce__(self) -> tuple[Any, ...]:
        # Process pools copy maps; a mapping proxy cannot be copied so.
        return type(self).from_dict, (self.to_dict(),)

    @property
    def map_id(self) -> str:
        """Twelve hexadecimal digits: the digest of all fields."""
        return _digest(self._fields())

    def apply(self, scores: npt.ArrayLike) -> Float64Array:
        """Return log10 likelihood ratios.

        Parameters
        ----------
        scores : array_like of shape (n,), float
            Of the statistic the map is for; may be infinite.

        Returns
        -------
        ndarray of shape (n,), float64
            In [`lower_log10_lr`, `upper_log10_lr`], non-decreasing in the score.

        Raises
        ------
        ShapeMismatchError, InputError, InsufficientEvidenceError
            If ``scores`` is not of one axis, holds NaN, or is empty.
        """
        values = transform_scores(scores, self.transform)
        with np.errstate(over="ignore"):  # an overflow is beyond the bounds anyway
            log10_lr = (self.slope * values + self.intercept) / _LN_10
        return np.clip(log10_lr, self.lower_log10_lr, self.upper_log10_lr)

    def _fields(self) -> dict[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["score_range"] = list(self.score_range)
        values["software"] = dict(self.software)
        return values

    def to_dict(self) -> dict[str, Any]:
        """Return all fields, the schema and `map_id`, ready for JSON."""
        return {"schema": SCHEMA, "map_id": self.map_id, **self._fields()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the map that `to_dict` described.

        Raises
        ------
        IncompatibleArtifactError
            If the schema is another, or a field is missing, unknown, of another type or
            out of its range.
        ChecksumMismatchError
            If the fields are not those that the stored ``map_id`` was made of.
        """
        if not isinstance(data, Mapping):
            raise IncompatibleArtifactError(
                f"the stored map is a {type(data).__name__}; expected an object"
            )
        found = data.get("schema")
        if found != SCHEMA:
            raise IncompatibleArtifactError(
                f"the stored map has schema {str(found)[:60]!r}; expected {SCHEMA!r}"
            )
        names = {field.name for field in fields(cls)}
        given = set(data) - {"schema", "map_id"}
        if given != names or "map_id" not in data:
            raise IncompatibleArtifactError(
                f"the stored map lacks {sorted((names | {'map_id'}) - set(data))} and "
                f"has the unknown fields {sorted(map(str, given - names))[:5]}; "
                "expected what LikelihoodRatioMap.to_dict returns"
            )
        values = {name: data[name] for name in names}
        span = values["score_range"]
        if not isinstance(span, list | tuple):
            raise IncompatibleArtifactError(
                f"score_range is {str(span)[:60]!r}; expected a list of two numbers"
            )
        values["score_range"] = tuple(span)
        try:
            new = cls(**values)
        except InputError as error:
            raise IncompatibleArtifactError(f"the stored map: {error}") from error
        if data["map_id"] != new.map_id:
            raise ChecksumMismatchError(
                f"the stored map says it is {str(data['map_id'])[:60]!r} but its "
                f"fields make {new.map_id!r}; it was changed after it was fitted"
            )
        return new


def transform_scores(scores: npt.ArrayLike, transform: str) -> Float64Array:
    """Return scores as a `LikelihoodRatioMap` of that transform takes them.

    Parameters
    ----------
    scores : array_like of shape (n,), float
        May be infinite.
    transform : {"identity", "signed_square_root"}
        ``signed_square_root`` is ``sign(score) * sqrt(abs(score))``.

    Returns
    -------
    ndarray of shape (n,), float64
        In the order of the scores.

    Raises
    ------
    UnknownNameError
        If there is no such transform.
    ShapeMismatchError, InputError, InsufficientEvidenceError
        If ``scores`` is not of one axis, holds NaN, or is empty.
    """
    if transform not in TRANSFORMS:
        raise UnknownNameError(
            f"no transform {str(transform)[:60]!r}; known: {', '.join(TRANSFORMS)}"
        )
    values = as_floats("scores", scores, ndim=1)
    if transform == "identity":
        return values
    result: Float64Array = np.sign(values) * np.sqrt(np.abs(values))
    return result


def scores_sha256(same_scores: npt.ArrayLike, different_scores: npt.ArrayLike) -> str:
    """Return a digest of calibration data that does not depend on their order.

    Parameters
    ----------
    same_scores, different_scores : array_like of shape (n,) and (m,), float
        Scores of comparisons of the same source and of different ones.

    Returns
    -------
    str
        64 hexadecimal digits: SHA-256 of the sorted scores as little-endian float64,
        the counts of each kind before them.

    Raises
    ------
    ShapeMismatchError, InputError, InsufficientEvidenceError
        If a set is not of one axis, holds NaN, or is empty.
    """
    digest = hashlib.sha256()
    for name, scores in (("same", same_scores), ("different", different_scores)):
        values = np.sort(as_floats(f"{name}_scores", scores, ndim=1))
        digest.update(f"{name} {values.shape[0]}\n".encode())
        # + 0.0: minus zero equals zero and must not hash apart.
        digest.update((values + 0.0).astype("<f8").tobytes())
    return digest.hexdigest()


def _digest(values: Mapping[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _as_float(value: object) -> object:
    """Return whole numbers of a size that floats hold as floats, all else as it is."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 2**53:
        return float(value)
    return value


def _is_finite(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def _finite(value: object) -> str:
    return "" if _is_finite(value) else "a finite float"


def _positive(value: object) -> str:
    good = isinstance(value, float) and math.isfinite(value) and value > 0.0
    return "" if good else "a finite float above 0"


def _count(value: object) -> str:
    good = isinstance(value, int) and not isinstance(value, bool) and value >= 1
    return "" if good else "a whole number of at least 1"


def _text(value: object) -> str:
    good = isinstance(value, str) and len(value) <= _MAX_TEXT
    return "" if good else f"text of at most {_MAX_TEXT} characters"


def _name(value: object) -> str:
    return "" if isinstance(value, str) and 0 < len(value) <= 80 else "a short name"


def _transform(value: object) -> str:
    return "" if value in TRANSFORMS else f"one of {list(TRANSFORMS)}"


def _span(value: object) -> str:
    good = isinstance(value, tuple) and len(value) == 2 and all(map(_is_finite, value))
    return "" if good else "two finite floats"


def _sha256(value: object) -> str:
    good = isinstance(value, str) and _SHA256.fullmatch(value)
    return "" if good else "64 hexadecimal digits"


def _moment(value: object) -> str:
    try:
        good = isinstance(value, str) and datetime.fromisoformat(value).tzinfo
    except ValueError:
        good = None
    return "" if good else "an ISO 8601 time with its offset from UTC"


def _versions(value: object) -> str:
    good = (
        isinstance(value, Mapping)
        and len(value) <= _MAX_SOFTWARE
        and all(not _name(part) for item in value.items() for part in item)
    )
    return "" if good else "names of software and their versions"


# Field to the check of its value: what was expected, or "" where it is that.
_CHECKS: Final[Mapping[str, Callable[[object], str]]] = {
    "statistic": _name,
    "transform": _transform,
    "slope": _positive,
    "intercept": _finite,
    "lower_log10_lr": _finite,
    "upper_log10_lr": _finite,
    "n_same": _count,
    "n_different": _count,
    "n_devices": _count,
    "score_range": _span,
    "conditions": _text,
    "source": _text,
    "data_sha256": _sha256,
    "fitted": _moment,
    "software": _versions,
}
