"""Several classifiers asked about several views of a photo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from whichcam.errors import ImageTooSmallError, InputError
from whichcam.media import Photo
from whichcam.pipelines import predict_cameras, views_of


class Says:
    """Says the same of every photo, and remembers the sizes it was shown."""

    def __init__(self, classes: tuple[str, ...], row: Sequence[float]) -> None:
        self.classes_ = classes
        self.row = row
        self.sizes: list[tuple[int, int]] = []

    def predict_proba(self, photos: Sequence[Photo]) -> npt.NDArray[np.float64]:
        self.sizes += [(photo.height, photo.width) for photo in photos]
        return np.tile(np.array(self.row, dtype=np.float64), (len(photos), 1))


class Refuses(Says):
    def predict_proba(self, photos: Sequence[Photo]) -> Any:
        raise ImageTooSmallError(f"{photos[0].name} is too small")


@pytest.fixture
def photo(tmp_path: Path, rng: np.random.Generator) -> Path:
    pixels = rng.integers(0, 255, (352, 400, 3)).astype(np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    return path


def predict(photos: list[Path], judges: list[Any], **options: Any) -> Any:
    """Ask stand-ins, which have no more of the contract than is asked of them."""
    return predict_cameras(photos, judges, **options)


def test_columns_are_matched_by_name(photo: Path) -> None:
    one = Says(("A", "B"), (0.9, 0.1))
    two = Says(("B", "A"), (0.2, 0.8))
    (found,) = predict([photo], [one, two])
    assert found.camera_model == "A"
    assert found.probability == pytest.approx(6 / 7, abs=1e-6)


def test_weights_decide(photo: Path) -> None:
    judges = [Says(("A", "B"), (0.9, 0.1)), Says(("A", "B"), (0.3, 0.7))]
    (first,) = predict([photo], judges, weights=[1, 0])
    (second,) = predict([photo], judges, weights=[0, 1])
    assert (first.camera_model, second.camera_model) == ("A", "B")


def test_one_that_cannot_look_has_no_say(photo: Path) -> None:
    judges = [Refuses(("A", "B"), ()), Says(("A", "B"), (0.3, 0.7))]
    (found,) = predict([photo], judges)
    assert (found.camera_model, found.error) == ("B", "")
    (lost,) = predict([photo], judges[:1])
    assert lost.camera_model == ""
    assert "too small" in lost.error


def test_different_cameras_are_refused(photo: Path) -> None:
    judges = [Says(("A", "B"), (0.9, 0.1)), Says(("A", "C"), (0.9, 0.1))]
    with pytest.raises(InputError, match="'B'"):
        predict([photo], judges)
    with pytest.raises(InputError, match="no model"):
        predict([photo], [])


def test_a_photo_that_is_not_there_does_not_stop_the_rest(
    photo: Path, tmp_path: Path
) -> None:
    judge = Says(("A", "B"), (0.9, 0.1))
    lost, found = predict([tmp_path / "no.png", photo], [judge])
    assert lost.error
    assert found.camera_model == "A"


def test_views_are_corners_and_turns_on_the_grid(photo: Path) -> None:
    judge = Says(("A", "B"), (0.9, 0.1))
    predict([photo], [judge], tta=True)
    assert judge.sizes == [
        (352, 400),
        *[(264, 296)] * 4,
        *[(400, 352), (352, 400), (400, 352)],
    ]


def test_no_view_is_mirrored_and_all_keep_their_pixels() -> None:
    pixels = np.arange(16 * 24 * 3, dtype=np.uint8).reshape(16, 24, 3)
    first, quarter, half, _ = views_of(Photo.from_pixels(pixels, name="p"))
    assert (first.pixels == pixels).all()
    assert (quarter.pixels == np.rot90(pixels)).all()
    assert (half.pixels == pixels[::-1, ::-1]).all()
