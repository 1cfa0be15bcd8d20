"""Every figure against its closed form."""

from __future__ import annotations

from dataclasses import replace

import pytest
from evaluation_results import result, row

from whichcam.datasets.manipulations import SP_CUP
from whichcam.evaluation import (
    CROP_ALONE,
    UNTOUCHED,
    EvaluationSummary,
    LevelSummary,
    RowFailure,
)

ACMES = ("Acme One", "Acme Two")


def _level(summary: EvaluationSummary, cameras: str, level: str) -> LevelSummary:
    (found,) = (
        part
        for part in summary.levels
        if (part.cameras, part.level) == (cameras, level)
    )
    return found


def test_accuracies_are_over_photographs_devices_and_models() -> None:
    # Device a: 3 of 3; device b, the same model: 0 of 1; device c: 1 of 2.
    known = (
        result(
            *[row(0, 0, device="a")] * 3,
            row(0, 1, device="b"),
            row(2, 2, device="c"),
            row(2, 0, device="c"),
        )
        .summary()
        .splits[0]
    )
    assert (known.n_photos, known.n_devices, known.n_models) == (6, 3, 2)
    assert known.top1 == 4 / 6
    assert known.macro_devices == (1 + 0 + 1 / 2) / 3
    assert known.macro_models == (3 / 4 + 1 / 2) / 2
    assert known.make == 5 / 6


def test_the_interval_is_over_devices() -> None:
    # Two devices, one all right and one all wrong: any mix of them is possible.
    rows = [row(0, 0, device="a")] * 50 + [row(0, 1, device="b")] * 50
    interval = result(*rows).summary().known.top1_interval
    assert interval is not None
    assert (interval.estimate, interval.low, interval.high) == (0.5, 0.0, 1.0)
    assert interval.n == 2


def test_one_device_has_no_interval() -> None:
    assert result(row(0, 0)).summary().known.top1_interval is None


def test_top_five_counts_the_five_most_probable() -> None:
    names = tuple(f"Class {i}" for i in range(7))
    falling = (0.4, 0.2, 0.15, 0.1, 0.08, 0.05, 0.02)
    rows = [
        row(0, 0, label=label, probabilities=falling, device=str(label))
        for label in range(7)
    ]
    known = result(*rows, classes=names, makes=names, families=names).summary().known
    assert known.top5 == 5 / 7


def test_the_make_is_the_one_with_the_highest_sum() -> None:
    # The most probable class is a Zeta, yet the two Acmes together have more.
    torn = row(0, 2, probabilities=(0.3, 0.3, 0.4, 0.0))
    known = result(torn).summary().known
    assert (known.top1, known.make) == (0.0, 1.0)


def test_the_calibration_error_is_the_gap_of_confidence_and_accuracy() -> None:
    # Ten answers at 0.7 of which four are right.
    rows = [row(0, 0)] * 4 + [row(0, 1)] * 6
    known = result(*rows).summary().known
    assert known.calibration_error == pytest.approx(0.3, abs=1e-12)
    assert known.mean_confidence == pytest.approx(0.7, abs=1e-12)


def test_pooled_figures_leave_out_extra_splits() -> None:
    summary = result(
        row(0, 0), row(0, 0, split="test_scene"), row(0, 1, split="converted")
    ).summary()
    assert [part.split for part in summary.splits] == [
        "test_device",
        "test_scene",
        "converted",
    ]
    assert summary.known.n_photos == 2
    assert summary.known.top1 == 1.0
    assert summary.splits[2].top1 == 0.0


def test_the_cup_score_weighs_untouched_and_manipulated() -> None:
    rows = [row(0, 0), row(0, 0)]
    rows += [row(0, i % 2, manipulation=name) for i, name in enumerate(SP_CUP)]
    rows += [row(0, 1, manipulation="none")]  # counts for neither
    known = result(*rows, manipulations=("none", *SP_CUP)).summary().known
    assert known.sp_cup == pytest.approx(0.7 + 0.3 * 0.5, abs=1e-12)


