"""Enrol the devices of a manifest and ask each picture which of them took it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from whichcam.datasets import Manifest
from whichcam.errors import InputError
from whichcam.evaluation import _environment
from whichcam.evaluation._device_ratios import with_likelihood_ratios
from whichcam.evaluation._device_records import DeviceConditions
from whichcam.evaluation._device_result import DeviceEvaluation
from whichcam.evaluation._device_work import (
    Asking,
    Count,
    Gathered,
    Progress,
    Row,
    ask,
    by_device,
    enrol,
    n_steps,
    rows_of,
)

ENROL_ROLES: Final = ("flat", "natural_enrol")
"""Roles of pictures that enrol a device, where nothing else is said."""

PROBE_ROLES: Final = ("natural", "natural_probe")
"""Roles of pictures that are asked about, where nothing else is said."""


def evaluate_devices(
    manifest: Manifest,
    *,
    conditions: DeviceConditions | None = None,
    enrol_roles: Sequence[str] = ENROL_ROLES,
    probe_roles: Sequence[str] = PROBE_ROLES,
    impostor_roles: Sequence[str] | None = None,
    rotations: Sequence[int] = (0, 180),
    seed: int = 0,
    progress: Progress | None = None,
) -> DeviceEvaluation:
    """Compare every probe of a manifest with every device's fingerprint.

    Parameters
    ----------
    manifest : Manifest
        Needs ``device_id``, ``camera_model`` and ``role``. The pictures of a device
        show the same part of its sensor, pixel on pixel.
    conditions : DeviceConditions, optional
        Crop, pictures a device, compression. Default: everything as it is.
    enrol_roles, probe_roles : sequence of str
        Roles of pictures that enrol their device, and of those asked about. No role
        may be both: a picture matches the fingerprint it helped to make.
    impostor_roles : sequence of str, optional
        Those of the ``enrol_roles`` whose pictures are compared with the *other*
        devices' fingerprints too, for more comparisons of different devices. Default:
        all of them; empty for none.
    rotations : sequence of int
        Degrees a picture is turned by, 0 or 180; the best counts. Nothing is shifted.
    seed : int, default 0
        Of the draw of enrolled pictures.
    progress : callable, optional
        Called as ``progress(done, total)`` after each picture.

    Returns
    -------
    DeviceEvaluation
        Every raw score, the files that failed, and likelihood ratios by maps that know
        neither device of a pair.

    Raises
    ------
    ManifestError
        If a column is missing.
    InputError
        If there are fewer than two devices to enrol or no probe, a role is in two
        places, or a number is out of range.

    See Also
    --------
    evaluate_devices_grid : Several conditions for the price of little more than one.
    DeviceEvaluation.summary : The figures.

    Notes
    -----
    Memory: one float32 pattern a device. Likelihood ratios need the extra ``train``;
    without it they are None and the result's ``note`` says why.
    """
    return evaluate_devices_grid(
        manifest,
        [conditions or DeviceConditions()],
        enrol_roles=enrol_roles,
        probe_roles=probe_roles,
        impostor_roles=impostor_roles,
        rotations=rotations,
        seed=seed,
        progress=progress,
    )[0]


def evaluate_devices_grid(
    manifest: Manifest,
    conditions: Sequence[DeviceConditions],
    *,
    enrol_roles: Sequence[str] = ENROL_ROLES,
    probe_roles: Sequence[str] = PROBE_ROLES,
    impostor_roles: Sequence[str] | None = None,
    rotations: Sequence[int] = (0, 180),
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[DeviceEvaluation, ...]:
    """Do `evaluate_devices` under several conditions, each picture's noise taken once.

    Parameters
    ----------
    manifest : Manifest
        As for `evaluate_devices`, like all that follows.
    conditions : sequence of DeviceConditions
        One or more, each different.
    enrol_roles, probe_roles, impostor_roles, rotations, seed, progress
        As for `evaluate_devices`. Fewer enrolled pictures are the first of more.

    Returns
    -------
    tuple of DeviceEvaluation
        In the order of the conditions. ``duration_s`` is that of all together.

    Raises
    ------
    ManifestError, InputError
        As `evaluate_devices` does, and if conditions are repeated or there are none.
    """
    wanted = tuple(conditions)
    if not wanted or len(set(wanted)) < len(wanted):
        raise InputError(
            f"{len(wanted)} conditions, {len(set(wanted))} of them different; expected "
            "one or more, each once"
        )
    impostor_roles = enrol_roles if impostor_roles is None else impostor_roles
    _check(enrol_roles, probe_roles, impostor_roles, rotations, seed)
    rows = rows_of(manifest)
    enrolling = by_device(rows, enrol_roles, seed=seed)
    asked = [row for row in rows if row.role in {*probe_roles, *impostor_roles}]
    n_probes = sum(row.role in probe_roles for row in asked)
    if len(enrolling) < 2 or not n_probes:
        raise InputError(
            f"{len(enrolling)} device(s) to enrol (roles {list(enrol_roles)}) and "
            f"{n_probes} probes (roles {list(probe_roles)}); expected two devices or "
            "more and a probe"
        )
    created, start = datetime.now(UTC), time.perf_counter()
    count = Count(report=progress, total=n_steps(wanted, enrolling, asked))
    gathered = _gather(
        wanted,
        enrolling,
        asked,
        asking=Asking(
            probe_roles=tuple(probe_roles),
            rotations=tuple(rotations),
        ),
        count=count,
    )
    shared: dict[str, Any] = {
        "enrol_roles": tuple(enrol_roles),
        "probe_roles": tuple(probe_roles),
        "impostor_roles": tuple(impostor_roles),
        "rotations": tuple(rotations),
        "seed": seed,
        "manifest_sha256": manifest.sha256,
        "git_commit": _environment.git_commit(),
        "versions": _environment.versions(),
        "machine": _environment.machine(),
        "created": created.isoformat(timespec="seconds"),
        "duration_s": round(time.perf_counter() - start, 3),
    }
    return tuple(_result(one, gathered[one], shared) for one in wanted)


def _gather(
    wanted: Sequence[DeviceConditions],
    enrolling: dict[str, list[Row]],
    asked: Sequence[Row],
    asking: Asking,
    count: Count,
) -> dict[DeviceConditions, Gathered]:
    """Open each picture once for each crop and quality, and compare."""
    gathered = {one: Gathered() for one in wanted}
    for crop_size in dict.fromkeys(one.crop_size for one in wanted):
        here = {one: gathered[one] for one in wanted if one.crop_size == crop_size}
        for group in enrolling.values():
            enrol(group, here, count)
        for quality in dict.fromkeys(one.jpeg_quality for one in here):
            alike = [here[one] for one in here if one.jpeg_quality == quality]
            for row in asked:
                ask(row, alike, crop_size, quality, asking)
                count.step()
        for one in here.values():
            one.drop_patterns()
    return gathered


def _result(
    conditions: DeviceConditions, found: Gathered, shared: dict[str, Any]
) -> DeviceEvaluation:
    pairs, note = with_likelihood_ratios(
        found.pairs, found.probes, found.devices, seed=shared["seed"]
    )
    return DeviceEvaluation(
        conditions=conditions,
        devices=tuple(found.devices),
        probes=tuple(found.probes),
        pairs=pairs,
        failures=tuple(found.failures),
        n_incomparable=found.n_incomparable,
        note=note,
        **shared,
    )


def _check(
    enrol: Sequence[str],
    probe: Sequence[str],
    impostor: Sequence[str],
    rotations: Sequence[int],
    seed: int,
) -> None:
    both = sorted(set(enrol) & set(probe))
    if both:
        raise InputError(
            f"roles {both} both enrol and probe; a picture matches the fingerprint it "
            "helped to make: keep them apart"
        )
    strange = sorted(set(impostor) - set(enrol))
    if strange:
        raise InputError(
            f"impostor_roles {strange} are not among enrol_roles {list(enrol)}; probes "
            "are compared with all devices already"
        )
    if not rotations or set(rotations) - {0, 180}:
        raise InputError(
            f"rotations are {tuple(rotations)}; expected 0, 180 or both: other turns "
            "change the shape"
        )
    if seed < 0:
        raise InputError(f"seed is {seed}, expected 0 or more")
