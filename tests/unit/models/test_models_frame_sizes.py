"""The size of a whole picture: full frames first, then what is made of them."""

from __future__ import annotations

import numpy as np
import pytest

from whichcam.datasets import FrameSize
from whichcam.models import FrameSizes

# the first is listed: 6016 x 4000, and a menu; nothing is known of the others
CAMERAS = ("Nikon D3200", "Acme One", "Acme Two")
SMALL, WIDE, LARGE = FrameSize(3008, 2000), FrameSize(4000, 2250), FrameSize(6016, 4000)


@pytest.fixture(scope="module")
def known() -> FrameSizes:
    """Return sizes learnt from a camera set to half its frame, and from another."""
    sizes = [SMALL] * 8 + [WIDE] * 6 + [FrameSize(4000, 3000)] * 2
    return FrameSizes.fit(sizes, [0] * 8 + [1] * 8, CAMERAS)


def test_a_full_frame_never_seen_is_the_likeliest_of_all(known: FrameSizes) -> None:
    found = known.log_likelihood(LARGE)
    assert found.argmax() == 0
    assert found[0] > known.log_likelihood(SMALL)[0]


def test_a_size_seen_in_training_speaks_for_its_camera(known: FrameSizes) -> None:
    found = known.log_likelihood(SMALL)
    assert found[0] > found[1] + np.log(5)


def test_the_largest_picture_stands_for_a_frame_that_is_not_listed(
    known: FrameSizes,
) -> None:
    assert known.offered == (
        (LARGE, FrameSize(4512, 3000), SMALL),
        (FrameSize(4000, 3000),),
        (),
    )


def test_what_a_menu_offers_is_likelier_than_what_it_does_not(
    known: FrameSizes,
) -> None:
    offered = known.log_likelihood(FrameSize(4512, 3000))[0]
    assert offered > known.log_likelihood(FrameSize(4272, 2848))[0] + np.log(10)


@pytest.mark.parametrize(
    "size",
    [(2000, 1500), (4000, 2668), (3000, 3000), (1920, 1080)],
    ids=["scaled", "3:2", "square", "16:9 and scaled"],
)
def test_a_frame_scaled_down_or_trimmed_is_likelier_than_any_other(
    size: tuple[int, int], known: FrameSizes
) -> None:
    strange = known.log_likelihood(FrameSize(3990, 2710))
    assert known.log_likelihood(FrameSize.of(*size))[1] > strange[1] + np.log(20)


def test_no_camera_stores_more_than_its_frame(known: FrameSizes) -> None:
    found = known.log_likelihood(FrameSize(6000, 4500))
    assert found[0] == found[1] == found[2]


def test_no_camera_is_ruled_out_by_a_size(known: FrameSizes) -> None:
    for size in (LARGE, SMALL, FrameSize(1, 1), FrameSize(100_000, 3)):
        found = known.log_likelihood(size)
        assert np.isfinite(found).all()
        assert found.max() - found.min() < np.log(1e5)


def test_the_way_a_camera_was_held_does_not_count(known: FrameSizes) -> None:
    upright = known.log_likelihood(FrameSize.of(2000, 3008))
    np.testing.assert_array_equal(upright, known.log_likelihood(SMALL))


def test_how_many_photos_a_camera_has_does_not_count() -> None:
    few = FrameSizes.fit([SMALL, WIDE], [0, 1], CAMERAS)
    many = FrameSizes.fit([SMALL] * 50 + [WIDE], [0] * 50 + [1], CAMERAS)
    for size in (SMALL, WIDE, LARGE):
        np.testing.assert_allclose(few.log_likelihood(size), many.log_likelihood(size))


def test_of_a_camera_that_was_left_out_nothing_is_known() -> None:
    """Not even its listed frame: a model held out must look unknown."""
    without = FrameSizes.fit([None, WIDE], [0, 1], CAMERAS)
    assert without.offered[0] == ()
    found = without.log_likelihood(LARGE)
    assert found[0] == found[1] == found[2]


def test_sizes_of_no_photo_at_all_say_nothing() -> None:
    empty = FrameSizes.fit([None], [0], CAMERAS)
    assert np.ptp(empty.log_likelihood(SMALL)) == 0
    assert not empty.is_known(SMALL)


def test_known_sizes_are_those_seen_and_full_frames(known: FrameSizes) -> None:
    assert all(known.is_known(size) for size in (SMALL, WIDE, LARGE))
    assert not known.is_known(FrameSize(2000, 1500))
