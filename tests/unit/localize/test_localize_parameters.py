"""Fitted parameters: read back as they were, or refused with what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.errors import ArtifactNotFoundError, IncompatibleArtifactError
from whichcam.localize import LocalizationParameters, Network
from whichcam.localize._area_traces import N_FEATURES
from whichcam.localize._fusion import picture_score, probability
from whichcam.localize._maps import FEATURES
from whichcam.localize._parameters import bundled_parameters


@pytest.fixture
def stored() -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(bundled_parameters().to_dict()))
    return values


def test_the_bundled_parameters_say_where_they_come_from() -> None:
    fitted = bundled_parameters()
    assert fitted.projection.matrix.shape[0] == N_FEATURES
    assert len(fitted.provenance["manifest_sha256"]) == 64
    assert "whichcam dataset splice" in fitted.provenance["command"]
    assert "train" in fitted.provenance["command"]
    assert 0 <= fitted.false_alarm_rate <= 0.05
    assert fitted.likelihood_ratio is not None
    assert fitted.likelihood_ratio.upper_log10_lr < 3


def test_they_are_read_back_as_they_were(
    stored: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "p.json"
    file.write_text(json.dumps(stored))
    assert LocalizationParameters.load(file).to_dict() == stored


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFoundError):
        LocalizationParameters.load(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "whichcam.localization/0"),
        (("features",), ["noise"]),
        (("area_traces_version",), 0),
        (("projection", "matrix"), [[1.0]]),
        (("projection", "matrix"), "x"),
        (("projection", "between"), [-1.0] * 20),
        (("projection", "between"), [float("nan")] * 20),
        (("network", "mean"), [0.0]),
        (("network", "scale"), [0.0] * len(FEATURES)),
        (("network", "layers"), []),
        (("network", "layers"), [{"weights": [[1.0]], "bias": [0.0]}]),
        (("network", "layers"), [{"weights": [[{}]], "bias": [0.0]}]),
        (("threshold",), "high"),
        (("threshold",), None),
        (("likelihood_ratio", "slope"), -1.0),
        (("provenance",), []),
    ],
)
def test_what_does_not_fit_is_refused(
    path: tuple[str, ...], value: object, stored: dict[str, Any]
) -> None:
    inner = stored
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    with pytest.raises(IncompatibleArtifactError):
        LocalizationParameters.from_dict(stored)


def test_the_network_is_its_formula(rng: np.random.Generator) -> None:
    w1, b1 = rng.normal(size=(3, 4)), rng.normal(size=4)
    w2, b2 = rng.normal(size=(4, 1)), rng.normal(size=1)
    mean, scale = rng.normal(size=3), rng.uniform(1, 2, 3)
    network = Network(mean=mean, scale=scale, layers=((w1, b1), (w2, b2)))
    x = rng.normal(size=(3, 5, 7)).astype(np.float32)
    odds = network.log_odds(x)
    one = np.maximum(((x[:, 2, 3] - mean) / scale) @ w1 + b1, 0) @ w2 + b2
    assert odds.shape == (5, 7)
    np.testing.assert_allclose(odds[2, 3], one[0], rtol=1e-5)


def test_the_score_is_of_the_most_suspicious_cells() -> None:
    odds = np.full((10, 10), -5.0, np.float32)
    odds[0, :3] = [1.0, 2.0, 3.0]
    assert picture_score(odds) == pytest.approx(2.0)
    assert picture_score(np.full((10, 10), -np.inf, np.float32)) == -12


def test_probability_is_the_sigmoid_and_never_overflows() -> None:
    odds = np.array([-np.inf, -1e4, 0.0, 1e4], np.float32)
    np.testing.assert_allclose(probability(odds), [0, 0, 0.5, 1], rtol=0, atol=1e-6)
