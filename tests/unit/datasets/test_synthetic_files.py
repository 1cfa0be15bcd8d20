"""Files of synthetic cameras hold what their parameters say."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whichcam.datasets.synthetic import SyntheticCamera, draw_cameras, write_dataset
from whichcam.errors import ConfigError, DatasetError, ImageTooSmallError

SIZE = (48, 64)


def _zigzag() -> list[tuple[int, int]]:
    """Return (row, column) in the order of a JPEG file, from its definition."""

    def key(place: tuple[int, int]) -> tuple[int, int]:
        row, column = place
        diagonal = row + column
        return diagonal, row if diagonal % 2 else column

    return sorted(((row, column) for row in range(8) for column in range(8)), key=key)


def _stored_tables(data: bytes) -> list[np.ndarray[tuple[int, int], np.dtype[np.int_]]]:
    """Read the tables of a baseline JPEG from its DQT segments, row-major."""
    tables = []
    position = 2
    while data[position + 1] != 0xDA:
        length = int.from_bytes(data[position + 2 : position + 4], "big")
        segment = data[position + 4 : position + 2 + length]
        if data[position + 1] == 0xDB:
            for start in range(0, len(segment), 65):
                table = np.zeros((8, 8), dtype=np.int_)
                for place, value in zip(
                    _zigzag(), segment[start + 1 : start + 65], strict=True
                ):
                    table[place] = value
                tables.append(table)
        position += 2 + length
    return tables


def test_the_file_holds_the_tables_given_in_row_major_order() -> None:
    luma = tuple(tuple(1 + 8 * row + column for column in range(8)) for row in range(8))
    chroma = tuple(
        tuple(100 + 8 * row - column for column in range(8)) for row in range(8)
    )
    camera = SyntheticCamera(quantization_tables=(luma, chroma))
    tables = _stored_tables(camera.shoot_jpeg(seed=0, size=SIZE))
    assert [table.tolist() for table in tables] == [
        [list(row) for row in luma],
        [list(row) for row in chroma],
    ]


def test_one_table_serves_luma_and_chroma() -> None:
    table = tuple((7,) * 8 for _ in range(8))
    camera = SyntheticCamera(quantization_tables=(table,))
    tables = _stored_tables(camera.shoot_jpeg(seed=0, size=SIZE))
    assert len(tables) == 1
    assert (tables[0] == 7).all()


@pytest.mark.parametrize(
    ("subsampling", "factors"),
    [("4:4:4", (1, 1)), ("4:2:2", (2, 1)), ("4:2:0", (2, 2))],
)
def test_the_file_has_the_subsampling_given(
    subsampling: str, factors: tuple[int, int]
) -> None:
    data = SyntheticCamera(subsampling=subsampling).shoot_jpeg(seed=0, size=SIZE)
    start = data.index(b"\xff\xc0")
    luma = data[start + 11]
    assert (luma >> 4, luma & 15) == factors


@pytest.mark.parametrize("jfif", [True, False])
def test_the_file_begins_with_jfif_only_where_the_camera_writes_it(jfif: bool) -> None:
    data = SyntheticCamera(jfif=jfif).shoot_jpeg(seed=0, size=SIZE)
    assert (data[6:10] == b"JFIF") == jfif
    assert (data[6:10] == b"Exif") != jfif
    assert Image.open(BytesIO(data)).size == (64, 48)


def test_exif_names_the_synthetic_camera_and_the_device() -> None:
    camera = SyntheticCamera(model="SYN-9").device(3)
    exif = Image.open(BytesIO(camera.shoot_jpeg(seed=0, size=SIZE, gain=4))).getexif()
    photo = exif.get_ifd(0x8769)
    assert (exif[0x010F], exif[0x0110]) == ("Synthetic", "SYN-9")
    assert photo[0xA431] == "#3"
    assert (photo[0xA002], photo[0xA003]) == (64, 48)
    assert photo[0x8827] == 400
    assert photo[0x9003] == exif[0x0132]


def test_the_file_decodes_to_nearly_the_developed_picture() -> None:
    camera = SyntheticCamera(
        quantization_tables=(((1,) * 8,) * 8,), subsampling="4:4:4"
    )
    decoded = np.asarray(Image.open(BytesIO(camera.shoot_jpeg(seed=2, size=SIZE))))
    picture = camera.shoot(seed=2, size=SIZE)
    difference = np.abs(decoded.astype(int) - picture)
    assert difference.mean() < 1
    assert difference.max() <= 6


def test_a_dataset_has_a_folder_for_each_model_and_every_path_is_returned(
    tmp_path: Path,
) -> None:
    first, second = draw_cameras(2, seed=1)
    seen: list[Path] = []
    paths = write_dataset(
        tmp_path / "set",
        [first, first.device(1), second],
        2,
        seed=5,
        size=SIZE,
        on_photo=seen.append,
    )
    assert [path.relative_to(tmp_path / "set").as_posix() for path in paths] == [
        "Synthetic SYN-1-0/SYN-1-0_d0_0000.jpg",
        "Synthetic SYN-1-0/SYN-1-0_d0_0001.jpg",
        "Synthetic SYN-1-0/SYN-1-0_d1_0000.jpg",
        "Synthetic SYN-1-0/SYN-1-0_d1_0001.jpg",
        "Synthetic SYN-1-1/SYN-1-1_d0_0000.jpg",
        "Synthetic SYN-1-1/SYN-1-1_d0_0001.jpg",
    ]
    assert sorted((tmp_path / "set").rglob("*.jpg")) == sorted(paths)
    assert seen == paths


def test_a_device_takes_the_same_pictures_in_any_company(tmp_path: Path) -> None:
    cameras = draw_cameras(2, seed=1)
    alone = write_dataset(tmp_path / "a", cameras[1:], 1, seed=5, size=SIZE)
    among = write_dataset(tmp_path / "b", cameras, 1, seed=5, size=SIZE)
    assert alone[0].read_bytes() == among[1].read_bytes()


def test_every_picture_of_a_dataset_is_another(tmp_path: Path) -> None:
    cameras = draw_cameras(2, seed=1)
    devices = [*cameras, cameras[0].device(1)]
    paths = write_dataset(tmp_path, devices, 2, seed=5, size=SIZE)
    small = [
        np.asarray(Image.open(path).convert("L").resize((8, 8))).ravel()
        for path in paths
    ]
    alike = np.corrcoef(small)  # brightness and contrast do not count
    assert np.abs(alike[np.triu_indices(6, 1)]).max() < 0.8


def test_a_file_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    cameras = draw_cameras(1, seed=1)
    path = write_dataset(tmp_path, cameras, 1, seed=5, size=SIZE)[0]
    before = path.read_bytes()
    with pytest.raises(DatasetError, match="exists already"):
        write_dataset(tmp_path, cameras, 1, seed=6, size=SIZE)
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatasetError, match="cannot write"):
        write_dataset(tmp_path / "file", draw_cameras(1, seed=1), 1, seed=5, size=SIZE)


def test_a_device_listed_twice_is_refused(tmp_path: Path) -> None:
    camera = SyntheticCamera()
    with pytest.raises(ConfigError, match="twice"):
        write_dataset(tmp_path, [camera, camera], 1, seed=5)


def test_no_photos_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="n_photos"):
        write_dataset(tmp_path, draw_cameras(1, seed=1), 0, seed=5)


def test_a_size_too_small_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ImageTooSmallError):
        write_dataset(tmp_path / "set", draw_cameras(1, seed=1), 1, seed=5, size=(8, 8))
    assert not (tmp_path / "set").exists()
