"""Pictures by three synthetic cameras of one model, whose patterns are known."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from whichcam._typing import FloatArray
from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.gallery import Gallery
from whichcam.pipelines import enroll

SIZE = (192, 256)
N_FLAT = 8


def _wall(seed: int, size: tuple[int, int]) -> FloatArray:
    """Return a bright surface with soft gradients, another for each seed."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]] / 256
    grey = 0.35 + 0.15 * np.sin(2 * y + seed) * np.cos(x + seed)
    return np.repeat(grey[..., None], 3, axis=2).astype(np.float32)


def _device(number: int) -> SyntheticCamera:
    """Return one of several bodies of a model with strong patterns."""
    return SyntheticCamera(prnu_strength=0.02, luma_denoise=0.3, device_index=number)


def _shot(
    number: int, seed: int, *, flat: bool = False, size: tuple[int, int] = SIZE
) -> bytes:
    """Return the JPEG of a device: of a wall, or of a scene."""
    if flat:
        return _device(number).shoot_jpeg(seed=seed, radiance=_wall(seed, size))
    return _device(number).shoot_jpeg(seed=seed, size=size)


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Return folders of pictures by three bodies of one model, and how to take more.

    ``flat(n)`` is the folder of a body's walls, ``scene(n, i)`` a scene by it.
    """
    folder = tmp_path_factory.mktemp("shots")
    for number in range(3):
        for kind, count in (("flat", N_FLAT), ("scene", 3)):
            inside = folder / f"{kind}-{number}"
            inside.mkdir()
            for index in range(count):
                seed = 100 * number + index + (50 if kind == "scene" else 0)
                data = _shot(number, seed, flat=kind == "flat")
                (inside / f"{index}.jpg").write_bytes(data)
    return SimpleNamespace(
        size=SIZE,
        n_flat=N_FLAT,
        take=_shot,
        flat=lambda number: folder / f"flat-{number}",
        scene=lambda number, index=0: folder / f"scene-{number}" / f"{index}.jpg",
    )


@pytest.fixture(scope="session")
def enrolled(shots: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a gallery of bodies 0 and 1; copy it before changing it."""
    folder = tmp_path_factory.mktemp("enrolled") / "gallery"
    with Gallery.open(folder, create=True) as gallery:
        for number in (0, 1):
            enroll(f"body {number}", shots.flat(number), gallery=gallery)
    return folder
