"""A device evaluation: its figures by hand, its tables, its file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.errors import (
    ArtifactNotFoundError,
    IncompatibleArtifactError,
    InputError,
    InsufficientEvidenceError,
    UnknownNameError,
)
from whichcam.evaluation import (
    DeviceConditions,
    DeviceEvaluation,
    DeviceFailure,
    DevicePair,
    DeviceProbe,
    EnrolledDevice,
    device_tables,
    devices_to_markdown,
)

# Scores z of five probes (rows) by four devices; two bodies of model X.
DEVICES = (("xa", "X"), ("xb", "X"), ("y", "Y"), ("w", "W"))
PROBES = (("xa", "X"), ("xa", "X"), ("xb", "X"), ("y", "Y"), ("v", "X"))
SCORES = (
    (9.0, 1.0, 0.0, -1.0),
    (2.0, 3.0, 0.5, -0.5),  # another body of the model beats it
    (1.0, 8.0, 2.5, 0.0),
    (0.0, 0.5, 4.0, 4.0),  # a tie is no first rank
    (1.5, 0.0, 0.0, 0.0),  # of a device that is not enrolled
)


def _device(name: str, camera: str) -> EnrolledDevice:
    return EnrolledDevice(
        device=name,
        camera_model=camera,
        height=768,
        width=768,
        n_photos=10,
        quality=0.5,
        saturated_share=0.0,
    )


def _probe(number: int, device: str, camera: str, *, is_probe: bool) -> DeviceProbe:
    return DeviceProbe(
        path=f"{number}.jpg",
        device=device,
        camera_model=camera,
        role="natural" if is_probe else "flat",
        is_probe=is_probe,
        saturated_share=0.0,
        dark_share=0.125,
        mean_level=100.0,
    )


def _pair(probe: int, device: int, z: float, lr: float | None) -> DevicePair:
    return DevicePair(
        probe=probe,
        device=device,
        z=z,
        pce=z * abs(z),
        ncc=z / 768,
        log10_p=min(-z, 0.0),
        rotation=0,
        log10_lr=lr,
    )


def _result(**changed: Any) -> DeviceEvaluation:
    pairs = [
        _pair(i, j, z, round(z / 4 - 0.5, 3))
        for i, row in enumerate(SCORES)
        for j, z in enumerate(row)
    ]
    # A flat field of y that enrolled it, compared with the others.
    pairs += [_pair(5, j, z, None) for j, z in ((0, 0.0), (1, 6.0), (3, 3.5))]
    fields: dict[str, Any] = {
        "conditions": DeviceConditions(crop_size=512, jpeg_quality=75),
        "devices": tuple(_device(*names) for names in DEVICES),
        "probes": (
            *(_probe(i, *names, is_probe=True) for i, names in enumerate(PROBES)),
            _probe(5, "y", "Y", is_probe=False),
        ),
        "pairs": tuple(pairs),
        "failures": (
            DeviceFailure(path="b.jpg", device="y", role="flat", reason="no | picture"),
            DeviceFailure(path="b.jpg", device="y", role="flat", reason="again"),
        ),
        "n_incomparable": 0,
        "note": "",
        "enrol_roles": ("flat",),
        "probe_roles": ("natural",),
        "impostor_roles": ("flat",),
        "rotations": (0, 180),
        "seed": 0,
        "manifest_sha256": "ab" * 32,
        "git_commit": None,
        "versions": {"whichcam": "0.1.0"},
        "machine": {"n_processors": 2},
        "created": "2026-11-22T00:00:00+00:00",
        "duration_s": 1.5,
    }
    return DeviceEvaluation(**{**fields, **changed})


def test_scores_are_split_by_truth() -> None:
    same, different = _result().scores("z")
    assert same.tolist() == [9.0, 2.0, 8.0, 4.0]
    assert different.size == 16
    assert _result().scores("z", probes=False)[1].tolist() == [0.0, 6.0, 3.5]


def test_an_unknown_statistic_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="known: z, pce, ncc"):
        _result().scores("p")
    with pytest.raises(UnknownNameError):
        _result().summary(statistic="log10_p")


def test_the_figures_are_those_counted_by_hand() -> None:
    found = _result().summary(false_alarm_rate=0.1)
    # One of 19 others may pass: the threshold is the second highest, 4.0.
    assert (found.threshold, found.true_match_rate) == (4.0, 0.5)
    assert (found.n_same, found.n_different, found.n_probes) == (4, 19, 5)
    assert (found.lowest_same, found.highest_different) == (2.0, 6.0)
    assert found.above_all_rate == 0.5
    assert found.rank_1 == 0.5
    assert (found.n_same_model, found.highest_same_model) == (5, 3.0)
    assert found.n_failed == 1


def test_a_sibling_that_wins_or_passes_is_a_confusion() -> None:
    assert _result().summary(false_alarm_rate=0.1).n_same_model_confused == 1
    # A looser threshold of 1.0, seven pass: the siblings' 1.5 and 3.0 do.
    assert _result().summary(false_alarm_rate=0.4).n_same_model_confused == 2


def test_stated_rates_come_from_p_values_and_all_comparisons() -> None:
    found = _result().summary(false_alarm_rate=1e-3)
    assert found.stated_true_match_rate == 0.75
    # 3.0, 4.0 of the probes', 6.0 and 3.5 of the flat field's; 19 in all.
    assert found.stated_false_alarm_rate == 4 / 19


def test_the_literatures_threshold_is_applied_to_energies() -> None:
    found = _result().summary()
    assert (found.pce_60_true_match_rate, found.pce_60_false_alarm_rate) == (0.5, 0.0)


def test_costs_are_those_of_the_probes_ratios() -> None:
    from whichcam.scoring import cllr, cllr_min

    same, different = _result().log10_lrs()
    found = _result().summary()
    assert (same.size, different.size) == (4, 16)
    assert found.cllr == cllr(same, different)
    assert found.cllr_min == cllr_min(*_result().scores("z"))
    assert found.misleading_same == 0.0
    assert found.misleading_different == 3 / 16  # 2.5, 3.0 and 4.0


def test_without_ratios_only_their_figures_are_missing() -> None:
    bare = _result(
        pairs=tuple(replace(pair, log10_lr=None) for pair in _result().pairs),
        note="lir is away",
    )
    found = bare.summary()
    assert (found.cllr, found.misleading_same) == (None, None)
    assert found.cllr_min is not None
    with pytest.raises(InsufficientEvidenceError, match="lir is away"):
        bare.tippett()


def test_curves_are_of_the_same_comparisons() -> None:
    assert _result().tippett().n_different == 16
    assert int(_result().pav().n_same.sum()) == 4


def test_a_summary_is_json() -> None:
    stored = json.loads(json.dumps(_result().summary().to_dict(), allow_nan=False))
    assert stored["true_match_interval"]["n"] == 4


def test_no_data_give_no_figures() -> None:
    found = _result(pairs=(), probes=()).summary()
    assert (found.true_match_rate, found.rank_1, found.equal_error_rate) == (None,) * 3
    assert found.n_same_model_confused == 0


def test_tables_have_a_row_a_result_and_say_what_was_done() -> None:
    tables = device_tables([_result(), _result(conditions=DeviceConditions())])
    assert [table.key for table in tables] == ["devices", "impostors", "ratios"]
    for table in tables:
        assert [row[:3] for row in table.rows] == [
            ("512 px", "all", "JPEG 75"),
            ("whole", "all", "as it is"),
        ]
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_markdown_shows_the_figures() -> None:
    text = devices_to_markdown([_result()], false_alarm_rate=0.1)
    assert "| 512 px | all | JPEG 75 | 4 | 4 | 0.500 |" in text
    assert text.count("**") == 6
    assert text.endswith("\n")
    assert devices_to_markdown([_result()], false_alarm_rate=0.1) == text


def test_a_result_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    _result().save(path)
    assert DeviceEvaluation.load(path) == _result()


def test_a_result_is_not_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text("evidence", encoding="utf-8")
    with pytest.raises(InputError, match="never overwritten"):
        _result().save(path)
    assert path.read_text(encoding="utf-8") == "evidence"
    _result().save(path, overwrite=True)
    assert DeviceEvaluation.load(path) == _result()
    assert [file.name for file in tmp_path.iterdir()] == ["r.json"]


def test_a_result_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFoundError, match="create it first"):
        _result().save(tmp_path / "none" / "r.json")
    with pytest.raises(ArtifactNotFoundError):
        DeviceEvaluation.load(tmp_path / "r.json")


def _changed(**values: Any) -> dict[str, Any]:
    return {**_result().to_dict(), **values}


def _pairs(**values: Any) -> dict[str, Any]:
    return _changed(pairs={**_result().to_dict()["pairs"], **values})


BROKEN = {
    "schema": _changed(schema="whichcam.evaluation/1"),
    "a field more": _changed(verdict="guilty"),
    "conditions": _changed(conditions={"crop_size": 1}),
    "conditions out of range": _changed(
        conditions={"crop_size": 1, "n_enrolled": None, "jpeg_quality": None}
    ),
    "a negative count": _changed(n_incomparable=-1),
    "text for a number": _changed(duration_s="1"),
    "a probe that is none": _changed(probes=[{"path": "a"}]),
    "columns of two lengths": _pairs(z=[1.0]),
    "a column less": _changed(pairs={"z": []}),
    "a pair of no probe": _pairs(probe=[99] * 23),
    "a pair of no device": _pairs(device=[4] * 23),
    "a place from the end": _pairs(device=[-1] * 23),
    "an infinite score": _pairs(z=[float("inf")] * 23),
    "a flag for a place": _pairs(probe=[True] * 23),
}


@pytest.mark.parametrize("values", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_does_not_fit_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(IncompatibleArtifactError):
        DeviceEvaluation.from_dict(values)


@pytest.mark.parametrize("name", list(_result().to_dict()))
def test_a_file_that_lacks_a_field_is_refused(name: str) -> None:
    values = _result().to_dict()
    del values[name]
    with pytest.raises(IncompatibleArtifactError):
        DeviceEvaluation.from_dict(values)


def test_a_map_of_all_scores_describes_them() -> None:
    pytest.importorskip("torch", reason="the extra train is not installed")
    pytest.importorskip("lir", reason="lir (extra train) is not installed")
    fitted = _result().fit_likelihood_ratios(source="made up")
    assert (fitted.n_same, fitted.n_different, fitted.n_devices) == (4, 16, 4)
    assert (fitted.statistic, fitted.source) == ("z", "made up")
    assert "768 x 768 px" in fitted.conditions
    assert "quality 75" in fitted.conditions
    assert np.isfinite(fitted.apply([0.0, 100.0])).all()
