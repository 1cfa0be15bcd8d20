"""Quantisation tables name the make almost surely and the model hardly at all."""

from __future__ import annotations

import numpy as np
import pytest

from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.media import open_photo
from whichcam.models import FileStatistics, TableKey, table_key

MAKES = ("A", "A", "A", "B", "B", "C")
IN_A = np.array([make == "A" for make in MAKES])


def _key(scale: float, *, slope: int = 1, subsampling: str = "4:2:0") -> TableKey:
    luma = [max(1, round(scale * (4 + slope * k % 61))) for k in range(64)]
    chroma = [max(1, round(scale * (6 + 2 * slope * k % 67))) for k in range(64)]
    return TableKey(tuple(luma), tuple(chroma), subsampling)


OF_A0, OF_A1 = _key(1.0, slope=1), _key(1.4, slope=1)
OF_B, OF_C = _key(1.0, slope=-3), _key(1.0, slope=7, subsampling="4:4:4")


@pytest.fixture(scope="module")
def known() -> FileStatistics:
    seen = [(OF_A0, 0)] * 6 + [(OF_A1, 1)] * 6 + [(OF_A1, 2)] * 2
    seen += [(OF_B, 3)] * 5 + [(OF_B, 4)] * 5 + [(OF_C, 5)] * 5
    return FileStatistics.fit([k for k, _ in seen], [c for _, c in seen], MAKES)


def test_a_table_of_a_make_speaks_for_all_its_models(known: FileStatistics) -> None:
    found = known.log_likelihood(OF_A0)
    assert found.shape == (6,)
    assert found[IN_A].min() > found[~IN_A].max() + np.log(5)


def test_the_model_that_used_the_table_is_ahead_of_its_sisters(
    known: FileStatistics,
) -> None:
    found = known.log_likelihood(OF_A0)
    assert found.argmax() == 0
    assert found[0] - found[2] < np.log(5)  # firmware changes: never by much


def test_a_scaled_table_never_seen_still_speaks_for_its_make(
    known: FileStatistics,
) -> None:
    unseen = _key(2.6, slope=1)
    assert unseen not in known.keys
    found = known.log_likelihood(unseen)
    assert found[IN_A].min() > found[~IN_A].max() + np.log(3)


def test_no_camera_is_ruled_out_by_a_table(known: FileStatistics) -> None:
    for key in (OF_A0, OF_B, OF_C, _key(9.0, slope=11), _key(0.0)):
        found = known.log_likelihood(key)
        assert np.isfinite(found).all()
        assert (np.exp(found) > 0).all()
        shares = np.exp(found) / np.exp(found).sum()
        assert shares.min() > 1e-5


def test_a_known_table_is_likelier_than_any_stranger(known: FileStatistics) -> None:
    stranger = known.log_likelihood(_key(5.0, slope=11))
    assert known.log_likelihood(OF_A0).max() > stranger.max() + np.log(20)


def test_another_subsampling_makes_a_table_less_alike(known: FileStatistics) -> None:
    other = OF_B._replace(subsampling="4:2:2")
    assert known.log_likelihood(other)[3] < known.log_likelihood(OF_B)[3] - 1


def test_how_many_photos_a_model_has_does_not_count() -> None:
    few = FileStatistics.fit([OF_A0, OF_B], [0, 1], ["A", "B"])
    many = FileStatistics.fit([OF_A0] * 50 + [OF_B], [0] * 50 + [1], ["A", "B"])
    for key in (OF_A0, OF_B, OF_C):
        np.testing.assert_allclose(few.log_likelihood(key), many.log_likelihood(key))


def test_files_without_tables_are_left_out_of_the_count() -> None:
    with_none = FileStatistics.fit([None, OF_A0, None], [1, 0, 1], ["A", "B"])
    assert with_none.keys == (OF_A0,)
    assert with_none.counts.tolist() == [[1, 0]]


def test_statistics_of_no_tables_at_all_say_nothing() -> None:
    empty = FileStatistics.fit([None], [0], ["A", "B"])
    assert empty.log_likelihood(OF_A0).tolist() == [0, 0]


def test_the_key_of_a_jpeg_holds_its_tables_row_by_row() -> None:
    luma = tuple(tuple(1 + 8 * row + col for col in range(8)) for row in range(8))
    chroma = tuple(tuple(200 - 8 * row - col for col in range(8)) for row in range(8))
    camera = SyntheticCamera(quantization_tables=(luma, chroma), subsampling="4:2:2")
    key = table_key(open_photo(camera.shoot_jpeg(seed=0, size=(64, 64))).jpeg)
    assert key is not None
    assert key.luma == tuple(range(1, 65))
    assert key.chroma == tuple(range(200, 136, -1))
    assert key.subsampling == "4:2:2"


def test_a_file_that_is_no_jpeg_has_no_key() -> None:
    assert table_key(None) is None


def test_a_grey_jpeg_has_no_key() -> None:
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("L", (64, 64)).save(file, "JPEG")
    assert table_key(open_photo(file.getvalue()).jpeg) is None
