"""Small data sets and settings; the tests here need torch and say so without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.datasets import Manifest, index_folders
from whichcam.datasets.synthetic import draw_cameras, write_dataset
from whichcam.traces import TRACE_SIZE

SETTINGS: dict[str, Any] = {
    "epochs": 2,
    "folds": 2,
    "hidden": 8,
    "batch_size": 16,
    "n_crops": 1,
    "crop_size_px": 128,
    "smallest_px": 128,
    "manipulations": ["jpeg_70", "resize_0.5"],
    "device": "cpu",
    "workers": 1,
}


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: tiny products wait for each other on more."""
    torch = pytest.importorskip("torch", reason="the extra train is not installed")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def settings() -> dict[str, Any]:
    """Return settings of the smallest run there is."""
    return dict(SETTINGS)


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with eight JPEGs by each of three synthetic cameras."""
    folder = tmp_path_factory.mktemp("shot") / "photos"
    write_dataset(folder, draw_cameras(3, seed=3), 8, seed=1, size=(192, 192))
    return folder


@pytest.fixture(scope="session")
def manifest(photos: Path) -> Manifest:
    return index_folders(photos)


@pytest.fixture(scope="session")
def make_views() -> Callable[..., Any]:
    """Return a function that makes views of photos that were never taken."""

    def build(n_photos: int, n_classes: int, *, seed: int = 0) -> Any:
        training_views = pytest.importorskip(
            "whichcam.training._views", reason="the extra train is not installed"
        )
        rng = np.random.default_rng(seed)
        labels = np.arange(n_photos) % n_classes
        centres = rng.normal(size=(n_classes, 1, TRACE_SIZE))
        noise = rng.normal(size=(3, n_photos, 2, TRACE_SIZE))
        kinds = (centres[labels] + noise).astype(np.float16)
        return training_views.Views(
            untouched=kinds[0],
            manipulated=kinds[1],
            reduced=kinds[2],
            tables=(None,) * n_photos,
            rows=np.arange(n_photos),
            skipped=(),
        )

    return build
