"""The table of full frames against canonical names, and against pictures."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import pytest

from whichcam.datasets import FrameSize, Manifest, canonical_camera, full_frame_size
from whichcam.errors import InputError


def _rows() -> list[dict[str, str]]:
    text = files("whichcam.datasets").joinpath("frame_sizes.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_cameras_are_listed_once_under_their_canonical_names() -> None:
    names = [row["camera_model"] for row in _rows()]
    assert len(set(names)) == len(names)
    assert [canonical_camera("", name).camera_model for name in names] == names


def test_sides_are_those_of_pictures_and_the_longer_comes_first() -> None:
    for row in _rows():
        width, height = int(row["width"]), int(row["height"])
        assert 1000 <= width <= 12_000
        assert 1.2 < width / height < 1.8
        assert full_frame_size(row["camera_model"]) == (width, height)


def test_a_camera_that_is_not_listed_has_no_frame() -> None:
    assert full_frame_size("Acme One") is None


def test_no_real_picture_is_larger_than_its_cameras_full_frame(
    photos_dir: Path,
) -> None:
    """Of training pictures alone: nothing here is to be learnt from the test splits."""
    manifest = Manifest.read(photos_dir / "manifest.csv").where(split="train")
    for name, size in zip(manifest.camera_model, manifest.frame_sizes(), strict=True):
        full = full_frame_size(name)
        assert full is not None, name
        assert size is not None
        assert size.long_px <= full.long_px, name
        assert size.short_px <= full.short_px, name


@pytest.mark.parametrize(("width", "height"), [(0, 3), (3, -1)])
def test_a_frame_without_extent_is_none(width: int, height: int) -> None:
    with pytest.raises(InputError, match="is none"):
        FrameSize.of(width, height)
