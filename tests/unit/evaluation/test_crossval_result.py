"""Figures, tables and the file of a cross-validation, from answers written by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from whichcam.errors import (
    ArtifactNotFoundError,
    IncompatibleArtifactError,
    InputError,
)
from whichcam.evaluation import (
    CrossvalFailure,
    CrossvalPhoto,
    CrossvalResult,
    FoldScores,
    SetAside,
    corrected_t_test,
    crossval_tables,
)

CLASSES = ("Acme A", "Acme B", "Bolt C")
DEVICES = ("a1", "a2", "b1", "b2")  # two pictures of each, folds 0, 1, 0, 1


def photos(*, unit: str = "device") -> tuple[CrossvalPhoto, ...]:
    return tuple(
        CrossvalPhoto(
            path=f"{device}-{n}.jpg",
            sha256=f"{d}{n}" * 32,
            camera_model=f"Acme {device[0].upper()}",
            make="Acme",
            device=device,
            session="s",
            source="",
            unit=unit,
            fold=d % 2,
            ungrouped_fold=n,
        )
        for d, device in enumerate(DEVICES)
        for n in range(2)
    )


def scores(
    method: str, fold: int, ranks: tuple[int, ...], scheme: str = "grouped"
) -> FoldScores:
    numbers = (0, 1, 4, 5) if fold == 0 else (2, 3, 6, 7)
    return FoldScores(
        method=method,
        scheme=scheme,
        fold=fold,
        n_train=8,
        photos=numbers,
        true_probability=tuple(1 / rank for rank in ranks),
        rank=ranks,
        top=(((0, 0.5), (2, 0.3)),) * 4,
        make=tuple("Acme" if rank < 3 else "Bolt" for rank in ranks),
        unable=(),
        unlearnt=(),
        fit_s=1.5,
        predict_s=0.1,
    )


def result(**changes: Any) -> CrossvalResult:
    made = CrossvalResult(
        photos=photos(),
        scores=(
            scores("good", 0, (1, 1, 1, 1)),
            scores("good", 1, (1, 1, 2, 3)),
            scores("good", 0, (1, 1, 1, 1), "ungrouped"),
            scores("good", 1, (1, 1, 1, 1), "ungrouped"),
            scores("poor", 0, (1, 1, 2, 2)),
            scores("poor", 1, (2, 2, 2, 6)),
        ),
        set_aside=(SetAside(camera_model="Bolt C", reason="one only", n_photos=3),),
        failures=(CrossvalFailure(what="x.jpg", reason="broken"),),
        not_done=(),
        classes=CLASSES,
        makes=("Acme", "Acme", "Bolt"),
        methods={"good": {"settings": {}}, "poor": {"settings": {}}},
        group="device",
        n_folds=2,
        seed=0,
        n_photos=11,
        manifest_sha256="0" * 64,
        git_commit=None,
        versions={"whichcam": "0.1.0"},
        machine={},
        created="2026-01-01T00:00:00+00:00",
        duration_s=1.0,
    )
    return replace(made, **changes)


def test_top1_is_the_mean_over_folds() -> None:
    good, poor = result().summary(n_resamples=50).methods
    assert (good.method, good.top1, good.folds) == ("good", 0.75, (1.0, 0.5))
    assert (poor.method, poor.top1, poor.folds) == ("poor", 0.25, (0.5, 0.0))


def test_other_shares_are_right() -> None:
    good, poor = result().summary(n_resamples=50).methods
    assert (good.macro_devices, good.top5, good.make) == (0.75, 1.0, 7 / 8)
    assert poor.top5 == 7 / 8


def test_the_interval_counts_devices() -> None:
    good, _ = result().summary(n_resamples=500).methods
    assert good.top1_interval is not None
    assert good.top1_interval.n == 4
    assert good.top1_interval.low <= 0.5
    assert good.top1_interval.high == 1.0


def test_the_interval_is_of_the_mean_over_folds() -> None:
    mixed = tuple(
        replace(p, unit="session") if p.device == "b1" else p for p in photos()
    )  # leaves two photos in one fold and four in the other
    good = result(photos=mixed).summary(n_resamples=50).methods[0]
    assert good.top1_interval is not None
    assert good.top1_interval.estimate == good.top1 == 0.75


def test_the_warning_is_there_only_where_it_was_computed() -> None:
    good, poor = result().summary(n_resamples=50).methods
    assert (good.ungrouped_top1, poor.ungrouped_top1) == (1.0, None)


def test_differences_are_paired_by_fold() -> None:
    [pair] = result().summary(n_resamples=50).pairs
    assert (pair.first, pair.second, pair.difference) == ("good", "poor", 0.5)
    # Both folds differ by 0.5: that says nothing of how folds vary.
    assert (pair.p_value, pair.p_holm) == (None, None)
    assert (pair.n_first_better, pair.n_second_better) == (2, 0)


def test_the_test_of_a_pair_takes_the_share_of_photos_tested() -> None:
    changed = (*result().scores[:4], *(scores("poor", f, (1, 1, 2, 2)) for f in (0, 1)))
    [pair] = result(scores=changed).summary(n_resamples=50).pairs
    # Differences 0.5 and 0, four photos tested for eight learnt from.
    low, high, p = corrected_t_test([0.5, 0.0], test_train_ratio=0.5)
    assert (pair.low, pair.high, pair.p_value) == (low, high, p)


def test_the_corrected_test_is_that_of_the_formula() -> None:
    # Mean 0.2, s 0.1, (1/3 + 1/2) s^2 = 0.00833, t = 2.1909 with 2 degrees of freedom,
    # for which p = 1 - t / sqrt(t^2 + 2).
    _, _, p = corrected_t_test([0.1, 0.2, 0.3], test_train_ratio=0.5)
    assert p == pytest.approx(1 - 2.1908902 / (2.1908902**2 + 2) ** 0.5, abs=1e-6)


def test_the_corrected_test_doubts_more_than_the_usual_one() -> None:
    from scipy.stats import ttest_1samp

    values = [0.11, 0.05, 0.2, 0.13, 0.02]
    usual = float(ttest_1samp(values, 0).pvalue)
    _, _, almost = corrected_t_test(values, test_train_ratio=1e-12)
    _, _, corrected = corrected_t_test(values, test_train_ratio=0.25)
    assert almost == pytest.approx(usual)
    assert corrected is not None
    assert corrected > 1.5 * usual


def test_folds_without_a_difference_give_a_p_of_one() -> None:
    assert corrected_t_test([0.0, 0.0], test_train_ratio=1.0) == (0.0, 0.0, 1.0)


def test_one_fold_cannot_be_tested() -> None:
    with pytest.raises(InputError, match="two folds"):
        corrected_t_test([0.1], test_train_ratio=1.0)


def test_p_values_are_adjusted_for_the_number_of_pairs() -> None:
    more = (
        *result().scores,
        scores("third", 0, (1, 2, 2, 2)),
        scores("third", 1, (1, 1, 1, 2)),
    )
    methods: dict[str, Any] = {
        name: {"settings": {}} for name in ("good", "poor", "third")
    }
    pairs = result(scores=more, methods=methods).summary(n_resamples=50).pairs
    tested = [(p.p_value, p.p_holm) for p in pairs if p.p_value is not None]
    assert len(tested) == 2
    lowest = min(tested)
    assert lowest[1] == pytest.approx(min(1.0, 2 * (lowest[0] or 0)))


def test_a_photo_that_a_method_could_not_look_at_is_wrong() -> None:
    first, *rest = result().scores
    blind = replace(first, unable=(0, 1))
    found = result(scores=(blind, *rest)).summary(n_resamples=50)
    good = next(f for f in found.methods if f.method == "good")
    assert (good.n_unable, good.folds) == (2, (0.5, 0.5))


def test_a_method_that_missed_a_fold_has_no_figures() -> None:
    found = result(scores=result().scores[:-1]).summary(n_resamples=50)
    assert [figures.method for figures in found.methods] == ["good"]


def test_the_warning_column_says_that_it_is_one() -> None:
    tables = {t.key: t for t in crossval_tables(result(), n_resamples=50)}
    methods = tables["methods_device"]
    assert methods.columns[-1] == "WARNING ungrouped"
    assert methods.text()[0][-1] == "1.000"
    assert "WARNING" in methods.note


def test_models_reported_apart_are_in_a_table_of_their_own() -> None:
    mixed = tuple(
        replace(p, unit="session") if p.device == "b1" else p for p in photos()
    )
    tables = {t.key: t for t in crossval_tables(result(photos=mixed), n_resamples=50)}
    assert tables["methods_session"].title.startswith("Apart")
    assert "single device" in tables["methods_session"].note
    assert tables["methods_device"].rows[0][1] == 6
    assert tables["methods_session"].rows[0][1] == 2


def test_models_that_are_not_tested_are_listed_with_the_reason() -> None:
    tables = {t.key: t for t in crossval_tables(result(), n_resamples=50)}
    assert tables["set_aside"].rows == (("one only", 1, 3, "Bolt C"),)


def test_a_saved_result_is_read_back_the_same(tmp_path: Path) -> None:
    result().save(tmp_path / "r.json")
    assert CrossvalResult.load(tmp_path / "r.json") == result()


def test_results_are_not_overwritten_unasked(tmp_path: Path) -> None:
    result().save(tmp_path / "r.json")
    with pytest.raises(InputError, match="exists"):
        result(seed=1).save(tmp_path / "r.json")
    result(seed=1).save(tmp_path / "r.json", overwrite=True)
    assert CrossvalResult.load(tmp_path / "r.json").seed == 1


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFoundError, match="create it first"):
        result().save(tmp_path / "no" / "r.json")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("schema", "whichcam.evaluation/1"),
        ("group", "colour"),
        ("photos", 3),
        ("makes", ["Acme"]),
        ("methods", {"other": {}}),
        ("extra", 1),
        ("scores", [{"method": "good"}]),
    ],
)
def test_a_file_that_is_no_result_is_refused(
    tmp_path: Path, field: str, value: Any
) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps(result().to_dict() | {field: value}))
    with pytest.raises(IncompatibleArtifactError):
        CrossvalResult.load(path)


def test_scores_of_photos_that_are_not_there_are_refused(tmp_path: Path) -> None:
    values = result().to_dict()
    values["scores"][0]["photos"] = [0, 1, 2, 99]
    (tmp_path / "r.json").write_text(json.dumps(values))
    with pytest.raises(IncompatibleArtifactError, match="not listed"):
        CrossvalResult.load(tmp_path / "r.json")