def test_the_cup_score_needs_all_eight_manipulations() -> None:
    rows = [row(0, 0), *(row(0, 0, manipulation=name) for name in SP_CUP[:7])]
    assert result(*rows).summary().known.sp_cup is None


def test_each_manipulation_has_a_row_in_each_known_split() -> None:
    failed = RowFailure(
        path="q", split="test_device", manipulation="jpeg_70", reason="too small"
    )
    summary = result(
        row(0, 0),
        row(0, 1, manipulation="jpeg_70"),
        row(0, 0, split="test_scene"),
        manipulations=("jpeg_70",),
        failures=(failed,),
    ).summary()
    found = [
        (part.split, part.manipulation, part.n_photos, part.n_failed, part.top1)
        for part in summary.manipulations
    ]
    assert found == [
        ("test_device", "untouched", 1, 0, 1.0),
        ("test_device", "jpeg_70", 1, 1, 0.0),
        ("test_scene", "untouched", 1, 0, 1.0),
        ("test_scene", "jpeg_70", 0, 0, None),
    ]


def test_unknown_cameras_are_ranked_against_all_known_ones() -> None:
    # 3 of the 4 pairs are in order; 95 % of two known is both: threshold 0.4.
    summary = result(
        row(0, 0, known_score=0.8),
        row(0, 0, known_score=0.4, split="test_scene"),
        row(0, 0, known_score=-9.0, split="converted"),
        row(-1, 0, known_score=0.6, split="unknown"),
        row(-1, 0, known_score=0.2, split="unknown_chart"),
    ).summary()
    both, unknown, chart = summary.unknown
    assert (both.n_known, both.n_unknown) == (2, 2)
    assert (both.auroc, both.rejection) == (0.75, 0.5)
    assert (unknown.split, unknown.auroc, unknown.rejection) == ("unknown", 0.5, 0.0)
    assert (chart.split, chart.auroc, chart.rejection) == ("unknown_chart", 1.0, 1.0)


def test_without_unknown_cameras_there_is_nothing_to_rank() -> None:
    assert result(row(0, 0)).summary().unknown == ()


def test_answers_of_known_cameras_are_judged_at_their_level() -> None:
    summary = result(
        row(0, 0),
        row(0, 1),
        row(1, 0, level="family", answer="Acme Ones", members=ACMES),
        row(2, 0, level="family", answer="Acme Ones", members=ACMES),
        row(0, 1, level="make", answer="Acme", members=ACMES),
        row(0, 2, level="make", answer="Zeta", members=("Zeta One", "Zeta Two")),
        row(0, 0, level="unknown", answer="unknown camera", members=()),
    ).summary()
    model = _level(summary, "known", "model")
    assert (model.n_photos, model.share, model.n_wrong) == (2, 2 / 7, 1)
    assert model.error_rate == 0.5
    assert _level(summary, "known", "family").n_wrong == 1
    assert _level(summary, "known", "make").n_wrong == 1
    assert _level(summary, "known", "unknown").error_rate == 1.0


def test_an_unknown_camera_is_rightly_answered_by_its_make_or_by_unknown() -> None:
    summary = result(
        row(-1, 0, split="unknown"),
        row(-1, 0, split="unknown", level="family", answer="Acme One family"),
        row(-1, 0, split="unknown", level="make", answer="Acme", make="Acme"),
        row(-1, 0, split="unknown", level="make", answer="Acme", make="Other"),
        row(-1, 0, split="unknown", level="make", answer="", make=""),
        row(-1, 0, split="unknown", level="unknown", answer="unknown camera"),
    ).summary()
    wrong = {part.level: part.n_wrong for part in summary.levels}
    assert wrong == {"model": 1, "family": 1, "make": 2, "unknown": 0}
    assert {part.cameras for part in summary.levels} == {"unknown"}


