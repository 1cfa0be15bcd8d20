"""A real server with small limits, and pictures by synthetic cameras."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="the extra serve is not installed")
httpx = pytest.importorskip("httpx", reason="the extra test is not installed")

from web_server import Served, running  # noqa: E402

from whichcam.datasets.synthetic import SyntheticCamera  # noqa: E402
from whichcam.web import Settings  # noqa: E402

MIB = 1 << 20


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let these tests reach this machine, and no other."""
    connect = socket.socket.connect

    def loopback_only(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "unix"
        if host not in ("127.0.0.1", "::1", "localhost", "unix"):
            pytest.fail(f"a test tried to reach {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", loopback_only)


@pytest.fixture(scope="session")
def served(
    tiny_model: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Return a server with small limits, so that they are met quickly."""
    work = tmp_path_factory.mktemp("served")
    settings = Settings(
        model=tiny_model.folder,
        gallery=work / "gallery",
        temporary=work / "temporary",
        workers=2,
        max_upload=2 * MIB,
        max_request=8 * MIB,
        max_photos=20,
        max_pixels=4_000_000,
        upload_timeout_s=1.0,
        slowest_upload=10_000,
    )
    with running(settings) as running_server:
        yield running_server


@pytest.fixture
def api(served: Served) -> Iterator[Any]:
    """Return a client of the API."""
    with served.client() as client:
        yield client


@pytest.fixture(scope="session")
def photo(tiny_model: Any) -> bytes:
    """Return a picture by a camera that the model knows."""
    data: bytes = tiny_model.cameras[0].shoot_jpeg(seed=40, size=(240, 320))
    return data


@pytest.fixture(scope="session")
def walls() -> list[bytes]:
    """Return bright, even pictures by one device, to enrol it with."""
    device = SyntheticCamera(prnu_strength=0.02, luma_denoise=0.3)
    y, x = np.mgrid[0:192, 0:256] / 256
    found = []
    for seed in range(8):
        grey = (0.35 + 0.15 * np.sin(2 * y + seed) * np.cos(x + seed)).astype("f4")
        radiance = np.repeat(grey[..., None], 3, axis=2)
        found.append(device.shoot_jpeg(seed=seed, radiance=radiance))
    return found


@pytest.fixture(scope="session")
def scene() -> bytes:
    """Return a picture by the device of the walls."""
    device = SyntheticCamera(prnu_strength=0.02, luma_denoise=0.3)
    return device.shoot_jpeg(seed=77, size=(192, 256))
