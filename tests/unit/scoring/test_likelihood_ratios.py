"""The map from a score to a likelihood ratio: what it says, stores and refuses."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import numpy as np
import pytest

from whichcam.errors import (
    ChecksumMismatchError,
    IncompatibleArtifactError,
    InputError,
    InsufficientEvidenceError,
    ShapeMismatchError,
    UnknownNameError,
)
from whichcam.scoring import LikelihoodRatioMap, scores_sha256, transform_scores

FIELDS: dict[str, Any] = {
    "statistic": "pce",
    "transform": "signed_square_root",
    "slope": 0.5,
    "intercept": -2.0,
    "lower_log10_lr": -1.5,
    "upper_log10_lr": 2.25,
    "n_same": 24,
    "n_different": 264,
    "n_devices": 12,
    "score_range": (-9.5, 5000.0),
    "conditions": "zero shift, rotations 0 and 180",
    "source": "synthetic cameras",
    "data_sha256": "ab" * 32,
    "fitted": "2026-11-22T18:00:00+00:00",
    "software": {"lir": "1.3.1", "whichcam": "0.1.0"},
}


def _map(**changed: Any) -> LikelihoodRatioMap:
    return LikelihoodRatioMap(**{**FIELDS, **changed})


def test_between_the_bounds_the_ratio_is_affine_in_the_root_of_the_score() -> None:
    expected = (0.5 * np.array([-1.0, 0.0, 3.0, 4.0]) - 2.0) / np.log(10.0)
    assert _map().apply([-1.0, 0.0, 9.0, 16.0]) == pytest.approx(expected, abs=1e-15)


def test_an_identity_map_takes_the_score_as_it_is() -> None:
    found = _map(transform="identity").apply([3.0])
    assert found[0] == pytest.approx(-0.5 / np.log(10.0), abs=1e-15)


def test_no_score_is_stronger_evidence_than_the_bounds() -> None:
    scores = [-np.inf, -1e308, -1e6, 1e6, 1e308, np.inf]
    assert _map(slope=1e300).apply(scores).tolist() == [-1.5] * 3 + [2.25] * 3


def test_a_map_comes_back_from_json_as_it_was() -> None:
    stored = json.loads(json.dumps(_map().to_dict(), allow_nan=False))
    assert LikelihoodRatioMap.from_dict(stored) == _map()


def test_whole_numbers_that_another_program_wrote_are_the_same_map() -> None:
    stored = _map(slope=2.0).to_dict() | {"slope": 2, "score_range": [-9.5, 5000]}
    assert LikelihoodRatioMap.from_dict(stored) == _map(slope=2.0)


def test_the_id_depends_on_every_field() -> None:
    changed: dict[str, Any] = {
        name: f"{value}." if isinstance(value, str) else value * 0.75
        for name, value in FIELDS.items()
        if isinstance(value, str | float)
    }
    changed |= {name: FIELDS[name] + 1 for name in ("n_same", "n_different")}
    changed |= {
        "n_devices": 13,
        "score_range": (-9.0, 5000.0),
        "software": {"lir": "1.3.2"},
        "transform": "identity",
        "data_sha256": "ac" * 32,
        "fitted": "2026-11-22T18:00:01+00:00",
    }
    assert set(changed) == set(FIELDS)
    ids = {_map(**{name: value}).map_id for name, value in changed.items()}
    assert len(ids | {_map().map_id}) == len(FIELDS) + 1


def test_a_map_changed_after_it_was_fitted_is_refused() -> None:
    stored = _map().to_dict() | {"upper_log10_lr": 6.0}
    with pytest.raises(ChecksumMismatchError, match="changed after it was fitted"):
        LikelihoodRatioMap.from_dict(stored)


@pytest.mark.parametrize("schema", [None, "whichcam.likelihood_ratio_map/2", 3])
def test_a_map_of_another_schema_is_refused(schema: Any) -> None:
    with pytest.raises(IncompatibleArtifactError, match="schema"):
        LikelihoodRatioMap.from_dict(_map().to_dict() | {"schema": schema})


@pytest.mark.parametrize("stored", [None, [], "map", 3])
def test_what_is_no_object_is_no_map(stored: Any) -> None:
    with pytest.raises(IncompatibleArtifactError, match="expected an object"):
        LikelihoodRatioMap.from_dict(stored)


@pytest.mark.parametrize("name", [*FIELDS, "map_id"])
def test_a_map_that_lacks_a_field_is_refused(name: str) -> None:
    stored = _map().to_dict()
    del stored[name]
    with pytest.raises(IncompatibleArtifactError, match=f"lacks \\['{name}'\\]"):
        LikelihoodRatioMap.from_dict(stored)


def test_a_map_with_a_field_more_is_refused() -> None:
    with pytest.raises(IncompatibleArtifactError, match="unknown fields \\['prior'\\]"):
        LikelihoodRatioMap.from_dict(_map().to_dict() | {"prior": 0.5})


WRONG: list[tuple[str, Any]] = [
    *(("statistic", ""), ("statistic", 3), ("statistic", "x" * 81)),
    *(("transform", "log"), ("transform", ["identity"]), ("transform", None)),
    *(("slope", 0.0), ("slope", -1.0), ("slope", np.nan), ("slope", np.inf)),
    *(("slope", "1"), ("slope", True), ("slope", 10**400), ("intercept", None)),
    *(("lower_log10_lr", 0.5), ("upper_log10_lr", -0.5), ("upper_log10_lr", np.inf)),
    *(("n_same", 0), ("n_same", 2.0), ("n_different", True), ("n_devices", -3)),
    *(("score_range", (1.0, 0.0)), ("score_range", (0.0,)), ("score_range", "ab")),
    *(("score_range", (0.0, np.inf)), ("conditions", 5), ("source", "x" * 2001)),
    *(("data_sha256", "AB" * 32), ("data_sha256", "ab" * 31), ("fitted", "today")),
    *(("fitted", "2026-11-22T18:00:00"), ("fitted", 5), ("software", ["lir"])),
    *(("software", {"lir": 1}), ("software", {f"n{i}": "1" for i in range(51)})),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_field_out_of_range_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"{name} is|bounds are"):
        _map(**{name: value})


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_stored_field_out_of_range_is_refused(name: str, value: Any) -> None:
    stored = _map().to_dict() | {name: value}
    with pytest.raises(IncompatibleArtifactError, match=f"{name} is|bounds are"):
        LikelihoodRatioMap.from_dict(stored)


@pytest.mark.parametrize("name", ["slope", "software"])
def test_a_map_cannot_be_changed(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(_map(), name, 1.0)
    with pytest.raises(TypeError):
        _map().software["lir"] = "2"  # type: ignore[index]


def test_changing_the_mapping_handed_in_does_not_change_the_map() -> None:
    software = {"lir": "1.3.1"}
    made = _map(software=software)
    before = made.map_id
    software["lir"] = "2"
    assert made.map_id == before


def test_a_copy_is_equal_and_hashes_the_same() -> None:
    first = _map()
    copies = [copy.deepcopy(first), pickle.loads(pickle.dumps(first))]
    assert {first, *copies} == {first}


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="NaN"):
        _map().apply([1.0, np.nan])
    with pytest.raises(ShapeMismatchError, match="scores"):
        _map().apply([[1.0]])
    with pytest.raises(InsufficientEvidenceError, match="empty"):
        _map().apply([])


def test_an_unknown_transform_is_named_with_those_known() -> None:
    with pytest.raises(UnknownNameError, match="'log'; known: identity"):
        transform_scores([1.0], "log")


def test_transforming_leaves_the_scores_as_they_were() -> None:
    scores = np.array([-4.0, 9.0])
    assert transform_scores(scores, "signed_square_root").tolist() == [-2.0, 3.0]
    assert scores.tolist() == [-4.0, 9.0]


def test_the_digest_of_scores_does_not_depend_on_order_or_type() -> None:
    one = scores_sha256([1.0, 2.0], [0.0, -1.0, 3.0])
    other = scores_sha256(np.array([2, 1], dtype=np.float32), [3, -0.0, -1])
    assert one == other


@pytest.mark.parametrize(
    ("same", "different"),
    [([1.0], [2.0, 0.0]), ([0.0, 1.0, 2.0], [1.0]), ([1.0, 2.5], [0.0])],
)
def test_the_digest_tells_values_and_kinds_apart(
    same: list[float], different: list[float]
) -> None:
    assert scores_sha256(same, different) != scores_sha256([1.0, 2.0], [0.0])
