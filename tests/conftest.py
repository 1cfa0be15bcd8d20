"""Fixtures shared by all tests: seeds, the real photographs, a closed network."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "whichcam",
    deadline=None,  # the first call of a compiled kernel takes seconds
    max_examples=40,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("whichcam")


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator that is the same in every run."""
    return np.random.default_rng(20261122)


@pytest.fixture(scope="session")
def photos_dir() -> Path:
    """Return the folder of the real photographs, or skip."""
    named = os.environ.get("WHICHCAM_PHOTOS")
    beside = Path(__file__).resolve().parents[2] / "shared" / "photos"
    folder = Path(named) if named else beside
    if not (folder / "manifest.csv").is_file():
        pytest.skip("the real photographs are not here; set WHICHCAM_PHOTOS")
    return folder


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make any attempt to reach another machine fail the test."""

    def refuse(*_: Any, **__: Any) -> NoReturn:
        pytest.fail("a test tried to open a network connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
