"""Likelihood ratios of pairs, each by a map that knows neither of its devices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from whichcam._typing import BoolArray, IntArray
from whichcam.errors import InsufficientEvidenceError, MissingDependencyError
from whichcam.evaluation._device_records import DevicePair, DeviceProbe, EnrolledDevice
from whichcam.evaluation._records import rounded
from whichcam.scoring import LikelihoodRatioMap

# Above so many devices they are held out in groups of this many groups: a fit for
# every pair of devices would take hours.
_MAX_GROUPS: Final = 24


def with_likelihood_ratios(
    pairs: Sequence[DevicePair],
    probes: Sequence[DeviceProbe],
    devices: Sequence[EnrolledDevice],
    *,
    seed: int,
) -> tuple[tuple[DevicePair, ...], str]:
    """Return the pairs with their ratios, and why some have none ("" if all do).

    For a pair of devices a and b, every comparison that involves a or b on either side
    is left out and the rest is fitted: no device's scores calibrate themselves.
    """
    try:
        fit_likelihood_ratios = fitter()
    except MissingDependencyError as error:
        return tuple(pairs), str(error)
    groups = _groups([device.device for device in devices], seed=seed)
    taken = np.array([probes[pair.probe].is_probe for pair in pairs], dtype=bool)
    asked = np.array([groups.get(probes[p.probe].device, -1) for p in pairs], int)
    enrolled = np.array([groups[devices[pair.device].device] for pair in pairs], int)
    same = np.array(
        [probes[p.probe].device == devices[p.device].device for p in pairs], bool
    )
    scores = np.array([pair.z for pair in pairs], dtype=np.float64)
    log10_lr = np.full(len(pairs), np.nan)
    note = ""
    for low, high in sorted(_held_out(asked[taken], enrolled[taken])):
        held = np.isin(asked, (low, high)) | np.isin(enrolled, (low, high))
        kept = taken & ~held
        n_devices = len({*asked[kept].tolist(), *enrolled[kept].tolist()})
        wanted = taken & _is_pair(asked, enrolled, low, high)
        try:
            fitted = fit_likelihood_ratios(
                scores[kept & same],
                scores[kept & ~same],
                statistic="z",
                source="",
                conditions="",
                n_devices=n_devices,
            )
        except InsufficientEvidenceError as error:
            note = f"some comparisons have no likelihood ratio: {error}"
            continue
        except MissingDependencyError as error:
            return tuple(pairs), str(error)
        log10_lr[wanted] = fitted.apply(scores[wanted])
    return tuple(
        replace(pair, log10_lr=rounded(float(value))) if np.isfinite(value) else pair
        for pair, value in zip(pairs, log10_lr, strict=True)
    ), note


def fitter() -> Callable[..., LikelihoodRatioMap]:
    """Return the function that fits maps.

    Raises
    ------
    MissingDependencyError
        If the extra ``train`` is not installed.
    """
    try:
        from whichcam.training._fit_likelihood_ratios import fit_likelihood_ratios
    except ImportError as error:
        raise MissingDependencyError(
            error.name or "torch", extra="train", purpose="fitting likelihood ratios"
        ) from error
    return fit_likelihood_ratios


def _groups(names: Sequence[str], *, seed: int) -> dict[str, int]:
    """Return a group for each device: its own, or one of some where there are many."""
    n = len(names)
    places = np.arange(n) % min(n, _MAX_GROUPS)
    if n > _MAX_GROUPS:
        places = np.random.default_rng(seed).permutation(places)
    return dict(zip(names, places.tolist(), strict=True))


def _held_out(asked: IntArray, enrolled: IntArray) -> set[tuple[Any, Any]]:
    low, high = np.minimum(asked, enrolled), np.maximum(asked, enrolled)
    return set(zip(low.tolist(), high.tolist(), strict=True))


def _is_pair(asked: IntArray, enrolled: IntArray, low: int, high: int) -> BoolArray:
    found: BoolArray = (np.minimum(asked, enrolled) == low) & (
        np.maximum(asked, enrolled) == high
    )
    return found