def test_makes_are_compared_by_their_one_name() -> None:
    spelt = row(
        -1, 0, split="unknown", level="make", answer="Nikon", make="NIKON CORPORATION"
    )
    assert _level(result(spelt).summary(), "unknown", "make").n_wrong == 0


def test_the_promise_beside_the_error_rate_is_the_mean_of_what_was_stated() -> None:
    rows = [row(0, 0, error_rate=0.1), row(0, 0, error_rate=0.3)]
    model = _level(result(*rows).summary(), "known", "model")
    assert model.promised_error_rate == pytest.approx(0.2, abs=1e-12)


def test_where_nothing_is_promised_there_is_no_promise() -> None:
    rows = [row(0, 0, level="unknown", members=(), error_rate=None)]
    unknown = _level(result(*rows).summary(), "known", "unknown")
    assert unknown.promised_error_rate is None


def test_the_model_table_lists_classes_shown_or_answered() -> None:
    summary = result(row(0, 0), row(0, 1), row(1, 1)).summary()
    assert [report.name for report in summary.models] == ["Acme One", "Acme Two"]
    assert summary.models[0].recall == 0.5
    assert summary.models[1].precision == 0.5
    assert summary.models[0].most_confused_with == "Acme Two"


def test_the_confusion_matrix_counts_untouched_known_pictures() -> None:
    counts = result(
        row(0, 1),
        row(0, 1, split="test_scene"),
        row(3, 3),
        row(3, 3, manipulation="jpeg_70"),
        row(3, 3, split="converted"),
        row(-1, 3, split="unknown"),
    ).confusion()
    assert counts.tolist() == [[0, 2, 0, 0], [0] * 4, [0] * 4, [0, 0, 0, 1]]


def test_the_reliability_curve_is_that_of_the_top_probability() -> None:
    curve = result(row(0, 0), row(0, 1)).reliability()
    assert curve.accuracy.tolist() == [0.5]
    assert curve.confidence.tolist() == pytest.approx([0.7], abs=1e-12)


def test_devices_left_blank_are_one_device_a_model() -> None:
    rows = [row(0, 0, device=""), row(0, 0, device=""), row(2, 2, device="")]
    assert result(*rows).summary().known.n_devices == 2


def test_a_result_in_which_all_failed_has_no_figures_but_counts() -> None:
    failed = RowFailure(
        path="q", split="test_device", manipulation="untouched", reason="damaged"
    )
    known = result(failures=(failed,)).summary().known
    assert (known.n_photos, known.n_failed, known.top1, known.top5) == (
        0,
        1,
        None,
        None,
    )
    assert known.calibration_error is None


def test_the_summary_is_ready_for_json() -> None:
    import json

    values = result(row(0, 0), row(2, 0)).summary().to_dict()
    assert json.loads(json.dumps(values)) == values
    assert values["splits"][0]["top1_interval"]["n"] == 2


def test_crops_without_the_size_of_their_frame_have_figures_of_their_own() -> None:
    """Told the size, it is right and the unknown one stands apart; untold, neither."""
    told, untold = row(0, 0), row(0, 1, manipulation=CROP_ALONE, known_score=0.0)
    strange = row(-1, 0, split="unknown", known_score=0.5)
    found = result(
        told, untold, strange, replace(strange, manipulation=CROP_ALONE)
    ).summary(n_resamples=10)
    assert [part.top1 for part in found.splits if part.n_photos] == [1.0]
    assert [(p.split, p.top1) for p in found.crops_alone] == [("test_device", 0.0)]
    assert found.unknown[0].auroc == 1.0
    assert found.unknown_crops_alone[0].auroc == 0.0
    names = [part.manipulation for part in found.manipulations if part.n_photos]
    assert names == [UNTOUCHED, CROP_ALONE]


def test_where_no_frame_is_told_there_are_no_crops_alone() -> None:
    found = result(row(0, 0), row(-1, 0, split="unknown")).summary(n_resamples=10)
    assert not found.crops_alone
    assert not found.unknown_crops_alone
