"""A long enrolment leaves checkpoints, and nothing once it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from whichcam.errors import ArtifactError, InputError
from whichcam.gallery import Gallery

Enroll = Callable[..., Any]
Files = Callable[[], set[str]]


def test_checkpoints_of_a_broken_off_enrolment_are_found_again(
    gallery: Gallery,
) -> None:
    def broken_off() -> None:
        with gallery.staging("a") as place:
            (place / "state").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert gallery.unfinished() == ("a",)
    with gallery.staging("a") as place:
        assert (place / "state").read_text() == "half"


def test_enrolling_deletes_the_checkpoints(
    gallery: Gallery, enroll: Enroll, files: Files
) -> None:
    with gallery.staging("a") as place:
        (place / "deep").mkdir()
        (place / "deep" / "state").write_text("half")
        enroll("a")
    assert gallery.unfinished() == ()
    assert not place.exists()
    assert not any(name.startswith(("staging", "pending")) for name in files())


def test_an_enrolment_that_fails_keeps_the_checkpoints(
    gallery: Gallery, enroll: Enroll
) -> None:
    enroll("a")
    with gallery.staging("a") as place:
        (place / "state").touch()
        with pytest.raises(InputError):
            enroll("a")
    with gallery.staging("a") as place:
        assert (place / "state").exists()


def test_the_checkpoints_of_others_stay(gallery: Gallery, enroll: Enroll) -> None:
    with gallery.staging("b") as place:
        (place / "state").touch()
    with gallery.staging("a"):
        enroll("a")
    enroll("b")
    gallery.remove("a")
    assert (place / "state").exists(), "b was enrolled outside of its staging"
    assert gallery.unfinished() == ("b",)


def test_two_at_the_same_enrolment_are_told_apart(gallery: Gallery) -> None:
    with Gallery.open(gallery.folder) as second:
        with (
            gallery.staging("a"),
            pytest.raises(ArtifactError, match="'a' is being enrolled by another"),
            second.staging("a"),
        ):
            pass
        with second.staging("a") as place:
            assert place.is_dir()


def test_two_enrolments_at_a_time_do_not_meet(
    gallery: Gallery, enroll: Enroll, files: Files
) -> None:
    with (
        Gallery.open(gallery.folder) as second,
        gallery.staging("a") as mine,
        second.staging("b") as theirs,
    ):
        (mine / "state").touch()
        (theirs / "state").touch()
        enroll("b", into=second)
        assert (theirs / "state").exists(), "deleted under its holder's feet"
        assert (mine / "state").exists()
        enroll("a")
    assert not any(name.startswith(("staging", "pending")) for name in files())


def test_checkpoints_given_up_are_discarded(gallery: Gallery, files: Files) -> None:
    with gallery.staging("a") as place:
        (place / "state").touch()
    assert gallery.discard_staging("a")
    assert not gallery.discard_staging("a")
    assert gallery.unfinished() == ()
    assert files() == set()


def test_checkpoints_in_use_are_not_discarded(gallery: Gallery) -> None:
    with gallery.staging("a") as place:
        with pytest.raises(ArtifactError, match="being enrolled by another"):
            gallery.discard_staging("a")
        assert place.is_dir()


def test_a_staging_folder_that_vanished_is_made_again(gallery: Gallery) -> None:
    with gallery.staging("a") as place:
        pass
    place.rmdir()
    with gallery.staging("a") as again:
        assert again == place
        assert again.is_dir()


def test_staging_is_no_problem_to_a_check(gallery: Gallery) -> None:
    with gallery.staging("a") as place:
        (place / "state").touch()
        assert gallery.check().is_sound
    assert gallery.check().is_sound
