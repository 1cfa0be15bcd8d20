"""What a model promises must follow from how many devices it was tried on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")

from whichcam.scoring import LevelEvidence
from whichcam.training import _calibrate


def _levels(n_devices: int, per_device: int, bad_devices: int) -> tuple[Any, Any]:
    """Return one level whose errors all lie in some devices, and the devices."""
    devices = np.repeat([f"d{k:02d}" for k in range(n_devices)], per_device)
    right = np.repeat(np.arange(n_devices) >= bad_devices, per_device)
    sure = np.linspace(0.5, 1.0, len(devices))
    levels = [
        LevelEvidence(name=name, confidence=sure, correct=right)
        for name in ("model", "make")
    ]
    return levels, devices


def test_errors_that_come_by_device_are_promised_less() -> None:
    """Ninety photos of three devices are three errors of forty, not ninety of 1200."""
    levels, devices = _levels(40, 30, 3)
    levels[0] = LevelEvidence(
        name="model",
        confidence=levels[0].confidence,
        correct=np.roll(levels[0].correct, 600),  # in the middle of the confidences
    )
    by_device = _calibrate._thresholds(levels, devices, 0.1)["model"]
    singly = _calibrate._thresholds(levels, np.full(len(devices), "one"), 0.1)["model"]
    assert singly.threshold is not None
    assert by_device.threshold is None or by_device.threshold > singly.threshold


def test_a_promise_is_made_less_surely_before_none_is_made() -> None:
    """At 0.9 these 24 devices, one of them wrong throughout, bear none."""
    sure = np.full(480, 0.9)
    right = np.repeat(np.arange(24) > 0, 20)
    devices = np.repeat([f"d{k:02d}" for k in range(24)], 20)
    levels = [LevelEvidence(name="make", confidence=sure, correct=right)]
    found = _calibrate._thresholds(levels, devices, 0.1)
    assert found["make"].threshold is not None
    assert found["make"].confidence_level < 0.9


def test_a_make_that_is_never_needed_weakens_no_promise() -> None:
    levels, devices = _levels(40, 30, 0)
    found = _calibrate._thresholds(levels, devices, 0.1)
    assert found["model"].coverage == 1
    assert found["make"].threshold is None
    assert found["model"].confidence_level == 0.9


def test_few_devices_are_not_asked_how_devices_differ() -> None:
    levels, devices = _levels(3, 100, 0)
    found = _calibrate._thresholds(levels, devices, 0.1)
    assert found["model"].confidence_level == 0.95
    assert found["model"].threshold is not None
