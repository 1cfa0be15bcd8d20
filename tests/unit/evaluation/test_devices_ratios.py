"""Likelihood ratios of a device evaluation know nothing of the devices they judge."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("lir", reason="lir (extra train) is not installed")

from whichcam.evaluation import (
    DevicePair,
    DeviceProbe,
    EnrolledDevice,
    _device_ratios,
)
from whichcam.evaluation._device_ratios import with_likelihood_ratios

N_DEVICES, N_PROBES = 6, 3


def _devices(n: int = N_DEVICES) -> list[EnrolledDevice]:
    return [
        EnrolledDevice(
            device=f"d{i}",
            camera_model="M",
            height=64,
            width=64,
            n_photos=5,
            quality=0.5,
            saturated_share=0.0,
        )
        for i in range(n)
    ]


def _probes(n: int = N_DEVICES) -> list[DeviceProbe]:
    return [
        DeviceProbe(
            path=f"{i}-{k}",
            device=f"d{i}",
            camera_model="M",
            role="natural",
            is_probe=True,
            saturated_share=0.0,
            dark_share=0.0,
            mean_level=100.0,
        )
        for i in range(n)
        for k in range(N_PROBES)
    ]


def _pairs(n: int = N_DEVICES) -> list[DevicePair]:
    rng = np.random.default_rng(5)
    return [
        DevicePair(
            probe=i,
            device=j,
            z=float(rng.normal(8.0 if i // N_PROBES == j else 0.0, 2.0)),
            pce=0.0,
            ncc=0.0,
            log10_p=0.0,
            rotation=0,
        )
        for i in range(n * N_PROBES)
        for j in range(n)
    ]


def test_every_comparison_of_a_probe_has_a_ratio_that_follows_its_score() -> None:
    pairs, note = with_likelihood_ratios(_pairs(), _probes(), _devices(), seed=0)
    assert note == ""
    own = [pair for pair in pairs if pair.probe // N_PROBES == pair.device == 0]
    ratios = [pair.log10_lr for pair in sorted(own, key=lambda pair: pair.z)]
    assert None not in ratios
    assert ratios == sorted(ratios, key=float)  # type: ignore[arg-type]


@pytest.mark.parametrize("device", [0, 4])
def test_no_score_of_a_device_has_a_part_in_its_own_ratios(device: int) -> None:
    pairs = _pairs()
    kept = {(N_PROBES * device, device), (N_PROBES * device, (device + 1) % N_DEVICES)}
    # Every score that involves the device is made absurd, but those of two pairs.
    absurd = [
        replace(pair, z=-500.0)
        if device in (pair.probe // N_PROBES, pair.device)
        and (pair.probe, pair.device) not in kept
        else pair
        for pair in pairs
    ]
    before, _ = with_likelihood_ratios(pairs, _probes(), _devices(), seed=0)
    after, _ = with_likelihood_ratios(absurd, _probes(), _devices(), seed=0)
    ratios = [
        [pair.log10_lr for pair in found if (pair.probe, pair.device) in kept]
        for found in (before, after)
    ]
    assert ratios[0] == ratios[1]
    # Ratios of other devices do change: the scores were used.
    assert before != after


def test_pictures_that_are_no_probes_calibrate_nothing_and_get_no_ratio() -> None:
    probes = _probes()
    more = [*probes, replace(probes[0], is_probe=False, role="flat")]
    extra = [replace(pair, probe=len(probes), z=400.0) for pair in _pairs()[1:6]]
    plain, _ = with_likelihood_ratios(_pairs(), probes, _devices(), seed=0)
    found, note = with_likelihood_ratios([*_pairs(), *extra], more, _devices(), seed=0)
    assert found[: len(plain)] == plain
    assert {pair.log10_lr for pair in found[len(plain) :]} == {None}
    assert note == ""


def test_too_few_devices_give_no_ratios_and_a_reason() -> None:
    pairs, note = with_likelihood_ratios(_pairs(2), _probes(2), _devices(2), seed=0)
    assert {pair.log10_lr for pair in pairs} == {None}
    assert "no likelihood ratio" in note


def test_many_devices_are_held_out_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    alone, _ = with_likelihood_ratios(_pairs(), _probes(), _devices(), seed=3)
    monkeypatch.setattr(_device_ratios, "_MAX_GROUPS", 4)
    pairs, note = with_likelihood_ratios(_pairs(), _probes(), _devices(), seed=3)
    again, _ = with_likelihood_ratios(_pairs(), _probes(), _devices(), seed=3)
    assert note == ""
    assert all(pair.log10_lr is not None for pair in pairs)
    assert again == pairs != alone


@pytest.mark.parametrize(
    "module", ["lir.data.models", "whichcam.training._fit_likelihood_ratios"]
)
def test_without_lir_there_are_no_ratios_and_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    pairs, note = with_likelihood_ratios(_pairs(), _probes(), _devices(), seed=0)
    assert list(pairs) == _pairs()
    assert "whichcam[train]" in note
