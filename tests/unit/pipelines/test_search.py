"""Looking for the camera of a picture among all that are enrolled."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from whichcam.errors import InputError, InsufficientEvidenceError, ShapeMismatchError
from whichcam.gallery import Gallery
from whichcam.media import Photo, open_photo
from whichcam.pipelines import enroll, search
from whichcam.pipelines._search import of_any
from whichcam.prnu import NOISE_VERSION, SearchRange, threshold_for


@pytest.fixture(scope="module")
def crowd(shots: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a gallery of a real body among twenty patterns of noise."""
    folder = tmp_path_factory.mktemp("crowd") / "g"
    rng = np.random.default_rng(5)
    with Gallery.open(folder, create=True) as gallery:
        for number in range(20):
            gallery.enroll(
                f"noise {number}",
                rng.normal(0, 0.01, shots.size),
                n_photos=10,
                quality=0.5,
                noise_version=NOISE_VERSION,
            )
        enroll("body 0", shots.flat(0), gallery=gallery)
        gallery.remove("noise 3")
    return folder


def test_the_camera_is_first_among_many(shots: SimpleNamespace, crowd: Path) -> None:
    found = search(shots.scene(0), gallery=crowd, k=3)
    assert [hit.camera for hit in found.matches] == ["body 0"]
    assert (found.n_searched, found.n_compared, len(found.hits)) == (20, 3, 3)
    assert json.dumps(found.to_dict(), allow_nan=False)


def test_no_camera_matches_a_stranger(shots: SimpleNamespace, crowd: Path) -> None:
    found = search(shots.scene(2), gallery=crowd)
    assert found.matches == ()
    assert len(found.hits) == 10


def test_a_list_longer_than_the_gallery_holds_every_camera_and_none_removed(
    shots: SimpleNamespace, crowd: Path
) -> None:
    names = [hit.camera for hit in search(shots.scene(2), gallery=crowd, k=50).hits]
    assert len(names) == len(set(names)) == 20
    assert "noise 3" not in names


def test_the_threshold_is_that_of_the_whole_search(
    shots: SimpleNamespace, crowd: Path
) -> None:
    found = search(shots.scene(0), gallery=crowd, false_alarm_rate=1e-3)
    assert found.hits[0].threshold == threshold_for(1e-3, 2 * 20).z


def test_a_portrait_picture_finds_a_landscape_fingerprint(
    shots: SimpleNamespace, crowd: Path
) -> None:
    pixels = np.rot90(open_photo(shots.scene(0)).pixels)
    found = search(Photo.from_pixels(pixels, name="portrait"), gallery=crowd)
    assert (found.hits[0].camera, found.hits[0].rotation) == ("body 0", 270)
    assert found.matches


def test_a_crop_is_found_when_crops_are_searched(
    shots: SimpleNamespace, enrolled: Path
) -> None:
    pixels = open_photo(shots.scene(1)).pixels[16:176, 8:216]
    photo = Photo.from_pixels(pixels, name="crop")
    with pytest.raises(ShapeMismatchError, match="256x192"):
        search(photo, gallery=enrolled)
    found = search(photo, gallery=enrolled, search=SearchRange(crop=True))
    assert [hit.camera for hit in found.matches] == ["body 1"]
    assert found.matches[0].shift == (16, 8)


def test_fingerprints_of_other_sizes_are_counted_and_passed_over(
    shots: SimpleNamespace, tmp_path: Path
) -> None:
    with Gallery.open(tmp_path / "g", create=True) as gallery:
        enroll("body 0", shots.flat(0), gallery=gallery)
        gallery.enroll(
            "other",
            np.random.default_rng(0).normal(0, 0.01, (64, 96)),
            n_photos=3,
            quality=0.1,
            noise_version=NOISE_VERSION,
        )
        found = search(shots.scene(0), gallery=gallery)
    assert (found.n_cameras, found.n_searched, found.n_incomparable) == (2, 1, 1)


def test_an_empty_gallery_is_said_to_be(shots: SimpleNamespace, tmp_path: Path) -> None:
    Gallery.open(tmp_path / "g", create=True).close()
    with pytest.raises(InsufficientEvidenceError, match=r"empty; enrol"):
        search(shots.scene(0), gallery=tmp_path / "g")


def test_a_list_of_no_length_is_refused(shots: SimpleNamespace, crowd: Path) -> None:
    with pytest.raises(InputError, match="k is 0"):
        search(shots.scene(0), gallery=crowd, k=0)


@pytest.mark.parametrize("log10_p", [-0.1, -3.0, -11.9, -12.1, -40.0])
def test_the_chance_of_any_is_right_however_small(log10_p: float) -> None:
    n, p = 50, 10.0**log10_p
    expected = 1 - (1 - p) ** n if p > 1e-6 else n * p
    assert of_any(log10_p, n) == pytest.approx(np.log10(expected), abs=1e-4)
    assert of_any(0.0, n) == 0.0
