"""An empty gallery, and patterns to put in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from whichcam._typing import FloatArray
from whichcam.gallery import EnrolledCamera, Gallery

Enroll = Callable[..., EnrolledCamera]


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system write when it likes: these tests cut no power."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr("whichcam.gallery._store.SYNCHRONOUS", "OFF")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a place for a gallery; nothing is there yet."""
    return tmp_path / "gallery"


@pytest.fixture
def gallery(folder: Path) -> Iterator[Gallery]:
    """Return an empty gallery."""
    with Gallery.open(folder, create=True) as opened:
        yield opened


@pytest.fixture
def pattern(rng: np.random.Generator) -> FloatArray:
    """Return a pattern of the size of a sensor's: a per cent of the light."""
    return rng.normal(0.0, 0.01, (24, 40)).astype(np.float32)


@pytest.fixture
def enroll(gallery: Gallery, rng: np.random.Generator) -> Enroll:
    """Return a function that enrols a camera, with a new pattern unless given one."""

    def enroll(
        name: str,
        pattern: FloatArray | None = None,
        *,
        shape: tuple[int, int] = (24, 40),
        into: Gallery | None = None,
        **changed: object,
    ) -> EnrolledCamera:
        if pattern is None:
            pattern = rng.normal(0.0, 0.01, shape).astype(np.float32)
        facts: dict[str, object] = {"n_photos": 8, "quality": 0.5, "noise_version": 1}
        target = gallery if into is None else into
        return target.enroll(name, pattern, **(facts | changed))  # type: ignore[arg-type]

    return enroll


@pytest.fixture
def files(folder: Path) -> Callable[[], set[str]]:
    """Return a function that lists the files of the gallery, but for its database."""

    def files() -> set[str]:
        return {
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and not path.name.startswith("gallery.sqlite3")
        }

    return files
