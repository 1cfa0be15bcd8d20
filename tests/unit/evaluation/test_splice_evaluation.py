"""Figures of heat maps: against closed forms and an independent program."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_recall_curve, roc_auc_score

from whichcam.datasets import Manifest, index_folders, make_splices
from whichcam.datasets.synthetic import draw_cameras, write_dataset
from whichcam.errors import (
    DatasetError,
    IncompatibleArtifactError,
    InputError,
    ShapeMismatchError,
)
from whichcam.evaluation import SpliceEvaluation, evaluate_splices, splice_tables
from whichcam.evaluation._splices import mask_figures
from whichcam.localize import Localization
from whichcam.media import Photo


def test_figures_agree_with_scikit_learn(rng: np.random.Generator) -> None:
    truth = rng.random((40, 50)) < 0.2
    heat = (np.round((truth + rng.normal(0, 1, truth.shape)) * 4) / 40).astype(
        np.float32
    )
    heat = np.clip(heat + 0.5, 0, 1)
    mask = heat >= 0.52
    auc, f1, best = mask_figures(heat, mask, truth)
    assert auc == pytest.approx(roc_auc_score(truth.ravel(), heat.ravel()))
    assert f1 == pytest.approx(f1_score(truth.ravel(), mask.ravel()))
    precision, recall, _ = precision_recall_curve(truth.ravel(), heat.ravel())
    expected = (2 * precision * recall / np.maximum(precision + recall, 1e-12)).max()
    assert best == pytest.approx(expected)
    assert f1 <= best


def test_a_perfect_map_and_a_constant_one() -> None:
    truth = np.zeros((10, 10), bool)
    truth[:5, :4] = True
    perfect = mask_figures(truth.astype(np.float32), truth, truth)
    assert perfect == (1.0, 1.0, 1.0)
    flat = mask_figures(np.zeros((10, 10), np.float32), ~truth, truth)
    assert flat == pytest.approx((0.5, 0.0, 2 * 20 / 120))


def test_shapes_must_agree() -> None:
    truth = np.zeros((4, 4), bool)
    with pytest.raises(ShapeMismatchError):
        mask_figures(np.zeros((4, 5), np.float32), truth, truth)


class Bright:
    """Calls bright pixels suspicious."""

    name = "bright"

    def applies_to(self, photo: Photo) -> str | None:  # noqa: ARG002
        return None

    def localize(self, photo: Photo) -> Localization:
        heat = (photo.pixels[..., 1] / 255).astype(np.float32)
        score = float(heat.mean())
        return Localization(
            method=self.name,
            heatmap=heat,
            mask=heat >= np.float32(0.6),
            threshold=0.6,
            score=score,
            score_threshold=0.5,
            false_alarm_rate=0.1,
        )


@pytest.fixture(scope="module")
def splices(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder = tmp_path_factory.mktemp("splices")
    write_dataset(folder / "in", draw_cameras(3, seed=3), 1, seed=1, size=(176, 176))
    return make_splices(
        index_folders(folder / "in"),
        folder / "out",
        n=4,
        sizes=[64, 128],
        savings=["lossless", "resized"],
    )


def test_every_picture_has_its_row_and_tables_count_them(splices: Manifest) -> None:
    result = evaluate_splices(splices, methods=[Bright()])
    assert len(result.rows) == len(splices) == 16
    for row in result.rows:
        assert (row.pixel_auc is None) == (row.kind == "pristine")
        assert row.alarm is not None
    tables = {table.key: table for table in splice_tables(result)}
    assert [row[:3] for row in tables["methods"].rows] == [
        ("bright", "lossless", 2),
        ("bright", "resized", 2),
    ]
    assert [row[:3] for row in tables["sizes"].rows][:2] == [
        (64, "lossless", 2),
        (64, "resized", 2),
    ]
    of_large = [
        row.pixel_auc
        for row in result.rows
        if row.size_px == 128 and row.saving == "lossless" and row.kind == "spliced"
    ]
    assert tables["methods"].rows[0][3] == pytest.approx(np.mean(np.array(of_large)))
    pristine = [r for r in result.rows if r.kind == "pristine" and r.size_px == 128]
    alarms = np.mean([r.alarm for r in pristine if r.saving == "resized"])
    assert tables["pictures"].rows[1][5] == pytest.approx(alarms)


def test_a_result_is_read_back(splices: Manifest, tmp_path: Path) -> None:
    result = evaluate_splices(splices, methods=[Bright()])
    result.save(tmp_path / "r.json")
    again = SpliceEvaluation.load(tmp_path / "r.json")
    assert again.to_dict() == json.loads((tmp_path / "r.json").read_text())
    assert again.methods == ("bright",)
    with pytest.raises(InputError, match="never overwritten"):
        result.save(tmp_path / "r.json")


def test_another_file_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"schema": "other"}')
    with pytest.raises(IncompatibleArtifactError, match="splice evaluation"):
        SpliceEvaluation.load(tmp_path / "r.json")
    (tmp_path / "s.json").write_text('{"schema": "whichcam.splice_evaluation/1"}')
    with pytest.raises(IncompatibleArtifactError, match="lacks fields"):
        SpliceEvaluation.load(tmp_path / "s.json")


def test_a_manifest_of_no_splices_is_refused(splices: Manifest) -> None:
    plain = Manifest({"path": ["a.png"]}, splices.root)
    with pytest.raises(DatasetError, match="kind"):
        evaluate_splices(plain, methods=[Bright()])


def test_a_mask_of_another_picture_is_refused(splices: Manifest) -> None:
    small = splices.where(saving="resized", kind="spliced").column("mask")[0]
    one = splices.where(saving="lossless", kind="spliced").select([0])
    with pytest.raises(DatasetError, match="make the splices again"):
        evaluate_splices(one.with_column("mask", [small]), methods=[Bright()])
