"""Cameras go in, are found, listed, renamed and removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

import whichcam
from whichcam._typing import FloatArray
from whichcam.errors import InputError, ShapeMismatchError, UnknownNameError
from whichcam.gallery import Gallery

Enroll = Callable[..., Any]
Files = Callable[[], set[str]]


def test_an_enrolled_camera_is_found_with_all_that_was_said_of_it(
    gallery: Gallery, pattern: FloatArray
) -> None:
    digests = ("ab" * 32, "cd" * 32)
    gallery.enroll(
        "Anna's phone",
        pattern,
        n_photos=2,
        quality=0.75,
        noise_version=3,
        camera_model="Apple iPhone 6",
        photo_sha256s=digests,
        warnings=["two pictures only"],
        metadata={"sensor_size": [3000, 4000], "calibration": {"slope": 0.5}},
    )
    camera = gallery.get("Anna's phone")
    assert (camera.name, camera.camera_model) == ("Anna's phone", "Apple iPhone 6")
    assert (camera.shape, camera.n_photos, camera.quality) == ((24, 40), 2, 0.75)
    assert (camera.noise_version, camera.photo_sha256s) == (3, digests)
    assert camera.warnings == ("two pictures only",)
    assert camera.metadata == {
        "sensor_size": [3000, 4000],
        "calibration": {"slope": 0.5},
    }


def test_what_enroll_returns_is_what_get_finds(
    gallery: Gallery, enroll: Enroll
) -> None:
    assert enroll("a") == gallery.get("a")


def test_a_camera_knows_when_and_by_what_it_was_enrolled(enroll: Enroll) -> None:
    camera = enroll("a")
    age = datetime.now(UTC) - datetime.fromisoformat(camera.created)
    assert timedelta(0) <= age < timedelta(minutes=5)
    assert camera.fingerprint().whichcam_version == whichcam.__version__


def test_a_camera_becomes_json(enroll: Enroll) -> None:
    stated = json.loads(json.dumps(enroll("a", metadata={"k": [1, None]}).to_dict()))
    assert stated["name"] == "a"
    (fingerprint,) = stated["fingerprints"]
    assert fingerprint["shape"] == [24, 40]
    assert fingerprint["metadata"] == {"k": [1, None]}
    assert "path" not in fingerprint


def test_a_gallery_lists_its_cameras_by_name(gallery: Gallery, enroll: Enroll) -> None:
    for name in ("b", "a", "c"):
        enroll(name)
    assert gallery.names() == ("a", "b", "c")
    assert tuple(camera.name for camera in gallery.list()) == ("a", "b", "c")
    assert len(gallery) == 3
    assert "b" in gallery
    assert "d" not in gallery
    assert 5 not in gallery


def test_what_one_opening_enrolled_the_next_one_finds(
    gallery: Gallery, enroll: Enroll
) -> None:
    camera = enroll("a")
    gallery.close()
    with Gallery.open(gallery.folder) as again:
        assert again.get("a") == camera


def test_an_unknown_name_is_answered_with_those_like_it(
    gallery: Gallery, enroll: Enroll
) -> None:
    for name in ("nikon", "canon", "pentax"):
        enroll(name)
    with pytest.raises(UnknownNameError, match=r"'nikonn' among the 3.*: 'nikon'"):
        gallery.get("nikonn")


def test_an_unknown_name_in_an_empty_gallery_says_that_it_is_empty(
    gallery: Gallery,
) -> None:
    with pytest.raises(UnknownNameError, match="the gallery is empty"):
        gallery.get("a")


def test_a_camera_may_have_a_fingerprint_for_each_shape(
    gallery: Gallery, enroll: Enroll
) -> None:
    video = enroll("a", shape=(9, 16)).pattern()
    photo = enroll("a", shape=(24, 32)).pattern((24, 32))
    camera = gallery.get("a")
    assert camera.shapes == ((24, 32), (9, 16))
    np.testing.assert_array_equal(camera.pattern((9, 16)), video)
    np.testing.assert_array_equal(camera.pattern(), photo)
    assert len(gallery) == 1


def test_a_shape_that_a_camera_lacks_is_answered_with_those_it_has(
    enroll: Enroll,
) -> None:
    with pytest.raises(UnknownNameError, match=r"shape \(1, 2\); it has \(24, 40\)"):
        enroll("a").fingerprint((1, 2))


def test_the_same_shape_twice_is_refused_and_changes_nothing(
    gallery: Gallery, enroll: Enroll, files: Files
) -> None:
    camera = enroll("a")
    before = files()
    with pytest.raises(InputError, match="already; choose another name"):
        enroll("a")
    assert gallery.get("a") == camera
    assert files() == before


def test_replacing_a_fingerprint_leaves_nothing_of_the_old_one(
    gallery: Gallery, enroll: Enroll, files: Files
) -> None:
    old = enroll("a").fingerprint()
    new = enroll("a", replace=True).fingerprint()
    assert new.pattern_sha256 != old.pattern_sha256
    assert not old.path.exists()
    assert len(files()) == 2, "one pattern, one file of sign bits"
    assert gallery.get("a").fingerprints == (new,)
    assert gallery.check().is_sound


def test_another_model_under_the_same_name_is_refused(
    gallery: Gallery, enroll: Enroll
) -> None:
    enroll("a", shape=(8, 8), camera_model="Nikon D70")
    with pytest.raises(InputError, match="'Nikon D70' and cannot also be a 'Canon"):
        enroll("a", shape=(9, 9), camera_model="Canon EOS 700D")
    assert gallery.get("a").shapes == ((8, 8),)


def test_a_model_may_be_told_with_a_later_fingerprint(enroll: Enroll) -> None:
    enroll("a", shape=(8, 8))
    assert enroll("a", shape=(9, 9), camera_model="Nikon D70").camera_model == (
        "Nikon D70"
    )


def test_photo_hashes_of_all_shapes_are_told_once_each(enroll: Enroll) -> None:
    enroll("a", shape=(8, 8), photo_sha256s=["ab" * 32, "cd" * 32])
    camera = enroll("a", shape=(9, 9), photo_sha256s=["cd" * 32, "ef" * 32])
    assert sorted(camera.photo_sha256s) == ["ab" * 32, "cd" * 32, "ef" * 32]


def test_a_removed_camera_leaves_no_file(
    gallery: Gallery, enroll: Enroll, files: Files
) -> None:
    enroll("a", shape=(8, 8))
    enroll("a", shape=(9, 9))
    gallery.remove("a")
    assert "a" not in gallery
    assert files() == set()


def test_one_shape_of_a_camera_may_be_removed(gallery: Gallery, enroll: Enroll) -> None:
    enroll("a", shape=(8, 8))
    enroll("a", shape=(9, 9))
    gallery.remove("a", shape=(9, 9))
    assert gallery.get("a").shapes == ((8, 8),)
    gallery.remove("a", shape=(8, 8))
    assert "a" not in gallery


@pytest.mark.parametrize("shape", [None, (1, 1)])
def test_removing_what_is_not_there_is_an_error(
    gallery: Gallery, enroll: Enroll, shape: tuple[int, int] | None
) -> None:
    enroll("b")
    with pytest.raises(UnknownNameError):
        gallery.remove("a" if shape is None else "b", shape=shape)
    assert gallery.names() == ("b",)


def test_a_renamed_camera_keeps_its_fingerprint(
    gallery: Gallery, enroll: Enroll
) -> None:
    before = enroll("a").fingerprint()
    after = gallery.rename("a", "b").fingerprint()
    assert (after.path, after.camera) == (before.path, "b")
    assert gallery.names() == ("b",)


def test_a_name_that_is_taken_is_refused(gallery: Gallery, enroll: Enroll) -> None:
    enroll("a")
    enroll("b")
    with pytest.raises(InputError, match="'b' is in the gallery already"):
        gallery.rename("a", "b")
    assert gallery.names() == ("a", "b")


def test_a_camera_may_be_renamed_to_its_own_name(
    gallery: Gallery, enroll: Enroll
) -> None:
    enroll("a")
    assert gallery.rename("a", " a ").name == "a"


def test_metadata_are_added_to_those_there(gallery: Gallery, enroll: Enroll) -> None:
    enroll("a", metadata={"keep": 1, "change": 2})
    gallery.annotate("a", {"change": 3, "new": 4})
    assert gallery.get("a").metadata == {"keep": 1, "change": 3, "new": 4}


def test_metadata_of_one_shape_leave_the_other_alone(
    gallery: Gallery, enroll: Enroll
) -> None:
    enroll("a", shape=(8, 8))
    enroll("a", shape=(9, 9))
    camera = gallery.annotate("a", {"k": 1}, shape=(8, 8))
    assert camera.fingerprint((8, 8)).metadata == {"k": 1}
    assert camera.metadata == {}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"n_photos": 0}, "n_photos is 0; expected at least 1"),
        ({"n_photos": 2.5}, "n_photos is float"),
        ({"n_photos": 2**70}, "n_photos is 1180591620717411303424"),
        ({"noise_version": -1}, "noise_version is -1"),
        ({"quality": 1.5}, r"quality is 1.5; expected a number in \[0, 1\]"),
        ({"quality": float("nan")}, "quality is nan"),
        ({"quality": "good"}, "quality is str"),
        ({"photo_sha256s": ["ab"]}, "photo_sha256s has 'ab'"),
        ({"photo_sha256s": [b"ab"]}, "photo_sha256s has b'ab'"),
        ({"warnings": "one text"}, "warnings is one text"),
        ({"warnings": ["x"] * 101}, "101 warnings"),
        ({"warnings": ["x" * 1001]}, "a warning has 1001 characters"),
        ({"warnings": [3]}, "a warning is int"),
        ({"camera_model": "x" * 1001}, "camera_model has 1001 characters"),
        ({"metadata": ["no mapping"]}, "metadata is list"),
    ],
)
def test_facts_that_cannot_be_are_refused(
    gallery: Gallery, enroll: Enroll, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        enroll("a", **changed)
    assert len(gallery) == 0


def test_numbers_of_numpy_are_taken(enroll: Enroll) -> None:
    camera = enroll("a", n_photos=np.int32(7), quality=np.float32(0.25))
    assert (type(camera.n_photos), camera.n_photos) == (int, 7)
    assert (type(camera.quality), camera.quality) == (float, 0.25)


def test_too_many_photo_hashes_are_refused(
    enroll: Enroll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whichcam.gallery._rows.MAX_PHOTOS", 3)
    assert len(enroll("a", photo_sha256s=["ab" * 32] * 3).photo_sha256s) == 1
    with pytest.raises(InputError, match="more than 3"):
        enroll("b", photo_sha256s=["ab" * 32] * 4)


def test_sign_bits_of_another_length_are_refused(
    gallery: Gallery, enroll: Enroll, files: Files
) -> None:
    enroll("a", sign_bits=np.ones(4, np.uint64))
    before = files()
    with pytest.raises(ShapeMismatchError, match="5 words; those of shape"):
        enroll("b", sign_bits=np.ones(5, np.uint64))
    assert gallery.names() == ("a",)
    assert files() == before


def test_a_picture_is_followed_to_the_cameras_that_it_enrolled(
    gallery: Gallery, enroll: Enroll
) -> None:
    first, second = "1" * 64, "2" * 64
    enroll("a", photo_sha256s=[first, second])
    enroll("b", photo_sha256s=[second])
    assert gallery.cameras_by_photo([second, first, "3" * 64]) == {
        second: ("a", "b"),
        first: ("a",),
    }
    enroll("a", photo_sha256s=[second], replace=True)
    assert gallery.cameras_by_photo([first, second]) == {second: ("a", "b")}
    gallery.remove("b")
    assert gallery.cameras_by_photo([second]) == {second: ("a",)}
    with pytest.raises(InputError, match="64 hexadecimal digits"):
        gallery.cameras_by_photo(["x"])


def test_a_note_is_kept_and_replaced(gallery: Gallery, enroll: Enroll) -> None:
    enroll("a")
    assert gallery.get("a").note == ""
    gallery.note("a", "exhibit 7\x1b")
    assert gallery.get("a").note == "exhibit 7\\x1b"
    assert enroll("a", shape=(8, 8)).note == gallery.get("a").to_dict()["note"]
    assert gallery.note("a", "").note == ""
    with pytest.raises(InputError, match="1001 characters"):
        gallery.note("a", "x" * 1001)
    with pytest.raises(UnknownNameError):
        gallery.note("b", "nobody")
