"""The work of a device evaluation: pictures in, fingerprints and scores out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from whichcam._typing import PixelArray
from whichcam.datasets import Manifest
from whichcam.datasets.manipulations import manipulate
from whichcam.errors import (
    ImageTooSmallError,
    InputError,
    ShapeMismatchError,
    WhichcamError,
)
from whichcam.evaluation._device_records import (
    DeviceConditions,
    DeviceFailure,
    DevicePair,
    DeviceProbe,
    EnrolledDevice,
)
from whichcam.evaluation._records import rounded
from whichcam.media import open_photo, read_header

if TYPE_CHECKING:
    from whichcam.prnu import Fingerprint, PhotoNoise, SearchRange

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of the manifest."""

    path: str
    file: Path
    device: str
    camera_model: str
    role: str


@dataclass(slots=True)
class Count:
    """What has been done of what is to be done."""

    report: Progress | None
    total: int
    done: int = 0

    def step(self) -> None:
        """Count one and say so."""
        self.done += 1
        if self.report is not None:
            self.report(self.done, self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How pictures are compared."""

    probe_roles: tuple[str, ...]
    rotations: tuple[int, ...]


@dataclass(slots=True)
class Gathered:
    """What one set of conditions has given so far."""

    devices: list[EnrolledDevice] = field(default_factory=list)
    fingerprints: list[Fingerprint] = field(default_factory=list)
    probes: list[DeviceProbe] = field(default_factory=list)
    pairs: list[DevicePair] = field(default_factory=list)
    failures: list[DeviceFailure] = field(default_factory=list)
    n_incomparable: int = 0

    def drop_patterns(self) -> None:
        """Give back the memory of the fingerprints."""
        self.fingerprints.clear()


def rows_of(manifest: Manifest) -> list[Row]:
    """Return the rows that name a device."""
    columns = zip(
        manifest.column("path").tolist(),
        manifest.paths,
        manifest.column("device_id").tolist(),
        manifest.column("camera_model").tolist(),
        manifest.column("role").tolist(),
        strict=True,
    )
    rows = [
        Row(path=path, file=file, device=device, camera_model=camera, role=role)
        for path, file, device, camera, role in columns
    ]
    return [row for row in rows if row.device]


def by_device(
    rows: Iterable[Row], roles: Sequence[str], *, seed: int
) -> dict[str, list[Row]]:
    """Return each device's enrolling rows, in the order in which they are drawn."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.role in roles:
            found.setdefault(row.device, []).append(row)
    for number, (device, group) in enumerate(found.items()):
        order = np.random.default_rng([seed, number]).permutation(len(group))
        found[device] = [group[i] for i in order]
    return found


def n_steps(
    wanted: Sequence[DeviceConditions],
    enrolling: dict[str, list[Row]],
    asked: Sequence[Row],
) -> int:
    """Return the pictures to be opened, those opened twice counted twice."""
    steps = 0
    for crop_size in {one.crop_size for one in wanted}:
        here = [one for one in wanted if one.crop_size == crop_size]
        for group in enrolling.values():
            steps += max(_n_taken(one, group) for one in here)
        steps += len(asked) * len({one.jpeg_quality for one in here})
    return steps


def _n_taken(conditions: DeviceConditions, group: Sequence[Row]) -> int:
    limit = conditions.n_enrolled
    return len(group) if limit is None else min(limit, len(group))


def enrol(
    group: Sequence[Row], here: dict[DeviceConditions, Gathered], count: Count
) -> None:
    """Make a device's fingerprints, one for each number of pictures wanted."""
    from whichcam.prnu import FingerprintEstimator

    n_taken = {one: _n_taken(one, group) for one in here}
    crop_size = next(iter(here)).crop_size
    group = group[: max(n_taken.values())]
    whole = _usual_shape(group)
    side = (crop_size, crop_size) if crop_size is not None else whole
    estimator = FingerprintEstimator(side)
    prints: dict[int, tuple[EnrolledDevice, Fingerprint]] = {}
    failures: list[DeviceFailure] = []
    for number, row in enumerate(group, start=1):
        try:
            estimator.add(_pixels(row, crop_size, None, whole=whole))
        except WhichcamError as error:
            failures.append(_failure(row, str(error)))
        if number in n_taken.values():
            try:
                prints[number] = _described(row, estimator.estimate())
            except WhichcamError as error:
                failures.append(_failure(row, f"no fingerprint: {error}"))
        count.step()
    for one, gathered in here.items():
        if n_taken[one] in prints:
            device, fingerprint = prints[n_taken[one]]
            gathered.devices.append(device)
            gathered.fingerprints.append(fingerprint)
        places = {row.path for row in group[: n_taken[one]]}
        gathered.failures += [item for item in failures if item.path in places]


def _usual_shape(group: Sequence[Row]) -> tuple[int, int]:
    """Return the (height, width) that most pictures have; (1, 1) if none opens."""
    shapes: Counter[tuple[int, int]] = Counter()
    for row in group:
        try:
            header = read_header(row.file)
        except WhichcamError:
            continue  # said when its pixels are asked for
        shapes[header.height, header.width] += 1
    return max(shapes, key=lambda shape: shapes[shape]) if shapes else (1, 1)


def _described(row: Row, found: Fingerprint) -> tuple[EnrolledDevice, Fingerprint]:
    height, width = found.shape
    return EnrolledDevice(
        device=row.device,
        camera_model=row.camera_model,
        height=height,
        width=width,
        n_photos=found.n_photos,
        quality=rounded(found.quality),
        saturated_share=rounded(found.saturated_share),
    ), found


def ask(
    row: Row,
    alike: Sequence[Gathered],
    crop_size: int | None,
    quality: int | None,
    asking: Asking,
) -> None:
    """Compare one picture with the fingerprints of all conditions that share it."""
    from whichcam.prnu import SearchRange, photo_noise

    try:
        noise = photo_noise(_pixels(row, crop_size, quality), name=row.file.name)
    except WhichcamError as error:
        for gathered in alike:
            gathered.failures.append(_failure(row, str(error)))
        return
    probe = DeviceProbe(
        path=row.path,
        device=row.device,
        camera_model=row.camera_model,
        role=row.role,
        is_probe=row.role in asking.probe_roles,
        saturated_share=rounded(noise.saturated_share),
        dark_share=rounded(noise.dark_share),
        mean_level=rounded(noise.mean_level),
    )
    search = SearchRange(shifts="none", rotations=asking.rotations)
    for gathered in alike:
        gathered.probes.append(probe)
        reasons = _compare(probe, noise, gathered, search)
        gathered.failures += [_failure(row, reason) for reason in reasons]


def _compare(
    probe: DeviceProbe, noise: PhotoNoise, gathered: Gathered, search: SearchRange
) -> list[str]:
    """Compare with every fingerprint; return why some could not be compared."""
    from whichcam.prnu import compare

    reasons = []
    for place, (device, fingerprint) in enumerate(
        zip(gathered.devices, gathered.fingerprints, strict=True)
    ):
        if device.device == probe.device and not probe.is_probe:
            continue
        if fingerprint.shape != noise.shape:
            gathered.n_incomparable += 1
            continue
        try:
            match = compare(noise, fingerprint, search=search)
        except WhichcamError as error:
            reasons.append(f"not compared with {device.device}: {error}")
            continue
        gathered.pairs.append(
            DevicePair(
                probe=len(gathered.probes) - 1,
                device=place,
                z=rounded(match.z),
                pce=rounded(match.pce),
                ncc=rounded(match.ncc),
                log10_p=rounded(match.log10_p),
                rotation=match.rotation,
            )
        )
    return reasons


def _pixels(
    row: Row,
    crop_size: int | None,
    quality: int | None,
    *,
    whole: tuple[int, int] | None = None,
) -> PixelArray:
    """Return a picture as the conditions want it, refusing another shape than usual."""
    pixels = open_photo(row.file).pixels
    if whole is not None and pixels.shape[:2] != whole:
        raise ShapeMismatchError(
            f"the picture has {pixels.shape[1]} x {pixels.shape[0]} px; expected "
            f"{whole[1]} x {whole[0]}, as most of this device's: pictures of one "
            "place of the sensor only can be added up"
        )
    if crop_size is not None:
        pixels = _middle(pixels, crop_size)
    return pixels if quality is None else manipulate(pixels, f"jpeg_{quality}")


def _middle(pixels: PixelArray, side: int) -> PixelArray:
    """Return the square in the middle: the same place if the picture is turned."""
    height, width = pixels.shape[:2]
    if min(height, width) < side:
        raise ImageTooSmallError(
            f"the picture has {width} x {height} px; expected {side} or more each way "
            "to cut a square from its middle"
        )
    if (height - side) % 2 or (width - side) % 2:
        raise InputError(
            f"a picture of {width} x {height} px has no middle square of {side} px; "
            "expected sides that are both even or both odd, as the crop is"
        )
    top, left = (height - side) // 2, (width - side) // 2
    return pixels[top : top + side, left : left + side]


def _failure(row: Row, reason: str) -> DeviceFailure:
    return DeviceFailure(path=row.path, device=row.device, role=row.role, reason=reason)
