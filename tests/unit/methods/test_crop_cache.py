"""Packed regions: what goes in comes out, what is damaged is cut again."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from whichcam.errors import (
    ArtifactError,
    ChecksumMismatchError,
    ImageTooSmallError,
    IncompatibleArtifactError,
    InputError,
)
from whichcam.media import Photo
from whichcam.methods._crop_cache import CropCache, opened_cache, pack_regions
from whichcam.methods._crop_shards import read_shard

POLICY = {"region_px": 48, "smallest_px": 16}


def _pictures(rng: np.random.Generator, n: int) -> dict[str, Any]:
    """Return regions of several sizes by made-up digests."""
    return {
        f"{k:064x}": rng.integers(0, 256, (16 + k, 40, 3)).astype(np.uint8)
        for k in range(n)
    }


def _filled(folder: Path, pictures: dict[str, Any], **options: Any) -> CropCache:
    cache = CropCache(folder, POLICY, **options)
    for key, picture in pictures.items():
        cache.add(key, picture)
    cache.flush()
    cache.close()
    return cache


@pytest.fixture
def photos(tmp_path: Path, rng: np.random.Generator) -> list[Path]:
    """Return eight photos, the last of which is too small, and a file that is none."""
    paths = []
    for k in range(8):
        side = 12 if k == 7 else 64
        paths.append(tmp_path / f"{k}.png")
        pixels = rng.integers(0, 256, (side, side, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(paths[-1])
    paths.append(tmp_path / "text.jpg")
    paths[-1].write_bytes(b"no picture")
    return paths


@pytest.fixture
def take() -> Callable[[Photo], Any]:
    """Return a function that cuts the corner of a photo and counts its calls."""

    def cut(photo: Photo) -> Any:
        cut.calls += 1  # type: ignore[attr-defined]
        if photo.height < 16:
            raise ImageTooSmallError("too small")
        return photo.pixels[8:56, 8:56]

    cut.calls = 0  # type: ignore[attr-defined]
    return cut


def _pack(folder: Path, paths: list[Path], take: Any, **options: Any) -> Any:
    """Pack photos and return copies of their regions, their rows, and the others."""
    with opened_cache(str(folder), POLICY) as cache:
        regions, rows, skipped = pack_regions(
            paths, cache, take, **{"workers": 1, "progress": None} | options
        )
        return [region.copy() for region in regions], rows, skipped


def test_regions_come_back_as_they_went_in(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    pictures = _pictures(rng, 9)
    _filled(tmp_path, pictures, shard_bytes=6000)
    again = CropCache(tmp_path, POLICY)
    again.check(pictures)
    assert len(again) == 9
    for key, picture in pictures.items():
        found = again.region(key)
        np.testing.assert_array_equal(found, picture)
        assert not found.flags.writeable
    shards = sorted(again.folder.glob("*.u8"))
    assert len(shards) > 3
    assert max(path.stat().st_size for path in shards) <= 6000
    assert not [*again.folder.glob("*.part")]


def test_a_region_larger_than_a_shard_has_its_own(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    pictures = _pictures(rng, 3)
    _filled(tmp_path, pictures, shard_bytes=10)
    again = CropCache(tmp_path, POLICY)
    assert len([*again.folder.glob("*.u8")]) == 3
    assert all(key in again for key in pictures)


def test_other_policies_are_kept_apart(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    _filled(tmp_path, _pictures(rng, 2))
    assert len(CropCache(tmp_path, POLICY)) == 2
    assert len(CropCache(tmp_path, {**POLICY, "region_px": 56})) == 0


def test_a_damaged_shard_is_forgotten_and_the_others_stay(
    tmp_path: Path, rng: np.random.Generator, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = _pictures(rng, 6)
    folder = _filled(tmp_path, pictures, shard_bytes=5000).folder
    path = sorted(folder.glob("*.u8"))[0]
    damaged = bytearray(path.read_bytes())
    damaged[100] ^= 1
    path.write_bytes(damaged)
    lost = json.loads(path.with_suffix(".json").read_text())["photos"]
    again = CropCache(tmp_path, POLICY)
    with caplog.at_level(logging.WARNING):
        again.check(pictures)
    assert "its index promises" in caplog.text
    assert len(again) == 6 - len(lost)
    assert not {key for key, _, _ in lost} & {key for key in pictures if key in again}
    for key in pictures:
        if key in again:
            np.testing.assert_array_equal(again.region(key), pictures[key])


@pytest.mark.parametrize("change", [b"", b"1"])
def test_a_torn_shard_is_seen_before_it_is_mapped(
    change: bytes, tmp_path: Path, rng: np.random.Generator
) -> None:
    pictures = _pictures(rng, 2)
    cache = _filled(tmp_path, pictures)
    (path,) = cache.folder.glob("*.u8")
    whole = path.read_bytes()
    path.write_bytes(whole + change if change else whole[:-1])
    with pytest.raises(ChecksumMismatchError, match="bytes; its index promises"):
        cache.region(next(iter(pictures)))
    with pytest.raises(ChecksumMismatchError, match="bytes; its index promises"):
        read_shard(path.with_suffix(".json"), POLICY)
    assert len(CropCache(tmp_path, POLICY)) == 0


KEY = "0" * 64
WHOLE = {
    "format": "whichcam.crops/1",
    "policy": POLICY,
    "sha256": KEY,
    "photos": [[KEY, 16, 16]],
}


@pytest.mark.parametrize(
    "about",
    [
        b"{",
        b"[" * 100_000,
        b" " * (1 << 24) + b"{}",
        [],
        {**WHOLE, "format": "whichcam.crops/2"},
        {**WHOLE, "policy": {"region_px": 9}},
        {**WHOLE, "sha256": "../../../etc/passwd"},
        {**WHOLE, "photos": []},
        {**WHOLE, "photos": {}},
        {**WHOLE, "photos": [[KEY, 16]]},
        {**WHOLE, "photos": [[KEY, 16, 16], [KEY, 16, 16]]},
        {**WHOLE, "photos": [[KEY, 10**9, 10**9]]},
        {**WHOLE, "photos": [[KEY, -16, -16]]},
        {**WHOLE, "photos": [[KEY, 16.0, 16]]},
        {**WHOLE, "photos": [[KEY, True, 768]]},
        {**WHOLE, "photos": [["../x", 16, 16]]},
    ],
)
def test_an_index_that_says_anything_else_is_refused(
    about: Any, tmp_path: Path
) -> None:
    index = tmp_path / "shard-0.json"
    (tmp_path / "shard-0.u8").write_bytes(bytes(768 if about != b"" else 0))
    index.write_bytes(about if isinstance(about, bytes) else json.dumps(about).encode())
    with pytest.raises(IncompatibleArtifactError):
        read_shard(index, POLICY)
    index.write_text(json.dumps(WHOLE))
    assert read_shard(index, POLICY).n_bytes == 768


def test_photos_are_decoded_once_and_found_again(
    photos: list[Path], take: Any, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    first, rows, skipped = _pack(tmp_path / "kept", photos, take)
    assert take.calls == 8
    assert rows == list(range(7))
    assert [Path(path).name for path, _ in skipped] == ["7.png", "text.jpg"]
    again, rows, skipped = _pack(
        tmp_path / "kept",
        photos[::-1],
        take,
        workers=3,
        progress=lambda *report: told.append(report),
    )
    assert take.calls == 9  # only the one that is too small is opened again
    assert rows == list(range(2, 9))
    assert len(skipped) == 2
    assert told[0] == ("reading photos", 7, 9)
    assert told[-1] == ("reading photos", 9, 9)
    for one, other in zip(first, again[::-1], strict=True):
        np.testing.assert_array_equal(one, other)
    photos[0].write_bytes(photos[1].read_bytes())  # other bytes under a known name
    changed, _, _ = _pack(tmp_path / "kept", photos[:2], take)
    np.testing.assert_array_equal(changed[0], first[1])


def test_a_photo_that_stands_twice_is_packed_once(
    photos: list[Path], take: Any, tmp_path: Path
) -> None:
    found, rows, _ = _pack(tmp_path / "kept", [photos[0], photos[1], photos[0]], take)
    assert rows == [0, 1, 2]
    np.testing.assert_array_equal(found[0], found[2])
    (data,) = (tmp_path / "kept").rglob("*.u8")
    assert data.stat().st_size == 2 * 48 * 48 * 3


def test_photos_of_a_damaged_shard_are_decoded_again(
    photos: list[Path], take: Any, tmp_path: Path
) -> None:
    first, _, _ = _pack(tmp_path / "kept", photos[:5], take)
    (data,) = (tmp_path / "kept").rglob("*.u8")
    data.write_bytes(bytes(data.stat().st_size))
    again, _, _ = _pack(tmp_path / "kept", photos[:5], take)
    assert take.calls == 10
    np.testing.assert_array_equal(again, first)
    _pack(tmp_path / "kept", photos[:5], take)
    assert take.calls == 10


@pytest.mark.skipif(sys.platform == "win32", reason="nothing there kills like this")
def test_a_packing_that_is_killed_loses_only_the_shard_in_hand(
    photos: list[Path], take: Any, tmp_path: Path
) -> None:
    program = """
