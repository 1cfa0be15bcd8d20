"""Methods for the benchmark that can be seen through, and pictures to go with them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from crossval_fakes import note
from PIL import Image

from whichcam.datasets import Manifest
from whichcam.errors import DatasetError, ImageTooSmallError
from whichcam.media import Photo, open_photo

TOO_SMALL = 10


class Nearest:
    """Names the camera model whose mean colour is nearest."""

    method = "nearest"

    def __init__(self, *, sharpness: float = 1.0, seed: int = 0) -> None:
        self.sharpness = sharpness
        self.seed = seed

    def fit(self, manifest: Manifest, progress: object = None) -> Self:  # noqa: ARG002
        note(f"fit-{self.method}")
        colours = np.stack([_colour(open_photo(path)) for path in manifest.paths])
        names = np.array([str(name) for name in manifest.camera_model])
        self.classes_ = tuple(sorted(set(names.tolist())))
        self.means = np.stack([colours[names == c].mean(0) for c in self.classes_])
        return self

    def predict_proba(self, photos: Sequence[Photo]) -> npt.NDArray[np.float64]:
        rows = []
        for photo in photos:
            if photo.width < TOO_SMALL:
                raise ImageTooSmallError(f"{photo.name} is too small")
            far = np.square(self.means - _colour(photo)).sum(1)
            odds = np.exp(-self.sharpness * (far - far.min()) / 100)
            rows.append(odds / odds.sum())
        return np.stack(rows)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        values = {
            "method": self.method,
            "classes": list(self.classes_),
            "means": self.means.tolist(),
        }
        (folder / "method.json").write_text(json.dumps(values))

    @classmethod
    def load(cls, folder: Path) -> Self:
        values = json.loads((Path(folder) / "method.json").read_text())
        found = cls()
        found.classes_ = tuple(values["classes"])
        found.means = np.array(values["means"])
        return found


class Broken(Nearest):
    """Cannot be fitted, by a fault that is not ours."""

    method = "broken"

    def fit(self, manifest: Manifest, progress: object = None) -> Self:  # noqa: ARG002
        raise RuntimeError("no kernel image is available")


class Even(Nearest):
    """Calls all camera models equally likely."""

    method = "even"

    def predict_proba(self, photos: Sequence[Photo]) -> npt.NDArray[np.float64]:
        return np.full((len(photos), len(self.classes_)), 1 / len(self.classes_))


class Picky(Nearest):
    """Refuses the pictures it is given."""

    method = "picky"

    def fit(self, manifest: Manifest, progress: object = None) -> Self:  # noqa: ARG002
        raise DatasetError("these pictures do not suit this method")


def doubled_unless_negative(number: int) -> int:
    """Double a number; take the process along where it is negative."""
    if number < 0:
        os._exit(9)
    return 2 * number


FAKES = {
    "nearest": "benchmark_fakes:Nearest",
    "even": "benchmark_fakes:Even",
    "broken": "benchmark_fakes:Broken",
    "picky": "benchmark_fakes:Picky",
}


def _colour(photo: Photo) -> npt.NDArray[np.float64]:
    return np.asarray(photo.pixels.reshape(-1, 3).mean(0), dtype=np.float64)


COLOURS = {"Acme A": 40, "Acme B": 110, "Bolt C": 180, "Dusk D": 140}


def write_photos(folder: Path) -> Manifest:
    """Write 4 to learn from, 3 of a new device, 2 of later scenes, 2 unknown."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    for split, models, device, count in (
        ("train", ("Acme A", "Acme B", "Bolt C"), 0, 4),
        ("test_device", ("Acme A", "Acme B", "Bolt C"), 1, 3),
        ("test_scene", ("Acme A", "Bolt C"), 0, 2),
        ("unknown", ("Dusk D",), 0, 2),
    ):
        for model in models:
            for n in range(count):
                pixels = rng.integers(0, 20, (32, 32, 3)) + COLOURS[model]
                name = f"{split}-{model}-{n}.png".replace(" ", "")
                Image.fromarray(pixels.astype(np.uint8)).save(folder / name)
                rows.append(
                    {
                        "path": name,
                        "camera_model": model,
                        "make": model.split()[0],
                        "device_id": f"{model} {device}",
                        "session": f"{split} {model}",
                        "split": split,
                    }
                )
    return Manifest.from_rows(rows, folder)
