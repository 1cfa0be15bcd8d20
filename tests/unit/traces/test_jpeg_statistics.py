"""JPEG statistics of files whose encoder and levels are known."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from whichcam._typing import PixelArray
from whichcam.errors import ImageTooSmallError, NotJPEGError
from whichcam.media import JpegStructure, Photo, open_photo
from whichcam.traces import (
    JPEG_STATISTICS_LAYOUT,
    JPEG_STATISTICS_SIZE,
    jpeg_statistics,
)


def _pixels(height: int = 128, width: int = 160) -> PixelArray:
    rng = np.random.default_rng(6)
    coarse = rng.integers(40, 210, (height // 8 + 1, width // 8 + 1, 3))
    smooth = np.kron(coarse, np.ones((8, 8, 1)))[:height, :width]
    return (smooth + rng.normal(0, 6, smooth.shape)).clip(0, 255).astype(np.uint8)


def _saved(mode: str = "RGB", **settings: Any) -> Photo:
    file = io.BytesIO()
    Image.fromarray(_pixels()).convert(mode).save(file, "JPEG", **settings)
    return open_photo(file.getvalue())


def _jpeg(photo: Photo) -> JpegStructure:
    assert photo.jpeg is not None
    return photo.jpeg


def _group(photo: Photo, name: str) -> npt.NDArray[np.float32]:
    traces = jpeg_statistics(photo.pixels, _jpeg(photo))
    start = 0
    for known, length in JPEG_STATISTICS_LAYOUT:
        if known == name:
            return traces[start : start + length]
        start += length
    raise KeyError(name)


def test_tables_are_given_as_logarithms_row_by_row() -> None:
    photo = _saved(quality=80)
    for component, name in ((0, "luma_table"), (1, "chroma_table")):
        table = _jpeg(photo).quantization_table(component)
        assert table is not None
        np.testing.assert_allclose(
            np.exp(_group(photo, name)), table.ravel(), rtol=1e-5
        )


@pytest.mark.parametrize(
    ("subsampling", "expected"), [(0, (0, 0)), (1, (1, 0)), (2, (1, 1))]
)
def test_chroma_sampling_is_told(subsampling: int, expected: tuple[int, int]) -> None:
    found = _group(_saved(subsampling=subsampling), "coding")[:2]
    assert tuple(found) == expected


def test_flags_of_the_coding_are_told() -> None:
    plain = _group(_saved(), "coding")
    progressive = _group(_saved(progressive=True), "coding")
    restarts = _group(_saved(restart_marker_blocks=4), "coding")
    assert np.flatnonzero(progressive != plain).tolist() == [3]
    assert np.flatnonzero(restarts != plain).tolist() == [5]


def test_the_standards_example_huffman_tables_are_known() -> None:
    example = _group(_saved(), "huffman")
    assert example[:5].tolist() == [4, 1, 1, 1, 1]
    own = _group(_saved(optimize=True), "huffman")
    assert own[0] == 4
    assert own[1:5].min() == 0
    assert (own[5:] != example[5:]).any()


def test_huffman_counts_are_those_of_the_file() -> None:
    photo = _saved(optimize=True)
    counts = next(
        table.counts
        for table in _jpeg(photo).huffman_tables
        if (table.kind, table.table_id) == ("ac", 0)
    )
    found = np.expm1(_group(photo, "huffman")[5 + 2 * 16 : 5 + 3 * 16])
    np.testing.assert_allclose(found, counts, atol=1e-4)


@pytest.mark.parametrize("quality", [60, 90])
def test_levels_are_those_that_were_stored(quality: int, tmp_path: Path) -> None:
    jpegio = pytest.importorskip("jpegio", reason="reads coefficients independently")
    path = tmp_path / "photo.jpg"
    Image.fromarray(_pixels()).save(path, quality=quality)
    levels = np.abs(jpegio.read(str(path)).coef_arrays[0])
    found = np.square(_group(open_photo(path), "luma_levels")).reshape(-1, 4)
    for place, (row, col) in enumerate(((0, 1), (1, 0), (2, 0), (1, 1), (0, 2))):
        stored = np.minimum(levels[row::8, col::8], 3)
        shares = np.bincount(stored.ravel(), minlength=4) / stored.size
        np.testing.assert_allclose(found[place], shares, atol=0.02)


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_chroma_levels_are_nearly_those_that_were_stored(
    subsampling: int, tmp_path: Path
) -> None:
    jpegio = pytest.importorskip("jpegio", reason="reads coefficients independently")
    path = tmp_path / "photo.jpg"
    Image.fromarray(_pixels()).save(path, quality=85, subsampling=subsampling)
    levels = [np.abs(plane) for plane in jpegio.read(str(path)).coef_arrays[1:]]
    found = np.square(_group(open_photo(path), "chroma_levels")).reshape(2, -1, 4)
    for plane, shares in zip(levels, found, strict=True):
        for place, (row, col) in enumerate(((0, 1), (1, 0), (2, 0), (1, 1))):
            none = (plane[row::8, col::8] == 0).mean()
            assert shares[place, 0] == pytest.approx(none, abs=0.06)


def test_levels_follow_the_zigzag_order() -> None:
    rows = np.arange(64) % 8
    wave = 40 * np.cos((2 * rows + 1) * 2 * np.pi / 16)  # vertical frequency 2
    pixels = np.repeat((128 + wave)[:, None], 64, axis=1).round().astype(np.uint8)
    photo = open_photo(_grey_file(pixels))
    shares = np.square(_group(photo, "luma_levels")).reshape(-1, 4)
    # AC frequencies in files: (0,1) (1,0) (2,0) (1,1) (0,2) ... as (row, column)
    assert np.flatnonzero(shares[:, 3] > 0.5).tolist() == [2]


def _grey_file(pixels: npt.NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


def test_coarser_tables_leave_fewer_levels() -> None:
    fine = np.square(_group(_saved(quality=95), "luma_levels")).reshape(-1, 4)
    coarse = np.square(_group(_saved(quality=50), "luma_levels")).reshape(-1, 4)
    np.testing.assert_allclose(fine.sum(1), 1, atol=1e-5)
    assert coarse[:, 0].mean() > fine[:, 0].mean() + 0.2


def test_chroma_levels_are_counted_at_the_stored_size() -> None:
    whole = np.square(_group(_saved(subsampling=0), "chroma_levels")).reshape(-1, 4)
    halved = np.square(_group(_saved(subsampling=2), "chroma_levels")).reshape(-1, 4)
    np.testing.assert_allclose(halved.sum(1), 1, atol=1e-5)
    assert np.abs(whole - halved).max() > 0.05


def test_a_grey_file_has_its_one_table_twice() -> None:
    photo = _saved("L", quality=85)
    np.testing.assert_array_equal(
        _group(photo, "luma_table"), _group(photo, "chroma_table")
    )
    assert _group(photo, "coding")[2] == 1


def test_a_file_without_its_table_is_refused() -> None:
    photo = _saved()
    robbed = replace(_jpeg(photo), quantization_table_ids=(5, 6))
    with pytest.raises(NotJPEGError, match="quantisation table"):
        jpeg_statistics(photo.pixels, robbed)


def test_the_vector_has_the_stated_length_and_the_photo_is_left() -> None:
    photo = _saved()
    kept = photo.pixels.copy()
    traces = jpeg_statistics(photo.pixels, _jpeg(photo))
    assert traces.shape == (JPEG_STATISTICS_SIZE,)
    assert traces.dtype == np.float32
    assert np.isfinite(traces).all()
    np.testing.assert_array_equal(photo.pixels, kept)


def test_too_small_a_crop_is_refused_with_its_size() -> None:
    photo = _saved()
    with pytest.raises(ImageTooSmallError, match=r"160x40 px.*64x64 px"):
        jpeg_statistics(photo.pixels[:40], _jpeg(photo))
