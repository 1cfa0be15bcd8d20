"""The table of full frames against canonical names, and against pictures."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import pytest

from whichcam.datasets import (
    FrameSize,
    Manifest,
    canonical_camera,
    frame_sizes,
    listed_frame_sizes,
)
from whichcam.errors import InputError


def _rows() -> list[dict[str, str]]:
    text = files("whichcam.datasets").joinpath("frame_sizes.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_cameras_are_listed_once_under_their_canonical_names() -> None:
    names = [row["camera_model"] for row in _rows()]
    assert len(set(names)) == len(names)
    assert [canonical_camera("", name).camera_model for name in names] == names


def test_sizes_fall_and_keep_the_aspect_of_the_full_frame() -> None:
    for row in _rows():
        full, *smaller = sizes = listed_frame_sizes(row["camera_model"])
        assert 1000 <= full.long_px <= 12_000
        assert 1.2 < full.long_px / full.short_px < 1.8
        assert list(sizes) == sorted(set(sizes), reverse=True)
        for size in smaller:
            aspect = size.long_px / size.short_px
            assert aspect == pytest.approx(full.long_px / full.short_px, rel=0.01)


def test_a_camera_that_is_not_listed_has_no_frame() -> None:
    assert listed_frame_sizes("Acme One") == ()


def test_pictures_of_a_listed_aspect_are_of_a_listed_size(photos_dir: Path) -> None:
    """Of training pictures: a menu that lacks what its camera stores is wrong."""
    manifest = Manifest.read(photos_dir / "manifest.csv").where(split="train")
    for name, size in zip(manifest.camera_model, frame_sizes(manifest), strict=True):
        full, *smaller = listed_frame_sizes(name)
        assert size is not None
        aspect = size.long_px / size.short_px
        if smaller and abs(aspect * full.short_px / full.long_px - 1) < 0.01:
            assert size in (full, *smaller), name


def test_no_real_picture_is_larger_than_its_cameras_full_frame(
    photos_dir: Path,
) -> None:
    """Of training pictures alone: nothing here is to be learnt from the test splits."""
    manifest = Manifest.read(photos_dir / "manifest.csv").where(split="train")
    for name, size in zip(manifest.camera_model, frame_sizes(manifest), strict=True):
        full = listed_frame_sizes(name)[0]
        assert size is not None
        assert size.long_px <= full.long_px, name
        assert size.short_px <= full.short_px, name


@pytest.mark.parametrize(("width", "height"), [(0, 3), (3, -1)])
def test_a_frame_without_extent_is_none(width: int, height: int) -> None:
    with pytest.raises(InputError, match="is none"):
        FrameSize.of(width, height)


def test_the_frame_of_a_picture_is_what_it_was_cut_from_or_unknown(
    tmp_path: Path,
) -> None:
    columns: dict[str, list[object]] = {
        "path": ["cut", "whole", "half told", "untold"],
        "width": [384, 4000, 384, None],
        "height": [384, 3000, 384, None],
        "original_width": [2000, None, 2000, None],
        "original_height": [3000, None, None, None],
    }
    manifest = Manifest(columns, tmp_path)
    assert frame_sizes(manifest) == ((3000, 2000), None, None, None)
    own = ((3000, 2000), (4000, 3000), (384, 384), None)
    assert frame_sizes(manifest, or_own=True) == own
    plain = Manifest({"path": ["a"]}, tmp_path)
    assert frame_sizes(plain, or_own=True) == (None,)
