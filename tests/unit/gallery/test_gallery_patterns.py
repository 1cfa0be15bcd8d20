"""Patterns come back as they went in, but for the rounding to float16."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from whichcam._typing import FloatArray
from whichcam.errors import (
    ArtifactNotFoundError,
    ChecksumMismatchError,
    InputError,
)
from whichcam.gallery import Gallery
from whichcam.gallery import _pattern as patterns

Enroll = Callable[..., Any]


def correlation(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    return float(np.corrcoef(np.ravel(a), np.ravel(b))[0, 1])


def test_a_pattern_comes_back_in_float32(enroll: Enroll, pattern: FloatArray) -> None:
    back = enroll("a", pattern).pattern()
    assert (back.dtype, back.shape) == (np.float32, pattern.shape)
    np.testing.assert_allclose(back, pattern, rtol=2**-11, atol=0)


@pytest.mark.parametrize("scale", [1e-25, 1e-9, 1e-4, 1.0, 1e9, 1e25])
def test_the_scale_of_a_pattern_does_not_matter(enroll: Enroll, scale: float) -> None:
    pattern = np.random.default_rng(1).normal(0, scale, (32, 32)).astype(np.float32)
    back = enroll("a", pattern).pattern()
    assert correlation(back, pattern) > 0.9999
    np.testing.assert_allclose(back, pattern, rtol=2**-11, atol=0)


def test_one_hot_pixel_does_not_cost_the_others_their_digits(enroll: Enroll) -> None:
    pattern = np.random.default_rng(1).normal(0, 1e-3, (32, 32)).astype(np.float32)
    pattern[5, 5] = 10.0
    back = enroll("a", pattern).pattern()
    cold = np.arange(32 * 32) != 5 * 32 + 5
    assert correlation(back.ravel()[cold], pattern.ravel()[cold]) > 0.9999


@pytest.mark.parametrize("kind", [np.float16, np.float64, ">f4"])
def test_other_floating_types_are_taken(enroll: Enroll, kind: npt.DTypeLike) -> None:
    pattern = np.random.default_rng(1).normal(0, 0.01, (8, 9)).astype(kind)
    np.testing.assert_allclose(
        enroll("a", pattern).pattern(), pattern.astype(float), rtol=2**-11
    )


def test_a_view_of_another_order_is_stored_as_it_is_seen(enroll: Enroll) -> None:
    base = np.random.default_rng(1).normal(0, 1, (20, 30)).astype(np.float32)
    view = base.T[::2, ::-1]
    np.testing.assert_allclose(enroll("a", view).pattern(), view, rtol=2**-11)


def test_enrolling_leaves_the_pattern_as_it_was(
    enroll: Enroll, pattern: FloatArray
) -> None:
    before = pattern.copy()
    pattern.setflags(write=False)
    enroll("a", pattern)
    np.testing.assert_array_equal(pattern, before)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (np.zeros((4, 4), np.float32), "largest magnitude is 0"),
        (np.full((4, 4), np.nan), "largest magnitude is nan"),
        (np.array([[1.0, np.inf]]), "largest magnitude is inf"),
        (np.array([[1.0, -1e300]]), "largest magnitude is inf"),
        (np.array([[1.0, 2e30]]), r"largest magnitude is 2e\+30"),
        (np.full((4, 4), 1e-31), "largest magnitude is 1e-31"),
        (np.ones((4, 4, 3), np.float32), r"float32 of shape \(4, 4, 3\)"),
        (np.ones((4, 4), np.uint8), "is uint8 of shape"),
        (np.ones((0, 4), np.float32), r"has shape \(0, 4\)"),
    ],
)
def test_what_is_no_pattern_is_refused(
    enroll: Enroll, pattern: npt.NDArray[Any], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        enroll("a", pattern)


def test_a_pattern_larger_than_any_sensor_is_refused(
    enroll: Enroll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "MAX_PIXELS", 99)
    with pytest.raises(InputError, match="has 100 pixels; at most 99"):
        enroll("a", np.ones((10, 10), np.float32))


def test_the_file_is_a_npy_file_that_numpy_maps(
    enroll: Enroll, pattern: FloatArray
) -> None:
    one = enroll("a", pattern).fingerprint()
    stored = np.load(one.path, mmap_mode="r", allow_pickle=False)
    assert isinstance(stored, np.memmap)
    assert stored.dtype == np.float16
    np.testing.assert_array_equal(stored, one.mapped())
    np.testing.assert_array_equal(
        np.ldexp(stored.astype(np.float32), -one.exponent), one.pattern()
    )


def test_a_mapped_pattern_cannot_be_written(enroll: Enroll) -> None:
    with pytest.raises(ValueError, match="read-only"):
        enroll("a").fingerprint().mapped()[0, 0] = 1


def test_a_pattern_of_many_blocks_is_stored_whole(
    enroll: Enroll, pattern: FloatArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "_ROWS_OF_PIXELS", 7 * pattern.shape[1])
    np.testing.assert_allclose(enroll("a", pattern).pattern(), pattern, rtol=2**-11)


def test_a_changed_byte_is_noticed_when_the_pattern_is_loaded(enroll: Enroll) -> None:
    one = enroll("a").fingerprint()
    data = bytearray(one.path.read_bytes())
    data[-1] ^= 1
    one.path.write_bytes(data)
    with pytest.raises(ChecksumMismatchError, match=r"'a' \(24 x 40\).*enrol it again"):
        one.pattern()


@pytest.mark.parametrize("n_bytes", [0, 100, -1])
def test_a_file_cut_short_is_noticed(enroll: Enroll, n_bytes: int) -> None:
    one = enroll("a").fingerprint()
    one.path.write_bytes(one.path.read_bytes()[:n_bytes])
    with pytest.raises(ChecksumMismatchError):
        one.pattern()
    with pytest.raises(ChecksumMismatchError):
        one.mapped()


def test_a_longer_file_is_noticed_without_being_read(enroll: Enroll) -> None:
    one = enroll("a").fingerprint()
    with one.path.open("r+b") as stream:
        stream.truncate(1 << 40)  # a hole: reading it would take a terabyte
    with pytest.raises(ChecksumMismatchError):
        one.pattern()


def test_a_file_that_is_gone_is_named(gallery: Gallery, enroll: Enroll) -> None:
    camera = enroll("a")
    gallery.remove("a")
    with pytest.raises(ArtifactNotFoundError, match="removed meanwhile"):
        camera.pattern()
    with pytest.raises(ArtifactNotFoundError, match="is not at"):
        camera.fingerprint().mapped()


def test_a_camera_may_go_to_another_process(enroll: Enroll) -> None:
    camera = enroll("a", metadata={"k": 1})
    copy = pickle.loads(pickle.dumps(camera))
    assert copy == camera
    np.testing.assert_array_equal(copy.pattern(), camera.pattern())


def test_file_names_say_nothing_of_the_camera(folder: Path, enroll: Enroll) -> None:
    enroll("../../etc/passwd")
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert not any("passwd" in name for name in names)
    assert not (folder.parent.parent / "etc").exists()
