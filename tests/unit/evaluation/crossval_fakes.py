"""Methods that can be seen through, found by tests and by the processes they spawn.

Each picture's first pixel is the colour of its device, the others are noise.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from whichcam.datasets import Manifest
from whichcam.errors import DatasetError, ImageTooSmallError
from whichcam.media import Photo, open_photo

LOG = "WHICHCAM_TEST_CROSSVAL_LOG"
SLOW = "WHICHCAM_TEST_CROSSVAL_SLOW"
TOO_SMALL = 10


def note(word: str) -> None:
    """Write a word to the log that the environment names."""
    if LOG in os.environ:
        with Path(os.environ[LOG]).open("a") as file:
            file.write(word + "\n")


def colour(photo: Photo) -> npt.NDArray[np.float32]:
    return np.asarray(photo.pixels[0, 0], dtype=np.float32)


class Memoriser:
    """Names the model of the learnt device whose colour is nearest."""

    trace_key = "colour-1"

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    def extract(self, photo: Photo) -> npt.NDArray[np.float32]:
        note("extract")
        if photo.width < TOO_SMALL:
            raise ImageTooSmallError(f"{photo.name} is too small")
        return colour(photo)

    def fit_features(
        self,
        X: npt.NDArray[np.float32],
        y: Sequence[str],
        groups: npt.NDArray[Any] | None = None,
    ) -> Self:
        note("fit")
        time.sleep(float(os.environ.get(SLOW, "0")))
        assert groups is not None
        assert len(X) == len(y) == len(groups)
        self.X, self.y = X, np.array(y)
        self.classes_ = tuple(sorted({str(name) for name in y}))
        return self

    def predict_features(self, X: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        P = np.full((len(X), len(self.classes_)), 1 / len(self.classes_))
        for row, x in enumerate(X):
            if np.isnan(x).any():
                continue
            near = str(self.y[np.square(self.X - x).sum(1).argmin()])
            P[row] = [0.9 if near == c else 0.01 for c in self.classes_]
        return P


class OtherMemoriser(Memoriser):
    """The same with a trace under another name."""

    trace_key = "colour-2"


class FromPhotos:
    """Always answers with the first of its classes; takes photos, not traces."""

    def fit(self, manifest: Manifest) -> Self:
        self.classes_ = tuple(sorted(set(manifest.camera_model)))
        for path in manifest.paths:
            open_photo(path)
        return self

    def predict_proba(self, photos: Sequence[Photo]) -> npt.NDArray[np.float64]:
        P = np.full((len(photos), len(self.classes_)), 0.01)
        P[:, 0] = 0.9
        return P


class Keeping(FromPhotos):
    """Keeps something of each photo in a folder of its own."""

    def __init__(self, *, cache: str = "") -> None:
        self.cache = cache

    def keep(self, photo: Photo) -> None:
        note("keep")
        place = Path(self.cache)
        place.mkdir(parents=True, exist_ok=True)
        (place / photo.sha256).touch()

    def fit(self, manifest: Manifest) -> Self:
        digests = set(manifest.column("sha256").tolist())
        assert digests <= {path.name for path in Path(self.cache).iterdir()}
        return super().fit(manifest)


class Failing(Memoriser):
    """Cannot be fitted."""

    def fit_features(self, *_: Any, **__: Any) -> Self:
        raise DatasetError("these pictures do not suit this method")


FAKES = {
    "failing": "crossval_fakes:Failing",
    "from_photos": "crossval_fakes:FromPhotos",
    "keeping": "crossval_fakes:Keeping",
    "memoriser": "crossval_fakes:Memoriser",
    "other": "crossval_fakes:OtherMemoriser",
}


def write_photos(
    folder: Path, models: dict[str, list[int]], *, n_sessions: int = 1
) -> Manifest:
    """Write so many pictures of each device of each model; devices alternate colours.

    The devices of one model lie far apart in colour and near to those of others, so
    that a memoriser errs on every device it has not seen.
    """
    rng = np.random.default_rng(0)
    rows = []
    for m, (model, counts) in enumerate(models.items()):
        for d, count in enumerate(counts):
            device = f"{model} {d}"
            for n in range(count):
                pixels = rng.integers(0, 255, (16, 16, 3)).astype(np.uint8)
                pixels[0, 0] = (100 * d, 10 * m, 0)
                name = f"{device}-{n}.png"
                folder.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(folder / name)
                session = f"{device} s{n % n_sessions}"
                rows.append(
                    {
                        "path": name,
                        "camera_model": model,
                        "make": model.split()[0],
                        "device_id": device,
                        "session": session,
                    }
                )
    return Manifest.from_rows(rows, folder)
