"""Manifests from what EXIF says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from whichcam.datasets import index_exif
from whichcam.errors import InputError

MakeJpeg = Callable[..., bytes]


@pytest.fixture
def shoot(tmp_path: Path, make_jpeg: MakeJpeg) -> Callable[..., None]:
    def write(name: str, **exif: object) -> None:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make_jpeg(**{"make": "Acme", "model": "Boxy"} | exif))

    return write


def test_aliases_of_one_camera_become_one_model(
    tmp_path: Path, shoot: Callable[..., None]
) -> None:
    shoot("a.jpg", make="Canon", model="Canon EOS REBEL T5i")
    shoot("b.jpg", make="Canon", model="Canon EOS 700D")
    found = index_exif(tmp_path)
    assert set(found.camera_model) == {"Canon EOS 700D"}
    assert set(found.column("make")) == {"Canon"}


def test_the_device_is_the_serial_else_the_owner_else_the_folder(
    tmp_path: Path, shoot: Callable[..., None]
) -> None:
    shoot("p/a.jpg", serial="123", owner="Ann")
    shoot("p/b.jpg", owner="Ann")
    shoot("p/c.jpg")
    shoot("q/d.jpg")
    found = index_exif(tmp_path)
    assert found.column("device_from").tolist() == [
        "serial",
        "owner",
        "folder",
        "folder",
    ]
    assert found.device_id.tolist() == [
        "Acme Boxy / serial 123",
        "Acme Boxy / owner Ann",
        "Acme Boxy / folder p",
        "Acme Boxy / folder q",
    ]


@pytest.mark.parametrize("serial", ["0", "00000000", "N/A", "none", "----"])
def test_a_serial_number_that_says_nothing_is_no_device(
    tmp_path: Path, shoot: Callable[..., None], serial: str
) -> None:
    shoot("p/a.jpg", serial=serial)
    assert index_exif(tmp_path).column("device_from").tolist() == ["folder"]


def test_one_serial_number_on_two_models_is_two_devices(
    tmp_path: Path, shoot: Callable[..., None]
) -> None:
    shoot("a.jpg", serial="12", model="Boxy")
    shoot("b.jpg", serial="12", model="Round")
    assert len(set(index_exif(tmp_path).device_id)) == 2


def test_a_longer_pause_begins_a_new_session(
    tmp_path: Path, shoot: Callable[..., None]
) -> None:
    shoot("a.jpg", taken="2020:01:02 20:00:00")
    shoot("b.jpg", taken="2020:01:03 02:00:00")
    shoot("c.jpg", taken="2020:01:03 08:00:01")
    first, second, third = index_exif(tmp_path).session
    assert first == second != third
    first, second, third = index_exif(tmp_path, session_gap_hours=7).session
    assert first == second == third


def test_pictures_of_two_devices_never_share_a_session(
    tmp_path: Path, shoot: Callable[..., None]
) -> None:
    shoot("a.jpg", taken="2020:01:02 20:00:00", serial="12")
    shoot("b.jpg", taken="2020:01:02 20:00:00", serial="13")
    shoot("c/c.jpg", serial="12")
    shoot("d/d.jpg", serial="12")
    assert len(set(index_exif(tmp_path).session)) == 4


def test_a_file_that_names_no_camera_is_skipped_with_the_reason(
    tmp_path: Path, shoot: Callable[..., None]
) -> None:
    shoot("a.jpg")
    shoot("b.jpg", make="", model="")
    found = index_exif(tmp_path)
    assert found.column("path").tolist() == ["a.jpg"]
    assert "names no usable camera" in found.skipped[0].reason


@pytest.mark.parametrize("hours", [0, -1, float("nan")])
def test_a_gap_that_is_not_positive_is_refused(tmp_path: Path, hours: float) -> None:
    with pytest.raises(InputError, match="expected above 0"):
        index_exif(tmp_path, session_gap_hours=hours)
