"""Devices of known pattern: enrolled, asked about, scored, kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from whichcam.datasets import Manifest
from whichcam.errors import InputError, ManifestError
from whichcam.evaluation import (
    DeviceConditions,
    DeviceEvaluation,
    evaluate_devices,
    evaluate_devices_grid,
)

SIDE = 128
N_ENROL, N_PROBE = 6, 2
# Two bodies each of two models.
DEVICES = {"one-a": "Acme One", "one-b": "Acme One", "two-a": "Two", "two-b": "Two"}
CONDITIONS = (
    DeviceConditions(),
    DeviceConditions(n_enrolled=2),
    DeviceConditions(crop_size=96, n_enrolled=3),
    DeviceConditions(jpeg_quality=90),
)
Pixels = npt.NDArray[np.uint8]


def shoot(device: int, picture: int, side: int = SIDE) -> Pixels:
    """Return a grey wall seen through a sensor with a pattern of 4 %."""
    pattern = np.random.default_rng([1, device]).normal(0, 0.04, (side, side, 1))
    rng = np.random.default_rng([2, device, picture])
    level = rng.uniform(90, 160) + np.linspace(-20, 20, side)[:, None, None]
    light = level * (1 + pattern) + rng.normal(0, 2.0, (side, side, 3))
    return np.clip(np.rint(light), 0, 255).astype(np.uint8)


def _write(folder: Path, name: str, pixels: Pixels) -> str:
    Image.fromarray(pixels).save(folder / name)
    return name


def rows_in(folder: Path) -> list[dict[str, str]]:
    """Write pictures of all devices and return their rows; one probe is turned."""
    rows = []
    for number, (device, camera) in enumerate(DEVICES.items()):
        for picture in range(N_ENROL + N_PROBE):
            pixels = shoot(number, picture)
            probe = picture >= N_ENROL
            if device == "one-b" and picture == N_ENROL:
                pixels = pixels[::-1, ::-1]
            rows.append(
                {
                    "file": _write(folder, f"{device}-{picture}.png", pixels),
                    "device": device,
                    "camera": camera,
                    "role": "natural" if probe else "flat",
                }
            )
    return rows


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder = tmp_path_factory.mktemp("devices")
    return Manifest.from_rows(rows_in(folder), folder)


@pytest.fixture(scope="module")
def results(manifest: Manifest) -> tuple[DeviceEvaluation, ...]:
    return evaluate_devices_grid(manifest, CONDITIONS, impostor_roles=())


@pytest.fixture(scope="module")
def result(results: tuple[DeviceEvaluation, ...]) -> DeviceEvaluation:
    return results[0]


def test_every_picture_finds_its_device_and_no_sibling(
    result: DeviceEvaluation,
) -> None:
    summary = result.summary()
    assert (summary.true_match_rate, summary.rank_1) == (1.0, 1.0)
    assert (summary.equal_error_rate, summary.n_same_model_confused) == (0.0, 0)
    assert summary.lowest_same is not None
    assert summary.lowest_same > 10.0


def test_every_probe_is_compared_with_every_device_once(
    result: DeviceEvaluation,
) -> None:
    places = {(pair.probe, pair.device) for pair in result.pairs}
    assert len(places) == len(result.pairs) == 8 * 4
    assert sum(result.is_same(pair) for pair in result.pairs) == 8


def test_a_turned_picture_is_found_by_its_turn(
    manifest: Manifest, result: DeviceEvaluation
) -> None:
    turned = next(i for i, p in enumerate(result.probes) if p.path == "one-b-6.png")
    own = {p.probe: p.rotation for p in result.pairs if result.is_same(p)}
    assert own == {probe: 180 if probe == turned else 0 for probe in own}
    upright = evaluate_devices(manifest, rotations=(0,), impostor_roles=())
    z = {p.probe: p.z for p in upright.pairs if upright.is_same(p)}
    assert z[turned] < 5.0 < min(score for probe, score in z.items() if probe != turned)


def test_conditions_measured_together_are_those_measured_alone(
    manifest: Manifest, results: tuple[DeviceEvaluation, ...]
) -> None:
    for conditions, together in zip(CONDITIONS[1:], results[1:], strict=True):
        alone = evaluate_devices(manifest, conditions=conditions, impostor_roles=())
        assert alone.conditions == together.conditions == conditions
        assert alone.devices == together.devices
        assert alone.pairs == together.pairs


def test_fewer_pictures_enrol_where_asked(
    results: tuple[DeviceEvaluation, ...],
) -> None:
    assert {device.n_photos for device in results[0].devices} == {N_ENROL}
    assert {device.n_photos for device in results[1].devices} == {2}
    assert {device.n_photos for device in results[2].devices} == {3}


def test_the_seed_draws_the_pictures_that_enrol(
    manifest: Manifest, results: tuple[DeviceEvaluation, ...]
) -> None:
    other = evaluate_devices(manifest, conditions=CONDITIONS[1], seed=1)
    assert other.devices != results[1].devices
    assert other.summary().rank_1 == 1.0


def test_a_crop_is_cut_from_the_middle_of_every_picture(
    results: tuple[DeviceEvaluation, ...],
) -> None:
    assert {(d.height, d.width) for d in results[2].devices} == {(96, 96)}
    # Cut elsewhere, the turned picture would match nothing.
    assert results[2].summary().rank_1 == 1.0


def test_compression_touches_the_probes_only(
    results: tuple[DeviceEvaluation, ...],
) -> None:
    assert results[3].devices == results[0].devices
    plain, compressed = results[0].scores()[0], results[3].scores()[0]
    assert bool((compressed < plain).all())


def test_enrolled_pictures_are_compared_with_other_devices_only(
    manifest: Manifest, result: DeviceEvaluation
) -> None:
    more = evaluate_devices(manifest)
    assert len(more.pairs) == 8 * 4 + 4 * N_ENROL * 3
    same, different = more.scores(probes=False)
    assert (same.size, different.size) == (0, 72)
    assert more.scores()[1].tolist() == result.scores()[1].tolist()
    assert more.summary().n_different == result.summary().n_different + 72
    assert more.impostor_roles == more.enrol_roles
    assert all(
        p.log10_lr is None for p in more.pairs if not more.probes[p.probe].is_probe
    )


def test_progress_counts_every_picture_opened(manifest: Manifest) -> None:
    seen: list[tuple[int, int]] = []
    evaluate_devices_grid(
        manifest,
        [DeviceConditions(), DeviceConditions(jpeg_quality=90)],
        impostor_roles=(),
        progress=lambda done, total: seen.append((done, total)),
    )
    total = 4 * N_ENROL + 2 * 8
    assert seen == [(done, total) for done in range(1, total + 1)]


def _with(manifest: Manifest, **row: Any) -> Manifest:
    return Manifest.from_rows([*manifest.rows(), row], manifest.root)


@pytest.mark.parametrize("role", ["flat", "natural"])
def test_a_file_that_cannot_be_opened_is_named_and_the_rest_is_measured(
    manifest: Manifest, result: DeviceEvaluation, role: str
) -> None:
    (manifest.root / "broken.png").write_bytes(b"no picture")
    more = _with(
        manifest,
        path="broken.png",
        device_id="one-a",
        camera_model="Acme One",
        role=role,
    )
    found = evaluate_devices(more, impostor_roles=())
    assert [(f.path, f.role) for f in found.failures] == [("broken.png", role)]
    assert found.summary().n_failed == 1
    assert found.summary().n_same == result.summary().n_same


def test_an_enrolling_picture_of_another_size_is_left_out(
    manifest: Manifest,
) -> None:
    _write(manifest.root, "wide.png", shoot(0, 50, side=144))
    more = _with(
        manifest,
        path="wide.png",
        device_id="one-a",
        camera_model="Acme One",
        role="flat",
    )
    found = evaluate_devices(more, conditions=DeviceConditions(crop_size=96))
    assert [f.path for f in found.failures] == ["wide.png"]
    assert "144 x 144" in found.failures[0].reason
    assert found.devices[0].n_photos == N_ENROL


def test_pictures_of_another_size_are_not_compared_and_counted(
    manifest: Manifest,
) -> None:
    _write(manifest.root, "large.png", shoot(0, 60, side=144))
    more = _with(
        manifest,
        path="large.png",
        device_id="one-a",
        camera_model="Acme One",
        role="natural",
    )
    found = evaluate_devices(more, impostor_roles=())
    assert (found.n_incomparable, len(found.pairs)) == (4, 32)


def test_a_crop_larger_than_a_picture_fails_for_it(manifest: Manifest) -> None:
    found = evaluate_devices(manifest, conditions=DeviceConditions(crop_size=130))
    assert len({failure.path for failure in found.failures}) == len(manifest)
    assert "130 or more" in found.failures[0].reason
    summary = found.summary()
    assert (summary.n_devices, summary.true_match_rate, summary.cllr) == (0, None, None)


def test_a_crop_that_has_no_middle_fails(manifest: Manifest) -> None:
    found = evaluate_devices(manifest, conditions=DeviceConditions(crop_size=97))
    assert "no middle square of 97 px" in found.failures[0].reason


def test_a_probe_of_no_enrolled_device_matches_nobody(manifest: Manifest) -> None:
    _write(manifest.root, "stranger.png", shoot(99, 0))
    more = _with(
        manifest,
        path="stranger.png",
        device_id="stranger",
        camera_model="Acme One",
        role="natural",
    )
    summary = evaluate_devices(more, impostor_roles=()).summary()
    assert (summary.n_probes, summary.n_same, summary.n_different) == (9, 8, 28)
    assert summary.rank_1 == 1.0


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"enrol_roles": ("flat", "natural")}, "both enrol and probe"),
        ({"impostor_roles": ("natural",)}, "not among enrol_roles"),
        ({"rotations": (90,)}, "expected 0, 180 or both"),
        ({"rotations": ()}, "expected 0, 180 or both"),
        ({"seed": -1}, "seed is -1"),
        ({"probe_roles": ("probe",)}, "0 probes"),
        ({"enrol_roles": ("none",)}, "0 device"),
    ],
)
def test_a_plan_that_cannot_be_measured_is_refused(
    manifest: Manifest, wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        evaluate_devices(manifest, **wrong)


def test_one_device_is_not_enough(manifest: Manifest) -> None:
    with pytest.raises(InputError, match=r"1 device\(s\)"):
        evaluate_devices(manifest.where(device_id="one-a"))


def test_conditions_are_given_once_each(manifest: Manifest) -> None:
    for wrong in ([], [DeviceConditions(), DeviceConditions()]):
        with pytest.raises(InputError, match="each once"):
            evaluate_devices_grid(manifest, wrong)


def test_a_manifest_without_roles_is_refused() -> None:
    table = Manifest({"path": ["a"], "camera": ["X"], "device": ["x"]}, ".")
    with pytest.raises(ManifestError, match="role"):
        evaluate_devices(table)


@pytest.mark.parametrize(
    "wrong",
    [
        {"crop_size": 0},
        {"crop_size": 64.0},
        {"n_enrolled": 0},
        {"n_enrolled": True},
        {"jpeg_quality": 0},
        {"jpeg_quality": 101},
    ],
)
def test_conditions_out_of_range_are_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"{next(iter(wrong))} is"):
        DeviceConditions(**wrong)


@pytest.mark.data
def test_real_devices_are_told_apart(photos_dir: Path) -> None:
    found = evaluate_devices(Manifest.read(photos_dir / "prnu.csv"))
    summary = found.summary(false_alarm_rate=1e-3)
    assert (summary.n_same, summary.n_different, summary.n_failed) == (24, 1628, 0)
    assert summary.true_match_rate is not None
    assert summary.true_match_rate >= 0.95
    assert summary.rank_1 is not None
    assert summary.rank_1 >= 0.97
    assert summary.n_same_model_confused == 0
