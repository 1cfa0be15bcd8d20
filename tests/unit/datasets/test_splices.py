"""Splices: the truth beside them is true, and nothing crosses a part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whichcam.datasets import (
    SPLICE_SAVINGS,
    Manifest,
    index_folders,
    make_splices,
    read_splice_truth,
)
from whichcam.datasets._splice_objects import SHAPES, object_mask
from whichcam.datasets.synthetic import draw_cameras, write_dataset
from whichcam.errors import ConfigError, DatasetError
from whichcam.media import open_photo


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder = tmp_path_factory.mktemp("originals")
    write_dataset(folder, draw_cameras(4, seed=3), 2, seed=1, size=(160, 168))
    return index_folders(folder)


def test_splices_and_controls_are_written_in_every_way(
    originals: Manifest, tmp_path: Path
) -> None:
    made = make_splices(originals, tmp_path, n=2, sizes=[64])
    assert len(made) == 2 * 2 * len(SPLICE_SAVINGS)
    assert made.check_files() == ()
    read = Manifest.read(tmp_path / "splices.csv")
    assert read.sha256 == made.sha256
    for row, path in zip(made.rows(), made.paths, strict=True):
        assert open_photo(path).format == (
            "PNG" if row["saving"] == "lossless" else "JPEG"
        )


def test_only_the_object_differs_from_the_control(
    originals: Manifest, tmp_path: Path
) -> None:
    made = make_splices(originals, tmp_path, n=4, sizes=[64], savings=["lossless"])
    rows = list(made.rows())
    for spliced, control in zip(rows[::2], rows[1::2], strict=True):
        assert (spliced["kind"], control["kind"]) == ("spliced", "pristine")
        a = open_photo(tmp_path / spliced["path"]).pixels
        b = open_photo(tmp_path / control["path"]).pixels
        truth = read_splice_truth(tmp_path / spliced["mask"])
        changed = (a != b).any(axis=2)
        grown = np.pad(truth, 3)
        near = np.zeros_like(truth)
        for dy in range(7):
            for dx in range(7):
                near |= grown[dy : dy + truth.shape[0], dx : dx + truth.shape[1]]
        assert not changed[~near].any()
        assert changed[truth].mean() > 0.5
        rows_of, cols_of = np.flatnonzero(truth.any(1)), np.flatnonzero(truth.any(0))
        longer = max(np.ptp(rows_of), np.ptp(cols_of)) + 1
        assert abs(int(longer) - 64) <= 1
        assert control["mask"] == ""


def test_a_saving_with_the_hosts_tables_has_them(
    originals: Manifest, tmp_path: Path
) -> None:
    made = make_splices(originals, tmp_path, n=3, sizes=[64], savings=["host_tables"])
    for row in made.rows():
        saved = open_photo(tmp_path / row["path"]).jpeg
        host = open_photo(originals.root / row["host"]).jpeg
        assert saved is not None
        assert host is not None
        assert saved.subsampling == host.subsampling
        for one, other in zip(
            saved.quantization_tables, host.quantization_tables, strict=True
        ):
            np.testing.assert_array_equal(one, other)


def test_a_resized_mask_fits_its_picture(originals: Manifest, tmp_path: Path) -> None:
    made = make_splices(originals, tmp_path, n=1, sizes=[64], savings=["resized"])
    row = next(made.rows())
    truth = read_splice_truth(tmp_path / row["mask"])
    assert truth.shape == open_photo(tmp_path / row["path"]).pixels.shape[:2]
    assert truth.shape == (128, 134)


def test_parts_share_no_device_and_host_and_donor_share_one(
    originals: Manifest, tmp_path: Path
) -> None:
    made = make_splices(
        originals, tmp_path, n=12, sizes=[64], savings=["jpeg_95"], parts=2
    )
    devices: dict[str, set[str]] = {}
    for row in made.rows():
        assert row["camera_model"] != row["donor_camera_model"]
        both = {row["camera_model"], row["donor_camera_model"]}
        devices.setdefault(row["part"], set()).update(both)
    assert set(devices) == {"1", "2"}
    assert devices["1"].isdisjoint(devices["2"])


def test_the_same_seed_gives_the_same_bytes(
    originals: Manifest, tmp_path: Path
) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        make_splices(originals, tmp_path / name, n=2, seed=seed, sizes=[64, 96])
    files = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*.*"))
    assert len(files) == 2 * 6 * 3 + 1
    assert all(
        (tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes()
        for f in files
    )
    table = "splices.csv"
    assert (tmp_path / "a" / table).read_bytes() != (
        tmp_path / "c" / table
    ).read_bytes()


def test_nothing_is_overwritten(originals: Manifest, tmp_path: Path) -> None:
    make_splices(originals, tmp_path, n=1, sizes=[64], savings=["jpeg_95"])
    with pytest.raises(DatasetError, match="not overwritten"):
        make_splices(originals, tmp_path, n=1, sizes=[64], savings=["jpeg_95"])


def test_an_object_too_large_for_the_pictures_is_refused(
    originals: Manifest, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="choose smaller"):
        make_splices(originals, tmp_path, n=1, sizes=[144])


def test_one_camera_model_is_too_few(originals: Manifest, tmp_path: Path) -> None:
    alone = originals.where(camera_model=str(originals.camera_model[0]))
    with pytest.raises(DatasetError, match="needs two"):
        make_splices(alone, tmp_path, n=1, sizes=[64])


def test_a_host_that_is_no_jpeg_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (160, 160), (90, 90, 90)).save(tmp_path / name / "x.png")
    with pytest.raises(DatasetError, match="camera JPEGs"):
        make_splices(index_folders(tmp_path), tmp_path / "out", n=1, sizes=[64])


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"n": 0}, "n"),
        ({"sizes": []}, "sizes"),
        ({"sizes": [8]}, "sizes"),
        ({"savings": ["gif"]}, "savings"),
        ({"savings": []}, "savings"),
        ({"parts": 0}, "parts"),
        ({"seed": -1}, "seed"),
    ],
)
def test_settings_out_of_range_are_refused(
    settings: dict[str, object], named: str, originals: Manifest, tmp_path: Path
) -> None:
    given: dict[str, object] = {"n": 1, **settings}
    with pytest.raises(ConfigError, match=f"^{named}: "):
        make_splices(originals, tmp_path, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(4))
def test_an_object_fills_its_box(shape: str, seed: int) -> None:
    mask = object_mask(shape, 64, np.random.default_rng(seed))
    assert max(mask.shape) == 64
    assert min(mask.shape) >= 48
    assert mask.any(axis=0).mean() > 0.9
    assert mask.any(axis=1).mean() > 0.9
    assert 0.25 < mask.mean() <= 1
