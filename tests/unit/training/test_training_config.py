"""Settings of training: what is refused, and by which name."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("torch", reason="the extra train is not installed")

from whichcam.errors import ConfigError
from whichcam.training import TrainingConfig


def test_settings_come_back_from_json_as_they_were() -> None:
    config = TrainingConfig(epochs=3, learning_rate=1e-3, manipulations=("jpeg_70",))
    stored = json.loads(json.dumps(config.to_dict()))
    assert TrainingConfig.from_mapping(stored) == config


def test_no_settings_at_all_are_the_defaults() -> None:
    assert TrainingConfig.from_mapping({}) == TrainingConfig()


def test_a_whole_number_serves_where_any_number_does() -> None:
    assert TrainingConfig.from_mapping({"mixup": 1}).mixup == 1.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("epoch", 3), ("", 3), ("epochs", "3"), ("epochs", 3.0), ("epochs", True)),
        *(("mixup", "0.5"), ("mixup", None), ("device", 3), ("manipulations", "jpeg")),
        *(("seed", [1]), ("learning_rate", False)),
    ],
)
def test_an_unknown_name_or_a_wrong_kind_is_refused_by_its_name(
    name: str, value: Any
) -> None:
    with pytest.raises(ConfigError) as caught:
        TrainingConfig.from_mapping({name: value})
    assert caught.value.path == name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("epochs", 0), ("batch_size", 0), ("hidden", 0), ("n_crops", 0)),
        *(("workers", 0), ("input_dropout", 1.0), ("hidden_dropout", -0.1)),
        *(("label_smoothing", 1.0), ("mixup", 1.1), ("untouched_share", -0.1)),
        *(("error_rate", 0.0), ("error_rate", 1.0), ("family_threshold", 0.0)),
        *(("folds", 1), ("device", "tpu"), ("crop_size_px", 100)),
        *(("crop_size_px", 2048), ("mixup", float("nan"))),
        *(("error_rate", float("nan")), ("untouched_share", float("nan"))),
    ],
)
def test_a_value_out_of_range_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        TrainingConfig.from_mapping({name: value})
    assert caught.value.path == name
    assert "expected" in str(caught.value) or "must" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("learning_rate", 0.0),
        *[
            (name, value)
            for name in ("learning_rate", "noise", "weight_decay")
            for value in (-1e-3, float("nan"), float("inf"))
        ],
    ],
)
def test_a_number_with_which_nothing_can_be_learnt_is_refused(
    name: str, value: float
) -> None:
    with pytest.raises(ConfigError) as caught:
        TrainingConfig.from_mapping({name: value})
    assert caught.value.path == name


@pytest.mark.parametrize("wrong", ["jpeg_700", "", "blur", "jpeg_70+nothing_1"])
def test_a_manipulation_that_is_none_is_refused_by_its_place(wrong: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TrainingConfig.from_mapping({"manipulations": ["jpeg_70", wrong]})
    assert caught.value.path == "manipulations[1]"


@pytest.mark.parametrize("wrong", [3, None, ["jpeg_70"]])
def test_a_manipulation_that_is_no_text_is_refused_by_its_place(wrong: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        TrainingConfig.from_mapping({"manipulations": ["jpeg_70", wrong]})
    assert caught.value.path == "manipulations[1]"


def test_a_smallest_side_above_the_crop_is_refused() -> None:
    with pytest.raises(ConfigError, match="64 <= smallest_px <= crop_size_px"):
        TrainingConfig(smallest_px=264, crop_size_px=256)
