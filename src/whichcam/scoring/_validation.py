"""Checks of the arrays that enter `whichcam.scoring`, shared by its modules."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from whichcam._typing import BoolArray, IntArray
from whichcam.errors import InputError, InsufficientEvidenceError, ShapeMismatchError

Float64Array: TypeAlias = npt.NDArray[np.float64]

UNKNOWN: Final = -1
"""Label of a photograph whose camera is none of the known classes."""

# A float32 softmax over some tens of classes misses 1 by about 1e-6; averages of
# several such rows by a little more. Anything worse is not a distribution.
_SUM_TOLERANCE: Final = 1e-4


def as_array(name: str, values: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return an array, or our own error where rows differ in length."""
    try:
        return np.asarray(values)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{name} cannot be read as an array ({error}); pass rows of equal length"
        ) from error


def as_floats(
    name: str, values: npt.ArrayLike, *, ndim: int | tuple[int, ...]
) -> Float64Array:
    """Return float64 values of ``ndim`` axes, none NaN, at least one row."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{name} cannot be read as numbers ({error}); pass an array of floats"
        ) from error
    allowed = ndim if isinstance(ndim, tuple) else (ndim,)
    if array.ndim not in allowed:
        raise ShapeMismatchError(
            f"{name} has shape {array.shape}; expected "
            f"{' or '.join(map(str, allowed))} axis(es), the first counting photographs"
        )
    if array.shape[0] == 0:
        raise InsufficientEvidenceError(f"{name} is empty; at least one row is needed")
    if bool(np.isnan(array).any()):
        raise InputError(f"{name} holds NaN; remove or repair those rows first")
    return array


def as_finite(
    name: str, values: npt.ArrayLike, *, ndim: int | tuple[int, ...]
) -> Float64Array:
    """Return float64 values that are all finite."""
    array = as_floats(name, values, ndim=ndim)
    if not bool(np.isfinite(array).all()):
        raise InputError(f"{name} holds infinite values; expected finite numbers")
    return array


def as_confidence(name: str, values: npt.ArrayLike) -> Float64Array:
    """Return (n,) float64 values in [0, 1]."""
    array = as_floats(name, values, ndim=1)
    if bool((array < 0.0).any() or (array > 1.0).any()):
        raise InputError(
            f"{name} lies in [{array.min():g}, {array.max():g}]; expected "
            "probabilities in [0, 1]"
        )
    return array


def as_class_scores(name: str, values: npt.ArrayLike) -> Float64Array:
    """Return (n, c) finite float64 scores of at least one class."""
    array = as_finite(name, values, ndim=2)
    if array.shape[1] == 0:
        raise ShapeMismatchError(f"{name} has shape {array.shape}; it has no classes")
    return array


def as_probabilities(name: str, values: npt.ArrayLike) -> Float64Array:
    """Return (n, c) float64 rows that are distributions."""
    array = as_class_scores(name, values)
    if bool((array < 0.0).any() or (array > 1.0 + _SUM_TOLERANCE).any()):
        raise InputError(
            f"{name} lies in [{array.min():g}, {array.max():g}]; expected "
            "probabilities in [0, 1]"
        )
    sums = array.sum(axis=1)
    worst = int(np.abs(sums - 1.0).argmax())
    if abs(float(sums[worst]) - 1.0) > _SUM_TOLERANCE:
        raise InputError(
            f"row {worst} of {name} sums to {sums[worst]:.6g}; expected 1 "
            f"(tolerance {_SUM_TOLERANCE:g}); normalize the rows"
        )
    return array


def as_flags(name: str, values: npt.ArrayLike) -> BoolArray:
    """Return (n,) booleans from booleans or from numbers that are 0 or 1."""
    array = as_array(name, values)
    if array.dtype != np.bool_:
        numbers = as_floats(name, values, ndim=1)
        if not bool(np.isin(numbers, (0.0, 1.0)).all()):
            raise InputError(f"{name} must hold True/False or 0/1 only")
        return numbers.astype(np.bool_)
    if array.ndim != 1:
        raise ShapeMismatchError(f"{name} has shape {array.shape}; expected (n,)")
    if array.shape[0] == 0:
        raise InsufficientEvidenceError(f"{name} is empty; at least one row is needed")
    return array


def as_labels(
    name: str, values: npt.ArrayLike, *, n_classes: int, unknown: bool
) -> IntArray:
    """Return (n,) int64 class indices; `UNKNOWN` passes only where ``unknown``."""
    array = as_array(name, values)
    if array.ndim != 1:
        raise ShapeMismatchError(f"{name} has shape {array.shape}; expected (n,)")
    if array.shape[0] == 0:
        raise InsufficientEvidenceError(f"{name} is empty; at least one row is needed")
    if array.dtype.kind not in "iu":
        raise InputError(f"{name} has dtype {array.dtype}; expected integer labels")
    labels = array.astype(np.int64)
    lowest = UNKNOWN if unknown else 0
    wrong = (labels < lowest) | (labels >= n_classes)
    if bool(wrong.any()):
        row = int(wrong.argmax())
        remedy = (
            "leave out photographs of unknown cameras (label -1): the measure is "
            "not defined for them"
            if labels[row] == UNKNOWN
            else f"expected a class index from {lowest} to {n_classes - 1}"
        )
        raise InputError(f"{name}[{row}] is {labels[row]}; {remedy}")
    return labels


def as_group_codes(name: str, values: npt.ArrayLike) -> tuple[IntArray, int]:
    """Return codes 0..g-1 of (n,) group names, and g."""
    array = as_array(name, values)
    if array.ndim != 1:
        raise ShapeMismatchError(f"{name} has shape {array.shape}; expected (n,)")
    if array.dtype.kind == "O" and any(value is None for value in array):
        raise InputError(f"{name} holds None; every photograph needs a group")
    try:
        found, codes = np.unique(array, return_inverse=True)
    except TypeError as error:
        raise InputError(
            f"{name} mixes types that cannot be compared; use names or numbers"
        ) from error
    return codes.astype(np.int64).reshape(-1), int(found.shape[0])


def as_weights(values: npt.ArrayLike | None, n: int) -> Float64Array:
    """Return (n,) weights with mean 1; all ones where ``values`` is None."""
    if values is None:
        return np.ones(n, dtype=np.float64)
    weights = as_finite("sample_weight", values, ndim=1)
    same_length("sample_weight", weights, "the data", n)
    total = float(weights.sum())
    if bool((weights < 0.0).any()) or total <= 0.0:
        raise InputError("sample_weight must be non-negative and not all zero")
    return weights * (n / total)


def same_length(
    name: str, values: npt.NDArray[np.generic], other_name: str, n: int
) -> None:
    """Refuse arrays whose first axes differ."""
    if values.shape[0] != n:
        raise ShapeMismatchError(
            f"{name} has {values.shape[0]} row(s) but {other_name} has {n}; "
            "both must describe the same photographs"
        )


def check_fraction(name: str, value: float) -> float:
    """Return a number strictly between 0 and 1."""
    if not 0.0 < value < 1.0:
        raise InputError(f"{name} is {value}; expected a number between 0 and 1")
    return float(value)


def check_count(name: str, value: int, *, minimum: int = 1) -> int:
    """Return an integer not below ``minimum``."""
    if value != int(value) or value < minimum:
        raise InputError(f"{name} is {value}; expected an integer >= {minimum}")
    return int(value)
