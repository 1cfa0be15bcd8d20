"""Families of confusable models, and probabilities of coarser answers."""

from __future__ import annotations

import itertools
import json

import numpy as np
import numpy.typing as npt
import pytest

from whichcam.errors import (
    IncompatibleArtifactError,
    InputError,
    InsufficientEvidenceError,
    ShapeMismatchError,
)
from whichcam.scoring import (
    Family,
    families_from_confusions,
    family_assignment,
    level_probabilities,
)

NAMES = [
    "Apple iPhone SE",
    "Apple iPhone 10",
    "Apple iPhone 7",
    "Apple iPhone 6",
    "Canon EOS 700D",
    "Canon EOS 60D",
]
MAKES = ["Apple"] * 4 + ["Canon"] * 2


def _counts(**pairs: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Return 100 photographs a class; ``cAB=(A to B, B to A)`` are confused."""
    counts = np.zeros((6, 6), dtype=np.int64)
    for key, (there, back) in pairs.items():
        a, b = int(key[1]), int(key[2])
        counts[a, b], counts[b, a] = there, back
    np.fill_diagonal(counts, 100 - counts.sum(axis=1))
    return counts


def _members(families: tuple[Family, ...]) -> list[tuple[int, ...]]:
    """Return the class indices of each family, sorted."""
    return sorted(tuple(sorted(family.indices)) for family in families)


def test_models_that_validation_confuses_become_a_family_named_after_them() -> None:
    counts = _counts(c03=(20, 20), c02=(10, 20), c23=(20, 20))
    families = families_from_confusions(counts, NAMES, MAKES, threshold=0.1)
    assert [family.name for family in families] == [
        "iPhone 6 / iPhone 7 / iPhone SE",
        "iPhone 10",
        "EOS 60D",
        "EOS 700D",
    ]
    assert families[0].members == (
        "Apple iPhone 6",
        "Apple iPhone 7",
        "Apple iPhone SE",
    )
    assert families[0].indices == (3, 2, 0)
    assert [family.make for family in families] == ["Apple", "Apple", "Canon", "Canon"]


def test_families_never_cross_makes() -> None:
    counts = _counts(c14=(50, 50), c35=(40, 40))
    families = families_from_confusions(counts, NAMES, MAKES, threshold=0.01)
    assert all(len(family.members) == 1 for family in families)


def test_a_pair_merges_from_the_threshold_on_and_not_below() -> None:
    counts = _counts(c45=(10, 30))  # the mean of both ways is 0.2
    merged = families_from_confusions(counts, NAMES, MAKES, threshold=0.2)
    apart = families_from_confusions(counts, NAMES, MAKES, threshold=0.201)
    assert (4, 5) in _members(merged)
    assert _members(apart) == [(i,) for i in range(6)]


@pytest.mark.parametrize("neighbour", [0, 1])
def test_groups_merge_by_the_average_of_their_members_not_by_the_closest_pair(
    neighbour: int,
) -> None:
    # 0-1 merge; 2 is confused with one of them. Single linkage would see 0.2; the
    # group sees (0.2 + mean(0, 0.2)) / 2 = 0.15.
    counts = _counts(**{"c01": (40, 40), f"c{neighbour}2": (20, 20)})
    joined = families_from_confusions(counts, NAMES, MAKES, threshold=0.15)
    apart = families_from_confusions(counts, NAMES, MAKES, threshold=0.16)
    assert (0, 1, 2) in _members(joined)
    assert (0, 1) in _members(apart)


def test_the_most_confused_pair_merges_first_and_size_is_limited() -> None:
    counts = _counts(c01=(30, 30), c12=(40, 40))
    families = families_from_confusions(counts, NAMES, MAKES, threshold=0.1, max_size=2)
    assert (1, 2) in _members(families)
    assert (0,) in _members(families)


def test_counts_of_photographs_do_not_weigh() -> None:
    counts = _counts(c45=(10, 30))
    counts[4] *= 1000
    merged = families_from_confusions(counts, NAMES, MAKES, threshold=0.2)
    apart = families_from_confusions(counts, NAMES, MAKES, threshold=0.201)
    assert (4, 5) in _members(merged)
    assert (4, 5) not in _members(apart)


def test_a_model_without_photographs_is_judged_by_what_was_answered_with_it() -> None:
    counts = _counts(c45=(0, 30))
    counts[4] = 0
    families = families_from_confusions(counts, NAMES, MAKES, threshold=0.3)
    assert (4, 5) in _members(families)


def test_the_order_of_the_classes_does_not_matter(rng: np.random.Generator) -> None:
    counts = rng.integers(0, 30, size=(6, 6)) + 60 * np.eye(6, dtype=np.int64)
    expected = families_from_confusions(counts, NAMES, MAKES, threshold=0.08)
    for order in itertools.islice(itertools.permutations(range(6)), 0, 720, 37):
        shuffled = families_from_confusions(
            counts[np.ix_(order, order)],
            [NAMES[i] for i in order],
            [MAKES[i] for i in order],
            threshold=0.08,
        )
        assert [family.members for family in shuffled] == [
            family.members for family in expected
        ]


def test_ties_go_to_the_first_names() -> None:
    counts = _counts(c02=(20, 20), c03=(20, 20), c12=(20, 20))
    families = families_from_confusions(counts, NAMES, MAKES, threshold=0.2, max_size=2)
    # Natural order: 6 (index 3), 7 (2), 10 (1), SE (0). First tie: 6 with SE.
    assert _members(families)[:2] == [(0, 3), (1, 2)]


def test_names_without_the_make_stay_whole() -> None:
    (family,) = families_from_confusions(
        [[1, 1], [1, 1]], ["b", "a"], ["X", "X"], threshold=0.5
    )
    assert family.name == "a / b"


def test_families_refuse_what_does_not_fit() -> None:
    with pytest.raises(ShapeMismatchError, match=r"expected \(2, 2\)"):
        families_from_confusions(np.eye(3, dtype=int), ["a", "b"], "XX", threshold=0.1)
    with pytest.raises(ShapeMismatchError, match="1 make"):
        families_from_confusions(np.eye(2, dtype=int), ["a", "b"], ["X"], threshold=0.1)
    with pytest.raises(InputError, match="a name twice"):
        families_from_confusions(np.eye(2, dtype=int), ["a", "a"], "XX", threshold=0.1)
    with pytest.raises(InputError, match="must hold counts"):
        families_from_confusions(np.eye(2), ["a", "b"], "XX", threshold=0.1)
    with pytest.raises(InputError, match="must hold counts"):
        families_from_confusions([[1, -1], [0, 1]], ["a", "b"], "XX", threshold=0.1)
    with pytest.raises(InputError, match="threshold is 0"):
        families_from_confusions(np.eye(2, dtype=int), ["a", "b"], "XX", threshold=0)
    with pytest.raises(InputError, match="max_size is 0"):
        families_from_confusions(
            np.eye(2, dtype=int), ["a", "b"], "XX", threshold=0.1, max_size=0
        )
    with pytest.raises(InsufficientEvidenceError, match="no photograph"):
        families_from_confusions([[0, 0], [0, 0]], ["a", "b"], "XX", threshold=0.1)


def test_a_family_survives_json() -> None:
    family = Family(name="A / B", make="X", members=("A", "B"), indices=(1, 0))
    assert Family.from_dict(json.loads(json.dumps(family.to_dict()))) == family


@pytest.mark.parametrize(
    "state",
    [{}, {"name": "A", "make": "X", "members": ["A"], "indices": ["no"]}],
)
def test_a_stored_family_that_cannot_be_read_is_refused(
    state: dict[str, object],
) -> None:
    with pytest.raises(IncompatibleArtifactError, match="stored family"):
        Family.from_dict(state)


def test_assignment_names_the_family_of_every_class() -> None:
    families = families_from_confusions(
        _counts(c45=(30, 30)), NAMES, MAKES, threshold=0.2
    )
    assignment = family_assignment(families, 6)
    for i, group in enumerate(assignment):
        assert NAMES[i] in families[group].members


@pytest.mark.parametrize("indices", [(0, 1), (0, 1, 1), (0, 1, 3)])
def test_families_that_are_no_partition_are_refused(indices: tuple[int, ...]) -> None:
    family = Family(name="A", make="X", members=("A",), indices=indices)
    with pytest.raises(InputError, match="expected each of 0 to 2 once"):
        family_assignment([family], 3)


def test_probabilities_sum_up_the_hierarchy(rng: np.random.Generator) -> None:
    fine = rng.dirichlet(np.ones(5), size=30)
    groups = np.array([0, 2, 1, 2, 0])
    membership = np.eye(3)[groups]
    assert np.allclose(level_probabilities(fine, groups), fine @ membership, atol=1e-12)


def test_what_is_left_for_unknown_stays_left() -> None:
    assert level_probabilities([[0.25, 0.25]], [0, 0]).tolist() == [[0.5]]


def test_level_probabilities_refuse_what_does_not_fit() -> None:
    with pytest.raises(ShapeMismatchError, match=r"expected \(2,\)"):
        level_probabilities([[0.5, 0.5]], [0])
    with pytest.raises(InputError, match="expected 0 to g - 1"):
        level_probabilities([[0.5, 0.5]], [0, 2])
    with pytest.raises(InputError, match="expected 0 to g - 1"):
        level_probabilities([[0.5, 0.5]], [-1, 0])
    with pytest.raises(InputError, match="expected integers"):
        level_probabilities([[0.5, 0.5]], [0.0, 1.0])
    with pytest.raises(InputError, match="negative"):
        level_probabilities([[1.5, -0.5]], [0, 1])
