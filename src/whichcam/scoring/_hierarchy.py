"""Coarser answers than a model: families of confusable models, and makes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from whichcam._typing import IntArray
from whichcam.errors import (
    IncompatibleArtifactError,
    InputError,
    InsufficientEvidenceError,
    ShapeMismatchError,
)
from whichcam.scoring._metrics import check_square_counts
from whichcam.scoring._validation import (
    Float64Array,
    as_array,
    as_class_scores,
    check_count,
    check_fraction,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Models of one make that are not told apart reliably.

    Attributes
    ----------
    name : str
        The members' names without the make, joined: "iPhone 6 / iPhone 7 / iPhone SE".
    make : str
        Their common make.
    members : tuple of str
        The classes, in natural order ("iPhone 7" before "iPhone 10").
    indices : tuple of int
        Their class indices, in the same order.
    """

    name: str
    make: str
    members: tuple[str, ...]
    indices: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        plain = asdict(self)
        return {**plain, "members": list(self.members), "indices": list(self.indices)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the family that `to_dict` described.

        Raises
        ------
        IncompatibleArtifactError
            If a field is missing or of the wrong kind.
        """
        try:
            return cls(
                name=str(data["name"]),
                make=str(data["make"]),
                members=tuple(str(member) for member in data["members"]),
                indices=tuple(int(index) for index in data["indices"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise IncompatibleArtifactError(
                f"stored family cannot be read ({error!r}); expected name, make, "
                "members and indices"
            ) from error


def families_from_confusions(
    confusion_counts: npt.ArrayLike,
    labels: Sequence[str],
    makes: Sequence[str],
    *,
    threshold: float,
    max_size: int | None = None,
) -> tuple[Family, ...]:
    """Group the models of each make that validation confuses.

    Parameters
    ----------
    confusion_counts : array_like of shape (c, c), int
        ``counts[true, answered]`` on validation photographs, without the row and column
        "unknown" of `confusion_matrix`.
    labels : sequence of str
        Class names, all different.
    makes : sequence of str
        Make of each class; families never cross makes.
    threshold : float
        Groups merge while the share confused between two of them is at least this, in
        (0, 1).
    max_size : int, optional
        Largest number of models in a family. Default: no limit.

    Returns
    -------
    tuple of Family
        A partition of the classes: a model that is told from all others is a family of
        one. In natural order of their first members.

    Raises
    ------
    ShapeMismatchError
        If the counts are not square, or the names do not fit them.
    InputError
        If a name occurs twice, counts are negative or no integers, or ``threshold`` is
        outside (0, 1).
    InsufficientEvidenceError
        If there is no photograph in the counts.

    Notes
    -----
    The share confused between groups A and B is the mean of two shares: of A's
    photographs answered with a member of B, and of B's with a member of A, each
    averaged over the models that have photographs. A model without any is judged by
    what was answered with it. The pair that is confused most merges first
    (agglomerative clustering); ties go to the first in natural order of the names. The
    result depends neither on the order of the classes nor on how many photographs each
    has.

    Examples
    --------
    >>> counts = [[6, 4, 0], [3, 7, 0], [0, 0, 10]]
    >>> names = ["Apple iPhone 6", "Apple iPhone 7", "Canon EOS 700D"]
    >>> makes = ["Apple", "Apple", "Canon"]
    >>> families = families_from_confusions(counts, names, makes, threshold=0.2)
    >>> [family.name for family in families]
    ['iPhone 6 / iPhone 7', 'EOS 700D']
    """
    names = [str(label) for label in labels]
    counts = check_square_counts("confusion_counts", confusion_counts, len(names))
    if len(makes) != len(names):
        raise ShapeMismatchError(
            f"{len(makes)} make(s) for {len(names)} label(s); give one make per class"
        )
    if len(set(names)) != len(names):
        raise InputError("labels holds a name twice; class names must differ")
    check_fraction("threshold", threshold)
    if max_size is not None:
        check_count("max_size", max_size)
    if not bool(counts.any()):
        raise InsufficientEvidenceError("confusion_counts holds no photograph")
    # Work in natural order, so that neither ties nor roundings see the class order.
    order = sorted(range(len(names)), key=lambda i: (_natural(names[i]), names[i]))
    groups = _merge(
        counts[np.ix_(order, order)],
        [str(makes[i]) for i in order],
        threshold,
        len(names) if max_size is None else max_size,
    )
    return tuple(
        _family([order[i] for i in group], names, str(makes[order[group[0]]]))
        for group in groups
    )


def _merge(
    counts: IntArray, makes: Sequence[str], threshold: float, max_size: int
) -> list[list[int]]:
    """Merge the most confused groups until none reaches the threshold."""
    total = counts.sum(axis=1)
    seen = (total > 0).astype(np.float64)
    rates = counts / np.maximum(total, 1)[:, None]
    groups = [[i] for i in range(len(makes))]
    # flow[a, b]: sum over members of a of the share of their photographs put into b.
    flow = rates.copy()
    while len(groups) > 1:
        size = np.array([len(group) for group in groups])
        make = np.array([makes[group[0]] for group in groups])
        tested = np.array([seen[group].sum() for group in groups])
        mean = flow / np.maximum(tested, 1.0)[:, None]
        sides = (tested > 0).astype(np.float64)
        both = np.maximum(sides[:, None] + sides[None, :], 1.0)
        shared = (mean + mean.T) / both
        allowed = make[:, None] == make[None, :]
        allowed &= size[:, None] + size[None, :] <= max_size
        shared[~np.triu(allowed, k=1)] = -1.0
        a, b = divmod(int(shared.argmax()), len(groups))
        if shared[a, b] < threshold:
            break
        groups[a] = sorted(groups[a] + groups.pop(b))
        flow[a] += flow[b]
        flow[:, a] += flow[:, b]
        flow = np.delete(np.delete(flow, b, axis=0), b, axis=1)
    return sorted(groups)


def _family(indices: Sequence[int], names: Sequence[str], make: str) -> Family:
    """Return the family of these classes, named after them."""
    members = tuple(names[i] for i in indices)
    return Family(
        name=" / ".join(member.removeprefix(f"{make} ") for member in members),
        make=make,
        members=members,
        indices=tuple(indices),
    )


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Return a sort key in which "iPhone 7" precedes "iPhone 10"."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts if part
    ]


def family_assignment(families: Sequence[Family], n_classes: int) -> IntArray:
    """Return the index of the family of each class.

    Parameters
    ----------
    families : sequence of Family
        A partition of the classes.
    n_classes : int
        Number c of classes.

    Returns
    -------
    ndarray of shape (c,), int64
        Indices into ``families``.

    Raises
    ------
    InputError
        If a class is in no family or in two, or an index is no class.

    Examples
    --------
    >>> pair = Family(name="A / B", make="X", members=("A", "B"), indices=(0, 2))
    >>> other = Family(name="C", make="X", members=("C",), indices=(1,))
    >>> family_assignment([pair, other], 3).tolist()
    [0, 1, 0]
    """
    check_count("n_classes", n_classes)
    indices = [index for family in families for index in family.indices]
    if sorted(indices) != list(range(n_classes)):
        raise InputError(
            f"families hold the classes {sorted(indices)}; expected each of 0 to "
            f"{n_classes - 1} once"
        )
    assignment = np.empty(n_classes, dtype=np.int64)
    for position, family in enumerate(families):
        assignment[list(family.indices)] = position
    return assignment


def level_probabilities(
    probabilities: npt.ArrayLike, assignment: npt.ArrayLike
) -> Float64Array:
    """Sum the probabilities of classes up to the groups they belong to.

    Parameters
    ----------
    probabilities : array_like of shape (n, c), float
        Non-negative; rows usually sum to 1, or to less where the rest is "unknown".
    assignment : array_like of shape (c,), int
        Group of each class, 0 to g - 1, none empty: from `family_assignment`, or the
        codes of the makes.

    Returns
    -------
    ndarray of shape (n, g), float64
        Rows sum to what they summed to before.

    Raises
    ------
    ShapeMismatchError
        If ``assignment`` has not one entry per class.
    InputError
        If a probability is negative or not finite, or a group is empty or negative.
    InsufficientEvidenceError
        If there is no photograph.

    Examples
    --------
    >>> level_probabilities([[0.5, 0.25, 0.25]], [0, 1, 1]).tolist()
    [[0.5, 0.5]]
    """
    fine = as_class_scores("probabilities", probabilities)
    if bool((fine < 0.0).any()):
        raise InputError("probabilities holds negative values")
    groups = as_array("assignment", assignment)
    if groups.shape != (fine.shape[1],):
        raise ShapeMismatchError(
            f"assignment has shape {groups.shape}; expected ({fine.shape[1]},), one "
            "group per class"
        )
    if groups.dtype.kind not in "iu":
        raise InputError(f"assignment has dtype {groups.dtype}; expected integers")
    found = np.unique(groups)
    if not np.array_equal(found, np.arange(found.shape[0])):
        raise InputError(
            f"assignment names the groups {found.tolist()[:8]}; expected 0 to g - 1, "
            "each at least once"
        )
    coarse = np.zeros((fine.shape[0], found.shape[0]))
    for group in range(found.shape[0]):
        coarse[:, group] = fine[:, groups == group].sum(axis=1)
    return coarse
