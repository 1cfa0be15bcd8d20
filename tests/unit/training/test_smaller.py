"""Smaller copies: as a camera would have stored them, with the file's own tables."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="the extra train is not installed")

from whichcam.media import open_photo
from whichcam.models import TableKey, table_key
from whichcam.training import _smaller
from whichcam.training._smaller import stored_smaller

LUMA = tuple(range(3, 67))  # no two alike: a table that was turned would show
CHROMA = tuple(range(70, 6, -1))


def _picture(rng: np.random.Generator) -> np.ndarray[tuple[int, int, int], np.dtype]:
    coarse = rng.integers(0, 256, (12, 10, 3), dtype=np.uint8)
    grown = Image.fromarray(coarse).resize((160, 192), Image.Resampling.BICUBIC)
    return np.asarray(grown)


def test_sides_shrink_to_between_half_and_four_fifths(
    rng: np.random.Generator,
) -> None:
    picture = _picture(rng)
    for _ in range(20):
        smaller = stored_smaller(picture, None, rng)
        assert 96 <= smaller.shape[0] <= 154
        assert smaller.shape[1] / smaller.shape[0] == pytest.approx(160 / 192, abs=0.01)


def test_the_picture_stays_the_same_scene(rng: np.random.Generator) -> None:
    picture = _picture(rng)
    smaller = stored_smaller(picture, None, rng)
    again = Image.fromarray(smaller).resize((160, 192), Image.Resampling.BICUBIC)
    difference = np.asarray(again).astype(float) - picture
    assert np.abs(difference).mean() < 4


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_it_is_compressed_with_the_tables_it_came_with(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, subsampling: str
) -> None:
    key = TableKey(LUMA, CHROMA, subsampling)
    written: list[bytes] = []

    class Kept(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            written.append(self.getvalue())
            return super().read(size)

    monkeypatch.setattr(_smaller, "BytesIO", Kept)
    stored_smaller(_picture(rng), key, rng)
    assert table_key(open_photo(written[0]).jpeg) == key


def test_tables_beyond_a_byte_are_cut_not_refused(rng: np.random.Generator) -> None:
    key = TableKey((300,) * 64, (400,) * 64, "4:2:0")
    assert stored_smaller(_picture(rng), key, rng).dtype == np.uint8


def test_the_same_generator_gives_the_same_copy(rng: np.random.Generator) -> None:
    picture, key = _picture(rng), TableKey(LUMA, CHROMA, "4:2:0")
    first, second = (
        stored_smaller(picture, key, np.random.default_rng(5)) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
