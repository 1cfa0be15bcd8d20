"""Pictures by synthetic cameras for the tests of trace classifiers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.media import Photo, open_photo

Shoot = Callable[[str], list[Photo]]


@pytest.fixture(scope="session")
def shoot() -> Shoot:
    """Return a function that gives twelve photos by a camera of some demosaicing."""
    taken: dict[str, list[Photo]] = {}

    def photos(demosaicing: str) -> list[Photo]:
        if demosaicing not in taken:
            camera = SyntheticCamera(demosaicing=demosaicing)
            taken[demosaicing] = [
                open_photo(camera.shoot_jpeg(seed=seed, size=(160, 160)))
                for seed in range(12)
            ]
        return taken[demosaicing]

    return photos