import os, sys
from pathlib import Path
from whichcam.methods._crop_cache import CropCache, pack_regions

cache = CropCache(Path(sys.argv[1]), {"region_px": 48, "smallest_px": 16},
                  shard_bytes=2 * 48 * 48 * 3)
seen = []

def take(photo):
    seen.append(photo)
    if len(seen) == 6:
        os.kill(os.getpid(), 9)
    return photo.pixels[8:56, 8:56]

pack_regions([Path(p) for p in sys.argv[2:]], cache, take, workers=1, progress=None)
"""
    kept = tmp_path / "kept"
    killed = subprocess.run(
        [sys.executable, "-c", program, str(kept), *map(str, photos[:7])], check=False
    )
    assert killed.returncode == -9
    assert len([*kept.rglob("*.part")]) == 1
    _, rows, _ = _pack(kept, photos[:7], take)
    assert rows == list(range(7))
    assert take.calls == 3  # of five that were cut, four were in whole shards
    assert not [*kept.rglob("*.part")]


def test_an_error_leaves_no_shard_in_hand(photos: list[Path], tmp_path: Path) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        del stage, total
        if done == 3:
            raise KeyboardInterrupt

    def take(photo: Photo) -> Any:
        return photo.pixels[8:56, 8:56]

    for workers in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            _pack(tmp_path / "kept", photos, take, workers=workers, progress=stop)
    assert not [*(tmp_path / "kept").rglob("*.u8")]
    assert not [*(tmp_path / "kept").rglob("*.part")]


def test_two_cannot_pack_into_one_folder_and_both_can_read(
    photos: list[Path], take: Any, tmp_path: Path
) -> None:
    with opened_cache(str(tmp_path / "kept"), POLICY) as cache:
        pack_regions(photos[:2], cache, take, workers=1, progress=None)
        _pack(tmp_path / "kept", photos[:2], take)  # there is nothing to pack
        with pytest.raises(InputError, match="another training is packing"):
            _pack(tmp_path / "kept", photos[:3], take)
    assert len(_pack(tmp_path / "kept", photos[:3], take)[0]) == 3


def test_without_a_folder_nothing_is_left(
    photos: list[Path], take: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    with opened_cache("", POLICY) as cache:
        regions, _, _ = pack_regions(photos, cache, take, workers=1, progress=None)
        assert len(regions) == 7
        assert [*room.rglob("*.u8")]
    assert not [*room.iterdir()]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactError, match="name another folder"):
        CropCache(tmp_path / "file", POLICY)
