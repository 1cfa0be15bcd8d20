"""The finest answer that the evidence supports, level by level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from whichcam.models import CameraModel, Evidence


@pytest.fixture(scope="module")
def model(tiny_model: Any) -> CameraModel:
    """Return a model that answers from 0.8 (model), 0.7 (family) and 0.6 (make) on."""
    return CameraModel.load(tiny_model.folder)


def _evidence(
    *probabilities: float, score: float = 2.0, unknown: float = 0.1, file: bool = True
) -> Evidence:
    return Evidence(
        probabilities=np.array(probabilities),
        known_score=score,
        unknown_probability=unknown,
        embedding=np.zeros(3, np.float32),
        n_crops=2,
        file_statistics_used=file,
    )


def test_a_sure_model_is_named(model: CameraModel) -> None:
    decision = model.decide(_evidence(0.05, 0.9, 0.05))
    assert (decision.level, decision.answer) == ("model", "Acme Two")
    assert decision.members == ("Acme Two",)
    assert decision.error_rate == 0.05
    assert decision.confidence == pytest.approx(0.9 * 0.9, rel=1e-12)


def test_the_threshold_itself_is_enough(model: CameraModel) -> None:
    assert model.decide(_evidence(0.8, 0.15, 0.05)).level == "model"
    assert model.decide(_evidence(0.799, 0.151, 0.05)).level == "family"


def test_two_models_that_share_the_probability_are_answered_as_family(
    model: CameraModel,
) -> None:
    decision = model.decide(_evidence(0.5, 0.4, 0.1))
    assert (decision.level, decision.answer) == ("family", "Acme One / Two")
    assert decision.members == ("Acme One", "Acme Two")
    assert decision.error_rate == 0.06
    assert decision.confidence == pytest.approx(0.9 * 0.9, rel=1e-12)


def test_where_the_family_is_not_sure_enough_the_make_is_named(
    model: CameraModel,
) -> None:
    decision = model.decide(_evidence(0.35, 0.3, 0.35))
    assert (decision.level, decision.answer) == ("make", "Acme")
    assert decision.members == ("Acme One", "Acme Two")
    assert decision.error_rate == 0.07


@pytest.mark.parametrize("own", [0.75, 0.65])
def test_a_family_or_make_of_one_member_is_answered_as_its_model(
    own: float, model: CameraModel
) -> None:
    decision = model.decide(_evidence((1 - own) / 2, (1 - own) / 2, own))
    assert (decision.level, decision.answer) == ("model", "Bolt 5")
    assert decision.members == ("Bolt 5",)
    # but with the promise of the level whose threshold it passed
    assert decision.error_rate == (0.06 if own >= 0.7 else 0.07)


def test_where_no_level_is_sure_enough_the_camera_is_unknown(
    model: CameraModel,
) -> None:
    decision = model.decide(_evidence(0.3, 0.25, 0.45, unknown=0.2))
    assert (decision.level, decision.answer) == ("unknown", "unknown camera")
    assert decision.members == ()
    assert decision.error_rate is None
    assert decision.confidence == 0.2


def test_a_photo_unlike_every_known_camera_is_unknown_however_sure(
    model: CameraModel,
) -> None:
    decision = model.decide(_evidence(1.0, 0.0, 0.0, score=-0.001, unknown=0.51))
    assert (decision.level, decision.answer) == ("unknown", "unknown camera")
    assert decision.confidence == 0.51
    assert model.decide(_evidence(1.0, 0.0, 0.0, score=0.0)).level == "model"


def test_each_regime_has_its_own_thresholds(tiny_model: Any) -> None:
    model = CameraModel.load(tiny_model.folder)
    strict = model.calibration.regimes["pixels"].thresholds
    assert isinstance(strict, dict)
    strict["model"] = strict["family"] = strict["make"] = _never(strict["make"])
    sure = (0.0, 1.0, 0.0)
    assert model.decide(_evidence(*sure, file=True)).level == "model"
    assert model.decide(_evidence(*sure, file=False)).level == "unknown"


def _never(rule: Any) -> Any:
    from dataclasses import replace

    return replace(rule, threshold=None)
